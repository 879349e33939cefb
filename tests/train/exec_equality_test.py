"""The same network, batches and optimizer, trained by lrfind itself and by a PyTorch loop under lrfind exec: the same
curve to 1e-4 and the same suggestion.

Needs Python's torch; says so and is skipped (status 77) without it. Batches hold all images, so that their order is of no
weight.
"""

import json
import math
import sys
import unittest
from pathlib import Path

try:
    import torch
except ImportError as error:
    print(f"SKIPPED: {sys.executable} has no torch to train with ({error})")
    sys.exit(77)

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "command"))
import networks
from support import REPOSITORY, Case, lrfind, pixels, png, write

IMAGES, SIDE, CLASSES = 24, 12, 3
PROGRAM = f"""
import sys
sys.path.insert(0, {str(REPOSITORY / "scripts")!r})
import torch, lrfind_client
from torch.nn import functional as F
torch.set_num_threads(1)
torch.set_flush_denormal(True)
images, labels = torch.load("batch.pt")
network = torch.jit.load("net.pt").train()
optimizer = OPTIMIZER
for step in lrfind_client.torch_sweep(network, optimizer, batch_size=len(labels), train_samples=len(labels)):
    loss = F.cross_entropy(network(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    step.report(loss)
"""
# lrfind's options, PyTorch's optimizer, and a last rate up to which float noise is not amplified.
OPTIMIZERS = [(["--optimizer", "sgd", "--momentum", 0.9], "SGD(network.parameters(), lr=0.1, momentum=0.9)", 0.03),
              (["--optimizer", "adamw"], "AdamW(network.parameters(), lr=0.1)", 1e-3),
              (["--optimizer", "rmsprop"], "RMSprop([{'params': network.parameters(), 'lr': 0.1}], lr=0.1)", 1e-3)]


class SameAsOwn(Case):
    def setUp(self):
        super().setUp()
        torch.manual_seed(5)
        torch.jit.script(networks.smooth_residual()).save(str(self.folder / "net.pt"))
        data, labels = [], []
        for number in range(IMAGES):
            label = number % CLASSES
            rows = pixels(label, number, SIDE, 3)
            write(self.folder / "data" / f"class{label}" / f"{number:02}.png", png(rows, 3))
            data.append(torch.frombuffer(bytearray(b"".join(rows)), dtype=torch.uint8).view(SIDE, SIDE, 3))
            labels.append(label)
        torch.save((torch.stack(data).permute(0, 3, 1, 2).float() / 255, torch.tensor(labels)), self.folder / "batch.pt")

    def both(self, options, optimizer, *sweep):
        """The results of lrfind's own training and of the program's."""
        write(self.folder / "train.py", PROGRAM.replace("OPTIMIZER", "torch.optim." + optimizer).encode())
        common = ["--min-lr", 1e-5, *sweep, "-q"]
        own = lrfind("sweep", "data", "--model", "net.pt", "--val-split", 0, "--normalize", "none", "--batch-size", IMAGES,
                     "--probe", 0, "--gain-every", 0, "--threads", 1, *options, *common, "-o", "own.json", cwd=self.folder)
        self.assert_ran(own)
        other = lrfind("exec", *common, "-o", "other.json", "--", sys.executable, "train.py", cwd=self.folder)
        self.assert_ran(other)
        self.assertEqual(own.status, other.status)
        return [json.loads((self.folder / name).read_text()) for name in ("own.json", "other.json")]

    def assert_near(self, ours, others, tolerance, what):
        self.assertEqual(len(ours), len(others))
        for step, (a, b) in enumerate(zip(ours, others)):
            self.assertEqual(a is None, b is None, f"{what} of step {step}")
            if a is not None:
                self.assertLess(abs(a - b), tolerance * max(1, abs(a)), f"{what} of step {step}: {a} and {b}")

    def test_curve_and_suggestion(self):
        for options, optimizer, last in OPTIMIZERS:
            with self.subTest(optimizer):
                own, other = self.both(options, optimizer, "--max-lr", last, "--steps", 50, "--trials", 2)
                self.assertEqual(len(own["trials"]), len(other["trials"]))
                for ours, others in zip(own["trials"], other["trials"]):
                    self.assertEqual(ours["lr"], others["lr"])
                    self.assertEqual(ours["seed"], others["seed"])
                    self.assert_near(ours["loss"], others["loss"], 1e-4, "loss")
                    self.assert_near(ours["alignment"], others["alignment"], 2e-3, "alignment")
                self.assertGreater(sum(value is not None for value in own["trials"][0]["alignment"]), 20)
                for key in ("optimizer", "momentum", "batch-size", "steps"):
                    self.assertEqual(own["config"][key], other["config"][key], key)
                self.assert_same_suggestion(own["suggestion"], other["suggestion"], 1e-3)

    def assert_same_suggestion(self, own, other, decades):
        for key in ("lr", "min_lr", "max_lr"):
            self.assertLess(abs(math.log10(own[key] / other[key])), decades, key)
        self.assertEqual([reason["code"] for reason in own["reasons"]], [reason["code"] for reason in other["reasons"]])

    def test_suggestion_of_a_sweep_to_divergence(self):
        options, optimizer, _ = OPTIMIZERS[0]
        own, other = self.both(options, optimizer, "--trials", 1)
        self.assert_same_suggestion(own["suggestion"], other["suggestion"], 0.02)


if __name__ == "__main__":
    unittest.main()
