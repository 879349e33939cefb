#!/usr/bin/env python3
"""How often a suggestion is trusted where it should be, and refused where it should not, on sweeps as people start them.

  scripts/bench/trust.py --lrfind build/src/command/lrfind --data PHOTOS --data OTHERS [--each 50] [--write README.md]

Every kind is swept with the same networks, optimizers, batches and seeds, taken in turn. DATA are folders of class folders
with train/ and val/; at most 2000 images each are used. Kinds: the true labels; labels shuffled among the training images;
half of them drawn anew; a network whose ReLUs are all dead (biases of -1000; needs Python's torch); one whose
weights are frozen while its biases train; rates that end before anything moves, and rates that begin beyond divergence.
"""

import argparse
import collections
import csv
import itertools
import json
import pathlib
import random
import subprocess
import tempfile

import readme_part

NETWORKS = ("small-cnn", "plain-cnn", "resnet8")
OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop", "nadam")
BATCHES = (32, 64, 128)
KINDS = ("true labels", "shuffled labels", "half of the labels wrong", "dead network", "all weights frozen, biases trained", "rates too low",
         "rates too high")


def manifest(folder, wrong, path, chance):
    """2000 training images with their classes; `wrong` of them have the class of another image."""
    images = sorted((file, file.parent.name) for file in (folder / "train").glob("*/*"))
    chosen = chance.sample(images, min(2000, len(images)))
    labels = [label for _, label in chosen]
    moved = [i for i in range(len(chosen)) if chance.random() < wrong]
    shuffled = [labels[i] for i in moved]
    chance.shuffle(shuffled)
    for i, label in zip(moved, shuffled):
        labels[i] = label
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        writer.writerows((image.resolve(), label) for (image, _), label in zip(chosen, labels))
    return path


def dead_network(path, classes):
    import torch

    network = torch.nn.Sequential(torch.nn.Conv2d(3, 16, 3, 2, 1), torch.nn.ReLU(), torch.nn.Conv2d(16, 32, 3, 2, 1),
                                  torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
                                  torch.nn.Linear(32, classes))
    with torch.no_grad():
        for layer in (network[0], network[2]):
            layer.bias.fill_(-1000)
    torch.jit.script(network).save(str(path))
    return path


def command_of(kind, number, folders, scratch):
    chance = random.Random(f"{kind} {number}")
    folder = folders[number % len(folders)]
    choices = list(itertools.product(NETWORKS, OPTIMIZERS, BATCHES))
    network, optimizer, batch = choices[number * 7 % len(choices)]
    wrong = {"shuffled labels": 1.0, "half of the labels wrong": 0.5}.get(kind, 0.0)
    more = ["--model", network, "--width", "0.5"]
    if kind == "dead network":
        more = ["--model", dead_network(scratch / "dead.pt", sum(d.is_dir() for d in (folder / "train").iterdir()))]
    if kind.startswith("all weights frozen"):
        more += ["--freeze", "weight"]
    if kind == "rates too low":
        more += ["--min-lr", "1e-9", "--max-lr", "1e-6" if optimizer == "sgd" else "1e-8"]
    if kind == "rates too high":
        more += ["--min-lr", "30", "--max-lr", "1000"]
    data = manifest(folder, wrong, scratch / "list.csv", chance)
    return ["sweep", data, *more, "--optimizer", optimizer, "--batch-size", str(batch), "--image-size", "16", "--channels", "3",
            "--seed", str(number), "--quiet", "-o", scratch / "lr.json"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lrfind", required=True, type=pathlib.Path)
    p.add_argument("--data", required=True, action="append", type=pathlib.Path)
    p.add_argument("--each", type=int, default=50)
    p.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    p.add_argument("--write", type=pathlib.Path, metavar="README.md")
    a = p.parse_args()
    lines = ["| sweeps of | trusted | not trusted | refused before training | reasons |", "| --- | --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for kind in a.kinds:
            statuses, reasons = collections.Counter(), collections.Counter()
            for number in range(a.each):
                done = subprocess.run([a.lrfind, *map(str, command_of(kind, number, a.data, scratch))], check=False,
                                      stderr=subprocess.PIPE, text=True)
                statuses[done.returncode] += 1
                if done.returncode == 4:
                    result = json.loads((scratch / "lr.json").read_text(encoding="utf-8"))
                    reasons.update(reason["code"] for reason in result["suggestion"]["reasons"] if reason["fatal"])
                elif done.returncode not in (0, 2, 3):
                    raise SystemExit(f"{kind} {number}: {done.stderr}")
            found = ", ".join(f"{code} {count}" for code, count in reasons.most_common())
            lines.append(f"| {kind} | {statuses[0]} | {statuses[4]} | {statuses[2] + statuses[3]} | {found} |")
            print(lines[-1], flush=True)
    shown = f"`scripts/bench/trust.py --each {a.each}`, {' and '.join(folder.name for folder in a.data)}, 2000 images."
    text = shown + "\n\n" + "\n".join(lines)
    print(text)
    if a.write:
        readme_part.write(a.write, "trust", text)


if __name__ == "__main__":
    main()
