"""Writes dropout.pt, waits.pt and draws_on_cpu.pt into the folder given: networks for 12 x 12 images of two classes.

Run by the Python whose torch the program is built with.
"""

import sys
import warnings

import torch
from torch import nn


class Dropout(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(432, 2))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images)


class Waits(Dropout):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if bool(images.sum() > 1e30):
            images = images * 0
        return self.layers(images)


class DrawsOnCpu(Dropout):
    """Stochastic depth, decided where the interpreter runs."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if float(torch.rand(1)) < 0.5:
            images = images * 2
        return self.layers(images)


warnings.filterwarnings("ignore", category=FutureWarning)  # of torch.jit.script, which current versions would retire
for name, network in (("dropout", Dropout()), ("waits", Waits()), ("draws_on_cpu", DrawsOnCpu())):
    torch.jit.script(network).save(f"{sys.argv[1]}/{name}.pt")
