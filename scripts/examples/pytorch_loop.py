"""PyTorch: a loop of one's own, with two losses, two parameter groups and clipped gradients.

    python3 pytorch_loop.py                       trains, at the rate given with --lr
    lrfind exec -- python3 pytorch_loop.py        the range test
"""

import argparse
import sys
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where lrfind_client.py lies
import lrfind_client


class Network(torch.nn.Module):
    """Says which class a point is of, and draws the point again."""

    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(20, 64), torch.nn.BatchNorm1d(64), torch.nn.ReLU(),
                                        torch.nn.Dropout(0.1))
        self.classify, self.redraw = torch.nn.Linear(64, 5), torch.nn.Linear(64, 20)

    def forward(self, points):
        hidden = self.body(points)
        return self.classify(hidden), self.redraw(hidden)


def make_data(count=2000):
    draw = torch.Generator().manual_seed(1)
    labels = torch.randint(5, (count,), generator=draw)
    points = torch.randn(5, 20, generator=draw)[labels] + torch.randn(count, 20, generator=draw)
    return torch.utils.data.TensorDataset(points, labels)


def train_batch(network, optimizer, points, labels):
    logits, redrawn = network(points)
    loss = F.cross_entropy(logits, labels) + 0.1 * F.mse_loss(redrawn, points)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimizer.step()
    return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    torch.manual_seed(lrfind_client.seed())
    network = Network()
    optimizer = torch.optim.SGD([{"params": network.body.parameters(), "lr": options.lr / 2},
                                 {"params": [*network.classify.parameters(), *network.redraw.parameters()]}],
                                lr=options.lr, momentum=0.9)
    loader = torch.utils.data.DataLoader(make_data(), batch_size=64, shuffle=True, drop_last=True)

    if lrfind_client.started():
        batches = lrfind_client.forever(loader)
        for step in lrfind_client.torch_sweep(network, optimizer, batch_size=64):
            step.report(train_batch(network, optimizer, *next(batches)))

    for epoch in range(options.epochs):
        for points, labels in loader:
            loss = train_batch(network, optimizer, points, labels)
        print(f"epoch {epoch}: loss {loss.item():.4f}")


if __name__ == "__main__":
    main()
