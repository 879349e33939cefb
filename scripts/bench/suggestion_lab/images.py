"""Images of a task as tensors: folders of classes, Fashion-MNIST's IDX files, scikit-learn's digits."""

import functools
import gzip
import os
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


@functools.lru_cache
def folder(root):
    """train/CLASS/* and val/CLASS/* below root, in RGB at the size of the first image."""
    from PIL import Image  # only folders need it

    parts, size = [], None
    for part in ("train", "val"):
        images, labels = [], []
        for label, name in enumerate(sorted(os.listdir(pathlib.Path(root, part)))):
            for file in sorted(pathlib.Path(root, part, name).iterdir()):
                image = Image.open(file).convert("RGB")
                size = size or image.size
                images.append(np.asarray(image.resize(size, Image.BILINEAR) if image.size != size else image))
                labels.append(label)
        parts += [np.stack(images), np.array(labels)]
    return parts


@functools.lru_cache
def fashion_mnist(root):
    """4000 training and 1500 test images of the IDX files, always the same ones."""

    def read(name, header):
        return np.frombuffer(gzip.open(pathlib.Path(root, name)).read(), np.uint8, offset=header)

    random, parts = np.random.RandomState(5), []
    for name, count in (("train", 4000), ("t10k", 1500)):
        images = read(f"{name}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
        labels = read(f"{name}-labels-idx1-ubyte.gz", 8)
        chosen = random.permutation(len(images))[:count]
        parts += [np.repeat(images[chosen][..., None], 3, -1), labels[chosen].astype(np.int64)]
    return parts


@functools.lru_cache
def digits(_):
    """1400 training and 397 validation images of 8 x 8 pixels, from scikit-learn."""
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.RandomState(3).permutation(len(data.images))
    images = np.repeat((data.images * 15.9).astype(np.uint8)[..., None], 3, -1)[order]
    labels = data.target.astype(np.int64)[order]
    return [images[:1400], labels[:1400], images[1400:], labels[1400:]]


def keep_classes(images, labels, classes):
    kept = np.isin(labels, classes)
    return images[kept], np.array([classes.index(label) for label in labels[kept]])


def some(images, labels, count, random):
    """`count` of the images, drawn at random."""
    kept = random.permutation(len(images))[:count]
    return images[kept], labels[kept]


def load(task, root):
    """(training images, labels, validation images, labels); images N x 3 x size x size, normalised."""
    reader = {"fashion-mnist": fashion_mnist, "digits": digits}.get(task["data"], folder)
    x, y, xv, yv = reader(root)
    random = np.random.RandomState(0)
    if task.get("train_images"):  # drawn at random; at most 600 to validate
        x, y = some(x, y, task["train_images"], random)
        xv, yv = some(xv, yv, 600, random)
    if task.get("classes"):
        (x, y), (xv, yv) = (keep_classes(a, b, task["classes"]) for a, b in ((x, y), (xv, yv)))
    if task.get("imbalance"):  # keeps this share of every class but the first
        kept = [(labels == 0) | (random.rand(len(labels)) < task["imbalance"]) for labels in (y, yv)]
        x, y, xv, yv = x[kept[0]], y[kept[0]], xv[kept[1]], yv[kept[1]]
    if task.get("noise"):  # this share of the training labels is drawn anew
        drawn = random.rand(len(y)) < task["noise"]
        y = y.copy()
        y[drawn] = random.randint(0, y.max() + 1, drawn.sum())
    return prepare(x, task["image_size"]), torch.from_numpy(y), prepare(xv, task["image_size"]), torch.from_numpy(yv)


def prepare(images, size):
    tensor = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255
    if tensor.shape[-2:] != (size, size):
        tensor = F.interpolate(tensor, size=(size, size), mode="area" if size < tensor.shape[-1] else "bilinear")
    return ((tensor - MEAN) / STD).contiguous()
