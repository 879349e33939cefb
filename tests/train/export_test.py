"""scripts/export_network.py: what it writes loads and trains, and what it cannot export it says in one sentence."""

import importlib
import importlib.util
import json
import os
import subprocess
import sys
import unittest
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

warnings.filterwarnings("ignore", category=DeprecationWarning)
try:
    import torch
except ImportError as error:
    print(f"SKIPPED: {sys.executable} has no torch to export with ({error})")
    sys.exit(77)

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "command"))
from support import REPOSITORY, Case, class_folders, environment, lrfind

NETWORKS = HERE / "networks.py"
# Whether this torch writes .pt2 files of the kind that lrfind reads.
WRITES_PROGRAMS = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 9)
OPTIMIZERS = ["sgd", "adam", "adamw", "rmsprop", "adagrad"]


def installed(package):
    return importlib.util.find_spec(package) is not None


def works(package):
    try:
        importlib.import_module(package)
    except Exception:
        return False
    return True


class Exporting(Case):
    def export(self, network, *arguments, output="net.pt"):
        if output.endswith(".pt"):
            arguments = ("--torchscript", *arguments)
        return subprocess.run([sys.executable, str(REPOSITORY / "scripts" / "export_network.py"), str(network),
                               *map(str, arguments), "-o", str(self.folder / output)], capture_output=True, text=True,
                              env=environment(), cwd=self.folder)

    def assert_exported(self, done, how, output="net.pt"):
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(how, done.stdout)
        self.assertIn("gives the same logits", done.stdout)
        self.assertEqual(os.listdir(self.folder), [output])

    def assert_says(self, done, *words):
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertEqual([name for name in os.listdir(self.folder) if name.endswith((".pt", ".pt2"))], [])


class Export(Exporting):
    def test_scripts_a_factory_with_arguments(self):
        done = self.export(f"{NETWORKS}:Residual", "--kwargs", json.dumps({"width": 4, "channels": 1}), "--classes", 7,
                           "--channels", 1, "--image-size", "20x24")
        self.assert_exported(done, "scripted")
        self.assertIn("7 classes", done.stdout)
        loaded = torch.jit.load(str(self.folder / "net.pt"))
        self.assertEqual(list(loaded(torch.zeros(5, 1, 9, 9)).shape), [5, 7])

    def test_traces_in_training_mode_what_cannot_be_scripted(self):
        done = self.export(f"{NETWORKS}:Unscriptable", "--image-size", 16)
        self.assert_exported(done, "traced")
        self.assertIn("tracing it instead", done.stderr)
        loaded = torch.jit.load(str(self.folder / "net.pt"))
        before = {name: value.clone() for name, value in loaded.named_buffers()}
        loaded(torch.randn(4, 3, 16, 16) + 2)
        after = dict(loaded.named_buffers())
        self.assertFalse(torch.equal(before["bn.running_mean"], after["bn.running_mean"]))

    def test_same_seed_gives_the_same_weights(self):
        weights = []
        for seed in (1, 1, 2):
            self.assertEqual(self.export(f"{NETWORKS}:WithoutNorm", "--seed", seed, "--image-size", 16).returncode, 0)
            weights.append(torch.jit.load(str(self.folder / "net.pt")).state_dict()["fc.weight"])
        self.assertTrue(torch.equal(weights[0], weights[1]))
        self.assertFalse(torch.equal(weights[0], weights[2]))

    def test_weights_come_from_a_file_of_the_users(self):
        sys.path.insert(0, str(HERE))
        import networks

        network = networks.Residual(classes=4)
        state = {"state_dict": {"module." + name: value for name, value in network.state_dict().items()}}
        weights = self.folder / "weights.pth"
        torch.save(state, weights)
        done = self.export(f"{NETWORKS}:Residual", "--classes", 4, "--weights", weights, "--image-size", 16)
        self.assertEqual(done.returncode, 0, done.stderr)
        loaded = torch.jit.load(str(self.folder / "net.pt")).state_dict()
        for name, value in network.state_dict().items():
            self.assertTrue(torch.equal(loaded[name], value), name)
        (self.folder / "net.pt").unlink()
        self.assert_says(self.export(f"{NETWORKS}:Residual", "--classes", 5, "--weights", weights), "weights.pth",
                         "does not fit the network", "fc")
        self.assert_says(self.export(f"{NETWORKS}:Residual", "--weights", "none.pth"), "none.pth", "does not exist")

    def test_says_what_is_wrong(self):
        self.assert_says(self.export("resnet18"), "torchvision:NAME, timm:NAME, hf:NAME or MODULE:FACTORY")
        self.assert_says(self.export("no_such_module:net"), 'no module "no_such_module"')
        self.assert_says(self.export("nowhere.py:net"), '"nowhere.py" does not exist')
        self.assert_says(self.export(f"{NETWORKS}:Resnet"), 'has no "Resnet"', "Residual")
        self.assert_says(self.export(f"{NETWORKS}:not_a_network"), "a str", "torch.nn.Module")
        self.assert_says(self.export(f"{NETWORKS}:two_answers"), "tuple", "one tensor of logits")
        self.assert_says(self.export(f"{NETWORKS}:Residual", "--kwargs", "{depth: 3}"), "--kwargs is no JSON")
        self.assert_says(self.export(f"{NETWORKS}:Residual", "--kwargs", '{"depth": 3}'), "depth")
        self.assert_says(self.export(f"{NETWORKS}:Residual", "--channels", 1), "2 x 1 x 224 x 224")
        self.assert_says(self.export(f"{NETWORKS}:Unscriptable", "--script"), "cannot be scripted", "--trace")
        self.assert_says(self.export(f"{NETWORKS}:smooth_residual", "--classes", 4), "--classes", "--kwargs")
        self.assert_says(self.export(f"{NETWORKS}:Residual", output="net.onnx"),
                         "must end in .pt" if WRITES_PROGRAMS else "--torchscript")
        self.assert_says(self.export(f"{NETWORKS}:Residual", "--image-size", 16, output="no/folder.pt"), "no/folder.pt")

    def test_names_the_package_that_is_missing(self):
        for package in ("torchvision", "timm"):
            if works(package):
                continue
            self.assert_says(self.export(f"{package}:resnet18"), f"needs the Python package {package}",
                             "fails to load" if installed(package) else "pip install")

    def test_exports_torchvision_where_it_is_installed(self):
        if not works("torchvision"):
            self.skipTest("torchvision is not installed, or not for this torch")
        done = self.export("torchvision:resnet18", "--classes", 3, "--image-size", 32)
        self.assert_exported(done, "scripted")
        self.assertIn("11,178,051 parameters", done.stdout)  # 11,689,512 less 997 outputs of 513 numbers


