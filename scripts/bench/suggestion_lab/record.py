#!/usr/bin/env python3
"""Records the experiment: range tests and, by training over a grid of rates, the truth. Resumable; slow.

    record.py OUT --data fashion-mnist=/usr/share/datasets/fashion-mnist --seeds 4
    record.py OUT --data cifar10-sample=PHOTOS --tasks c-gn-sgd,c-bn-adamw
    record.py OUT --pack curves.json.gz

A data set not named by --data is left out with its tasks. cifar10-sample and fashion-mnist-sample are folders with
train/CLASS/* and val/CLASS/*; any folder of that shape may stand for them (then the truth is recorded anew).
fashion-mnist is the folder of the IDX files (Debian: dataset-fashion-mnist), digits needs scikit-learn.
Needs PyTorch and Pillow (Debian: python3-torch, python3-pil).
"""
import argparse
import gzip
import json
import math
import pathlib
import time

import rule
from rule import finite
from tasks import ALL, DIGITS

SCHEDULES = ("constant", "onecycle")
LOWEST, HIGHEST = -6.0, 1.5  # log10 of the rates that truth is looked for between


def mean(values):
    return sum(values) / len(values)


def record_truth(task, data, path):
    """Accuracy over log10 of the rate: whole decades first, then half decades around the best, those with two seeds."""
    from training import train

    truth = json.loads(path.read_text()) if path.exists() else {}
    for schedule in SCHEDULES:
        table = truth.setdefault(schedule, {})

        def accuracy(exponent, seed):
            runs = table.setdefault(f"{exponent:.1f}", {})
            if str(seed) not in runs:
                runs[str(seed)] = train(task, data, schedule, 10**exponent, seed)
                path.write_text(json.dumps(truth))
            return mean(runs.values())

        coarse = {float(e): accuracy(e, 0) for e in range(-6, 2)}
        best = max(coarse, key=coarse.get)
        if best in (-6.0, 1.0):
            beyond = best + math.copysign(1, best)
            coarse[beyond] = accuracy(beyond, 0)
            best = max(coarse, key=coarse.get)
        for step in (-1.5, -0.5, 0.5, 1.5):
            coarse[best + step] = accuracy(best + step, 0)
        best = max(coarse, key=coarse.get)
        for step in (-1, -0.5, 0, 0.5, 1):
            accuracy(best + step, 0), accuracy(best + step, 1)


def record_lengths(task, data, root, path, guess):
    """The same for three lengths and schedules: half decades about the best rate, climbed to from `guess` and then from
    the last length's; one training each, two within half a decade."""
    from training import train

    truth = json.loads(path.read_text()) if path.exists() else {"images": len(data[0])}
    plans = [("constant", epochs) for epochs in task["lengths"]] + [("onecycle", epochs) for epochs in task["lengths"]]
    best = dict.fromkeys(("constant", "onecycle", "cosine"), round(2 * guess) / 2)
    for schedule, epochs in [*plans, ("cosine", task["lengths"][1])]:
        table = truth.setdefault(f"{schedule}@{epochs}", {})

        def accuracy(exponent, seeds):
            runs = table.setdefault(f"{exponent:.1f}", {})
            for seed in range(seeds):
                if str(seed) not in runs:
                    runs[str(seed)] = train(task, data, schedule, 10**exponent, seed, epochs, root)
                    path.write_text(json.dumps(truth))
            return mean(runs.values())

        def around(center):
            places = [center + 0.5 * i for i in range(-3, 4) if LOWEST <= center + 0.5 * i <= HIGHEST]
            return {e: accuracy(e, 2 if abs(e - center) < 1 else 1) for e in places}

        while True:  # ends: what was measured stays, and a center is never left for one that was left before
            found = around(best[schedule])
            top = max(found, key=found.get)
            if top == best[schedule] or len(table) > 12:
                break
            best[schedule] = top
        if schedule != "constant":
            best["cosine"] = best["onecycle"]


def record(name, task, data, root, out, seeds):
    from training import sweep

    for seed in range(seeds):
        path = out / f"{name}@{seed}.json"
        if not path.exists():
            path.write_text(json.dumps(sweep(task, data, root, seed)))
    if "lengths" not in task:
        return record_truth(task, data, out / f"{name}.truth.json")
    trials = [json.loads((out / f"{name}@{seed}.json").read_text()) for seed in range(seeds)]
    optimizer = ("sgd", 0.9) if task["optimizer"] == "sgdm" else (task["optimizer"], 0.0)
    record_lengths(task, data, root, out / f"{name}.truth.json", rule.suggest(trials, *optimizer)["log10_lr"])


def short(values, digits=5):
    """Five significant digits: the rule's answer moves by less than a thousandth of a decade."""
    return [float(f"{v:.{digits}g}") if finite(v) else None for v in values]


def pack(out, path):
    """All that was recorded in one small file, for evaluate.py."""
    packed = {}
    for name, task in ALL.items():
        truth_path = out / f"{name}.truth.json"
        curves = sorted(out.glob(f"{name}@*.json"), key=lambda file: int(file.stem.split("@")[1]))
        if not truth_path.exists() or not curves:
            continue
        truth, recorded = {}, json.loads(truth_path.read_text())
        images = recorded.pop("images", None)
        for schedule, table in recorded.items():
            rates = sorted(table, key=float)
            accuracies = [round(mean(table[rate].values()), 4) for rate in rates]
            truth[schedule] = {"log10_lr": [float(rate) for rate in rates], "accuracy": accuracies}
        trials = []
        for file in curves:
            curve = {key: short(values) for key, values in json.loads(file.read_text()).items()}
            curve = {key: values for key, values in curve.items() if any(map(finite, values))}
            trials.append({"seed": int(file.stem.split("@")[1]), **curve})
        packed[name] = {"task": task | ({"images": images} if images else {}), "truth": truth, "trials": trials}
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(json.dumps(packed, separators=(",", ":")).encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--data", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--tasks", help="comma-separated; all by default")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--pack", type=pathlib.Path, metavar="FILE", help="only collect what is there")
    arguments = parser.parse_args()
    if arguments.pack:
        return pack(arguments.out, arguments.pack)

    import torch
    from images import load

    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    roots = {DIGITS: "", **dict(pair.split("=", 1) for pair in arguments.data)}
    for name, task in ALL.items():
        if task["data"] not in roots or (arguments.tasks and name not in arguments.tasks.split(",")):
            continue
        start = time.time()
        try:
            data = load(task, roots[task["data"]])
        except ImportError as missing:
            print(f"{name} left out: {missing}")
            continue
        record(name, task, data, roots[task["data"]], arguments.out, arguments.seeds)
        print(f"{name}: {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
