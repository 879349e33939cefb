#!/usr/bin/env python3
"""One range test with one Python framework, as a user of it would write it: compare_peers.py runs this as a process.

usage: peer.py TOOL FOLDER NETWORK.pt --steps N --batch-size N --image-size N --threads N --workers N --device cpu|cuda
"""
import argparse
import pathlib

p = argparse.ArgumentParser()
p.add_argument("tool", choices=["torch-lr-finder", "ignite", "lightning", "fastai"])
p.add_argument("folder", type=pathlib.Path)
p.add_argument("network")
p.add_argument("--steps", type=int, default=100)
p.add_argument("--batch-size", type=int, default=64)
p.add_argument("--image-size", type=int, default=32)
p.add_argument("--threads", type=int, default=2)
p.add_argument("--workers", type=int, default=2)
p.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
a = p.parse_args()

import numpy
import torch
from PIL import Image

torch.set_num_threads(a.threads)
torch.manual_seed(0)
MEAN = numpy.array([0.485, 0.456, 0.406], numpy.float32)
STD = numpy.array([0.229, 0.224, 0.225], numpy.float32)


class Folder(torch.utils.data.Dataset):
    """Images of FOLDER/CLASS/*, resized and normalised: what torchvision's ImageFolder with the usual transforms does."""

    def __init__(self):
        classes = sorted(d for d in a.folder.iterdir() if d.is_dir())
        self.items = [(f, i) for i, d in enumerate(classes) for f in sorted(d.iterdir())]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        path, label = self.items[index]
        image = Image.open(path).convert("RGB")
        if image.size != (a.image_size, a.image_size):
            image = image.resize((a.image_size, a.image_size), Image.BILINEAR)
        pixels = (numpy.asarray(image, numpy.float32) / 255 - MEAN) / STD
        return torch.from_numpy(pixels.transpose(2, 0, 1).copy()), label


loader = torch.utils.data.DataLoader(Folder(), a.batch_size, shuffle=True, drop_last=True, num_workers=a.workers,
                                     pin_memory=a.device == "cuda")
network = torch.jit.load(a.network, map_location=a.device).train()
loss = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(network.parameters(), lr=1e-7, momentum=0.9)

if a.tool == "torch-lr-finder":
    from torch_lr_finder import LRFinder

    finder = LRFinder(network, optimizer, loss, device=a.device)
    finder.range_test(loader, end_lr=10, num_iter=a.steps, diverge_th=1e9)
    steps = len(finder.history["loss"])
elif a.tool == "ignite":
    from ignite.engine import create_supervised_trainer
    from ignite.handlers import FastaiLRFinder

    trainer = create_supervised_trainer(network, optimizer, loss, device=a.device, non_blocking=True)
    finder = FastaiLRFinder()
    with finder.attach(trainer, {"model": network, "optimizer": optimizer}, num_iter=a.steps, end_lr=10.0, diverge_th=1e9) as t:
        t.run(loader)
    steps = len(finder.get_results()["loss"])
elif a.tool == "lightning":
    import lightning
    from lightning.pytorch.tuner import Tuner

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.network, self.lr = network, 1e-7

        def training_step(self, batch, _):
            return loss(self.network(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=self.lr, momentum=0.9)

    trainer = lightning.Trainer(accelerator="cpu" if a.device == "cpu" else "gpu", devices=1, max_epochs=1000, logger=False, enable_checkpointing=False,
                                enable_progress_bar=False, enable_model_summary=False)
    found = Tuner(trainer).lr_find(Module(), train_dataloaders=loader, min_lr=1e-7, max_lr=10, num_training=a.steps,
                                   early_stop_threshold=None, update_attr=False)
    steps = len(found.results["loss"])
else:
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    import fastai.callback.schedule  # noqa: F401  adds lr_find to Learner
    from fastai.optimizer import OptimWrapper

    learner = Learner(DataLoaders(loader, loader, device=a.device), network, loss_func=loss,
                      opt_func=lambda groups, **k: OptimWrapper(groups, torch.optim.SGD, momentum=0.9, lr=1e-7))
    with learner.no_bar(), learner.no_logging():
        learner.lr_find(start_lr=1e-7, end_lr=10, num_it=a.steps, stop_div=False, show_plot=False)
    steps = len(learner.recorder.lrs)
print(steps)
