"""How programs end, seen by their parent and in a terminal.

deaths.py RUNNER... -- PROGRAM: runs PROGRAM (dies.c) by RUNNER, each time to end in another way. Prints TAP lines without a plan: the wait status is
what a kernel would say, nothing is left of it, and the terminal is as it was.
"""
import ctypes
import os
import pty
import select
import signal
import sys
import tempfile
import termios
import time

PR_SET_CHILD_SUBREAPER = 36
LIMIT = 60  # seconds until it counts as hung

# What is asked of the program, and the signal or the status (negative) that it ends with.
WAYS = [("nine", -9), ("leader", -9), ("stack", 11), ("segv", 11), ("blocked", 11), ("ignored", 11), ("twice", 11), ("jump", 11), ("bus", 7),
        ("ill", 4), ("trap", 5), ("sys", 31), ("xcpu", 24), ("xfsz", 25), ("abort", 6), ("threads", 11), ("thread", 11), ("orphans", 11), ("group", 9)]
IGNORED = {17, 18, 23, 28}  # SIGCHLD SIGCONT SIGURG SIGWINCH
STOP = {19, 20, 21, 22}
OUTSIDE = [1, 2, 3, 6, 9, 10, 11, 7, 13, 14, 15, 24, 31, 33, 34, 64]


def inherited():
    """Signals that whoever started this ignores (make: posix_spawn leaves 32 and 33 so), not Python: they end nothing."""
    with open("/proc/self/status", encoding="ascii") as f:
        mask = next(int(line.split()[1], 16) for line in f if line.startswith("SigIgn:"))
    return {n for n in range(1, 65) if mask >> (n - 1) & 1} - {signal.SIGPIPE, signal.SIGXFSZ}


IGNORED |= inherited()
WAYS += [(str(n), -100 if n in IGNORED else n) for n in range(1, 65) if n not in STOP]


def tap(good, name, found=None):
    print(("ok - " if good else "not ok - ") + name, flush=True)
    if not good and found:
        print("# " + found)
    return good


def said(status):
    return -os.WEXITSTATUS(status) if os.WIFEXITED(status) else os.WTERMSIG(status)


def wait(pid, seconds=LIMIT):
    """Its wait status; None if it hangs (it is killed then)."""
    end = time.time() + seconds
    while time.time() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return status
        time.sleep(0.002)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def rest(seconds):
    """What is left of a process becomes this one's: how many there were, and whether all of them have ended by themselves."""
    count, end = 0, time.time() + seconds
    while True:
        try:
            pid = os.waitpid(-1, os.WNOHANG)[0]
        except ChildProcessError:
            return count, True
        if pid:
            count += 1
        elif time.time() > end:
            return count, False
        else:
            time.sleep(0.01)


def become(command):
    """With the signals that Python ignores as they were. (posix_spawn would leave 32 and 33 ignored, too.)"""
    for n in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTTOU):
        signal.signal(n, signal.SIG_DFL)
    os.execv(command[0], command)


def start(command, out=None):
    """In a session of its own, so that it may kill its group; `out` is a descriptor for what it prints."""
    pid = os.fork()
    if not pid:
        os.setsid()
        null = os.open("/dev/null", os.O_RDWR)
        for n in range(3):
            os.dup2(out if n == 1 and out is not None else null, n)
        become(command)
    return pid


def ends(runner, program):
    wrong = []
    for way, expected in WAYS:
        status = wait(start(runner + [program, way]))
        left, gone = rest(5)
        if status is None or said(status) != expected or not gone or (left > 0 and way not in ("orphans", "group", "threads")):
            wrong.append(f"{way}: {'hangs' if status is None else said(status)}, expected {expected}; {left} left{'' if gone else ' for ever'}")
        elif os.WIFSIGNALED(status) and os.WCOREDUMP(status):
            wrong.append(f"{way}: a core of the engine")
    tap(not wrong, f"{len(WAYS)} ends have their status, no core, and nothing is left", "; ".join(wrong))
    tap(not os.listdir("."), "no file is left", str(os.listdir(".")))


def killed(runner, program):
    """From outside: every signal that ends a process, while it waits."""
    wrong = []
    for n in (n for n in OUTSIDE if n not in IGNORED):
        reader, writer = os.pipe()
        pid = start(runner + [program, "waits"], writer)
        os.close(writer)
        os.read(reader, 10)
        os.close(reader)
        os.kill(pid, n)
        status = wait(pid)
        left, gone = rest(5)
        if status is None or said(status) != n or left or not gone:
            wrong.append(f"{n}: {status}, {left} left")
    tap(not wrong, "killed from outside by signals", "; ".join(wrong))


class Terminal:
    """A session with a terminal whose leader (a process of ours) runs commands in the foreground and tells how they ended."""

    def __init__(self):
        self.orders = os.pipe()[::-1]
        self.answers = os.pipe()
        self.pid, self.fd = pty.fork()
        if not self.pid:
            self.lead()

    def lead(self):
        try:
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            modes = termios.tcgetattr(0)
            modes[3] &= ~termios.ECHO
            termios.tcsetattr(0, termios.TCSANOW, modes)
            reader = os.fdopen(self.orders[1])
            for line in reader:
                command = line.rstrip("\n").split("\t")
                before = termios.tcgetattr(0)
                pid = os.fork()
                if not pid:
                    self.foreground(command)
                status = wait(pid)
                group = os.tcgetpgrp(0)
                os.tcsetpgrp(0, os.getpid())
                same = termios.tcgetattr(0) == before
                os.write(self.answers[1], f"{'hangs' if status is None else said(status)} {same and group == pid}\n".encode())
        finally:
            os._exit(0)

    @staticmethod
    def foreground(command):
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        become(command)

    def run(self, command, keys=None):
        """The answer; keys are typed when the program says that it waits."""
        os.write(self.orders[0], ("\t".join(command) + "\n").encode())
        text, end = b"", time.time() + LIMIT
        while time.time() < end:
            ready = select.select([self.answers[0], self.fd], [], [], 1)[0]
            if self.fd in ready:
                try:
                    text += os.read(self.fd, 4096)
                except OSError:
                    pass
            if keys and b"waits" in text:
                os.write(self.fd, keys)
                keys = None
            if self.answers[0] in ready:
                return os.read(self.answers[0], 100).decode().strip()
        return "no answer"


def in_terminal(runner, program):
    terminal, wrong = Terminal(), []
    for way, expected in WAYS[:19]:
        if way in ("group", "xcpu"):
            continue
        found = terminal.run(runner + [program, way])
        if found != f"{expected} True":
            wrong.append(f"{way}: {found}, expected {expected}")
    for keys, expected in ((b"\x03", 2), (b"\x1c", 3)):
        found = terminal.run(runner + [program, "waits"], keys)
        if found != f"{expected} True":
            wrong.append(f"keys {keys}: {found}")
    tap(not wrong, "the terminal's modes and its foreground group are as they were; ^C and ^\\ end the program", "; ".join(wrong))
    # The terminal goes away: SIGHUP ends what runs in it.
    os.write(terminal.orders[0], ("\t".join(runner + [program, "waits"]) + "\n").encode())
    time.sleep(1)
    os.close(terminal.fd)
    os.close(terminal.orders[0])
    end = wait(terminal.pid, 20)
    left, gone = rest(20)
    tap(end is not None and gone, "a terminal that goes away ends it", f"status {end}, {left} left, {gone}")


def main():
    split = sys.argv.index("--")
    runner, program = sys.argv[1:split], sys.argv[split + 1]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        ends(runner, program)
        killed(runner, program)
        in_terminal(runner, program)
        os.chdir("/")


main()