@unittest.skipUnless(WRITES_PROGRAMS, f"torch {torch.__version__} writes no .pt2 files")
class ExportPrograms(Exporting):
    def test_a_factory_with_arguments(self):
        done = self.export(f"{NETWORKS}:Residual", "--kwargs", json.dumps({"width": 4, "channels": 1}), "--classes", 7,
                           "--channels", 1, "--image-size", "20x24", output="net.pt2")
        self.assert_exported(done, "exported", "net.pt2")
        self.assertIn("7 classes", done.stdout)

    def test_says_what_is_wrong(self):
        self.assert_says(self.export(f"{NETWORKS}:Unscriptable", "--script", output="net.pt2"), "--torchscript")
        self.assert_says(self.export(f"{NETWORKS}:two_answers", output="net.pt2"), "tuple", "one tensor of logits")
        self.assert_says(self.export(f"{NETWORKS}:Residual", output="net.pt3"), "must end in .pt2")
        self.assert_says(self.export(f"{NETWORKS}:OneBatchOnly", "--image-size", 16, output="net.pt2"),
                         "for batches of any size")


    def test_exports_transformers_where_it_is_installed(self):
        if not works("transformers"):
            self.assert_says(self.export("hf:resnet", output="net.pt2"), "needs the Python package transformers")
            self.skipTest("transformers is not installed, or not for this torch")
        small = json.dumps({"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]})
        done = self.export("hf:resnet", "--kwargs", small, "--classes", 5, "--image-size", 32, output="net.pt2")
        self.assert_exported(done, "exported", "net.pt2")
        self.assertIn("5 classes", done.stdout)


class SweepOfExportedNetworks(Exporting):
    """Each kind of network with each optimizer, on a folder of images."""

    def setUp(self):
        super().setUp()
        holder = TemporaryDirectory(prefix="lrfind-data-")
        self.addCleanup(holder.cleanup)
        self.data = class_folders(Path(holder.name), classes=4, each=16, side=16, colour=True)

    def sweep_with_every_optimizer(self, name, *arguments):
        self.sweep(name, "net.pt", OPTIMIZERS, *arguments)
        if WRITES_PROGRAMS:
            self.sweep(name, "net.pt2", ["sgd", "adamw"], *arguments)

    def sweep(self, name, file, optimizers, *arguments):
        key = "num_classes" if name == "WithDropout" else "classes"
        done = self.export(f"{NETWORKS}:{name}", "--kwargs", json.dumps({key: 4}), "--image-size", 16, output=file)
        self.assertEqual(done.returncode, 0, done.stderr)
        for optimizer in optimizers:
            with self.subTest((name, file, optimizer)):
                run = lrfind("sweep", self.data, "--model", self.folder / file, "--optimizer", optimizer, "--steps",
                             40, "--batch-size", 16, "--trials", 1, "--threads", 1, "--min-lr", 1e-5, "-q", "-o", "-",
                             *arguments)
                self.assertIn(run.status, (0, 4), str(run))
                trial = run.json["trials"][0]
                losses = [loss for loss in trial["loss"] if loss is not None]
                self.assertAlmostEqual(losses[0], 1.386, delta=0.8)  # ln 4: nothing learnt yet
                self.assertLess(min(losses), losses[0] - 0.05)
                self.assertGreater(len(losses), 15)

    def test_residual(self):
        self.sweep_with_every_optimizer("Residual")

    def test_dropout_group_norm_and_prelu(self):
        self.sweep_with_every_optimizer("WithDropout")

    def test_no_normalisation(self):
        self.sweep_with_every_optimizer("WithoutNorm")

    def test_attention(self):
        self.sweep_with_every_optimizer("WithAttention")

    def test_traced(self):
        self.sweep_with_every_optimizer("Unscriptable")

    def test_reinit_names_the_parameters_it_cannot_draw(self):
        self.assertEqual(self.export(f"{NETWORKS}:WithoutNorm", "--classes", 4, "--image-size", 16).returncode, 0)
        run = lrfind("sweep", self.data, "--model", self.folder / "net.pt", "--reinit", "--steps", 5, "--trials", 2,
                     "--batch-size", 8, "-q", "-o", "-")
        self.assertIn(run.status, (0, 4), str(run))
        self.assertTrue(any("--reinit left 1 of 8 parameters" in note and '"scale"' in note
                            for note in run.json["dataset"]["notes"]), run.json["dataset"]["notes"])


if __name__ == "__main__":
    unittest.main()
