"""The sweep's losses equal those of a plain training loop in Python PyTorch, to 1e-4 relative over 50 steps; those of a
program of torch.export to the last bit, at rates up to 10.

Needs Python's torch; says so and is skipped (status 77) without it. Two ways in:
- distinct batches, the same list on both sides, through the engine that the program trains with;
- the real program on a folder of images, with batches that hold all images, so that their order is of no weight.
"""

import json
import os
import subprocess
import sys
import unittest
import warnings
from pathlib import Path

try:
    import torch
    from torch.nn import functional as F
except ImportError as error:
    print(f"SKIPPED: {sys.executable} has no torch to compare with ({error})")
    sys.exit(77)

warnings.filterwarnings("ignore", category=DeprecationWarning)
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "command"))
import networks
import reference_optimizers
from support import Case, lrfind, pixels, png, write

STEPS, BATCH, SIDE, CLASSES = 50, 16, 12, 3
TOLERANCE = 1e-4
MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]

# name: (recipe, last rate). On the networks below float noise is not amplified up to these rates: PyTorch agrees with
# itself to 1e-6 when the images of each batch change places. (With ReLU in place of a smooth activation it would differ
# from itself by up to 2e-3 after 50 steps.)
OPTIMIZERS = {
    "sgd": ({"optimizer": "sgd"}, 0.1),
    "sgd, momentum": ({"optimizer": "sgd", "momentum": 0.9}, 0.03),
    "sgd, nesterov": ({"optimizer": "sgd", "momentum": 0.9, "nesterov": True}, 0.03),
    "sgd, momentum, weight decay": ({"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.05}, 0.03),
    "adam": ({"optimizer": "adam"}, 1e-3),
    "adam, weight decay": ({"optimizer": "adam", "weight_decay": 0.05}, 1e-3),
    "adamw": ({"optimizer": "adamw", "weight_decay": 0.1}, 1e-3),
    "rmsprop": ({"optimizer": "rmsprop"}, 1e-3),
    "rmsprop, momentum": ({"optimizer": "rmsprop", "momentum": 0.9}, 2e-4),
    "adagrad": ({"optimizer": "adagrad", "weight_decay": 0.01}, 3e-3),
    "nadam": ({"optimizer": "nadam"}, 1e-3),
    "nadam, weight decay": ({"optimizer": "nadam", "weight_decay": 0.05}, 1e-3),
    "radam": ({"optimizer": "radam"}, 1e-3),
    "radam, weight decay": ({"optimizer": "radam", "weight_decay": 0.05}, 1e-3),
    "lion": ({"optimizer": "lion"}, 2e-4),
    "lion, weight decay": ({"optimizer": "lion", "weight_decay": 1.0}, 2e-4),
    "lars": ({"optimizer": "lars", "weight_decay": 0.01}, 10),
    "lars, momentum": ({"optimizer": "lars", "momentum": 0.9, "weight_decay": 0.01}, 3),
    "lars, nesterov": ({"optimizer": "lars", "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}, 3),
    "lars, no weight decay": ({"optimizer": "lars", "momentum": 0.9}, 0.03),
    "lamb": ({"optimizer": "lamb", "weight_decay": 0.01}, 3e-3),
    "lamb, no weight decay": ({"optimizer": "lamb"}, 1e-3),
}

RECIPES = {
    "accumulation": {"accumulate": 3},
    "gradient clipping": {"grad_clip": 0.2},
    "label smoothing": {"label_smoothing": 0.1},
    "class weights": {"class_weights": [0.5, 1.0, 2.5]},
    "frozen layers": {"freeze": ["^stem", "bn1"]},
    "rate factors": {"lr_mult": [["^one", 0.1], ["fc", 3.0]]},
}

# One way of each: what the others differ in is no matter of the network or the way in.
ONE_WAY = {name: OPTIMIZERS[name] for name in (
    "sgd", "sgd, nesterov", "sgd, momentum, weight decay", "adam, weight decay", "adamw", "rmsprop, momentum", "adagrad",
    "nadam, weight decay", "radam, weight decay", "lion, weight decay", "lars, momentum", "lamb")}

# What takes norms of tensors or signs, with what changes gradients, tensors or rates.
LAYERWISE = {
    "lars": ("lars, momentum", {**RECIPES["gradient clipping"], **RECIPES["frozen layers"], **RECIPES["rate factors"]}),
    "lamb": ("lamb", {**RECIPES["accumulation"], **RECIPES["frozen layers"], **RECIPES["rate factors"]}),
    "lion": ("lion, weight decay", {**RECIPES["accumulation"], **RECIPES["gradient clipping"],
                                    **RECIPES["rate factors"]}),
}


def rates(last):
    return [1e-5 * (last / 1e-5) ** (step / (STEPS - 1)) for step in range(STEPS)]


def make_optimizer(recipe, groups):
    kind, decay = recipe["optimizer"], recipe.get("weight_decay", 0.0)
    momentum = recipe.get("momentum", 0.0)
    if kind == "sgd":
        return torch.optim.SGD(groups, lr=1.0, momentum=momentum, nesterov=recipe.get("nesterov", False),
                               weight_decay=decay)
    if kind == "rmsprop":
        return torch.optim.RMSprop(groups, lr=1.0, momentum=momentum, weight_decay=decay)
    if kind == "nadam":
        # PyTorch 1.13's other implementation counts one factor of its schedule twice.
        return torch.optim.NAdam(groups, lr=1.0, weight_decay=decay, foreach=True)
    if kind == "lars":
        return reference_optimizers.Lars(groups, momentum=momentum, nesterov=recipe.get("nesterov", False),
                                         weight_decay=decay)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "adagrad": torch.optim.Adagrad,
            "radam": torch.optim.RAdam, "lion": reference_optimizers.Lion, "lamb": reference_optimizers.Lamb}[kind](
        groups, lr=1.0, weight_decay=decay)


def train(network, recipe, lrs, batches):
    """The reference: PyTorch's own loop. batches: (float images, labels), one after the other."""
    import re

    torch.manual_seed(0)
    network.train()
    groups, factors = [], []
    for name, parameter in network.named_parameters():
        if any(re.search(regex, name) for regex in recipe.get("freeze", [])):
            parameter.requires_grad_(False)
            continue
        factor = 1.0
        for regex, value in recipe.get("lr_mult", []):
            factor = value if re.search(regex, name) else factor
        groups.append({"params": [parameter]})
        factors.append(factor)
    trained = [group["params"][0] for group in groups]
    optimizer = make_optimizer(recipe, groups)
    weight = torch.tensor(recipe["class_weights"]) if "class_weights" in recipe else None
    parts = recipe.get("accumulate", 1)
    batches = iter(batches)
    losses = []
    for lr in lrs:
        for group, factor in zip(optimizer.param_groups, factors):
            group["lr"] = lr * factor
        optimizer.zero_grad()
        total = 0.0
        for _ in range(parts):
            images, labels = next(batches)
            loss = F.cross_entropy(network(images), labels, weight, label_smoothing=recipe.get("label_smoothing", 0.0))
            (loss / parts).backward()
            total += loss.item() / parts
        if recipe.get("grad_clip"):
            torch.nn.utils.clip_grad_norm_(trained, recipe["grad_clip"])
        optimizer.step()
        losses.append(total)
    return losses


class Equality(Case):
    @classmethod
    def setUpClass(cls):
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)

    def export(self, make):
        torch.manual_seed(5)
        path = self.folder / "net.pt"
        torch.jit.script(make()).save(str(path))
        return path, torch.jit.load(str(path))

    def assert_same_losses(self, ours, reference):
        self.assertEqual(len(ours), len(reference))
        self.assertGreater(max(abs(loss / reference[0] - 1) for loss in reference), 0.02,
                           "the loss hardly moved, so nothing was compared")
        worst = max(range(len(reference)), key=lambda i: abs(ours[i] / reference[i] - 1))
        self.assertLess(abs(ours[worst] / reference[worst] - 1), TOLERANCE,
                        f"step {worst}: {ours[worst]} here and {reference[worst]} in PyTorch {torch.__version__}")


class RecordedBatches(Equality):
    def setUp(self):
        super().setUp()
        images = [(label, number) for number in range(STEPS * BATCH // CLASSES + 1) for label in range(CLASSES)]
        self.images = images[: STEPS * BATCH]
        self.raw = b"".join(b"".join(pixels(label, number, SIDE, 3)) for label, number in self.images)
        self.labels = [label for label, _ in self.images]
        self.file = write(self.folder / "pixels", self.raw)

    def batches(self, size):
        data = torch.frombuffer(bytearray(self.raw), dtype=torch.uint8).view(-1, SIDE, SIDE, 3)
        data = (data.float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
        data = data.permute(0, 3, 1, 2)
        labels = torch.tensor(self.labels)
        for begin in range(0, len(data), size):
            yield data[begin : begin + size].contiguous(), labels[begin : begin + size]

    def losses(self, make, recipe, lrs):
        """Here, and in PyTorch."""
        path, network = self.export(make)
        size = BATCH // 2 if recipe.get("accumulate") == 3 else BATCH
        lrs = lrs[: STEPS * BATCH // (size * recipe.get("accumulate", 1))]
        request = {"model": str(path), "pixels": str(self.file), "labels": self.labels, "batch": size, "height": SIDE,
                   "width": SIDE, "channels": 3, "classes": CLASSES, "mean": MEAN, "std": STD, "lr": lrs, **recipe}
        written = write(self.folder / "request.json", json.dumps(request).encode())
        done = subprocess.run([os.environ["LRFIND_RECORDED_STEPS"], str(written)], capture_output=True, text=True,
                              env={**os.environ, "OMP_NUM_THREADS": "1"})
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout), train(network, recipe, lrs, self.batches(size))


class DistinctBatches(RecordedBatches):
    def compare(self, make, recipe, last):
        self.assert_same_losses(*self.losses(make, recipe, rates(last)))

    def test_every_optimizer_on_a_residual_network(self):
        for name, (recipe, last) in OPTIMIZERS.items():
            with self.subTest(name):
                self.compare(networks.smooth_residual, recipe, last)

    def test_every_optimizer_on_a_network_without_normalisation(self):
        for name, (recipe, last) in ONE_WAY.items():
            with self.subTest(name):
                self.compare(networks.WithoutNorm, recipe, last)

    def test_layerwise_and_sign_based_optimizers_with_the_rest_of_the_recipe(self):
        for name, (optimizer, recipe) in LAYERWISE.items():
            with self.subTest(name):
                options, last = OPTIMIZERS[optimizer]
                self.compare(networks.smooth_residual, {**options, **recipe}, last)

    def test_dropout_draws_the_same_masks_after_the_same_seed(self):
        self.compare(networks.WithDropout, *OPTIMIZERS["sgd, momentum"])

    def test_attention(self):
        self.compare(networks.WithAttention, *OPTIMIZERS["adamw"])

    def test_every_part_of_the_recipe(self):
        for name, recipe in RECIPES.items():
            with self.subTest(name):
                self.compare(networks.smooth_residual, {**OPTIMIZERS["sgd, momentum"][0], **recipe}, 0.03)


class References(Equality):
    """Those that PyTorch does not have, against timm, which few machines have."""

    def test_references_equal_timm(self):
        try:
            from timm import optim
        except ImportError as error:
            self.skipTest(f"there is no timm ({error})")
        for name, (recipe, last) in OPTIMIZERS.items():
            kind = {"lion": "Lion", "lars": "Lars", "lamb": "Lamb"}.get(recipe["optimizer"])
            if kind is None:
                continue
            options = {key: value for key, value in recipe.items() if key != "optimizer"}
            runs = []
            for module in (optim, reference_optimizers):
                with self.subTest(name), torch.random.fork_rng():
                    torch.manual_seed(0)
                    parameters = [torch.randn(4, 3, requires_grad=True), torch.zeros(4, requires_grad=True)]
                    settings = {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0, **options}
                    if kind != "Lars":
                        settings = {"weight_decay": settings["weight_decay"]}
                    optimizer = getattr(module, kind)(parameters, lr=last, **settings)
                    for step in range(STEPS):
                        for parameter in parameters:
                            parameter.grad = (10.0 if step % 7 == 3 else 0.5) * (parameter.detach() + 0.3 + step).sin()
                        optimizer.step()
                    runs.append(torch.cat([parameter.detach().reshape(-1) for parameter in parameters]))
            self.assertLess((runs[0] - runs[1]).abs().max().item(), 1e-5, name)


# Before torch 2.9, torch.export wrote other files.
@unittest.skipUnless(tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 9), f"torch {torch.__version__} writes no .pt2")
class ExportedPrograms(RecordedBatches):
    """The reference is the network as Python has it. Both compute with the same library."""

    def export(self, make):
        torch.manual_seed(5)
        network = make().train()
        path = self.folder / "net.pt2"
        batch = ({0: torch.export.Dim("batch", min=1)},)
        torch.export.save(torch.export.export(network, (torch.randn(2, 3, SIDE, SIDE),), dynamic_shapes=batch), path)
        return path, network

    def test_losses_are_pythons_to_the_last_bit_up_to_rates_that_diverge(self):
        # At these rates float noise grows to differences that anyone sees: one other rounding anywhere, and this fails.
        lrs = [1e-7 * 10 ** (8 * step / 19) for step in range(20)]
        recipes = {name: OPTIMIZERS[name][0] for name in ("sgd, momentum, weight decay", "adamw")}
        for make in (networks.Residual, networks.Depthwise, networks.WithDropout, networks.WithAttention):
            for name, recipe in recipes.items():
                with self.subTest(f"{make.__name__}, {name}"):
                    ours, reference = self.losses(make, recipe, lrs)
                    self.assertGreater(reference[-1], 2 * reference[0], "nothing diverged")
                    self.assertEqual(ours, reference)


class RealProgram(Equality):
    IMAGES = 24

    def test_sweep_of_each_optimizer(self):
        path, _ = self.export(networks.smooth_residual)
        data, labels = [], []
        for number in range(self.IMAGES):
            label = number % CLASSES
            rows = pixels(label, number, SIDE, 3)
            write(self.folder / "data" / f"class{label}" / f"{number:02}.png", png(rows, 3))
            data.append(torch.frombuffer(bytearray(b"".join(rows)), dtype=torch.uint8).view(SIDE, SIDE, 3))
            labels.append(label)
        batch = (torch.stack(data).permute(0, 3, 1, 2).float() / 255, torch.tensor(labels))
        for name, (recipe, last) in ONE_WAY.items():
            with self.subTest(name):
                options = ["--optimizer", recipe["optimizer"]]
                if recipe["optimizer"] in ("sgd", "rmsprop", "lars"):
                    options += ["--momentum", recipe.get("momentum", 0)]
                if recipe.get("nesterov"):
                    options += ["--nesterov"]
                options += ["--weight-decay", recipe.get("weight_decay", 0)]
                ran = lrfind("sweep", self.folder / "data", "--model", path, "--val-split", 0, "--normalize", "none",
                             "--batch-size", self.IMAGES, "--steps", STEPS, "--min-lr", 1e-5, "--max-lr", last,
                             "--stop-factor", 0, "--trials", 1, "--probe", 0, "--threads", 1, "-o", "-", "-q",
                             *options)
                self.assertIn(ran.status, (0, 4), str(ran))
                trial = ran.json["trials"][0]
                self.assert_same_losses(trial["loss"], train(torch.jit.load(str(path)), recipe, trial["lr"], [batch] * STEPS))


if __name__ == "__main__":
    unittest.main()
