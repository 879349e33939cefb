"""Failures injected into the real program, and what must hold whatever fails.

Needs LRFIND (the program) and LRFIND_INJECT (the library that inject.cpp makes) in the environment, and nothing but
Python's standard library.
"""

import dataclasses
import errno
import itertools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "command"))

from support import PROGRAM, class_folders, environment  # noqa: E402

INJECT = os.environ.get("LRFIND_INJECT", "")
LONGEST_S = 10
# What can be wrong with a run; a problem begins with one of these words.
WRONG = {"lost": "lost or half", "hangs": "hangs over 10 s", "died": "deaths of a signal", "undocumented": "status 1",
         "raw": "raw library text", "silent": "silent", "left": "files left"}
DOCUMENTED = (0, 2, 3, 4, 5, 130)
RAW = re.compile(r"terminate called|what\(\)|c10::|at::|torch::|basic_ios|basic_string|filesystem error|Exception raised|"
                 r"std::|cv::|OpenCV|libgomp|json\.exception|Segmentation|Aborted|vector::|bad_alloc|unexpected error|"
                 r"INTERNAL ASSERT|oneDNN|mkldnn|enforce fail")

# The errors that the C library's functions are made to fail with; the first is the one most often met.
ERRORS = {
    "open": ("EMFILE", "EACCES", "EIO", "ENFILE", "ENOENT"),
    "openat": ("EMFILE", "EIO"),
    "fopen": ("EMFILE", "ENOENT"),
    "fopen64": ("EMFILE", "ENOENT"),
    "fdopen": ("ENOMEM",),
    "read": ("EIO", "EINTR", "EISDIR"),
    "pread": ("EIO", "EINTR"),
    "write": ("ENOSPC", "EIO", "EINTR", "EPIPE", "EAGAIN", "EDQUOT", "EFBIG"),
    "fsync": ("EIO", "ENOSPC", "EINTR", "EINVAL"),
    "fchmod": ("EPERM",),
    "fchown": ("EPERM",),
    "lseek": ("ESPIPE",),
    "rename": ("EIO", "ENOSPC", "EACCES", "ENOENT"),
    "unlink": ("EACCES", "EIO"),
    "mkdir": ("EACCES",),
    "opendir": ("EMFILE", "EACCES"),
    "fdopendir": ("ENOMEM",),
    "readdir": ("EIO",),
    "stat": ("EACCES", "EIO", "ENOENT"),
    "lstat": ("EACCES", "EIO"),
    "fstat": ("EIO",),
    "statvfs": ("EIO", "ENOSYS"),
    "access": ("EACCES", "EIO"),
    "readlink": ("EIO", "ENOENT"),
    "gethostname": ("EFAULT",),
    "pipe2": ("EMFILE", "ENFILE"),
    "socket": ("EMFILE", "EACCES"),
    "dup2": ("EMFILE", "EINTR"),
    "fcntl": ("EMFILE", "EINVAL"),
    "close": ("EIO", "EINTR"),
    "memfd_create": ("EMFILE", "ENOSYS"),
    "fork": ("EAGAIN",),
    "posix_spawnp": ("EAGAIN", "ENOMEM", "ENOENT", "EACCES"),
    "waitpid": ("EINTR", "ECHILD"),
    "pthread_create": ("EAGAIN",),
    "sched_getaffinity": ("EPERM", "EINVAL"),
    "sched_setaffinity": ("EPERM",),
    "sigaction": ("EINVAL",),
    "sysconf": ("EINVAL",),
    "mmap": ("ENOMEM",),
    "munmap": ("EINVAL",),
    "mmap1000000": ("ENOMEM",),
    "malloc65536": ("ENOMEM",),
    "malloc1000000": ("ENOMEM",),
}

SWEEP = ["--model", "plain-cnn", "--width", "0.125", "--steps", "12", "--batch-size", "8", "--trials", "1"]


def wait_for_its_begin(process):
    """Until it holds signals back or answers them: before, for a millisecond, it is the system's loader that runs."""
    while process.poll() is None:
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
        if int(status.get("SigBlk", "0"), 16) or int(status.get("SigCgt", "0"), 16):
            return
        time.sleep(0.0002)


@dataclasses.dataclass
class Command:
    name: str
    arguments: list
    writes: tuple = ()  # files that it replaces
    part: str = "curve"  # of what it writes
    elsewhere: bool = False  # what cannot be written is kept in another place


