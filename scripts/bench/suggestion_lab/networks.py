"""The networks of the tasks: small, with and without normalisation, shallow and deep."""

from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """A residual block of two convolutions."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first, self.first_norm = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.second, self.second_norm = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        inner = self.second_norm(self.second(F.relu(self.first_norm(self.first(x)))))
        return F.relu(inner + self.shortcut(x))


class Scaled(nn.Module):
    """A network whose inputs and logits are multiplied: the best rate moves by decades, nothing else changes."""

    def __init__(self, network, inputs, logits):
        super().__init__()
        self.network, self.inputs, self.logits = network, inputs, logits

    def forward(self, x):
        return self.network(x * self.inputs) * self.logits


def normalised(inputs, outputs, stride):
    return [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def grouped(inputs, outputs, stride):
    return [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.GroupNorm(4, outputs), nn.ReLU()]


def plain(inputs, outputs, stride=1, pool=False):
    return [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.ReLU()] + ([nn.MaxPool2d(2)] if pool else [])


def pooled(channels, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def network(kind, classes, size, width=1.0):
    def c(channels):
        return max(4, int(channels * width))

    if kind == "bn_cnn":
        layers = [*normalised(3, c(24), 1), *normalised(c(24), c(48), 2), *normalised(c(48), c(48), 1)]
        layers += [*normalised(c(48), c(96), 2), *pooled(c(96), classes)]
    elif kind == "small_bn":
        layers = [*normalised(3, c(16), 2), *normalised(c(16), c(32), 2), *normalised(c(32), c(32), 1)]
        layers += pooled(c(32), classes)
    elif kind == "gn_cnn":
        layers = [*grouped(3, c(16), 2), *grouped(c(16), c(32), 2), *grouped(c(32), c(64), 1), *pooled(c(64), classes)]
    elif kind == "resnet":
        layers = [nn.Conv2d(3, c(16), 3, 1, 1, bias=False), nn.BatchNorm2d(c(16)), nn.ReLU(), Block(c(16), c(16), 1)]
        layers += [Block(c(16), c(32), 2), Block(c(32), c(64), 2), *pooled(c(64), classes)]
    elif kind == "plain_cnn":
        layers = [*plain(3, c(24), pool=True), *plain(c(24), c(48), pool=True), *plain(c(48), c(96))]
        layers += [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(c(96) * 16, c(128)), nn.ReLU()]
        layers += [nn.Linear(c(128), classes)]
    elif kind == "small_plain":
        layers = [*plain(3, c(16), 2), *plain(c(16), c(32), 2), *plain(c(32), c(32)), nn.AdaptiveAvgPool2d(4)]
        layers += [nn.Flatten(), nn.Linear(c(32) * 16, c(64)), nn.ReLU(), nn.Linear(c(64), classes)]
    elif kind == "deep":
        layers = [*plain(3, c(16), 2)] + [layer for _ in range(5) for layer in plain(c(16), c(16))]
        layers += [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(c(16) * 16, classes)]
    elif kind == "mlp":
        layers = [nn.Flatten(), nn.Linear(3 * size * size, c(128)), nn.ReLU(), nn.Linear(c(128), c(128)), nn.ReLU()]
        layers += [nn.Linear(c(128), classes)]
    elif kind == "linear":
        layers = [nn.Flatten(), nn.Linear(3 * size * size, classes)]
    else:
        raise ValueError(f"no network is called '{kind}'")
    return nn.Sequential(*layers)


def build(task, classes):
    inputs, logits = task.get("input_scale", 1.0), task.get("logit_scale", 1.0)
    net = network(task["net"], classes, task["image_size"], task.get("width", 1.0))
    return net if (inputs, logits) == (1.0, 1.0) else Scaled(net, inputs, logits)
