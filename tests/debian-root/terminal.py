"""Interactive programs in a terminal, driven by a script.

terminal.py RUNNER... -- ROOT PATH: runs the root's bash and vi by RUNNER in a pseudo-terminal, types, and prints TAP lines (without a plan).
"""
import os
import pty
import re
import select
import signal
import sys
import tempfile
import time

PROMPT = "bash-5.2"


class Terminal:
    """A program with a terminal of its own; what it printed and was not yet awaited is in self.text."""

    def __init__(self, command, folder, path):
        self.text = ""
        self.status = None
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(folder)
            os.execve(command[0], command, {"PATH": path, "HOME": folder, "TERM": "vt100", "LC_ALL": "C", "INPUTRC": folder + "/inputrc"})

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 4096)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern, seconds=40):
        """Wait until the pattern is there; what comes after it stays. Return the match or None."""
        end = time.time() + seconds
        while True:
            found = re.search(pattern, self.text)
            if found:
                self.text = self.text[found.end():]
                return found
            if time.time() > end or (not self.read(0.5) and self.over()):
                return None

    def over(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def finish(self, seconds=20):
        end = time.time() + seconds
        while not self.over() and time.time() < end:
            self.read(0.1)
        return self.status

    def close(self):
        if not self.over():
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


# What is typed, and what must be printed before the next line is typed.
JOBS = [
    ("a shell asks", "", re.escape(PROMPT)),
    ("the terminal is one", "test -t 0 && stty size; tty\r", r"/dev/pts/\d+\r\n[^$]*bash-5.2"),
    ("^C ends a command, not the shell", "sleep 60; echo after $?\r", None),
    (None, "\x03", r"\^C[^$]*bash-5.2"),
    ("the status of ^C", "echo was $?\r", r"was 130\r\n"),
    ("^Z stops a command", "sleep 61\r", None),
    (None, "\x1a", r"\[1\]\+  Stopped +sleep 61"),
    ("bg goes on with it", "bg\r", r"\[1\]\+ sleep 61 &"),
    ("jobs lists it", "jobs\r", r"\[1\]\+  Running +sleep 61 &"),
    ("fg brings it back", "fg\r", r"sleep 61\r\n"),
    (None, "\x03", r"\^C[^$]*bash-5.2"),
    ("two in a pipe are one job", "sleep 62 | cat\r", None),
    (None, "\x1a", r"Stopped +sleep 62 \| cat"),
    ("kill %1 ends both", "kill %1; wait; echo ended\r", r"\nended\r\n"),
    ("a background reader is stopped", "cat &\r", r"\[\d\] \d+"),
    (None, "sleep 1\r", r"Stopped +cat"),
    ("fg lets it read", "fg\r", r"cat\r\n"),
    (None, "a line\r", r"a line\r\na line\r\n"),
    ("^D ends it", "\x04", re.escape(PROMPT)),
    ("the line editor", "cho  edXited\x01e\x05\x02\x02\x02\x02\x7f\r", r"\r\nedited\r\n"),
    ("the history", "true\r\x1b[A\x1b[A\r", r"\r\nedited\r\n"),
    ("completion", "echo long-n\t\r", r"\r\nlong-name-of-a-file\r\n"),
    ("a signal's trap", "trap 'echo caught' INT\r", re.escape(PROMPT)),
    (None, "\x03", r"caught"),
    ("the window's size reaches it", "stty rows 33 cols 101; stty size\r", r"33 101\r\n"),
    ("exit", "exit 7\r", r"exit"),
]
VI = [
    ("vi shows the file", "", "first line"),
    ("insert, delete, substitute, undo", "oadded\x1b:1d\r:%s/second/2nd/\ru:%s/third/3rd/\ryyp", "3rd"),
    ("^Z and back by fg", "\x1a", "Stopped"),
    (None, "fg\r", "3rd"),
    ("write and leave", ":wq\r", re.escape(PROMPT)),
]


def tap(good, name, terminal=None):
    print(("ok - " if good else "not ok - ") + name, flush=True)
    if not good and terminal:
        print("# found: " + repr(terminal.text[-300:]))


def play(terminal, lines):
    """One TAP line for each that has a name; those without one belong to the one before."""
    name, good = None, True
    for title, keys, answer in lines:
        if title:
            if name:
                tap(good, name, terminal)
            name, good = title, True
        if good:
            time.sleep(0.4 if answer is None or keys[:1] < " " else 0)
            terminal.type(keys)
            good = answer is None or terminal.expect(answer) is not None
            if answer is None:
                time.sleep(1)
    tap(good, name, terminal)


def main():
    split = sys.argv.index("--")
    runner, (root, path) = sys.argv[1:split], sys.argv[split + 1:]
    shell = runner + [root + "/usr/bin/bash", "--norc", "--noprofile", "-i"]
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/inputrc", "w") as f:
            f.write("set enable-bracketed-paste off\n")
        open(folder + "/long-name-of-a-file", "w").close()
        terminal = Terminal(shell, folder, path)
        play(terminal, JOBS)
        tap(terminal.finish() == 7, "the shell's status")
        terminal.close()
        with open(folder + "/text", "w") as f:
            f.write("first line\nsecond\nthird\n")
        terminal = Terminal(shell, folder, path)
        terminal.expect(re.escape(PROMPT))
        terminal.type("vi text\r")
        play(terminal, VI)
        terminal.type("exit\r")
        terminal.finish()
        terminal.close()
        with open(folder + "/text") as f:
            text = f.read()
        tap(text == "added\nsecond\n3rd\n3rd\n", "what vi wrote")


main()
