#!/usr/bin/env python3
"""Records what other tools say of the same loss curves, as the reference of tests/analysis/published_rules_test.cpp.

Each tool's own code smooths, trims and chooses; only its training is replaced by handing it recorded losses. A tool
that cannot be imported is left out and named. Its early stop is switched off: the sweep that recorded the curve had one.

  record_peer_suggestions.py curves OUT.json   trains small networks on Fashion-MNIST and records their loss curves
  record_peer_suggestions.py ask CURVES.json OUT.json   asks every tool that can be imported

Needs PyTorch; `ask` also fastai, torch-lr-finder, lightning and pytorch-ignite:
  pip install torch fastai torch-lr-finder lightning pytorch-ignite
"""
import argparse
import gzip
import importlib.metadata
import json
import math
import pathlib
import sys
import types

import numpy as np
import torch
from torch import nn

# name: classes kept, normalisation, optimizer, momentum, batch, lowest and highest rate, steps, seed
SWEEPS = {
    "bn-momentum": (10, True, "sgd", 0.9, 64, 1e-7, 10, 100, 0),
    "bn-momentum-again": (10, True, "sgd", 0.9, 64, 1e-7, 10, 100, 1),
    "plain-momentum": (10, False, "sgd", 0.9, 64, 1e-7, 10, 100, 0),
    "plain-sgd": (10, False, "sgd", 0.0, 64, 1e-7, 10, 100, 0),
    "bn-adam": (10, True, "adam", 0.0, 32, 1e-7, 10, 100, 0),
    "plain-adam-small-batch": (10, False, "adam", 0.0, 8, 1e-7, 10, 100, 0),
    "two-classes": (2, True, "sgd", 0.9, 16, 1e-7, 10, 100, 0),
    "long": (10, True, "sgd", 0.9, 32, 1e-6, 10, 300, 0),
    "still-falling": (10, True, "sgd", 0.9, 64, 1e-7, 1e-2, 100, 0),
    "never-fell": (10, True, "sgd", 0.0, 64, 1e-9, 1e-6, 100, 0),
    "diverged-from-start": (10, False, "sgd", 0.9, 64, 3, 3000, 100, 0),
}


def fashion_mnist(folder):
    with gzip.open(folder / "train-images-idx3-ubyte.gz") as f:
        images = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)[:12000].copy()
    with gzip.open(folder / "train-labels-idx1-ubyte.gz") as f:
        labels = np.frombuffer(f.read(), np.uint8, offset=8)[:12000].copy()
    return (torch.from_numpy(images).float() / 255 - 0.286) / 0.353, torch.from_numpy(labels).long()


def network(classes, normalised):
    def block(inputs, outputs):
        norm = [nn.BatchNorm2d(outputs)] if normalised else []
        return [nn.Conv2d(inputs, outputs, 3, padding=1), *norm, nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*block(1, 16), *block(16, 32), nn.Flatten(), nn.Linear(32 * 49, classes))


