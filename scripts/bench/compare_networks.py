#!/usr/bin/env python3
"""Training steps of real networks: lrfind's over those of a plain Python loop with torch's eager mode, on the same CPU
threads, batch and image size, interleaved, in fp32 and, where the processor has it, in bf16 (autocast in Python). Prints
Markdown: the fastest of each, which other programs on the machine disturb least, and the spread of their ratio.

Python's torch, torchvision and timm make the networks and export what lrfind trains (torch.export); compare_peers.sh
--networks brings them. Give the program built with that torch (its LibTorch is in the heading), else two versions are
compared.
"""
import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import readme_part

HERE = pathlib.Path(__file__).resolve().parent
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
CLASSES = 10
# name, side of the images, batch
NETWORKS = [("torchvision:resnet18", 64, 32), ("torchvision:mobilenet_v3_small", 64, 32),
            ("torchvision:efficientnet_b0", 64, 32), ("torchvision:densenet121", 64, 16),
            ("timm:vit_tiny_patch16_224", 224, 8), ("torchvision:convnext_tiny", 64, 8), ("torchvision:swin_t", 64, 8),
            ("dense", 32, 64)]
WARM = 4  # steps that choose kernels and take memory
HERE_ALONE = ("--lrfind", "--write", "--exported")  # options that say only where files lie on this machine


def short(name):
    return name.split(":")[-1]


def make(name):
    """The network as its users make it."""
    import torch

    torch.manual_seed(0)
    if name == "dense":  # 10 million weights in matrices
        nn = torch.nn
        return nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 2048), nn.ReLU(), nn.Linear(2048, 1792), nn.ReLU(),
                             nn.Linear(1792, CLASSES))
    source, factory = name.split(":")
    if source == "timm":
        import timm

        return timm.create_model(factory, num_classes=CLASSES)
    import torchvision

    return getattr(torchvision.models, factory)(num_classes=CLASSES)


def python_step(name, side, batch, steps, threads, precision):
    """Prints the seconds of a step of the loop that every tutorial has, on images in memory."""
    import torch

    torch.set_num_threads(threads)
    network = make(name).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9)
    batches = [(torch.randn(batch, 3, side, side), torch.randint(CLASSES, (batch,))) for _ in range(4)]
    start = 0
    for step in range(WARM + steps):
        if step == WARM:
            start = time.perf_counter()
        images, labels = batches[step % len(batches)]
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = torch.nn.functional.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
    print((time.perf_counter() - start) / steps)


def export(name, side, path):
    """Writes what lrfind trains."""
    if name == "dense":
        import torch

        batch = ({0: torch.export.Dim("batch", min=1)},)
        torch.export.save(torch.export.export(make(name), (torch.randn(2, 3, side, side),), dynamic_shapes=batch), path)
        return
    script = HERE.parent / "export_network.py"
    done = subprocess.run([sys.executable, script, name, "--classes", str(CLASSES), "--image-size", str(side), "-o", path],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} could not be exported: {done.stderr.strip()}")


def python_seconds(name, side, batch, precision, a):
    command = [sys.executable, __file__, "--python-step", name, str(side), str(batch), str(a.steps), str(a.threads), precision]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def lrfind_seconds(network, side, batch, precision, a, scratch):
    """The time of the steps after the first ones: a longer run's less a shorter one's."""
    def run(steps):
        output = scratch / "lr.json"
        done = subprocess.run([a.lrfind, "sweep", FASHION, "--model", network, "--image-size", str(side), "--channels", "3",
                               "--batch-size", str(batch), "--min-lr", "1e-7", "--steps", str(steps), "--threads", str(a.threads), "--trials", "1",
                               "--max-lr", "1e-4", "--normalize", "imagenet", "--stop-factor", "0", "--probe", "0",
                               "--gain-every", "0", "--val-split", "0", "--precision", precision, "--quiet",
                               "-o", output],
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode not in (0, 4):
            raise SystemExit(f"lrfind failed on {network}: {done.stderr.strip()}")
        result = json.loads(output.read_text(encoding="utf-8"))
        return result["timing"]["train_s"], result["tool"]["libtorch"]

    short_run, libtorch = run(WARM)
    return (run(WARM + a.steps)[0] - short_run) / a.steps, libtorch


def has_bf16():
    return "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")


@contextlib.contextmanager
def busy_cores(on):
    """One program per core that never rests, where asked for."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in os.sched_getaffinity(0)] if on else []
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def measure(name, side, batch, a, scratch):
    path = a.exported / f"{short(name)}.pt2"
    if not path.exists():
        export(name, side, path)
    row = f"| {short(name)}, {side} px, batch {batch} |"
    for precision in a.precision:
        ours, theirs = [], []
        for round_number in range(a.runs):
            theirs.append(python_seconds(name, side, batch, precision, a))
            seconds, libtorch = lrfind_seconds(path, side, batch, precision, a, scratch)
            ours.append(seconds)
            print(f"round {round_number + 1} {short(name)} {precision}: Python {theirs[-1] * 1e3:.1f} ms, "
                  f"lrfind {ours[-1] * 1e3:.1f} ms", file=sys.stderr)
        ratios = [mine / other for mine, other in zip(ours, theirs)]
        row += (f" {min(theirs) * 1e3:.1f} | {min(ours) * 1e3:.1f} | {min(ours) / min(theirs):.2f} | "
                f"{min(ratios):.2f} to {max(ratios):.2f} |")
    return row, libtorch


def arguments():
    known = [short(name) for name, _, _ in NETWORKS]
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lrfind", type=pathlib.Path, required=True, help="the program, built with this Python's torch")
    p.add_argument("--only", nargs="+", choices=known, default=known, metavar="NETWORK", help=", ".join(known))
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--steps", type=int, default=10, help="timed in each run")
    p.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--precision", nargs="+", choices=["fp32", "bf16"], default=["fp32", "bf16"] if has_bf16() else ["fp32"])
    p.add_argument("--busy", action="store_true", help="with one program per core beside it that never rests")
    p.add_argument("--exported", type=pathlib.Path, default=HERE.parents[1] / "build" / "bench-networks",
                   help="where the exported networks are kept")
    p.add_argument("--write", type=pathlib.Path, metavar="FILE",
                   help="put the table between this Markdown file's 'compare_networks' markers, too")
    a = p.parse_args()
    if a.write:
        readme_part.check(a.write, section(a))
    a.exported.mkdir(parents=True, exist_ok=True)
    return a


def section(a):
    return "compare_networks_busy" if a.busy else "compare_networks"


def main():
    a = arguments()
    with tempfile.TemporaryDirectory() as scratch, busy_cores(a.busy):
        rows = [measure(*network, a, pathlib.Path(scratch)) for network in NETWORKS if short(network[0]) in a.only]
    import torch

    shown = readme_part.command_shown("compare_networks.py", sys.argv[1:], HERE_ALONE)
    text = (f"`{shown}`: SGD with momentum, {a.threads} threads, {a.runs} runs of {a.steps} steps each, lrfind with LibTorch "
            f"{rows[0][1]}, Python with torch {torch.__version__}; the fastest run of each, interleaved.\n\n"
            "| network |" + "".join(f" {each}: Python, ms a step | lrfind, ms a step | lrfind over Python | its spread |"
                                    for each in a.precision) +
            "\n| --- |" + " --- | --- | --- | --- |" * len(a.precision) + "\n" + "\n".join(row for row, _ in rows))
    print(text)
    if a.write:
        readme_part.write(a.write, section(a), text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--python-step"]:
        python_step(sys.argv[2], *map(int, sys.argv[3:7]), sys.argv[7])
    else:
        main()
