"""The two experiments: one range test with its measurements, and one training from scratch at a known rate."""

import math

import torch
import torch.nn.functional as F

from networks import build

OPTIMIZERS = {
    "sgd": lambda parameters, lr: torch.optim.SGD(parameters, lr),
    "sgdm": lambda parameters, lr: torch.optim.SGD(parameters, lr, momentum=0.9, weight_decay=5e-4),
    "adam": lambda parameters, lr: torch.optim.Adam(parameters, lr),
    "adamw": lambda parameters, lr: torch.optim.AdamW(parameters, lr, weight_decay=1e-2),
    "rmsprop": lambda parameters, lr: torch.optim.RMSprop(parameters, lr),
}


def batches(count, batch_size, seed):
    """Indices of batches for ever, without incomplete ones."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(count, generator=generator)
        yield from (order[i : i + batch_size] for i in range(0, count - batch_size + 1, batch_size))


def set_rate(optimizer, lr):
    for group in optimizer.param_groups:
        group["lr"] = lr


def dot(a, b):
    return float(sum((p * q).sum().double() for p, q in zip(a, b)))


def quiet_loss(network, x, y):
    """Loss of a batch in training mode that leaves the normalisation statistics alone."""
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    with torch.no_grad():
        loss = F.cross_entropy(network(x), y).item()
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    return loss


def sweep(task, data, seed, steps=100, low=-7.0, high=1.0, probe=128, stop_factor=4.0):
    """One range test from 10**low to 10**high: a list per measurement, one entry per step (see rule.py).

    Also `after`, the batch's loss after its own update (for the gain ratio), and `probe`, the loss of `probe`
    validation images.
    """
    x, y, xv, yv = data
    torch.manual_seed(seed * 7919 + 1)
    network = build(task, int(y.max()) + 1)
    parameters = list(network.parameters())
    optimizer = OPTIMIZERS[task["optimizer"]](parameters, 1e-3)
    probed = torch.randperm(len(xv), generator=torch.Generator().manual_seed(seed))[:probe]
    curve = {name: [] for name in ("lr", "loss", "after", "predicted", "carried", "probe")}
    drawn, delta = batches(len(x), task["batch_size"], seed * 31 + 5), None
    network.train()
    for t in range(steps):
        lr = 10 ** (low + (high - low) * t / (steps - 1))
        set_rate(optimizer, lr)
        i = next(drawn)
        loss = F.cross_entropy(network(x[i]), y[i])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        gradient = [p.grad.clone() for p in parameters]
        if delta is not None:
            curve["carried"].append(-dot(gradient, delta))
        old = [p.detach().clone() for p in parameters]
        optimizer.step()
        delta = [p.detach() - before for p, before in zip(parameters, old)]
        curve["lr"].append(lr)
        curve["loss"].append(loss.item())
        curve["predicted"].append(-dot(gradient, delta))
        curve["after"].append(quiet_loss(network, x[i], y[i]))
        curve["probe"].append(quiet_loss(network, xv[probed], yv[probed]) if probe else math.nan)
        if not math.isfinite(curve["loss"][-1]) or not math.isfinite(curve["after"][-1]):
            break
        if t > 5 and curve["loss"][-1] > stop_factor * curve["loss"][0]:
            break
    curve["carried"].append(math.nan)
    return curve


def one_cycle(t, total, peak):
    """Cosine up over the first 30 % from a 25th of the peak, cosine down to zero."""
    up = 0.3 * total
    if t < up:
        return peak / 25 + (peak - peak / 25) * (1 - math.cos(math.pi * t / up)) / 2
    return peak * (1 + math.cos(math.pi * (t - up) / (total - up))) / 2


def train(task, data, schedule, lr, seed):
    """Validation accuracy after training from scratch at a constant rate, or with a cycle whose peak is lr."""
    x, y, xv, yv = data
    torch.manual_seed(1000 + seed)
    network = build(task, int(y.max()) + 1)
    optimizer = OPTIMIZERS[task["optimizer"]](network.parameters(), lr)
    total, drawn = task["epochs"] * max(1, len(x) // task["batch_size"]), batches(len(x), task["batch_size"], 77 + seed)
    network.train()
    for t in range(total):
        set_rate(optimizer, lr if schedule == "constant" else one_cycle(t, total, lr))
        i = next(drawn)
        loss = F.cross_entropy(network(x[i]), y[i])
        if not math.isfinite(loss.item()):
            break
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        logits = torch.cat([network(xv[i : i + 500]) for i in range(0, len(xv), 500)])
    if not torch.isfinite(logits).all():
        return float((yv == 0).float().mean())
    return float((logits.argmax(1) == yv).float().mean())
