"""Every ready recipe in configs/ runs as it is, but for fewer steps and images.

files/tiny.pt is a small residual network, made with
  scripts/export_network.py tests/train/networks.py:Residual --torchscript --kwargs '{"classes": 10, "width": 4}' -o tiny.pt
"""

import json
import unittest
from pathlib import Path

from support import REPOSITORY, Case, class_folders, lrfind, write

TINY = Path(__file__).resolve().parent / "files" / "tiny.pt"
EXPORTED = REPOSITORY / "tests" / "model" / "files" / "convolutional.pt2"
FEW = ["--steps", "3", "--batch-size", "4", "--trials", "1", "--threads", "1", "-o", "-", "-q"]


class Recipes(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data", each=8, side=20, colour=True)

    def test_every_recipe_runs_and_is_taken_to_the_letter(self):
        recipes = sorted((REPOSITORY / "configs").glob("*.json"))
        self.assertGreaterEqual(len(recipes), 5)
        for recipe in recipes:
            with self.subTest(recipe.name):
                wanted = json.loads(recipe.read_text())
                model = [] if "model" in wanted else ["--model", TINY]
                run = lrfind("sweep", self.data, "--config", recipe, *model, *FEW)
                self.assert_ran(run)
                resolved = run.json["config"]
                for key, value in wanted.items():
                    if key in ("steps", "batch-size"):
                        continue
                    if key == "image-size":
                        value = f"{value}x{value}"
                    self.assertEqual(resolved[key], value, key)
                self.assertEqual(len(run.json["trials"][0]["loss"]), 3)

    def test_fine_tuning_trains_the_head_alone(self):
        recipe = REPOSITORY / "configs" / "fine-tune-frozen-backbone.json"
        run = lrfind("sweep", self.data, "--config", recipe, "--model", TINY, "--layerwise", *FEW)
        self.assert_ran(run)
        self.assertEqual([layer["name"] for layer in run.json["layers"]], ["fc.weight", "fc.bias"])
        self.assertEqual(run.json["model"]["classes"], 3)


class OwnNetwork(Case):
    """A TorchScript file beside the options that are about it."""

    network, outputs, classes = TINY, 10, 3
    parameters = ("one.bn1.weight", "fc.bias")

    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data", classes=self.classes, colour=True)

    def sweep(self, *arguments):
        return lrfind("sweep", self.data, "--model", self.network, *FEW, *arguments)

    def test_class_count_must_fit_or_the_head_be_replaced(self):
        self.assert_refused(self.sweep(), 3, f"{self.outputs} classes", f"data has {self.classes}", "--replace-head")
        run = self.sweep("--replace-head")
        self.assert_ran(run)
        self.assertEqual(run.json["model"]["name"], str(self.network))

    def test_channels_that_the_network_does_not_take_are_refused(self):
        self.assert_refused(self.sweep("--replace-head", "--channels", "1"), 3, "1 x", "channels")

    def test_weights_are_the_files_unless_reinit_draws_them_from_the_seed(self):
        def first_loss(*arguments):
            run = self.sweep("--replace-head", "--val-split", "0", "--probe", "0", *arguments)
            self.assert_ran(run)
            return run.json["trials"][0]["loss"]

        self.assertEqual(first_loss(), first_loss())
        self.assertEqual(first_loss("--reinit"), first_loss("--reinit"))
        self.assertNotEqual(first_loss("--reinit"), first_loss())

    def test_parameter_names_are_the_files(self):
        run = lrfind("sweep", self.data, "--model", self.network, "--replace-head", "--list-parameters")
        names = [line.split("\t")[0] for line in run.stdout.splitlines()]
        for name in self.parameters:
            self.assertIn(name, names)

    def test_frozen_parameters_and_factors_go_by_those_names(self):
        run = self.sweep("--replace-head", "--freeze", "!^fc", "--lr-mult", "fc.bias=2", "--layerwise")
        self.assert_ran(run)
        self.assertEqual([layer["name"] for layer in run.json["layers"]], ["fc.weight", "fc.bias"])


class OwnExportedNetwork(OwnNetwork):
    """A file of torch.export beside the same options."""

    network, outputs, classes = EXPORTED, 3, 4
    parameters = ("bn.weight", "fc.bias")

    def test_images_have_the_size_that_the_file_fixes(self):
        run = self.sweep("--replace-head")
        self.assert_ran(run)
        self.assertEqual(run.json["config"]["image-size"], "8x8")
        self.assert_refused(self.sweep("--replace-head", "--image-size", "12"), 3, "3 x 8 x 8", "--image-size 8x8")

    def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(self):
        for name, words in (("fixed_batch", ("batches of exactly 5 images", "dynamic_shapes")),
                            ("cut", ("no program of torch.export", "cut off"))):
            file = EXPORTED.parent / f"{name}.pt2"
            if name == "cut":
                file = write(self.folder / "cut.pt2", EXPORTED.read_bytes()[:5000])
            with self.subTest(name):
                self.assert_refused(lrfind("sweep", self.data, "--model", file, *FEW), 3, f"{name}.pt2", *words)

    def test_a_network_of_evaluation_mode_is_said_to_be_one(self):
        run = lrfind("sweep", self.data, "--model", EXPORTED.parent / "evaluation.pt2", "--replace-head", *FEW)
        self.assert_ran(run)
        self.assertTrue(any("was exported in evaluation mode" in note for note in run.json["dataset"]["notes"]),
                        run.json["dataset"]["notes"])


if __name__ == "__main__":
    unittest.main()
