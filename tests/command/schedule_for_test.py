"""`lrfind schedule --for FRAMEWORK`: the printed lines are run, and give lrfind's own rates, step by step.

Frameworks that the Python of the tests does not have are skipped; each is tried in a process of its own.
"""

import csv
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import unittest

from hostile_test import changed
from support import Case, lrfind, write

SCHEDULES = ["constant", "step", "exponential", "cosine", "cosine-warm-restarts", "one-cycle", "triangular", "triangular2",
             "linear-warmup-cosine", "reduce-on-plateau"]
STEPS, WARMUP = 60, 20  # a check of reduce-on-plateau every 2 or 3 steps

# Reads [code, ...] and prints the rates that each gives: a loss that never changes, as --csv takes it.
TORCH = """
import json, re, sys, warnings
import torch
warnings.simplefilter("ignore")
def rates(code):
    scope = {"model": torch.nn.Linear(1, 1)}
    exec(code, scope)
    optimizer, scheduler, seen = scope["optimizer"], scope.get("scheduler"), []
    every, warmup = (re.search(pattern, code) for pattern in (r"every (\\d+) steps", r"of the first (\\d+): warmup"))
    first = int(warmup.group(1)) if warmup else 0
    for step in range(1, STEPS + 1):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if first and step <= first:
            scope["warmup"].step()
        elif every and (step - first) % int(every.group(1)) == 0:
            scheduler.step(1.0)
        elif scheduler is not None and not every:
            scheduler.step_update(step) if "step_update(n)" in code else scheduler.step()
    return seen
"""

LIGHTNING = """
import json, logging, re, sys, warnings
import lightning, torch
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
def rates(code):
    scope, seen = {}, []
    exec(code, scope)
    class Net(scope["Scheduled"]):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)
        def training_step(self, batch, index):
            seen.append(self.optimizers().param_groups[0]["lr"])
            return self.layer(batch).sum() * 0
        def validation_step(self, batch, index):
            self.log("val_loss", 1.0)
    data = torch.utils.data.DataLoader(torch.zeros(25, 1))
    more = re.search(r"Trainer\\((.*)\\)", code)
    more = eval(f"dict({more.group(1)})") if more else {}
    lightning.Trainer(accelerator="cpu", max_steps=STEPS, max_epochs=-1, logger=False, enable_checkpointing=False,
                      enable_progress_bar=False, enable_model_summary=False, **more).fit(Net(), data, data)
    return seen
"""

TRANSFORMERS = """
import json, os, sys, warnings
import torch, transformers
warnings.simplefilter("ignore")
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
    def forward(self, x, labels=None):
        return {"loss": self.layer(x).sum() * 0 + 1, "logits": x}
def rates(code):
    seen = []
    class Recorder(transformers.TrainerCallback):
        def on_step_begin(self, args, state, control, optimizer=None, **others):
            seen.append(optimizer.param_groups[0]["lr"])
    data = [{"x": torch.zeros(1), "labels": torch.zeros(1)} for _ in range(200)]
    scope = {"model": Net(), "train_dataset": data, "eval_dataset": data[:8]}
    exec(code, scope)
    scope["trainer"].add_callback(Recorder())
    out, sys.stdout = sys.stdout, open(os.devnull, "w")
    scope["trainer"].train()
    sys.stdout = out
    return seen
"""

KERAS = """
import json, os, re, sys
os.environ["KERAS_BACKEND"] = next(name for name in ("jax", "torch", "tensorflow") if __import__("importlib.util").util.find_spec(name))
import keras, numpy
class Recorder(keras.callbacks.Callback):
    def __init__(self, seen):
        super().__init__()
        self.seen = seen
    def on_train_batch_begin(self, batch, logs=None):
        self.seen.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))
def rates(code):
    scope, seen = {}, []
    exec(code, scope)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer=scope["optimizer"], loss="mse")
    def fit(steps_per_epoch=STEPS, epochs=1, callbacks=()):
        x = numpy.zeros((steps_per_epoch, 1))
        model.fit(x, x + 1, batch_size=1, epochs=epochs, verbose=0, validation_data=(x[:1], x[:1] + 1),
                  callbacks=[*callbacks, Recorder(seen)])
    fits = re.findall(r"model.fit\\(..., (.*?)\\)(?:,|$)", code, re.MULTILINE)
    for arguments in fits or [""]:
        arguments = eval(f"dict({arguments})", scope)
        if "plateau" in scope and "epochs" not in arguments:
            arguments["epochs"] = -(-(STEPS - len(seen)) // arguments["steps_per_epoch"])
        fit(**arguments)
    return seen[:STEPS]
"""

END = """
print(json.dumps([rates(code) for code in json.load(sys.stdin)]))
"""


