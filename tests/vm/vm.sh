#!/bin/bash
# vm.sh - runs a folder of tests in a small virtual machine with Debian's own kernel and a whole cgroup v2. It knows
# kernels, images and qemu; what is tested is the folder's matter.
#
#   vm.sh setup                    fetch the kernel and make the initial file system (once; some 20 s)
#   vm.sh rootfs                   make the image of a Debian with systemd (once; some 60 s)
#   vm.sh run DIR [CMD]            boot; CMD (default ./run) runs in DIR as uid 1000, in a cgroup delegated to it ($CG)
#   vm.sh run-systemd DIR [CMD]    the same under systemd, with a manager and a bus of the user
#
# DIR is seen at /t, read-write and thrown away; what lies in DIR/.root is put over / first. What CMD leaves in /out
# comes back in $VM/out. The status is CMD's, 124 for the time limit and 98 when the machine left none.
#
#   VM          where kernel and images are kept [build-vm]  VM_KERNEL   6.1 or 6.12 [6.1]
#   VM_TIMEOUT  seconds [900]                                VM_MEMORY   MiB [1536]
#   VM_SIZE     of the image of DIR [512M]               VM_SYSCTL   one setting of the kernel, NAME=VALUE
#   VM_MACHINE  x86_64 or aarch64 [x86_64]               VM_BUSYBOX  a static one for that machine [/bin/busybox]
#   VM_DEBIAN   the release that `rootfs` and `run-systemd` mean [bookworm]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
all=${VM:-$here/../../build-vm}
release=${VM_KERNEL:-6.1}
machine=${VM_MACHINE:-x86_64}
vm=$all/$release
[ "$machine" = x86_64 ] || vm=$all/$machine-$release
debian=${VM_DEBIAN:-bookworm}
image=$all/systemd${VM_DEBIAN:+-$VM_DEBIAN}.img
modules="virtio_pci virtio_blk overlay ext4 crc32c_generic tun veth unix_diag autofs4 loop nfnetlink"

fail() { echo "vm.sh: $*" >&2; exit 1; }

mirror() {
    local found
    found=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' | awk '$2 == "bookworm" { print $1; exit }')
    [ -n "$found" ] || fail "apt knows no mirror of Debian 12 to download a kernel from (apt-get update?)"
    echo "$found"
}

# The suite of Debian that has this kernel, from the mirror that this machine uses.
suite_of() {
    case $1 in
    6.1) echo bookworm ;;
    6.12) echo trixie ;;
    *) fail "unknown kernel: $1 (6.1 or 6.12)" ;;
    esac
}

# Debian's name of the machine, and the package that depends on its newest kernel of a release. The newer one for AArch64
# has pages of 16 KiB.
debian_names() {
    case $machine-$release in
    x86_64-*) echo "amd64 linux-image-cloud-amd64" ;;
    aarch64-6.1) echo "arm64 linux-image-cloud-arm64" ;;
    aarch64-6.12) echo "arm64 linux-image-arm64-16k" ;;
    *) fail "unknown machine: $machine (x86_64 or aarch64)" ;;
    esac
}

# The kernel's package, unpacked and not installed. apt keeps a state of its own: the machine's sources stay as they are.
fetch_kernel() {
    local package options mirror suite architecture
    suite=$(suite_of "$release")
    mirror=$(mirror)
    mkdir -p "$vm/apt/state/lists/partial" "$vm/apt/cache/archives/partial"
    echo "deb $mirror $suite main" >"$vm/apt/list"
    read -r architecture package < <(debian_names)
    options=(-o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o Dir::State="$vm/apt/state" -o Dir::State::status=/dev/null -o Dir::Cache="$vm/apt/cache"
        -o Dir::Etc::sourcelist="$vm/apt/list" -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User=root
        -o Acquire::Languages=none)
    apt-get "${options[@]}" -qq -o APT::Update::Error-Mode=any update ||
        fail "the list of $suite's packages cannot be downloaded from $mirror, and kernel $release is one of them"
    package=$(apt-cache "${options[@]}" depends "$package" |
        awk '$2 ~ /^linux-image-[0-9]/ { print $2; exit }')
    [ -n "$package" ] || fail "no kernel found in $suite"
    rm -rf "$vm/kernel" "$vm/packages"
    mkdir -p "$vm/kernel" "$vm/packages"
    # Kernels since 7.x keep their modules in a package of their own.
    (
        cd "$vm/packages"
        # shellcheck disable=SC2046
        apt-get "${options[@]}" -qq download "$package" \
            $(apt-cache "${options[@]}" depends "$package" | awk '$2 ~ /^linux-(modules|binary)-[0-9]/ { print $2 }')
    ) || fail "$package cannot be downloaded from $mirror"
    for package in "$vm"/packages/*.deb; do dpkg-deb -x "$package" "$vm/kernel"; done
    [ -d "$vm/kernel/lib/modules" ] || { mkdir -p "$vm/kernel/lib"; ln -s ../usr/lib/modules "$vm/kernel/lib/modules"; }
    rm -rf "$vm/packages" "$vm/apt"
}

# busybox, the modules that the tests need with what they depend on, and the script that is process 1.
make_initrd() {
    local tree version file target
    tree=$(mktemp -d)
    version=$(ls "$vm/kernel/lib/modules")
    depmod -b "$vm/kernel" "$version"
    mkdir -p "$tree"/{bin,dev,proc,sys,tmp,t,out,root,etc,r} "$tree/lib/modules/$version"
    cp "${VM_BUSYBOX:-/bin/busybox}" "$tree/bin/busybox"
    ln -s busybox "$tree/bin/sh"
    for module in $modules; do
        modprobe -d "$vm/kernel" -S "$version" --show-depends "$module" 2>/dev/null || :
    done | awk '/^insmod/ { print $2 }' | sort -u | while read -r file; do
        target="$tree/lib/modules/$version/${file#*/lib/modules/"$version"/}"
        mkdir -p "${target%/*}"
        cp "$file" "$target"
        case $target in *.xz) xz -d "$target" ;; esac
    done
    cp "$vm/kernel/lib/modules/$version"/modules.{builtin,order,builtin.modinfo} "$tree/lib/modules/$version/"
    depmod -b "$tree" "$version"
    install -m 755 "$here/guest-init" "$tree/init"
    install -m 755 "$here/guest-systemd" "$tree/root/"
    install -m 644 "$here/guest-systemd.service" "$tree/root/"
    chmod 755 "$tree"
    (cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$vm/initrd.gz"
    rm -rf "$tree"
}