COMMANDS = {c.name: c for c in (
    Command("sweep", ["sweep", "data", *SWEEP, "--threads", "1", "-o", "lr.json", "--csv", "lr.csv", "--progress",
                      "always"], ("lr.json",), elsewhere=True),
    Command("sweep-threads", ["sweep", "data", *SWEEP, "--threads", "3", "--workers", "3", "-o", "lr.json",
                              "--plot", "lr.svg"], ("lr.json",), elsewhere=True),
    Command("suggest", ["suggest", "lr.json", "-o", "again.json"], ("again.json",)),
    Command("verify", ["verify", "data", "--result", "lr.json", "--steps", "2", "--factors", "1", "--threads", "1",
                       "-o", "verified.json"], ("verified.json",), "verify", elsewhere=True),
    Command("plot", ["plot", "lr.json"]),
    Command("picture", ["plot", "lr.json", "-o", "lr.svg"]),
    Command("inspect", ["inspect", "data"]),
    Command("inspect-json", ["inspect", "data", "--json", "--threads", "2"]),
    Command("schedule", ["schedule", "cosine", "--result", "lr.json"]),
)}


@dataclasses.dataclass
class Ended:
    status: int
    stdout: str
    stderr: str
    seconds: float
    hangs: bool

    def measured(self):
        return re.search(r"loss [0-9]|Learning rate", self.stderr)


@dataclasses.dataclass
class Outcome:
    what: str
    end: Ended
    fired: bool
    problems: list

    def __str__(self):
        return (f"{self.what}: status {self.end.status}, {self.end.seconds:.1f} s: {'; '.join(self.problems)}\n"
                f"{self.end.stderr[-1000:]}")


