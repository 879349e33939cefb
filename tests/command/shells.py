"""Interactive shells on a pseudo-terminal, for tests that press Tab."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

from support import PROGRAM, environment

TAB = "\t"
ESCAPES = re.compile(r"\x1b(\[[0-9;?<>=]*[a-zA-Z]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|[=>78HM])|[\x00\x07\x0e\x0f]")

# How a shell is started and made to know the completion of a file in the folder it stands in.
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source ./lrfind; bind 'set bell-style none'"),
    "zsh": (["zsh", "-f", "-i"], "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=500"),
    "fish": (["fish", "--no-config", "-i"], "source ./lrfind.fish"),
}
FILE = {"bash": "lrfind", "zsh": "_lrfind", "fish": "lrfind.fish"}


def installed(shell):
    return shutil.which(shell) is not None


class Shell:
    """A shell in `folder`, which has the completion script that the program prints."""

    def __init__(self, shell, folder):
        script = subprocess.run([PROGRAM, "--completion", shell], capture_output=True, check=True).stdout
        (folder / FILE[shell]).write_bytes(script)
        command, setup = START[shell]
        programs = f"{Path(PROGRAM).resolve().parent}:{os.environ['PATH']}"
        home = {key: str(folder) for key in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")}
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment(PATH=programs, TERM="xterm", LC_ALL="C.UTF-8", **home))
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        self.ask(setup)

    def ask(self, line):
        """Runs a line; returns once it is done."""
        self.send(f"{line}; echo rea''dy\r")
        self.until(r"\bready\s")

    def send(self, text):
        os.write(self.terminal, text.encode())

    def until(self, pattern, seconds=15):
        """What the terminal showed until the pattern matched, or until it is in vain."""
        end, shown = time.monotonic() + seconds, b""
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    shown += os.read(self.terminal, 65536)
                except OSError:
                    break
            text = ESCAPES.sub("", shown.decode(errors="replace"))
            if re.search(pattern, text):
                break
        return text

    def completed(self, line):
        """The words that a line with Tab has, as a program gets them."""
        self.send(line + TAB)
        self.send("\x01printf '<%s>' \x05; echo rea''dy\r")
        return re.findall(r"<([^<>]*)>", self.until(r"\bready\s").split("<%s>")[-1])

    def offered(self, line, pattern):
        """What is shown for a line and Tab, when it matches the pattern or never will. The line is then dropped."""
        self.send(line + TAB + TAB)
        text = self.until(pattern)
        self.send("\x03")
        self.ask("true")
        return text

    def close(self):
        os.close(self.terminal)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
