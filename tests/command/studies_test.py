"""Rate against batch size, rate layer by layer, and metrics other than the training loss."""

import math
import unittest

from support import QUICK, Case, class_folders, lrfind, sweep


class Studies(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data", each=20)

    def test_batch_sizes_give_a_table_and_an_exponent(self):
        run = sweep(self.data, "--batch-sizes", "16,4,8", "--min-lr", "1e-4", "--max-lr", "1")
        self.assert_ran(run)
        table = run.json["batch_sizes"]
        self.assertEqual([row["batch_size"] for row in table], [4, 8, 16])
        for row in table:
            self.assertLess(row["interval"][0], row["interval"][1])
        exponent = run.json["batch_exponent"]
        self.assertLess(exponent["interval"][0], exponent["value"])
        self.assertLess(exponent["value"], exponent["interval"][1])
        shown = lrfind("sweep", self.data, *QUICK, "--batch-sizes", "4,8", cwd=self.folder)
        self.assertIn("batch size", shown.stderr)

    def test_batch_sizes_that_make_no_study_are_refused(self):
        for text in ("16", "16,16", "0,8", "8,many"):
            self.assert_refused(sweep(self.data, "--batch-sizes", text), 2, "--batch-sizes", f'"{text}"')

    def test_layers_are_named_with_shape_and_ratio(self):
        run = sweep(self.data, "--layerwise", "--min-lr", "1e-4", "--max-lr", "1", "--freeze", "conv2")
        self.assert_ran(run)
        layers = run.json["layers"]
        self.assertEqual([layer["name"] for layer in layers],
                         ["conv1.weight", "conv1.bias", "conv3.weight", "conv3.bias", "classifier.weight",
                          "classifier.bias"])
        for layer in layers:
            self.assertEqual(math.prod(layer["shape"]), layer["parameters"])
            self.assertGreater(layer["ratio"], 0)
            self.assertGreater(layer["lr_at_1e-3"], 0)

    def test_a_layer_at_a_tenth_of_the_rate_reaches_a_ratio_at_ten_times_the_rate(self):
        def crossing(*arguments):
            run = sweep(self.data, "--layerwise", "--min-lr", "1e-5", "--max-lr", "1", "--steps", "30", "--momentum",
                        "0", *arguments)
            self.assert_ran(run)
            return {layer["name"]: layer["lr_at_1e-3"] for layer in run.json["layers"]}

        plain, slow = crossing(), crossing("--lr-mult", "classifier.weight=0.1")
        self.assertAlmostEqual(math.log10(slow["classifier.weight"] / plain["classifier.weight"]), 1, delta=0.3)

    def test_metric_chooses_the_curve_and_the_batch_loss_is_kept(self):
        plain = sweep(self.data, "--val-split", "0.2").json["trials"][0]["loss"]
        for metric, key in (("probe-loss", "probe_loss"), ("val-loss", "val_loss"), ("val-accuracy", "val_accuracy")):
            with self.subTest(metric):
                run = sweep(self.data, "--val-split", "0.2", "--metric", metric, "--eval-every", "4")
                self.assert_ran(run)
                trial = run.json["trials"][0]
                self.assertEqual(trial["loss"], plain)
                self.assertEqual(len(trial[key]), 12)
                measured = [value for value in trial[key] if value is not None]
                self.assertEqual(len(measured), 12 if metric == "probe-loss" else 3)


if __name__ == "__main__":
    unittest.main()
