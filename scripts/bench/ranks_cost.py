#!/usr/bin/env python3
"""What the ranks of a data-parallel sweep cost a step: measured on this machine, and what that means elsewhere.

  scripts/bench/ranks_cost.py --lrfind build/src/command/lrfind [--runs 5] [--write README.md]

A step of N ranks sends one all-reduce of the parameters' size and one of a handful of numbers. Over a ring each rank sends
and receives 2 (N - 1) / N times the parameters' bytes in 2 (N - 1) messages (Patarasuk and Yuan 2009), so that

  seconds = 2 (N - 1) latency + 2 (N - 1) / N bytes / bandwidth

Two ranks with a thread each are timed against one rank on networks of three sizes: the least and the largest give latency and
bandwidth of this machine's loopback, the one between them says how good the model is. Needs mpirun (Debian: openmpi-bin).
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

import readme_part

FASHION = "/usr/share/datasets/fashion-mnist"
WIDTHS = (0.5, 2, 4)  # of vgg11: about 2.3, 37 and 148 MB of parameters
LINKS = (  # name, ranks, bytes a second that a rank sends, seconds of a message
    ("8 GPUs on NVLink, 450 GB/s each way", 8, 450e9, 10e-6),
    ("16 machines on 100 Gb/s", 16, 12.5e9, 20e-6),
    ("16 machines on 10 Gb/s", 16, 1.25e9, 50e-6),
)
NETWORKS = (("resnet18", 11.7e6), ("resnet50", 25.6e6), ("vit_b_16", 86.6e6))


def step_seconds(lrfind, ranks, width, steps, scratch):
    output = scratch / "lr.json"
    launcher = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-np", str(ranks)] if ranks > 1 else []
    subprocess.run([*launcher, lrfind, "sweep", FASHION, "--model", "vgg11", "--width", str(width), "--image-size", "32",
                    "--batch-size", "4", "--min-lr", "1e-7", "--max-lr", "1e-5", "--steps", str(steps), "--trials", "1",
                    "--probe", "0", "--gain-every", "0", "--val-split", "0", "--limit", "2000", "--normalize", "imagenet",
                    "--threads", "1", "--device", "cpu", "--quiet", "-o", output], check=False, stderr=subprocess.DEVNULL)
    result = json.loads(output.read_text(encoding="utf-8"))
    return result["timing"]["train_s"] / steps, result["model"]["parameters"]


def ring(ranks, count, bandwidth, latency):
    return 2 * (ranks - 1) * latency + 2 * (ranks - 1) / ranks * 4 * count / bandwidth


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lrfind", required=True, type=pathlib.Path)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--write", type=pathlib.Path, metavar="README.md")
    a = p.parse_args()
    points = []
    with tempfile.TemporaryDirectory() as scratch:
        for width in WIDTHS:
            extra, alone = [], []
            for _ in range(a.runs):  # interleaved
                one, count = step_seconds(a.lrfind, 1, width, a.steps, pathlib.Path(scratch))
                two, _ = step_seconds(a.lrfind, 2, width, a.steps, pathlib.Path(scratch))
                alone.append(one)
                extra.append(two - one)
            points.append((count, statistics.median(alone), statistics.median(extra)))
    (low, _, least), (high, _, most) = points[0], points[-1]
    bandwidth = 4 * (high - low) / (most - least)  # of two ranks, each sends its bytes once
    latency = (least - 4 * low / bandwidth) / 2
    lines = ["| parameters | one rank's step | two ranks take longer by | the model says |", "| --- | --- | --- | --- |"]
    for count, alone, extra in points:
        lines.append(f"| {count / 1e6:.1f} million | {1e3 * alone:.1f} ms | {1e3 * extra:.1f} ms "
                     f"| {1e3 * ring(2, count, bandwidth, latency):.1f} ms |")
    lines += ["", f"The first and last give {bandwidth / 1e9:.2f} GB/s and {1e6 * latency:.0f} microseconds a message, the one "
              "between them checks. The same model elsewhere, from what links are sold with, in milliseconds a step:", "",
              "| | " + " | ".join(f"{name}, {count / 1e6:.0f} million" for name, count in NETWORKS) + " |",
              "| --- " * (1 + len(NETWORKS)) + "|"]
    for name, ranks, link, message in LINKS:
        lines.append(f"| {name} | " + " | ".join(f"{1e3 * ring(ranks, count, link, message):.1f}" for _, count in NETWORKS) + " |")
    text = f"`scripts/bench/ranks_cost.py --runs {a.runs}`, Gloo over loopback, two ranks of one thread.\n\n" + "\n".join(lines)
    print(text)
    if a.write:
        readme_part.write(a.write, "ranks", text)


if __name__ == "__main__":
    main()
