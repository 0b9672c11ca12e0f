"""terminal.py COMMAND... - drives COMMAND at a terminal of 33 rows and 77 columns, as a person would: a shell inside of a
container, which is asked for its terminal's name and size, stopped, resumed and interrupted. Prints TAP lines without
their numbers."""
import errno, fcntl, os, pty, re, select, signal, struct, sys, termios, time


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


seen = b""


def expect(fd, pattern, seconds=30):
    """Reads until the pattern was printed; None when it is not in time."""
    global seen
    end = time.monotonic() + seconds
    while True:
        found = re.search(pattern, seen)
        if found:
            seen = seen[found.end():]
            return found
        if time.monotonic() > end:
            return None
        if select.select([fd], [], [], 0.2)[0]:
            try:
                more = os.read(fd, 4096)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                more = b""
            if not more:
                return None
            seen += more


def check(name, is_good):
    print(("ok" if is_good else "not ok") + " - " + name)
    if not is_good:
        print("# what is left: %r" % seen[-300:])


# The child waits for its terminal to have a size.
ready = os.pipe()
pid, fd = pty.fork()
if pid == 0:
    os.read(ready[0], 1)
    os.execvp(sys.argv[1], sys.argv[1:])
resize(fd, 33, 77)
os.write(ready[1], b"x")


def once(name, command):
    """The command, whatever is typed of it twice because its answer was late."""
    return "[ $%s ] || { %s=1; %s; }\n" % (name, name, command)


def ask(text, pattern):
    """Types until it is answered: a shell that edits its lines throws away what was typed before it began."""
    for _ in range(15):
        os.write(fd, text.encode())
        found = expect(fd, pattern, 2)
        if found:
            return found
    return None


# What is typed is echoed: a pattern for an answer must not match the question.
found = ask("tty; echo t''old\n", rb"(\S+)\r\ntold\r\n")
check("tty names a terminal of the container's own", found and re.fullmatch(rb"/dev/pts/\d+", found.group(1)))
check("it has our size from its beginning", ask("stty size; echo t''old\n", rb"33 77\r\ntold\r\n"))
# A shell that waits for a line keeps the signal for itself.
ask(once("waited", "sh -c 'trap \"stty size; echo winch; exit\" WINCH; echo w\"\"aits; while :; do sleep 0.1; done'"),
    rb"waits\r\n")
resize(fd, 20, 50)
check("it follows ours, and the program is told", expect(fd, rb"20 50\r\nwinch\r\n"))
check("it is the controlling one",
      ask("test -t 0 && test -t 1 && test -t 2 && : </dev/tty && echo c''ontrolling\n", rb"controlling\r\n"))
ask(once("began", "(echo b''egun; sleep 1000; echo n''ever)"), rb"begun\r\n")
check("Ctrl-Z stops what runs", ask("\x1a", rb"Stopped"))
ask("fg\n", rb"sleep 1000")
for _ in range(30):  # the shell hands it the terminal a moment after it has said so
    os.write(fd, b"\x03")
    time.sleep(0.1)
    os.write(fd, b"echo s''tatus $?\n")
    found = expect(fd, rb"status 130\r\n", 2)
    if found:
        break
check("fg and Ctrl-C: it is ended, and the shell is not", found)
status = None
for _ in range(15):
    try:
        os.write(fd, b"exit 5\n")
    except OSError:
        pass
    expect(fd, rb"never printed", 2)
    time.sleep(1)  # at its end nothing is waited for above
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        break
check("its status is ours", ended and os.WIFEXITED(status) and os.WEXITSTATUS(status) == 5)
