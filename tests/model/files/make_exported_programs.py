#!/usr/bin/env python3
"""Writes the *.pt2 files beside it, and exported_programs.json with what PyTorch makes of them. Needs torch 2.9 or newer.

The files are those of torch.export.save without what makes them large and what no reader needs: the stack traces, which
name folders of the machine that made them, the shapes of values in between, and the sample inputs, which are a pickle.
"""

import io
import json
import os
import warnings
import zipfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
import torch
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")
HERE = Path(__file__).resolve().parent
SIDE, CLASSES, STEPS, BATCH, RATE = 8, 3, 6, 4, 0.1


class Convolutional(nn.Module):
    """In-place operators, running statistics and dropout."""

    def __init__(self, rate=0.0):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.act = nn.PReLU()
        self.drop = nn.Dropout(rate, inplace=True)
        self.fc = nn.Linear(16, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn(self.conv(x)), inplace=True)
        x = self.act(F.adaptive_avg_pool2d(x, 2)).flatten(1)
        return self.fc(self.drop(x))


class Attention(nn.Module):
    """Sizes that follow the batch, constants, a buffer that is not saved with the weights, numbers as operands."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.positions = nn.Embedding(5, 8)
        self.register_buffer("order", torch.arange(5), persistent=False)
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.scale = nn.Parameter(torch.ones(8))
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions(self.order)
        y = self.norm(x)
        x = x + self.attention(y, y, y, need_weights=False)[0] * self.scale * 2
        x = x.reshape(x.shape[0] * 5, 8).view(x.shape[0], 5, 8) + torch.tensor([0.5])
        return {"features": x, "logits": self.head(F.gelu(x[:, 0])), "hidden": x.mean(1)}


class StochasticDepth(nn.Module):
    """Both ways in which networks drop a layer, at a rate at which it is dropped in most steps."""

    def __init__(self, rate=0.75):
        super().__init__()
        self.keep = 1 - rate
        self.stem = nn.Conv2d(3, 4, 3)
        self.one = nn.Conv2d(4, 4, 3, padding=1)
        self.two = nn.Conv2d(4, 4, 3, padding=1)
        self.fc = nn.Linear(4, CLASSES)

    def forward(self, x):
        x = F.relu(self.stem(x))
        y = self.one(x)
        if self.training:
            noise = torch.empty([x.shape[0], 1, 1, 1]).bernoulli_(self.keep).div_(self.keep)
            y = y * noise
        x = x + y
        y = self.two(x)
        if self.training:
            random = (self.keep + torch.rand((x.shape[0], 1, 1, 1))).floor_()
            y = y.div(self.keep) * random
        return (self.fc((x + y).mean([2, 3])), x)


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self):
        super().__init__()
        self.one = nn.Linear(CLASSES, CLASSES)
        self.two = nn.Linear(CLASSES, CLASSES)
        self.two.weight = self.one.weight

    def forward(self, x):
        return self.two(torch.tanh(self.one(x.mean([2, 3]))))


class Frozen(nn.Module):
    """A part that is not differentiated, in a graph of its own."""

    def __init__(self):
        super().__init__()
        self.features = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, CLASSES)

    def forward(self, x):
        with torch.no_grad():
            x = self.bn(self.features(x)).relu()
            n = x.shape[0] * 2
        with torch.autocast("cpu", enabled=False):
            x = x.mean([2, 3]) * 2
        return self.fc(x.view(n // 2, 4))


class Averaged(nn.Module):
    """A buffer of its own that training changes in two steps."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(3))
        self.fc = nn.Linear(3, CLASSES)

    def forward(self, x):
        x = x.mean([2, 3])
        if self.training:
            self.mean.mul_(0.9).add_(x.detach().mean(0), alpha=0.1)
        return self.fc((x - self.mean) * 5)


def exported(network, dynamic=True, batch=2, training=True):
    shapes = ({0: torch.export.Dim("batch", min=1)},) if dynamic else None
    return torch.export.export(network.train(training), (torch.randn(batch, 3, SIDE, SIDE),), dynamic_shapes=shapes)


def forget_traces(graph):
    for node in graph["nodes"]:
        node["metadata"] = {}
        for given in node["inputs"]:
            if "as_graph" in given["arg"]:
                forget_traces(given["arg"]["as_graph"]["graph"])


def without_traces(program):
    module = program["graph_module"]
    graph = module["graph"]
    module["module_call_graph"] = module["module_call_graph"][:1]
    forget_traces(graph)
    ends = {value["as_tensor"]["name"] for value in graph["inputs"] + graph["outputs"] if "as_tensor" in value}
    graph["tensor_values"] = {name: facts for name, facts in graph["tensor_values"].items() if name in ends}
    return program


def save(program, name):
    whole = io.BytesIO()
    torch.export.save(program, whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(HERE / f"{name}.pt2", "w", zipfile.ZIP_STORED) as target:
        for entry in source.namelist():
            inner = entry.split("/", 1)[1]
            data = source.read(entry)
            if inner.startswith("data/sample_inputs/"):
                continue
            if inner.startswith("models/"):
                data = json.dumps(without_traces(json.loads(data)), separators=(",", ":")).encode()
            target.writestr(zipfile.ZipInfo(f"{name}/{inner}"), data)


def images(count):
    """Waves of a frequency per image and channel: the same in C++ without a random number."""
    at = torch.arange(count * 3 * SIDE * SIDE, dtype=torch.float64)
    return torch.sin(at * 0.7 + torch.floor(at / (3 * SIDE * SIDE)) * 0.3).float().view(count, 3, SIDE, SIDE)


def logits_of(answer):
    if isinstance(answer, dict):
        return answer["logits"]
    return answer[0] if isinstance(answer, tuple) else answer


def facts(network):
    """Logits in evaluation mode before and after steps of SGD, and the losses of the steps."""
    labels = torch.arange(BATCH) % CLASSES
    with torch.no_grad():
        before = logits_of(network.eval()(images(2)))
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(logits_of(network(images(BATCH))), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        after = logits_of(network.eval()(images(2)))
    return {"before": before.flatten().tolist(), "losses": losses, "after": after.flatten().tolist()}


def main():
    torch.manual_seed(7)
    expected = {}
    for name, make in {"convolutional": Convolutional, "attention": Attention, "tied": Tied, "frozen": Frozen,
                       "averaged": Averaged}.items():
        network = make()
        program = exported(network)
        save(program, name)
        if name == "convolutional":  # the same weights as a graph without in-place operators
            save(program.run_decompositions(), "decomposed")
            save(exported(network, training=False), "evaluation")
            save(exported(network, dynamic=False, batch=5), "fixed_batch")
        expected[name] = facts(network)
    save(exported(Convolutional(rate=0.5)), "dropout")
    network = StochasticDepth()
    save(exported(network), "stochastic_depth")
    expected["stochastic_depth"] = {"before": logits_of(network.eval()(images(2))).flatten().tolist()}
    (HERE / "exported_programs.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
