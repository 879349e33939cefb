#!/usr/bin/env python3
"""Times whole range tests: lrfind and the Python frameworks that peer.py knows, interleaved. See compare_peers.sh."""
import argparse
import gzip
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PEERS = ["torch-lr-finder", "ignite", "lightning", "fastai"]
MODULES = {"torch-lr-finder": "torch_lr_finder", "ignite": "ignite.handlers", "lightning": "lightning.pytorch.tuner",
           "fastai": "fastai.learner"}


def make_folder(folder, count):
    """The first `count` training images of Fashion-MNIST as PNG files in class folders."""
    from PIL import Image

    root = pathlib.Path("/usr/share/datasets/fashion-mnist")
    pixels = gzip.decompress((root / "train-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((root / "train-labels-idx1-ubyte.gz").read_bytes())[8:]
    for i in range(count):
        target = folder / str(labels[i])
        target.mkdir(parents=True, exist_ok=True)
        Image.frombytes("L", (28, 28), pixels[784 * i:784 * (i + 1)]).save(target / f"{i:05}.png")


def make_network(path, classes):
    """Four convolutions with batch normalisation, 19.7 million multiply-adds for an image of 32 x 32."""
    import torch
    from torch import nn

    layers, channels = [], 3
    for width, pool in ((32, True), (64, True), (128, True), (128, False)):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if pool else []
        channels = width
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))
    torch.jit.script(network).save(str(path))


def run(command, environment):
    """Wall seconds, CPU seconds and peak resident MiB of the process and its children."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    peak = 0
    try:
        import psutil

        me = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                # Proportional set size: pages that workers share are counted once.
                peak = max(peak, sum(p.memory_full_info().pss for p in [me, *me.children(recursive=True)]))
            except psutil.Error:
                pass
            time.sleep(0.1)
    except ImportError:
        pass
    _, err = process.communicate()
    wall = time.monotonic() - start
    if process.returncode not in (0, 4):
        raise RuntimeError(err.decode(errors="replace").strip().splitlines()[-1:] or process.returncode)
    return wall, peak / 2**20


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--lrfind", type=pathlib.Path, required=True)
    p.add_argument("--data", type=pathlib.Path)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--steps", type=int, default=100)
    p.add_argument("--batch-size", type=int, default=64)
    p.add_argument("--image-size", type=int, default=32)
    p.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--peers", default=",".join(PEERS))
    a = p.parse_args()
    environment = dict(os.environ, PYTHONWARNINGS="ignore")
    with tempfile.TemporaryDirectory() as scratch:
        folder = a.data or pathlib.Path(scratch) / "images"
        if a.data is None:
            make_folder(folder, a.steps * a.batch_size)
        network = pathlib.Path(scratch) / "network.pt"
        make_network(network, sum(d.is_dir() for d in folder.iterdir()))
        commands = {"lrfind": [str(a.lrfind), "sweep", str(folder), "--model", str(network), "--trials", "1", "--steps", str(a.steps),
                               "--batch-size", str(a.batch_size), "--image-size", str(a.image_size), "--threads", str(a.threads),
                               "--normalize", "imagenet", "--stop-factor", "0", "--probe", "0", "--gain-every", "0",
                               "--val-split", "0", "--quiet", "-o", str(pathlib.Path(scratch) / "lr.json")]}
        for peer in a.peers.split(","):
            probe = subprocess.run([sys.executable, "-c", f"import {MODULES[peer]}"], capture_output=True, text=True, check=False)
            if probe.returncode:
                print(f"{peer} left out: {probe.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                continue
            commands[peer] = [sys.executable, str(HERE / "peer.py"), peer, str(folder), str(network), "--steps", str(a.steps),
                              "--batch-size", str(a.batch_size), "--image-size", str(a.image_size), "--threads", str(a.threads)]
        walls = {name: [] for name in commands}
        cpus = {name: [] for name in commands}
        peaks = {name: [] for name in commands}
        for round_number in range(a.runs):
            for name in list(commands):
                before = os.times()
                try:
                    wall, peak = run(commands[name], environment)
                except RuntimeError as error:
                    print(f"{name} left out: {error}", file=sys.stderr)
                    del commands[name]
                    continue
                after = os.times()
                walls[name].append(wall)
                cpus[name].append(after.children_user + after.children_system - before.children_user - before.children_system)
                peaks[name].append(peak)
                print(f"round {round_number + 1} {name}: {wall:.2f} s", file=sys.stderr)
    print(f"{a.steps} steps, batch {a.batch_size}, {a.image_size} x {a.image_size}, {a.threads} threads, {a.runs} runs each, interleaved; "
          f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.platform()}\n")
    print("| tool | wall s, median (min to max) | CPU s | peak MiB | wall against lrfind | memory against lrfind |")
    print("| --- | --- | --- | --- | --- | --- |")
    base, memory = statistics.median(walls["lrfind"]), statistics.median(peaks["lrfind"])
    for name in commands:
        wall, peak = statistics.median(walls[name]), statistics.median(peaks[name])
        print(f"| {name} | {wall:.2f} ({min(walls[name]):.2f} to {max(walls[name]):.2f}) | {statistics.median(cpus[name]):.1f} | "
              f"{peak:.0f} | {wall / base:.2f} x | {peak / memory if memory else float('nan'):.2f} x |")


main()
