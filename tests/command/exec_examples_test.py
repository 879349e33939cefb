"""scripts/examples/ under lrfind exec, each where its framework is installed, and what lrfind_client measures in PyTorch.

The Python that runs this, or the one that LRFIND_EXAMPLES_PYTHON names, is asked for the frameworks.
"""

import json
import os
import subprocess
import sys
import unittest

from support import REPOSITORY, Case, environment, lrfind, write

EXAMPLES = REPOSITORY / "scripts" / "examples"
PYTHONS = [python for python in (os.environ.get("LRFIND_EXAMPLES_PYTHON"), sys.executable) if python]
QUICK_SWEEP = ["-n", 40, "--min-lr", 1e-5, "--trials", 2, "-o", "lr.json"]


def python_with(module):
    """A Python that has the module; None: there is none."""
    for python in PYTHONS:
        found = subprocess.run([python, "-c", f"import importlib.util as u, sys; sys.exit(u.find_spec({module!r}) is None)"])
        if found.returncode == 0:
            return python
    return None


class Examples(Case):
    def example(self, name, module, *launcher, **changes):
        python = python_with(module)
        if python is None:
            self.skipTest(f"needs {module}")
        run = lrfind("exec", *QUICK_SWEEP, "--", python, *launcher, EXAMPLES / name, cwd=self.folder, timeout=300, **changes)
        self.assert_ran(run)
        result = json.loads((self.folder / "lr.json").read_text())
        self.assertTrue(result["complete"])
        trials = result["trials"]
        self.assertEqual(len(trials), 2)
        self.assertEqual(result["program"]["processes"], 1)
        # The second trial begins where the first one did: far above where that ended, and with other batches.
        for trial in trials:
            self.assertGreater(trial["loss"][0], 2 * min(loss for loss in trial["loss"] if loss is not None))
        self.assertNotEqual(trials[0]["loss"][0], trials[1]["loss"][0])
        return result

    def test_pytorch(self):
        result = self.example("pytorch_loop.py", "torch")
        config = result["config"]
        self.assertEqual((config["optimizer"], config["momentum"], config["batch-size"]), ("sgd", 0.9, 64))
        alignment = result["curve"]["alignment"]
        self.assertGreater(sum(value is not None for value in alignment), 25)
        early = [value for value in alignment[5:15] if value is not None]
        self.assertGreater(sum(early) / len(early), 0.5)

    def test_pytorch_on_several_processes(self):
        # Debian's torchrun of 1.13 does not start under its Python 3.11.
        python = python_with("torch")
        launched = [python, "-m", "torch.distributed.run", "--no_python", "true"]
        if python and subprocess.run(launched, capture_output=True, check=False).returncode != 0:
            self.skipTest("torchrun does not work here")
        result = self.example("pytorch_ddp.py", "torch", "-m", "torch.distributed.run", "--nproc_per_node", "2")
        config = result["config"]
        self.assertEqual((config["optimizer"], config["batch-size"]), ("adamw", 64))
        self.assertIn("alignment", result["curve"])

    def test_jax(self):
        self.assertEqual(self.example("jax_loop.py", "jax")["config"]["momentum"], 0.9)

    def test_keras(self):
        for backend, module in (("jax", "jax"), ("torch", "torch"), ("tensorflow", "tensorflow")):
            if python_with("keras") and python_with(module):
                result = self.example("keras_fit.py", "keras", KERAS_BACKEND=backend)
                self.assertEqual(result["config"]["optimizer"], "adam")
                return
        self.skipTest("needs keras and one of its backends")


TORCH = f"""
import sys
sys.path.insert(0, {str(REPOSITORY / "scripts")!r})
import torch, lrfind_client
torch.set_num_threads(1)
torch.manual_seed(0)
first, second = torch.nn.Linear(4, 4), torch.nn.Linear(4, 1)
x = torch.randn(32, 4)
y = x.sum(1, keepdim=True)
"""


