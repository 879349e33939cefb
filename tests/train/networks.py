"""Networks as users write them, for the tests: none is a plain Sequential."""

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, inner, outer, stride, smooth):
        super().__init__()
        self.act = nn.SiLU() if smooth else nn.ReLU()
        self.conv1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outer)
        self.conv2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outer)
        self.project = nn.Conv2d(inner, outer, 1, stride) if stride != 1 or inner != outer else None

    def forward(self, x):
        y = self.act(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.project is not None:
            x = self.project(x)
        return self.act(x + y)


class Residual(nn.Module):
    """Residual, with batch normalisation."""

    def __init__(self, classes=3, channels=3, width=8, smooth=False):
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, 1, 1)
        self.one = Block(width, width, 1, smooth)
        self.two = Block(width, 2 * width, 2, smooth)
        self.fc = nn.Linear(2 * width, classes)

    def forward(self, x):
        x = self.two(self.one(F.relu(self.stem(x))))
        return self.fc(x.mean([2, 3]))


def smooth_residual():
    """Without the kinks of ReLU, at which float noise is amplified."""
    return Residual(smooth=True)


class Depthwise(nn.Module):
    """As MobileNets are."""

    def __init__(self, classes=3, channels=3, width=16):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.Hardswish(),
            nn.Conv2d(width, width, 3, 1, 1, groups=width, bias=False), nn.BatchNorm2d(width), nn.ReLU6(),
            nn.Conv2d(width, 2 * width, 1))
        self.fc = nn.Linear(2 * width, classes)

    def forward(self, x):
        return self.fc(self.body(x).mean([2, 3]))


class WithDropout(nn.Module):
    def __init__(self, num_classes=3, channels=3):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.drop2d = nn.Dropout2d(0.1)
        self.drop = nn.Dropout(0.3)
        self.norm = nn.GroupNorm(4, 24)
        self.hidden = nn.Linear(24 * 9, 32)
        self.act = nn.PReLU()
        self.fc = nn.Linear(32, num_classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.adaptive_avg_pool2d(F.relu(self.norm(self.conv2(self.drop2d(x)))), 3)
        return self.fc(self.drop(self.act(self.hidden(torch.flatten(x, 1)))))


class WithoutNorm(nn.Module):
    """No normalisation, two branches, and a parameter that no standard layer owns."""

    def __init__(self, classes=3, channels=3):
        super().__init__()
        self.left = nn.Conv2d(channels, 8, 3, padding=1)
        self.right = nn.Conv2d(channels, 8, 5, padding=2, bias=False)
        self.scale = nn.Parameter(torch.ones(1))
        self.mix = nn.Conv2d(16, 16, 3, stride=2)
        self.fc = nn.Linear(16, classes)

    def forward(self, x):
        x = torch.cat([torch.tanh(self.left(x)), F.elu(self.right(x)) * self.scale], 1)
        return self.fc(F.leaky_relu(self.mix(x)).amax(dim=[2, 3]))


class WithAttention(nn.Module):
    """Patches, a class token, layer normalisation and self-attention."""

    def __init__(self, classes=3, channels=3, width=16):
        super().__init__()
        self.patches = nn.Conv2d(channels, width, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.fc = nn.Linear(width, classes)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1)
        y = self.norm(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return self.fc(x[:, 0])


class Unscriptable(nn.Module):
    """Only a trace can export this one: TorchScript has no **kwargs."""

    def __init__(self, classes=3):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.bn = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8, classes)

    def forward(self, x, **ignored):
        return self.fc(F.relu(self.bn(self.conv(x))).mean([2, 3]))


class OneBatchOnly(nn.Module):
    """Takes the batch's size for a number that never changes."""

    def __init__(self, classes=3):
        super().__init__()
        self.fc = nn.Linear(3, classes)

    def forward(self, x):
        return self.fc(x.mean([2, 3]).view(2, 3))


def two_answers():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 3)

        def forward(self, x):
            y = self.fc(x.mean([2, 3]))
            return y, y

    return Two()


def not_a_network(depth=1):
    return "a string"