# A Debian with systemd and a user of it who has a manager without logging in, as after `loginctl enable-linger`. Our
# own part of it comes from the initial file system at each boot, so that the image can be kept.
make_rootfs() {
    local tree mirror
    mirror=$(mirror)
    tree=$(mktemp -d)
    mmdebstrap --quiet --variant=minbase --include=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd \
        "$debian" "$tree" "$mirror" || { rm -rf "$tree"; fail "Debian $debian with systemd cannot be had from $mirror"; }
    chroot "$tree" useradd -m -u 1000 -s /bin/bash user
    echo vm >"$tree/etc/hostname"
    : >"$tree/etc/fstab"
    : >"$tree/etc/machine-id"
    mkdir -p "$tree/var/lib/systemd/linger"
    : >"$tree/var/lib/systemd/linger/user"
    chroot "$tree" systemctl -q mask serial-getty@ttyS0.service getty@tty1.service apt-daily.timer \
        apt-daily-upgrade.timer systemd-random-seed.service fstrim.timer e2scrub_all.timer systemd-pstore.service kmod-static-nodes.service
    rm -rf "$tree/var/cache/apt" "$tree/var/lib/apt/lists" "$tree/usr/share/doc" "$tree/usr/share/locale"
    mke2fs -q -t ext4 -F -d "$tree" "$image.new" 1536M >/dev/null 2>&1
    mv "$image.new" "$image"
    rm -rf "$tree"
}

make_images() { # DIR COMMAND
    local tree
    tree=$(mktemp -d)
    cp -a "$1/." "$tree/"
    chmod 755 "$tree"
    printf '%s\n' "$2" >"$tree/.command"
    rm -f "$vm/test.img" "$vm/out.img"
    mke2fs -q -t ext4 -E root_owner=1000:1000 -F -d "$tree" "$vm/test.img" "${VM_SIZE:-512M}" >/dev/null 2>&1
    mke2fs -q -t ext4 -F "$vm/out.img" 256M >/dev/null 2>&1
    rm -rf "$tree"
}

# tcg is written out: `kvm:tcg` hangs where /dev/kvm is a paravirtual one. Without cx16: qemu 7.2 gets the flags of
# cmpxchg16b wrong, and 6.12 kernels then double-fault in a quarter of the boots. Pointer authentication with the cipher
# of the processor would take half of the time.
boot() { # [QEMU-OPTION...]
    local processor=(-machine q35,accel=tcg -cpu max,-cx16)
    [ "$machine" = x86_64 ] || processor=(-machine virt,accel=tcg -cpu max,pauth-impdef=on)
    timeout "${VM_TIMEOUT:-900}" "qemu-system-$machine" "${processor[@]}" -smp 2 \
        -m "${VM_MEMORY:-1536}" -nodefaults -no-user-config -display none -serial stdio -no-reboot \
        -kernel "$vm"/kernel/boot/vmlinuz-* -initrd "$vm/initrd.gz" \
        -drive file="$vm/test.img,if=virtio,format=raw" -drive file="$vm/out.img,if=virtio,format=raw" "$@" </dev/null
}

# qemu's own status says nothing about the tests: the inside leaves its status in a file, and no file is a failure.
run() { # MODE DIR COMMAND
    local status=0 console=ttyS0 line
    [ "$machine" = x86_64 ] || console=ttyAMA0
    line="console=$console loglevel=3 panic=-1 mitigations=off cgroup_no_v1=all"
    line="$line no_timer_check" # on a busy machine the emulated timer fails the kernel's test, and the boot ends there
    [ -z "${VM_SYSCTL:-}" ] || line="$line sysctl.$VM_SYSCTL"
    setup
    make_images "$2" "$3"
    case $1 in
    hand) boot -append "$line" || status=$? ;;
    systemd)
        [ -s "$image" ] || make_rootfs
        boot -append "$line systemd.show_status=0 vm.systemd=1" \
            -drive file="$image,if=virtio,format=raw,snapshot=on" || status=$?
        ;;
    esac
    rm -rf "$vm/out"
    mkdir "$vm/out"
    debugfs -R "rdump / $vm/out" "$vm/out.img" >/dev/null 2>&1 || :
    [ $status != 124 ] || { echo "vm.sh: the time limit ended the machine" >&2; return 124; }
    [ -s "$vm/out/.status" ] || { echo "vm.sh: the machine left no status (qemu $status)" >&2; return 98; }
    return "$(cat "$vm/out/.status")"
}

setup() {
    [ -d "$vm/kernel/boot" ] || fetch_kernel
    make_initrd
}

mkdir -p "$vm"
case ${1:-} in
setup) setup ;;
rootfs) make_rootfs ;;
run) run hand "$2" "${3:-./run}" ;;
run-systemd) run systemd "$2" "${3:-./run}" ;;
*)
    sed -n '2,18s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