class Torch(Case):
    def run_program(self, text, *options, arguments=()):
        python = python_with("torch")
        if python is None:
            self.skipTest("needs torch")
        write(self.folder / "train.py", (TORCH + text).encode())
        run = lrfind("exec", "-n", 30, "--min-lr", 1e-4, "--max-lr", 0.1, "--trials", 2, "-o", "lr.json", *options, "--",
                     python, "train.py", cwd=self.folder)
        self.assert_ran(run)
        return json.loads((self.folder / "lr.json").read_text()), run

    def test_groups_keep_their_ratio_whatever_a_scheduler_does(self):
        result, run = self.run_program("""
optimizer = torch.optim.SGD([{"params": first.parameters(), "lr": 0.01}, {"params": second.parameters()}], lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
used = []
optimizer.register_step_post_hook(lambda o, *_: used.append([g["lr"] for g in o.param_groups])) if hasattr(
    optimizer, "register_step_post_hook") else None
for step in lrfind_client.torch_sweep([first, second], optimizer):
    loss = ((second(first(x)) - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    scheduler.step()
    optimizer.step()
    for rates in used:
        assert abs(rates[0] / step.lr - 0.1) < 1e-9 and abs(rates[1] / step.lr - 1) < 1e-9, (rates, step.lr)
    used.clear()
    step.report(loss)
""")
        self.assertEqual(len(result["trials"]), 2)

    def test_alignment_is_what_gradients_and_changes_say(self):
        # Plain gradient descent on one batch: the alignment is g1 . (-lr g0) over -(g0 . (-lr g0)), so g1.g0 / g0.g0.
        result, run = self.run_program("""
optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=1.0)
grads = []
for step in lrfind_client.torch_sweep([first, second], optimizer):
    loss = ((second(first(x)) - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    grads.append(torch.cat([p.grad.flatten() for p in (*first.parameters(), *second.parameters())]))
    if step.trial == 0 and step.step > 0:
        print("expected", (grads[-1] @ grads[-2] / (grads[-2] @ grads[-2])).item())
    optimizer.step()
    step.report(loss)
""")
        expected = [float(line.split()[1]) for line in run.stderr.splitlines() if line.startswith("expected")]
        measured = result["trials"][0]["alignment"]
        compared = 0
        for want, got in zip(expected, measured):
            if got is not None:
                self.assertAlmostEqual(got, want, delta=2e-3)
                compared += 1
        self.assertGreater(compared, 15)
        # Nothing here is random, so that the second trial repeats the first if everything was put back.
        self.assertEqual(result["trials"][0]["loss"], result["trials"][1]["loss"])

    def test_closures_and_state_of_all_kinds_begin_anew(self):
        result, _ = self.run_program("""
norm = torch.nn.BatchNorm1d(4)
models = [first, norm, second]
optimizers = [torch.optim.Adam([*first.parameters(), *norm.parameters()], lr=0.1), torch.optim.SGD(second.parameters(),
              lr=0.1, momentum=0.9)]
class Average:
    value = 0.0
    def state_dict(self): return {"value": self.value}
    def load_state_dict(self, state): self.value = state["value"]
average = Average()
for step in lrfind_client.torch_sweep(models, optimizers, also=[average]):
    def closure():
        for optimizer in optimizers: optimizer.zero_grad()
        loss = ((second(norm(first(x))) - y) ** 2).mean()
        loss.backward()
        return loss
    loss = optimizers[0].step(closure)
    optimizers[1].step()
    average.value = 0.9 * average.value + loss.item()
    step.report(loss, val_loss=average.value + norm.running_mean.sum().item())
""")
        first, second = result["trials"]
        self.assertEqual(first["loss"], second["loss"])
        self.assertEqual(first["val_loss"], second["val_loss"])
        self.assertEqual(first["alignment"], second["alignment"])


if __name__ == "__main__":
    unittest.main()