def sweep(images, labels, classes, normalised, optimizer, momentum, batch, low, high, steps, seed):
    """One range test with fastai's stop rule; losses as Python floats, null where not finite."""
    torch.manual_seed(seed)
    if classes == 2:  # shirts against T-shirts, 1:2.6
        keep = torch.cat([(labels == 0).nonzero()[:1000], (labels == 6).nonzero()[:385]]).flatten()
        images, labels = images[keep], (labels[keep] == 6).long()
    model = network(classes, normalised)
    if optimizer == "adam":
        chosen = torch.optim.Adam(model.parameters())
    else:
        chosen = torch.optim.SGD(model.parameters(), momentum=momentum, lr=1)
    rates, losses, average, best = [], [], 0.0, math.inf
    order = torch.cat([torch.randperm(len(labels)) for _ in range(1 + steps * batch // len(labels))])
    for step in range(steps):
        rate = low * (high / low) ** (step / (steps - 1))
        for group in chosen.param_groups:
            group["lr"] = rate
        chosen_images = order[step * batch:(step + 1) * batch]
        loss = nn.functional.cross_entropy(model(images[chosen_images]), labels[chosen_images])
        chosen.zero_grad()
        loss.backward()
        chosen.step()
        value = loss.item()
        rates.append(rate)
        losses.append(value if math.isfinite(value) else None)
        average = 0.98 * average + 0.02 * value
        smoothed = average / (1 - 0.98 ** (step + 1))
        best = min(best, smoothed)
        if not smoothed <= 4 * best:
            break
    return {"steps": steps, "lr": rates, "loss": losses}


def ask_fastai(curve):
    """Learner.lr_find itself, on a learner whose training has already filled the recorder."""
    from fastai.callback.schedule import Learner, SuggestionMethod
    from fastai.learner import AvgSmoothLoss
    smoother, losses = AvgSmoothLoss(beta=0.98), []
    smoother.reset()
    for loss in curve["loss"]:
        smoother.accumulate(types.SimpleNamespace(loss=torch.tensor(loss), yb=[torch.zeros(1)]))
        losses.append(smoother.value)

    class Stub:
        no_logging = lambda self: __import__("contextlib").nullcontext()
        fit = lambda self, *args, **kwargs: None
        dls = types.SimpleNamespace(train=range(1000))
        recorder = types.SimpleNamespace(lrs=curve["lr"], losses=losses)

    said = {}
    for ours, method in (("valley", "Valley"), ("slide", "Slide"), ("minimum", "Minimum"), ("steepest", "Steep")):
        try:
            function = getattr(SuggestionMethod, method)
            said[ours] = Learner.lr_find(Stub(), num_it=curve["steps"], show_plot=False, suggest_funcs=(function,))[0]
        except (IndexError, ValueError, RuntimeError):
            said[ours] = None
    return said


def ask_torch_lr_finder(curve):
    from torch_lr_finder import LRFinder, TrainDataLoaderIter
    remaining = iter(curve["loss"])

    class Replay(LRFinder):
        def _train_batch(self, *args, **kwargs):
            return next(remaining)

    model = nn.Linear(1, 1)
    finder = Replay(model, torch.optim.SGD(model.parameters(), lr=1e-7), nn.MSELoss(), device="cpu")
    data = TrainDataLoaderIter(torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.zeros(1, 1), torch.zeros(1, 1))))
    finder.range_test(data, num_iter=len(curve["loss"]), diverge_th=math.inf)
    finder.history["lr"] = list(curve["lr"])
    try:
        return {"torch-lr-finder": finder.plot()[1]}
    except RuntimeError:
        return {"torch-lr-finder": None}


def ask_lightning(curve):
    from lightning.pytorch.tuner.lr_finder import _LRCallback, _LRFinder
    callback = _LRCallback(curve["steps"], early_stop_threshold=None)
    for step, loss in enumerate(curve["loss"]):
        trainer = types.SimpleNamespace(accumulate_grad_batches=1, global_step=step + 1, should_stop=False,
                                        fit_loop=types.SimpleNamespace(batch_idx=step),
                                        strategy=types.SimpleNamespace(broadcast=lambda value: value))
        callback.on_train_batch_end(trainer, None, torch.tensor(loss), None, step)
    finder = _LRFinder("exponential", curve["lr"][0], curve["lr"][-1], curve["steps"])
    finder.results = {"lr": curve["lr"], "loss": callback.losses}
    return {"lightning": finder.suggestion()}


def ask_ignite(curve):
    from ignite.handlers.lr_finder import FastaiLRFinder
    finder = FastaiLRFinder()
    finder._history, rates = {"lr": [], "loss": []}, iter(curve["lr"])
    finder._lr_schedule = types.SimpleNamespace(get_param=lambda: next(rates))
    for step, loss in enumerate(curve["loss"]):
        trainer = types.SimpleNamespace(state=types.SimpleNamespace(output=loss, iteration=step + 1))
        finder._log_lr_and_loss(trainer, lambda output: output, 0.05, math.inf)
    try:
        return {"ignite": finder.lr_suggestion()}
    except RuntimeError:
        return {"ignite": None}


PEERS = {"fastai": ask_fastai, "torch-lr-finder": ask_torch_lr_finder, "lightning": ask_lightning,
         "pytorch-ignite": ask_ignite}


def ask(curves):
    versions, missing = {}, []
    for package, peer in PEERS.items():
        try:
            for name, curve in curves.items():
                finite = dict(curve, loss=[math.nan if loss is None else loss for loss in curve["loss"]])
                curve.setdefault("says", {}).update(peer(finite))
            versions[package] = importlib.metadata.version(package)
        except ImportError as error:
            missing.append(f"{package} ({error})")
    if missing:
        print("not asked: " + "; ".join(missing), file=sys.stderr)
    return {"versions": versions, "curves": curves}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    train = commands.add_parser("curves")
    train.add_argument("--data", type=pathlib.Path, default=pathlib.Path("/usr/share/datasets/fashion-mnist"))
    asking = commands.add_parser("ask")
    asking.add_argument("curves", type=pathlib.Path)
    for command in (train, asking):
        command.add_argument("out", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.command == "curves":
        images, labels = fashion_mnist(arguments.data)
        result = {"curves": {name: sweep(images, labels, *settings) for name, settings in SWEEPS.items()}}
    else:
        import matplotlib
        matplotlib.use("Agg")
        result = ask(json.loads(arguments.curves.read_text())["curves"])
    arguments.out.write_text(json.dumps(result, separators=(",", ":")).replace('},"', '},\n"') + "\n")


main()
