#!/usr/bin/env python3
"""Records the rates of PyTorch's schedulers for schedule_test.cpp: record_schedules.py > schedules.json

Recorded with PyTorch 1.13; 2.x gives the same to rounding.
"""
import json
import sys
import warnings

import torch
from torch.optim import lr_scheduler as schedulers

warnings.filterwarnings("ignore")
cases = []


def optimizer_at(lr):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)


def record(kind, lr, steps, make, metrics=None, **parameters):
    """make(optimizer) returns the scheduler; metrics, if given, are handed to it after every step."""
    optimizer = optimizer_at(lr)
    scheduler = make(optimizer)
    rates = []
    for step in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step + 1 < steps:
            scheduler.step(*([metrics[step]] if metrics else []))
    case = dict(kind=kind, max_lr=lr, steps=steps, parameters=parameters, lr=rates)
    if metrics:
        case["metrics"] = metrics
    cases.append(case)


def warmed(optimizer, warmup, make, start=0.01):
    first = schedulers.LinearLR(optimizer, start_factor=start, total_iters=warmup)
    return schedulers.SequentialLR(optimizer, [first, make(optimizer)], milestones=[warmup])


for lr, steps in ((0.1, 100), (0.0457, 233), (3e-4, 61)):
    record("step", lr, steps, lambda o: schedulers.StepLR(o, 30, 0.1), step_size=30, gamma=0.1)
    record("exponential", lr, steps, lambda o: schedulers.ExponentialLR(o, 0.97), gamma=0.97)
    record("cosine", lr, steps, lambda o: schedulers.CosineAnnealingLR(o, steps))
    record("cosine", lr, steps, lambda o: schedulers.CosineAnnealingLR(o, steps, eta_min=lr / 7), min_lr=lr / 7)
    for t0, growth in ((15, 2), (10, 1), (7, 3)):
        record("cosine-warm-restarts", lr, steps,
               lambda o: schedulers.CosineAnnealingWarmRestarts(o, t0, growth, eta_min=lr / 50),
               first_cycle=t0, cycle_growth=growth, min_lr=lr / 50)
    for pct, div, final in ((0.3, 25, 1e4), (0.1, 10, 100)):
        def one_cycle(o):
            return schedulers.OneCycleLR(o, lr, total_steps=steps, pct_start=pct, div_factor=div,
                                         final_div_factor=final, cycle_momentum=False)
        record("one-cycle", lr, steps, one_cycle, pct_start=pct, div_factor=div, final_div_factor=final)
    for mode in ("triangular", "triangular2"):
        record(mode, lr, steps,
               lambda o: schedulers.CyclicLR(o, lr / 9, lr, step_size_up=17, mode=mode, cycle_momentum=False),
               min_lr=lr / 9, step_size_up=17)
    for warmup in (1, 5, 37):
        record("linear-warmup-cosine", lr, steps,
               lambda o: warmed(o, warmup, lambda p: schedulers.CosineAnnealingLR(p, steps - warmup)), warmup=warmup)
        record("step", lr, steps, lambda o: warmed(o, warmup, lambda p: schedulers.StepLR(p, 20, 0.5)),
               warmup=warmup, step_size=20, gamma=0.5)
        record("constant", lr, steps, lambda o: warmed(o, warmup, lambda p: schedulers.ConstantLR(p, 1.0)),
               warmup=warmup)
    torch.manual_seed(int(steps))
    losses = [2.3 * 0.97 ** min(i, 40) + 0.02 * float(torch.rand(())) for i in range(steps)]
    for patience, factor, least in ((1, 0.1, 0), (10, 0.1, 0), (3, 0.5, lr / 20)):
        record("reduce-on-plateau", lr, steps,
               lambda o: schedulers.ReduceLROnPlateau(o, factor=factor, patience=patience, min_lr=least),
               metrics=losses, factor=factor, patience=patience, min_lr=least, check_every=1)

json.dump({"torch": torch.__version__, "cases": cases}, sys.stdout, separators=(",", ":"))
print()
