#!/usr/bin/env python3
"""What a sweep costs beside its arithmetic, as ratios measured on this machine, interleaved: the whole over its steps
alone, a machine that others keep busy over an idle one, five trials over one; and indexing a million files.

Prints Markdown: medians and spread. Fashion-MNIST (Debian's dataset-fashion-mnist) is needed, and nothing else.
"""
import argparse
import contextlib
import gzip
import json
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import zlib

import readme_part

FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
STEPS, BATCH = 100, 64
HERE_ALONE = ("--lrfind", "--write")  # options that say only where files lie on this machine


def png(pixels, side):
    """A grey PNG file of side x side bytes."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + pixels[side * y:side * (y + 1)] for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def make_pngs(folder, count):
    pixels = gzip.decompress((FASHION / "train-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((FASHION / "train-labels-idx1-ubyte.gz").read_bytes())[8:]
    for i in range(count):
        target = folder / str(labels[i]) / f"{i:05}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(png(pixels[784 * i:784 * (i + 1)], 28))


@contextlib.contextmanager
def busy_cores():
    """One program per core that never rests."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in os.sched_getaffinity(0)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


class Sweep:
    def __init__(self, program, scratch):
        self.program, self.output = program, scratch / "lr.json"

    def timing(self, data, steps=STEPS, trials=1):
        """What one sweep that measures nothing but the loss says of its time."""
        done = subprocess.run([self.program, "sweep", data, "--min-lr", "1e-7", "--steps", str(steps), "--batch-size", str(BATCH), "--trials",
                               str(trials), "--image-size", "32", "--channels", "3", "--normalize", "imagenet",
                               "--stop-factor", "0", "--probe", "0", "--gain-every", "0", "--val-split", "0", "--quiet",
                               "-o", self.output], stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode not in (0, 4):
            raise SystemExit(f"lrfind failed: {done.stderr.strip()}")
        return json.loads(self.output.read_text(encoding="utf-8"))["timing"]


def repeated(runs, measure):
    values = []
    for number in range(runs):
        values.append(measure())
        print(f"round {number + 1}: {values[-1]:.2f}", file=sys.stderr)
    return values


def million_files(program, scratch, runs):
    """Seconds and MiB of a run that indexes 1,000,000 files in 1,000 classes and lists the network's parameters."""
    root = scratch / "million"
    for c in range(1000):
        folder = root / f"{c:03}"
        folder.mkdir(parents=True)
        at = os.open(folder, os.O_RDONLY)
        for i in range(1000):
            os.close(os.open(f"{i:03}.jpg", os.O_CREAT | os.O_WRONLY, dir_fd=at))
        os.close(at)
    command = ["/usr/bin/env", program, "sweep", root, "--list-parameters", "--image-size", "32", "--channels", "3",
               "--normalize", "none", "--probe", "0", "--workers", "0"]
    seconds, peaks = [], []
    for _ in range(runs + 1):
        before = os.times().elapsed
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit("lrfind failed on a million files")
        seconds.append(os.times().elapsed - before)
        peaks.append(usage.ru_maxrss / 2**10)
    shutil.rmtree(root)
    return seconds[1:], peaks[1:]  # the first run warmed the cache


def row(name, values, unit=""):
    return f"| {name} | {statistics.median(values):.2f}{unit} | {min(values):.2f} to {max(values):.2f}{unit} |"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lrfind", type=pathlib.Path, required=True, help="the program")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--write", type=pathlib.Path, metavar="FILE", help="put the table between this Markdown file's 'ratios' markers, too")
    a = p.parse_args()
    if a.write:
        readme_part.check(a.write, "ratios")
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        pngs = scratch / "png"
        print(f"writing {STEPS * BATCH} PNG files", file=sys.stderr)
        make_pngs(pngs, STEPS * BATCH)
        sweep = Sweep(a.lrfind.resolve(), scratch)

        def against(base, measure):
            """A ratio whose base is measured before and after, so that a machine that grows slower does so for both."""
            before, value, after = base(), measure(), base()
            return value / statistics.mean((before, after))

        def over_floor():
            return against(lambda: sweep.timing(FASHION)["sweep_s"], lambda: sweep.timing(pngs)["sweep_s"])

        def busy():
            with busy_cores():
                return sweep.timing(pngs, STEPS // 2)["sweep_s"]

        def contended():
            return against(lambda: sweep.timing(pngs, STEPS // 2)["sweep_s"], busy)

        def five_trials():
            return against(lambda: sweep.timing(pngs)["total_s"], lambda: sweep.timing(pngs, trials=5)["total_s"])

        rows = [row("sweep over PNG files, over the same steps on images in memory", repeated(a.runs, over_floor)),
                row("step with one busy program per core, over an idle machine", repeated(a.runs, contended)),
                row("5 trials over 1", repeated(a.runs, five_trials))]
        print("making a million files", file=sys.stderr)
        seconds, peaks = million_files(a.lrfind.resolve(), scratch, a.runs)
        rows += [row("a million files indexed, whole process", seconds, " s"),
                 row("its peak memory", peaks, " MiB")]
    shown = readme_part.command_shown("ratios.py", sys.argv[1:], HERE_ALONE)
    text = (f"`{shown}`: small-cnn, batch {BATCH}, 32 x 32, {STEPS} steps, {len(os.sched_getaffinity(0))} cores, {a.runs} runs.\n\n"
            "| what | median | min to max |\n| --- | --- | --- |\n" + "\n".join(rows))
    print(text)
    if a.write:
        readme_part.write(a.write, "ratios", text)


if __name__ == "__main__":
    main()