class Frameworks(Case):
    def try_all(self, framework, runner, relative=1e-9):
        """Every schedule, with and without a warm-up, and with a lower bound."""
        wanted, codes, asked = [], [], []
        for name in SCHEDULES:
            for more in ([], ["--warmup", WARMUP], ["--min-lr", "0.002"]):
                arguments = ["schedule", name, "--max-lr", "0.04", "--steps", STEPS, *more, "-q"]
                shown = lrfind(*arguments, "--csv")
                self.assertEqual(shown.status, 0, str(shown))
                wanted.append([float(row["lr"]) for row in csv.DictReader(io.StringIO(shown.stdout))])
                codes.append(lrfind(*arguments, "--for", framework).stdout)
                asked.append((name, *more))
        done = subprocess.run([sys.executable, "-c", f"STEPS = {STEPS}" + runner + END], input=json.dumps(codes), text=True,
                              capture_output=True, timeout=280, cwd=self.folder,
                              env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"})
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        for words, code, expected, rates in zip(asked, codes, wanted, json.loads(done.stdout.splitlines()[-1])):
            with self.subTest((framework, *words)):
                self.assertEqual(len(rates), STEPS, code)
                for step, (a, b) in enumerate(zip(rates, expected)):
                    self.assertAlmostEqual(a, b, delta=relative * 0.04, msg=f"step {step} of\n{code}")

    def test_pytorch(self):
        self.need("torch")
        self.try_all("pytorch", TORCH)

    def test_timm(self):
        self.need("torch", "timm")
        self.try_all("timm", TORCH)

    def test_lightning(self):
        self.need("lightning")
        self.try_all("lightning", LIGHTNING)

    def test_transformers(self):
        self.need("torch", "transformers", "accelerate")
        self.try_all("transformers", TRANSFORMERS)

    def test_keras(self):
        self.need("keras")
        self.try_all("keras", KERAS, relative=2e-6)  # it counts in single precision

    def need(self, *packages):
        for package in packages:
            if importlib.util.find_spec(package) is None:
                self.skipTest(f"{package} is not installed")


class Lines(Case):
    def lines(self, framework, name, *more):
        run = lrfind("schedule", name, "--for", framework, "-q", *more)
        self.assertEqual(run.status, 0, str(run))
        compile(run.stdout, framework, "exec")
        return run.stdout

    def test_say_in_a_sentence_what_a_framework_lacks(self):
        for framework, name, words in (("keras", "one-cycle", "# Keras has no one-cycle schedule"),
                                       ("keras", "triangular", "# Keras has no triangular schedule"),
                                       ("timm", "triangular2", "# timm has no triangular2 schedule"),
                                       ("transformers", "step", "# the Trainer has no step schedule")):
            self.assertIn(words, self.lines(framework, name))
        for framework, name in (("keras", "cosine"), ("timm", "cosine"), ("lightning", "one-cycle"), ("transformers", "cosine")):
            self.assertNotIn(" has no ", self.lines(framework, name))

    def test_hold_the_results_bounds_and_recipe(self):
        made = changed("config", {"optimizer": "adamw", "batch-size": 48, "accumulate": 2, "grad-clip": 1.5,
                                  "weight-decay": 0.05, "beta1": 0.8, "beta2": 0.95})
        file = write(self.folder / "lr.json", json.dumps(made).encode())
        for framework in ("pytorch", "lightning", "timm", "transformers", "keras"):
            text = self.lines(framework, "one-cycle", "--result", file, "--steps", "100")
            self.assertIn("0.02", text)  # max_lr
            self.assertRegex(text, r"betas=\(0.8, 0.95\)|beta_1=0.8, beta_2=0.95")
            self.assertIn("weight_decay=0.05", text)
            self.assertIn("0.01", self.lines(framework, "constant", "--result", file))
        trainer = self.lines("transformers", "cosine", "--result", file)
        self.assertIn("per_device_train_batch_size=48, gradient_accumulation_steps=2", trainer)
        self.assertIn("max_grad_norm=1.5", trainer)

    def test_say_where_keras_trains_otherwise(self):
        made = changed("config", {"optimizer": "sgd", "momentum": 0.9, "weight-decay": 0.0004})
        file = write(self.folder / "lr.json", json.dumps(made).encode())
        self.assertIn("L2(0.0002)", self.lines("keras", "cosine", "--result", file))
        self.assertNotIn("weight_decay=", self.lines("keras", "cosine", "--result", file))
        text = self.lines("keras", "cosine", "--optimizer", "radam")
        self.assertIn("# Keras has no optimizer that trains as RAdam does", text)
        self.assertNotIn("optimizer =", text)

    def test_come_as_json_too_and_refuse_other_names(self):
        run = lrfind("schedule", "cosine", "--for", "keras", "--json", "-q")
        self.assertIn("CosineDecay", run.json["keras"])
        self.assert_refused(lrfind("schedule", "cosine", "--for", "fastai"), 2, "fastai", "lightning")
        self.assert_refused(lrfind("schedule", "one-cycle", "--warmup", "1"), 2, "--warmup 1")  # PyTorch divides by 0

    def test_never_give_a_whole_number_for_a_rate(self):
        for framework in ("keras", "pytorch"):
            self.assertRegex(self.lines(framework, "constant", "--lr", "3"), r"(learning_rate|lr)=3\.0\b")


if __name__ == "__main__":
    unittest.main()
