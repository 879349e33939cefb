#!/usr/bin/env python3
"""Times whole range tests: lrfind and the Python frameworks that peer.py knows, interleaved. See compare_peers.sh."""
import argparse
import gzip
import importlib.metadata
import json
import os
import pathlib
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import readme_part

HERE = pathlib.Path(__file__).resolve().parent
HERE_ALONE = ("--lrfind", "--write", "--cache")  # options that say only where files lie on this machine
PEERS = ["torch-lr-finder", "ignite", "lightning", "fastai"]
MODULES = {"torch-lr-finder": "torch_lr_finder", "ignite": "ignite.handlers", "lightning": "lightning.pytorch.tuner",
           "fastai": "fastai.learner"}


def fashion_mnist(count):
    """The first `count` training images of Fashion-MNIST, again from the first where there are no more, and labels."""
    from PIL import Image

    root = pathlib.Path("/usr/share/datasets/fashion-mnist")
    pixels = gzip.decompress((root / "train-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((root / "train-labels-idx1-ubyte.gz").read_bytes())[8:]
    for i in range(count):
        at = i % len(labels)
        yield i, Image.frombytes("L", (28, 28), pixels[784 * at:784 * (at + 1)]), str(labels[at])


def make_pngs(folder, count):
    """Images of 28 x 28 as PNG files in class folders."""
    for i, image, label in fashion_mnist(count):
        target = folder / label
        target.mkdir(parents=True, exist_ok=True)
        image.save(target / f"{i:05}.png")


def make_photos(folder, count):
    """JPEG files of 300 to 600 pixels in class folders, as large as photos of that size: an enlarged image of
    Fashion-MNIST on a colour gradient, and the noise at several scales that surfaces and sensors bring."""
    import numpy
    from PIL import Image

    draw = random.Random(1)
    size = 1024
    generator = numpy.random.default_rng(1)
    noise = numpy.zeros((size, size, 3), numpy.float32)
    for cell in (1, 2, 4, 8, 16):
        field = generator.normal(0, 4, (size // cell, size // cell, 3)).astype(numpy.float32)
        noise += numpy.kron(field, numpy.ones((cell, cell, 1), numpy.float32))
    for i, image, label in fashion_mnist(count):
        width, height = draw.randint(300, 600), draw.randint(300, 600)
        shape = numpy.asarray(image.resize((width, height), Image.Resampling.BICUBIC), numpy.float32)[..., None] / 255
        corners = numpy.array([[[draw.randint(20, 235) for _ in range(3)] for _ in range(2)] for _ in range(2)], numpy.uint8)
        ground = numpy.asarray(Image.fromarray(corners).resize((width, height), Image.Resampling.BILINEAR), numpy.float32)
        colour = numpy.array([draw.randint(20, 235) for _ in range(3)], numpy.float32)
        top, left = draw.randrange(size - height), draw.randrange(size - width)
        pixels = ground * (1 - shape) + colour * shape + noise[top:top + height, left:left + width]
        target = folder / label
        target.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8)).save(target / f"{i:05}.jpg", quality=draw.choice((85, 90, 92)))


def cached(folder, make, count):
    """The folder, made where it is not there yet; whole or not at all."""
    if not folder.is_dir():
        print(f"making {count} images in {folder}", file=sys.stderr)
        unfinished = folder.with_name(folder.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        make(unfinished, count)
        unfinished.rename(folder)
    return folder


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


def proportional_size(pid):
    """Resident bytes of a process and its children; pages that workers share are counted once. 0 where unknown."""
    try:
        import psutil

        me = psutil.Process(pid)
        return sum(p.memory_full_info().pss for p in [me, *me.children(recursive=True)])
    except (ImportError, psutil.Error):
        return 0


def run(command, environment):
    """Wall seconds and peak resident MiB: of the process by itself, as the system counts it, or with its workers, looked at
    every tenth of a second, whichever is more."""
    sizes, ended = [0], threading.Event()

    def look(pid):
        while not ended.wait(0.1):
            sizes.append(proportional_size(pid))

    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=environment)
        looker = threading.Thread(target=look, args=[process.pid])
        looker.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        ended.set()
        looker.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 4):
            errors.seek(0)
            raise RuntimeError(errors.read().decode(errors="replace").strip().splitlines()[-1:] or process.returncode)
    return wall, max(max(sizes), usage.ru_maxrss * 2**10) / 2**20


def usable_peers(names):
    """Those of the peers that can be imported here."""
    result = []
    for peer in names:
        probe = subprocess.run([sys.executable, "-c", f"import {MODULES[peer]}"], capture_output=True, text=True, check=False)
        if probe.returncode:
            print(f"{peer} left out: {probe.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        else:
            result.append(peer)
    return result


def measure(commands, runs):
    """Wall seconds, CPU seconds and peak MiB of each run of each command; one that fails is left out."""
    environment = dict(os.environ, PYTHONWARNINGS="ignore")
    figures = {name: [] for name in commands}
    for round_number in range(runs):
        for name in list(figures):
            before = os.times()
            try:
                wall, peak = run(commands[name], environment)
            except RuntimeError as error:
                if name == "lrfind":
                    raise SystemExit(f"lrfind failed: {error}") from error
                print(f"{name} left out: {error}", file=sys.stderr)
                del figures[name]
                continue
            after = os.times()
            cpu = after.children_user + after.children_system - before.children_user - before.children_system
            figures[name].append((wall, cpu, peak))
            print(f"round {round_number + 1} {name}: {wall:.2f} s", file=sys.stderr)
    return figures


def table(figures):
    lines = ["| tool | wall s, median (min to max) | CPU s | peak MiB | wall against lrfind | memory against lrfind |",
             "| --- | --- | --- | --- | --- | --- |"]
    medians = {name: [statistics.median(values) for values in zip(*runs)] for name, runs in figures.items()}
    base_wall, _, base_peak = medians["lrfind"]
    for name, (wall, cpu, peak) in medians.items():
        walls = [values[0] for values in figures[name]]
        memory = peak / base_peak if base_peak else float("nan")
        lines.append(f"| {name} | {wall:.2f} ({min(walls):.2f} to {max(walls):.2f}) | {cpu:.1f} | {peak:.0f} | "
                     f"{wall / base_wall:.2f} x | {memory:.2f} x |")
    return "\n".join(lines)


def steps_per_second(figures):
    """What steps cost by themselves: how many more the longest run took than the shortest, over how much longer it took.
    `figures` by the number of steps."""
    (few, short), *_, (many, long) = sorted(figures.items())
    extra = {name: statistics.median(run[0] for run in long[name]) - statistics.median(run[0] for run in short[name])
             for name in long if name in short}
    each = [f"{name} {(many - few) / seconds:.1f} ({seconds / extra['lrfind']:.2f} x)" for name, seconds in extra.items()]
    return f"Steps per second without what comes before them, from {few} to {many} steps: {', '.join(each)}."


def processor():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def accelerator():
    import torch

    return torch.cuda.get_device_name(0)


def machine(result):
    """The machine and the libraries; `result` is what lrfind wrote."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    on = "" if result["tool"]["device"] == "cpu" else f"on {accelerator()}, "
    return (f"{on}{processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}; "
            f"lrfind with LibTorch {result['tool']['libtorch']}, the others with torch {importlib.metadata.version('torch')}")


def section(a):
    """The part of the page that these tables are."""
    return "compare_peers_photos" if a.photos else "compare_peers"


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--lrfind", type=pathlib.Path, required=True)
    p.add_argument("--data", type=pathlib.Path, help="a folder of class folders instead of Fashion-MNIST")
    p.add_argument("--photos", action="store_true", help="JPEG photos of 300 to 600 pixels instead, at 64 x 64")
    p.add_argument("--cache", type=pathlib.Path, default=HERE.parents[1] / "build" / "bench-images",
                   help="where the image folders that this script makes are kept")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--steps", type=int, nargs="+", default=[100])
    p.add_argument("--batch-size", type=int, default=64)
    p.add_argument("--image-size", type=int, default=32)
    p.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    p.add_argument("--peers", default=",".join(PEERS))
    p.add_argument("--write", type=pathlib.Path, metavar="FILE",
                   help="put the tables between this Markdown file's 'compare_peers' or 'compare_peers_photos' markers, too")
    a = p.parse_args()
    if a.write:
        readme_part.check(a.write, section(a))
    return p, a


def main():
    p, a = arguments()
    for peer in a.peers.split(","):
        if peer not in PEERS:
            p.error(f"'{peer}' is no peer: use {', '.join(PEERS)}")
    count = max(a.steps) * a.batch_size
    if a.photos:
        title, size = "JPEG photos of 300 to 600 pixels", 64
        folder = cached(a.cache / f"photos-{count}", make_photos, count)
    else:
        title, size = ("files of " + str(a.data) if a.data else "Fashion-MNIST as PNG files"), a.image_size
        folder = a.data or cached(a.cache / f"png-{count}", make_pngs, count)
    peers = usable_peers(a.peers.split(","))
    parts, figures_by_steps = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        network, output = pathlib.Path(scratch) / "network.pt", pathlib.Path(scratch) / "lr.json"
        make_network(network, sum(d.is_dir() for d in folder.iterdir()))
        for steps in a.steps:
            common = ["--steps", str(steps), "--batch-size", str(a.batch_size), "--image-size", str(size),
                      "--threads", str(a.threads), "--device", a.device]
            commands = {"lrfind": [str(a.lrfind), "sweep", str(folder), "--model", str(network), "--trials", "1", *common,
                                   "--min-lr", "1e-7", "--normalize", "imagenet", "--stop-factor", "0", "--probe", "0", "--gain-every", "0",
                                   "--val-split", "0", "--quiet", "-o", str(output)]}
            for peer in peers:
                commands[peer] = [sys.executable, str(HERE / "peer.py"), peer, str(folder), str(network), *common]
            figures = figures_by_steps[steps] = measure(commands, a.runs)
            parts.append(f"{title}: {steps} steps, batch {a.batch_size}, {size} x {size}, {a.threads} threads, "
                         f"{a.runs} run{'s' * (a.runs > 1)} each, interleaved.\n\n{table(figures)}")
        if len(figures_by_steps) > 1:
            parts.append(steps_per_second(figures_by_steps))
        described = machine(json.loads(output.read_text(encoding="utf-8")))
    shown = readme_part.command_shown("compare_peers.sh", sys.argv[1:], HERE_ALONE)
    text = f"`{shown}`, whole processes: {described}.\n\n" + "\n\n".join(parts)
    print(text)
    if a.write:
        readme_part.write(a.write, section(a), text)


if __name__ == "__main__":
    main()