class Place:
    """A folder with images and a complete result of each command that writes one."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="lrfind-faults-")
        self.folder = Path(self.holder.name)
        self.clean = self.folder / "clean"
        class_folders(self.clean / "data", each=8)
        self.counts, self.seconds, self.stdout = {}, {}, {}
        self.numbers = itertools.count()
        for command in (COMMANDS["sweep"], COMMANDS["suggest"], COMMANDS["verify"]):
            run = subprocess.run([PROGRAM, *command.arguments], cwd=self.clean, env=environment(), check=False,
                                 capture_output=True, text=True, timeout=60)
            if run.returncode not in (0, 4):
                raise SystemExit(f"{command.name} fails without a fault: {run.stderr}")
            for name in command.writes:  # told apart from what the same run writes again
                earlier = json.loads((self.clean / name).read_text())
                (self.clean / name).write_text(json.dumps({**earlier, "earlier": True}))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.cleanup()

    def fresh(self):
        """A folder of its own for one run."""
        folder = self.folder / f"run{next(self.numbers)}"
        shutil.copytree(self.clean, folder)
        (folder / "tmp").mkdir()
        return folder

    def calls(self, command):
        """How often an undisturbed run of a command calls each function."""
        if command.name not in self.counts:
            folder = self.fresh()
            start = time.monotonic()
            run = subprocess.run([PROGRAM, *command.arguments], cwd=folder, capture_output=True, text=True, timeout=60,
                                 env=environment(LD_PRELOAD=INJECT, LRFIND_FAULT_COUNTS=str(folder / "counts")), check=False)
            self.seconds[command.name] = time.monotonic() - start
            self.stdout[command.name] = run.stdout
            pairs = [line.split() for line in (folder / "counts").read_text().splitlines()]
            self.counts[command.name] = {name: int(count) for name, count in pairs}
            shutil.rmtree(folder)
        return self.counts[command.name]


def complete(path, part="curve"):
    """The result in a file, None where it is no whole one with a part that is not empty."""
    try:
        result = json.loads(path.read_text())
        if result.get("schema") != "lrfind/result/1" or not result["curve"]["lr"]:
            return None
        return result if part == "curve" or trained(result[part]) else None
    except (OSError, ValueError, KeyError):
        return None


def trained(verification):
    return any(run["steps"] for schedule in verification["lr_schedules"] for candidate in schedule["candidates"]
               for run in candidate["runs"])


def temporaries(folder):
    return sorted(p.name for p in folder.iterdir() if p.name.startswith(".lrfind-"))


def kept(command, folder, end, before):
    """Whether what was measured is in its file, in another that was named, or on stdout."""
    places = [folder / name for name in command.writes if (folder / name).read_bytes() != before[name]]
    places += [Path(name) for name in re.findall(r"it is in '([^']+)' instead", end.stderr)]
    if "on stdout instead" in end.stderr:
        places.append(folder / "stdout")
        places[-1].write_text(end.stdout[:end.stdout.rfind("}") + 1])
    return any(complete(place, command.part) for place in places)


def look_at_files(command, folder, end, before, problems):
    for name in command.writes:
        path = folder / name
        result = complete(path, command.part)
        if result is None:
            problems.append(f"lost: {name} is gone or half")
        elif end.status in (0, 4) and (path.read_bytes() == before[name] or not result["complete"]):
            problems.append(f"lost: status {end.status}, but {name} is not the new result")
    if end.status == 2 and command.elsewhere and end.measured() and not kept(command, folder, end, before):
        problems.append("lost: what was measured")
    if temporaries(folder):
        # A killed run may leave them to the next.
        next_run = subprocess.run([PROGRAM, "suggest", "lr.json", "-o", "next.json", "--quiet"], cwd=folder, check=False,
                                  env=environment(), capture_output=True, timeout=60)
        if temporaries(folder) or next_run.returncode not in (0, 4):
            problems.append("left: temporary files after the next run")


def look_at_end(end, problems, killed=False):
    if end.hangs:
        problems.append("hangs: for more than 10 s")
    elif end.status not in DOCUMENTED and not killed:
        problems.append(f"died: signal {-end.status}" if end.status < 0 else f"undocumented: status {end.status}")
    if end.status in DOCUMENTED[1:] and not re.search(r"[a-z]{3,} [a-z]{2,}", end.stderr):
        problems.append("silent: no sentence")
    if raw := RAW.search(end.stderr + end.stdout):
        problems.append(f"raw: text of a library ({raw[0]})")


def computes(process):
    """Whether it takes processor time."""

    def ticks():
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    before = ticks()
    time.sleep(1)
    return ticks() > before + 5


def execute(command, folder, changes, act=None, before=None):
    """Runs the command; `before` is called in its process, and `act` with the process. Both may disturb it."""
    process = subprocess.Popen([PROGRAM, *command.arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment(TMPDIR=str(folder / "tmp"), **changes), preexec_fn=before)
    start = time.monotonic()
    if act:
        act(process)
    hangs = False
    while True:
        try:
            stdout, stderr = process.communicate(timeout=LONGEST_S)
            break
        except subprocess.TimeoutExpired:
            # On a machine that is busy, what still computes does not hang.
            hangs = not computes(process.pid) or time.monotonic() - start > 6 * LONGEST_S
            if hangs:
                process.kill()
    return Ended(process.returncode, stdout.decode(errors="replace"), stderr.decode(errors="replace"),
                 time.monotonic() - start, hangs)


def disturbed(place, command, fault):
    """One run with a fault such as "write:3:ENOSPC", "rename:1+:EIO", "fsync:1:signal9" or "write:2:short"."""
    name, at, action = fault.split(":")
    folder = place.fresh()
    before = {file: (folder / file).read_bytes() for file in command.writes}
    number = getattr(errno, action, None)
    changes = {"LD_PRELOAD": INJECT, "LRFIND_FAULT_FIRED": str(folder / "fired"),
               "LRFIND_FAULT": f"{name}:{at}:{number if number is not None else action}"}
    end = execute(command, folder, changes)
    problems = []
    fired = (folder / "fired").exists()
    nothing_can_be_written = name == "write" and "+" in at
    if nothing_can_be_written:
        end.stderr = "no sentence can be written, and nothing kept"
    look_at_end(end, problems, killed=action == f"signal{int(signal.SIGKILL)}")
    look_at_files(command, folder, end, before, problems)
    if command.name == "inspect-json" and end.status == 0 and end.stdout != place.stdout[command.name] and \
            '"unreadable": []' in end.stdout:
        problems.append("silent: another answer, and no word why")
    shutil.rmtree(folder)
    return Outcome(f"{command.name} {fault}", end, fired, problems)


def interrupted(place, command, number, delay):
    """One run that gets a signal after a delay."""
    folder = place.fresh()
    before = {file: (folder / file).read_bytes() for file in command.writes}

    def act(process):
        wait_for_its_begin(process)
        time.sleep(delay)
        process.send_signal(number)

    end = execute(command, folder, {}, act)
    problems = []
    look_at_end(end, problems, killed=number == signal.SIGKILL)
    look_at_files(command, folder, end, before, problems)
    shutil.rmtree(folder)
    return Outcome(f"{command.name} {signal.Signals(number).name} after {delay:.3f} s", end, True, problems)


def limited(place, command, limit, amount):
    """One run under a limit such as RLIMIT_AS."""
    folder = place.fresh()
    before = {file: (folder / file).read_bytes() for file in command.writes}
    number = getattr(resource, limit)
    end = execute(command, folder, {}, before=lambda: resource.setrlimit(number, (amount, amount)))
    problems = []
    look_at_end(end, problems)
    look_at_files(command, folder, end, before, problems)
    shutil.rmtree(folder)
    return Outcome(f"{command.name} {limit} {amount}", end, True, problems)
