# Sourced by the bridge's drivers: TAP, and a scratch folder with a root filesystem. Arguments: ESQUEMA SOURCE-FOLDER.
esquema=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
source_root=$(cd "$2" && pwd)
case_count=0
work=$(mktemp -d "${TMPDIR:-/tmp}/bridge.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work" || exit 1

pass() { case_count=$((case_count + 1)); echo "ok $case_count - $1"; }
fail() {
    case_count=$((case_count + 1))
    echo "not ok $case_count - $1"
    for file in "$work/out" "$work/err"; do
        [ ! -s "$file" ] || sed "s/^/# $(basename "$file"): /" "$file" | head -40
    done
}
check() { if [ "$2" = 0 ]; then pass "$1"; else fail "$1"; fi; }
finish() { echo "1..$case_count"; exit 0; }
bail() { echo "Bail out! $1"; exit 1; }

# run COMMAND... : leaves $status, out and err.
run() {
    status=0
    "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}
# expect NAME STATUS [PATTERN-IN-OUT [PATTERN-IN-ERR]] : of the last run; patterns are fixed strings, empty for any.
expect() {
    good=0
    [ "$status" = "$2" ] || { good=1; echo "# status $status, expected $2"; }
    [ -z "${3:-}" ] || grep -qF -- "$3" "$work/out" || { good=1; echo "# not in the output: $3"; }
    [ -z "${4:-}" ] || grep -qF -- "$4" "$work/err" || { good=1; echo "# not in the errors: $4"; }
    check "$1" $good
}

# soon COMMAND... : true as soon as the command is. A machine may be busy: only what never comes takes the minute.
soon() {
    tries=1200
    until "$@" 2>/dev/null; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.05
    done
}

make_rootfs() { "$source_root/examples/make-rootfs" "$1" >"$work/err" 2>&1 || bail "make-rootfs failed: $(cat "$work/err")"; }

# free_ports FIRST COUNT : the first of so many ports in a row that nobody on this host has; where it lies below those that the
# kernel gives away, nobody gets it by chance.
free_ports() {
    first=$1 port=$1
    while [ $port -lt $((first + $2)) ]; do
        if grep -qsi ":$(printf %04X $port) " /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6; then
            first=$((port + 1))
        fi
        port=$((port + 1))
    done
    echo $first
}
# listens PORT : somebody does, by TCP
listens() { grep -qsE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6; }
