"""hangup.py COMMAND... - runs COMMAND as what a terminal was opened for (as `xterm -e` and `ssh -t` do), waits until it has
printed "it runs", takes the terminal away, and waits for its end. Its status is ours, 128 and the number of a signal."""
import os, pty, signal, sys

pid, fd = pty.fork()
if pid == 0:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while b"it runs" not in seen:
    try:
        more = os.read(fd, 4096)
    except OSError:
        more = b""
    if not more:
        break
    seen += more
else:
    os.close(fd)
sys.stdout.write(seen.decode(errors="replace").replace("\r", ""))
sys.stdout.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
