"""The networks of the tasks: small, with and without normalisation, shallow and deep, convolutions and attention."""

import torch
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


class Attention(nn.Module):
    """A transformer's encoder layer: layer norms first, GELU, no dropout (Dosovitskiy et al. 2020, arXiv:2010.11929)."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.first_norm, self.second_norm = heads, nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.inner = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        n, tokens, width = x.shape
        q, k, v = self.qkv(self.first_norm(x)).view(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * (width // self.heads) ** -0.5).softmax(-1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(n, tokens, width))
        return x + self.inner(self.second_norm(x))


class Transformer(nn.Module):
    """Patches of 4 pixels, learned positions, three layers, the mean of the tokens."""

    def __init__(self, classes, size, width):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, 4)
        self.positions = nn.Parameter(torch.randn(1, (size // 4) ** 2, width) * 0.02)
        self.layers = nn.Sequential(*[Attention(width, 4) for _ in range(3)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2) + self.positions
        return self.head(self.norm(self.layers(x)).mean(1))


class ConvNext(nn.Module):
    """A block of ConvNeXt (Liu et al. 2022, arXiv:2201.03545): depthwise 7 x 7, layer norm, two dense layers, GELU."""

    def __init__(self, width):
        super().__init__()
        self.depthwise, self.norm = nn.Conv2d(width, width, 7, 1, 3, groups=width), nn.LayerNorm(width)
        self.inner = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.scale = nn.Parameter(torch.full((width,), 1e-1))

    def forward(self, x):
        inner = self.inner(self.norm(self.depthwise(x).permute(0, 2, 3, 1)))
        return x + (self.scale * inner).permute(0, 3, 1, 2)


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


def separable(inputs, outputs, stride):
    """A depthwise and a pointwise convolution, as in MobileNet (Howard et al. 2017, arXiv:1704.04861)."""
    layers = [nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False), nn.BatchNorm2d(inputs), nn.ReLU6()]
    return layers + [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU6()]


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
    elif kind == "deeper":
        layers = [*plain(3, c(16), 2)] + [layer for _ in range(10) for layer in plain(c(16), c(16))]
        layers += pooled(c(16), classes)
    elif kind == "vit":
        return Transformer(classes, size, c(40))
    elif kind == "convnext":
        layers = [nn.Conv2d(3, c(32), 4, 4), *[ConvNext(c(32)) for _ in range(3)], *pooled(c(32), classes)]
    elif kind == "separable":
        layers = [*normalised(3, c(16), 2), *separable(c(16), c(32), 1), *separable(c(32), c(64), 2)]
        layers += [*separable(c(64), c(64), 1), *pooled(c(64), classes)]
    elif kind == "mlp":
        layers = [nn.Flatten(), nn.Linear(3 * size * size, c(128)), nn.ReLU(), nn.Linear(c(128), c(128)), nn.ReLU()]
        layers += [nn.Linear(c(128), classes)]
    elif kind == "linear":
        layers = [nn.Flatten(), nn.Linear(3 * size * size, classes)]
    else:
        raise ValueError(f"no network is called '{kind}'")
    return nn.Sequential(*layers)


def head_of(net):
    """The last linear layer."""
    return [module for module in net.modules() if isinstance(module, nn.Linear)][-1]


def build(task, classes):
    inputs, logits = task.get("input_scale", 1.0), task.get("logit_scale", 1.0)
    net = network(task["net"], classes, task["image_size"], task.get("width", 1.0))
    return net if (inputs, logits) == (1.0, 1.0) else Scaled(net, inputs, logits)
