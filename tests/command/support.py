"""What the tests of the real binary share: images made by hand, and a way to run the program.

Only Python's standard library is needed. LRFIND in the environment is the program's path.
"""

import json
import os
import random
import re
import signal
import struct
import subprocess
import tempfile
import time
import unittest
import zlib
from pathlib import Path

PROGRAM = os.environ.get("LRFIND", "lrfind")
REPOSITORY = Path(__file__).resolve().parents[2]

# Under sanitizers, which take several times the memory.
SANITIZED = "LRFIND_SANITIZED" in os.environ

# A network and a sweep that take no time, for tests that are about something else.
QUICK = ["--model", "plain-cnn", "--width", "0.125", "--steps", "12", "--batch-size", "8", "--trials", "1",
         "--threads", "1"]


class Run:
    """What one run of the program answered."""

    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr

    @property
    def json(self):
        return json.loads(self.stdout)

    def __str__(self):
        return f"status {self.status}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


def environment(**changes):
    # One thread that does not spin: machines that run tests are busy.
    return {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", **changes}


def lrfind(*arguments, cwd=None, timeout=120, **changes):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=timeout,
                          env=environment(**changes), stdin=subprocess.DEVNULL)
    return Run(done.returncode, done.stdout, done.stderr)


def sweep(data, *arguments, **options):
    """A quick sweep whose result is in `.json`; no file is written."""
    return lrfind("sweep", data, *QUICK, "-o", "-", "--quiet", *arguments, **options)


def curve(run):
    return run.json["curve"]["loss"]


class Case(unittest.TestCase):
    """Each test has a folder of its own in `self.folder`."""

    longMessage = True

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="lrfind-test-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def assert_ran(self, run, statuses=(0, 4)):
        """The sweep ran; a curve of a few steps may well support no suggestion (status 4)."""
        self.assertIn(run.status, statuses, str(run))

    def assert_refused(self, run, status, *words):
        """Nothing on stdout, one sentence with these words on stderr."""
        self.assertEqual(run.status, status, str(run))
        self.assertEqual(run.stdout, "", str(run))
        for word in words:
            self.assertIn(word, run.stderr, str(run))
        self.assertTrue(run.stderr.startswith("lrfind"), str(run))
        self.assertEqual(run.stderr.count("\n"), 1, str(run))


def pixels(label, number, side=12, channels=1):
    """Rows of noise around a brightness and a stripe that depend on the class, so that there is something to learn."""
    draw = random.Random(1000 * label + number)
    rows = []
    for y in range(side):
        row = bytearray()
        for x in range(side):
            level = 60 + 60 * (label % 3) + (60 if (x + y * label) % 4 == 0 else 0)
            row += bytes(max(0, min(255, level + draw.randrange(-40, 41))) for _ in range(channels))
        rows.append(bytes(row))
    return rows


def pgm(rows):
    return b"P5 %d %d 255\n" % (len(rows[0]), len(rows)) + b"".join(rows)


def ppm(rows):
    return b"P6 %d %d 255\n" % (len(rows[0]) // 3, len(rows)) + b"".join(rows)


def png(rows, channels=1):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", len(rows[0]) // channels, len(rows), 8, 0 if channels == 1 else 2, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def bmp(rows):
    """24 bits per pixel, from rows of RGB."""
    width, height = len(rows[0]) // 3, len(rows)
    body = b""
    for row in reversed(rows):
        line = b"".join(row[i : i + 3][::-1] for i in range(0, len(row), 3))
        body += line + b"\0" * (-len(line) % 4)
    return (b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(body), 2835, 2835, 0, 0) + body)


def idx(values, *sizes):
    return struct.pack(">HBB", 0, 8, len(sizes)) + struct.pack(f">{len(sizes)}I", *sizes) + bytes(values)


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def class_folders(folder, classes=3, each=12, side=12, colour=False):
    """A folder with one subfolder of PGM (or PPM) images per class."""
    for label in range(classes):
        for number in range(each):
            rows = pixels(label, number, side, 3 if colour else 1)
            write(folder / f"class{label}" / f"{number:03}.{'ppm' if colour else 'pgm'}",
                  ppm(rows) if colour else pgm(rows))
    return folder


def interrupt_when(arguments, ready, cwd=None, number=signal.SIGINT):
    """Starts the program and sends it a signal as soon as its stderr matches `ready`. Returns the run and the seconds
    from the signal to its end."""
    process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
                               env=environment(), stdin=subprocess.DEVNULL)
    seen = b""
    while not re.search(ready, seen):
        part = process.stderr.read1(65536)
        if not part:
            break
        seen += part
    process.send_signal(number)
    start = time.monotonic()
    stdout, stderr = process.communicate(timeout=60)
    return Run(process.returncode, stdout.decode(), (seen + stderr).decode()), time.monotonic() - start
