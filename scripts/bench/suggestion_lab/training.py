"""The two experiments: one range test with its measurements, and one training at a known rate on a schedule."""

import copy
import functools
import math

import torch
import torch.nn.functional as F

from networks import build, head_of


class Decaying(torch.optim.Optimizer):
    """What has a rate and a weight decay."""

    def __init__(self, parameters, lr, weight_decay=0.0):
        super().__init__(parameters, dict(lr=lr, weight_decay=weight_decay))


class Lion(Decaying):
    """Chen et al. 2023, arXiv:2302.06675, algorithm 2, with decoupled weight decay."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("momentum", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * torch.sign(0.9 * m + 0.1 * p.grad))
                m.mul_(0.99).add_(p.grad, alpha=0.01)


class Lamb(Decaying):
    """You et al. 2019, arXiv:1904.00962, algorithm 2 with debiased moments."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state.update(step=0, mean=torch.zeros_like(p), square=torch.zeros_like(p))
                state["step"] += 1
                state["mean"].mul_(0.9).add_(p.grad, alpha=0.1)
                state["square"].mul_(0.999).addcmul_(p.grad, p.grad, value=0.001)
                mean, square = (state[k] / (1 - b ** state["step"]) for k, b in (("mean", 0.9), ("square", 0.999)))
                update = mean / (square.sqrt() + 1e-6) + group["weight_decay"] * p
                sizes = p.norm(), update.norm()
                ratio = sizes[0] / sizes[1] if min(sizes) > 0 else 1.0
                p.sub_(group["lr"] * ratio * update)


OPTIMIZERS = {
    "sgd": lambda parameters, lr: torch.optim.SGD(parameters, lr),
    "sgdm": lambda parameters, lr: torch.optim.SGD(parameters, lr, momentum=0.9, weight_decay=5e-4),
    "adam": lambda parameters, lr: torch.optim.Adam(parameters, lr),
    "adamw": lambda parameters, lr: torch.optim.AdamW(parameters, lr, weight_decay=1e-2),
    "rmsprop": lambda parameters, lr: torch.optim.RMSprop(parameters, lr),
    "nadam": lambda parameters, lr: torch.optim.NAdam(parameters, lr),
    "radam": lambda parameters, lr: torch.optim.RAdam(parameters, lr),
    "lion": lambda parameters, lr: Lion(parameters, lr, weight_decay=1e-2),
    "lamb": lambda parameters, lr: Lamb(parameters, lr, weight_decay=1e-2),
}


@functools.lru_cache
def trained_weights(kind, image_size, width, data_name, root, classes):
    """State dict of a network trained for ten epochs (one-cycle, AdamW, peak 3e-3) on these classes."""
    from images import load

    task = dict(data=data_name, image_size=image_size, net=kind, width=width, classes=list(classes), batch_size=64)
    task.update(optimizer="adamw", epochs=10)
    network = train(task, load(task, root), "onecycle", 3e-3, 0, keep=True)
    return network.state_dict()


def prepared(task, classes, root):
    """The network that a run starts from, and the groups that its optimizer takes."""
    network = build(task, classes)
    if "pretrained" in task:
        key = (task["net"], task["image_size"], task.get("width", 1.0), task["data"], root, tuple(task["pretrained"]))
        head = copy.deepcopy(head_of(network).state_dict())
        network.load_state_dict(trained_weights(*key))
        head_of(network).load_state_dict(head)
    head = list(head_of(network).parameters())
    rest = [p for p in network.parameters() if all(p is not h for h in head)]
    if task.get("frozen"):
        for p in rest:
            p.requires_grad_(False)
        rest = []
    groups = [{"params": rest, "mult": task.get("lr_mult", 1.0)}, {"params": head, "mult": 1.0}]
    return network, [group for group in groups if group["params"]]


def augmented(x, task):
    """Mirrored or not, moved by up to an eighth of the side, each image for itself; from torch's generator."""
    if not task.get("augment"):
        return x
    x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(-1), x)
    most = x.shape[-1] // 8
    padded, moves = F.pad(x, (most,) * 4), torch.randint(0, 2 * most + 1, (len(x), 2)).tolist()
    side = x.shape[-1]
    return torch.stack([image[:, i : i + side, j : j + side] for image, (i, j) in zip(padded, moves)])


def loss_of(task, logits, labels):
    return F.cross_entropy(logits, labels, label_smoothing=task.get("smoothing", 0.0))


