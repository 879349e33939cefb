"""PyTorch on several processes with DistributedDataParallel; every rank runs the same loop, rank 0 speaks to lrfind.

    torchrun --nproc-per-node 2 pytorch_ddp.py
    lrfind exec -- torchrun --nproc-per-node 2 pytorch_ddp.py
"""

import sys
from pathlib import Path

import torch
from torch import distributed
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where lrfind_client.py lies
import lrfind_client

BATCH = 32  # of each rank


def make_data(rank, count=1000):
    classes = torch.randn(4, 16, generator=torch.Generator().manual_seed(1))
    draw = torch.Generator().manual_seed(10 + rank)
    labels = torch.randint(4, (count,), generator=draw)
    return classes[labels] + torch.randn(count, 16, generator=draw), labels


def main():
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    torch.manual_seed(0)
    network = DistributedDataParallel(torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.Linear(32, 4)))
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    points, labels = make_data(rank)

    def train_batch():
        chosen = torch.randint(len(labels), (BATCH,))
        loss = F.cross_entropy(network(points[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    for step in lrfind_client.torch_sweep(network, optimizer, batch_size=BATCH, steps=200):
        loss = train_batch()
        step.report(loss)
    if rank == 0:
        print(f"loss {loss.item():.4f}")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