def batches(count, batch_size, seed):
    """Indices of batches for ever, without incomplete ones."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(count, generator=generator)
        yield from (order[i : i + batch_size] for i in range(0, count - batch_size + 1, batch_size))


def set_rate(optimizer, lr):
    for group in optimizer.param_groups:
        group["lr"] = lr * group.get("mult", 1.0)


def dot(a, b):
    return float(sum((p * q).sum().double() for p, q in zip(a, b)))


def quiet_loss(task, network, x, y):
    """Loss of a batch in training mode that leaves the normalisation statistics alone."""
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    with torch.no_grad():
        loss = loss_of(task, network(x), y).item()
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    return loss


def sweep(task, data, root, seed, steps=100, low=-7.0, high=1.0, probe=128, stop_factor=4.0):
    """One range test from 10**low to 10**high: a list per measurement, one entry per step (see rule.py).

    Also `after`, the batch's loss after its own update (for the gain ratio), and `probe`, the loss of `probe`
    validation images.
    """
    x, y, xv, yv = data
    torch.manual_seed(seed * 7919 + 1)
    network, groups = prepared(task, int(y.max()) + 1, root)
    parameters = [p for group in groups for p in group["params"]]
    optimizer = OPTIMIZERS[task["optimizer"]](groups, 1e-3)
    probed = torch.randperm(len(xv), generator=torch.Generator().manual_seed(seed))[:probe]
    curve = {name: [] for name in ("lr", "loss", "after", "predicted", "carried", "probe")}
    drawn, delta = batches(len(x), task["batch_size"], seed * 31 + 5), None
    network.train()
    for t in range(steps):
        lr = 10 ** (low + (high - low) * t / max(1, steps - 1))
        set_rate(optimizer, lr)
        i = next(drawn)
        images = augmented(x[i], task)
        loss = loss_of(task, network(images), y[i])
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
        curve["after"].append(quiet_loss(task, network, images, y[i]))
        curve["probe"].append(quiet_loss(task, network, xv[probed], yv[probed]) if probe else math.nan)
        if not math.isfinite(curve["loss"][-1]) or not math.isfinite(curve["after"][-1]):
            break
        if t > 5 and curve["loss"][-1] > stop_factor * curve["loss"][0]:
            break
    curve["carried"].append(math.nan)
    return curve


def constant(t, total):
    return 1.0


def one_cycle(t, total):
    """Cosine up over the first 30 % from a 25th of the peak, cosine down to zero."""
    up = 0.3 * total
    if t < up:
        return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * t / up)) / 2
    return (1 + math.cos(math.pi * (t - up) / (total - up))) / 2


def cosine(t, total):
    """Linear warm-up over the first 5 %, then cosine to zero."""
    up = 0.05 * total
    return (t + 1) / (up + 1) if t < up else (1 + math.cos(math.pi * (t - up) / (total - up))) / 2


SCHEDULES = {"constant": constant, "onecycle": one_cycle, "cosine": cosine}


def accuracy(network, x, y):
    network.eval()
    with torch.no_grad():
        logits = torch.cat([network(x[i : i + 500]) for i in range(0, len(x), 500)])
    network.train()
    if not torch.isfinite(logits).all():
        return float((y == 0).float().mean())
    return float((logits.argmax(1) == y).float().mean())


def train(task, data, schedule, lr, seed, epochs=None, root=None, keep=False):
    """Validation accuracy after a training whose schedule's highest rate is lr: with a constant rate the mean of five
    evaluations over the last fifth. keep: the network instead."""
    x, y, xv, yv = data
    torch.manual_seed(1000 + seed)
    network, groups = prepared(task, int(y.max()) + 1, root)
    optimizer = OPTIMIZERS[task["optimizer"]](groups, lr)
    total = (epochs or task["epochs"]) * max(1, len(x) // task["batch_size"])
    drawn, found = batches(len(x), task["batch_size"], 77 + seed), []
    looks = {round(total * (0.8 + 0.05 * i)) for i in range(1, 5)} if schedule == "constant" else set()
    network.train()
    for t in range(total):
        if t in looks:
            found.append(accuracy(network, xv, yv))
        set_rate(optimizer, lr * SCHEDULES[schedule](t, total))
        i = next(drawn)
        loss = loss_of(task, network(augmented(x[i], task)), y[i])
        if not math.isfinite(loss.item()):
            found = []
            break
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    if keep:
        return network
    found.append(accuracy(network, xv, yv))
    return sum(found) / len(found)
