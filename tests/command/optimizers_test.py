"""What each optimizer takes, what it does where nothing is given, and its lines for PyTorch."""

import json
import unittest

from support import Case, class_folders, lrfind, sweep, write

USUAL = {  # momentum, weight decay, beta2
    "sgd": (0.9, 0.0, 0.999), "adam": (0.0, 0.0, 0.999), "adamw": (0.0, 0.01, 0.999), "nadam": (0.0, 0.0, 0.999),
    "radam": (0.0, 0.0, 0.999), "rmsprop": (0.0, 0.0, 0.999), "adagrad": (0.0, 0.0, 0.999), "lion": (0.0, 0.0, 0.99),
    "lars": (0.9, 0.0005, 0.999), "lamb": (0.0, 0.01, 0.999)}
LINES = {
    "nadam": "optimizer = torch.optim.NAdam(model.parameters(), lr=0.1, betas=(0.9, 0.999))",
    "radam": "optimizer = torch.optim.RAdam(model.parameters(), lr=0.1, betas=(0.9, 0.999))",
    "lion": "import timm.optim\n"
            "optimizer = timm.optim.Lion(model.parameters(), lr=0.1, betas=(0.9, 0.99))",
    "lars": "import timm.optim\n"
            "optimizer = timm.optim.Lars(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.0005)",
    "lamb": "import timm.optim\n"
            "optimizer = timm.optim.Lamb(model.parameters(), lr=0.1, betas=(0.9, 0.999), weight_decay=0.01)"}


class Optimizers(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data")

    def test_each_trains_with_its_usual_numbers_and_has_its_lines_for_pytorch(self):
        for optimizer, usual in USUAL.items():
            with self.subTest(optimizer):
                run = sweep(self.data, "--optimizer", optimizer)
                self.assertIn(run.status, (0, 4), run)
                config = run.json["config"]
                self.assertEqual((config["momentum"], config["weight-decay"], config["beta2"]), usual)
                self.assertTrue(all(loss is not None for loss in run.json["trials"][0]["loss"][:6]))
                if optimizer in LINES:
                    path = write(self.folder / "lr.json", run.stdout.encode())
                    shown = lrfind("schedule", "constant", "-r", path, "--lr", "0.1", "--quiet").stdout
                    self.assertIn("import torch\n" + LINES[optimizer] + "\n", shown)

    def test_no_weight_decay_is_said_to_classes_that_have_one_of_their_own(self):
        for optimizer, line in (("adamw", "torch.optim.AdamW"), ("lamb", "timm.optim.Lamb")):
            run = sweep(self.data, "--optimizer", optimizer, "--weight-decay", "0")
            path = write(self.folder / "lr.json", run.stdout.encode())
            shown = lrfind("schedule", "constant", "-r", path, "--lr", "0.1", "--quiet").stdout
            self.assertIn(line + "(model.parameters(), lr=0.1, betas=(0.9, 0.999), weight_decay=0)", shown)

    def test_schedules_without_a_result_begin_at_the_usual_rate(self):
        for optimizer, line in (("sgd", "torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)"),
                                ("nadam", "torch.optim.NAdam(model.parameters(), lr=0.002, betas=(0.9, 0.999))"),
                                ("lion", "timm.optim.Lion(model.parameters(), lr=0.0001, betas=(0.9, 0.99))")):
            self.assertIn(line, lrfind("schedule", "constant", "--optimizer", optimizer, "--quiet").stdout)
        self.assert_refused(lrfind("schedule", "constant", "--optimizer", "lars"), 2, "--lr is missing", "lars")
        given = lrfind("schedule", "constant", "--optimizer", "lars", "--lr", "3", "--quiet")
        self.assertIn("timm.optim.Lars(model.parameters(), lr=3.0, momentum=0.9, weight_decay=0.0005)", given.stdout)
        path = write(self.folder / "lr.json", sweep(self.data).stdout.encode())
        self.assert_refused(lrfind("schedule", "constant", "-r", path, "--lr", "1", "--optimizer", "lion"), 2,
                            "--optimizer lion is not what the sweep was measured with")

    def test_each_works_with_the_rest_of_the_recipe(self):
        for optimizer in LINES:
            with self.subTest(optimizer):
                run = sweep(self.data, "--optimizer", optimizer, "--accumulate", "2", "--grad-clip", "0.5", "--layerwise",
                            "--freeze", "bias", "--lr-mult", "weight=0.5", "--weight-decay", "0.1")
                self.assertIn(run.status, (0, 4), run)
                self.assertTrue(all(layer["name"].endswith("weight") for layer in run.json["layers"]))

    def test_what_an_optimizer_does_not_have_is_refused(self):
        for optimizer in ("nadam", "radam", "lion", "lamb"):
            self.assert_refused(lrfind("sweep", self.data, "--optimizer", optimizer, "--momentum", "0.9"), 2,
                                "--momentum 0.9 does not fit --optimizer " + optimizer, "its own is --beta1")
            self.assert_refused(lrfind("sweep", self.data, "--optimizer", optimizer, "--nesterov"), 2,
                                "--nesterov needs --optimizer sgd or lars with --momentum above 0")
        self.assert_refused(lrfind("sweep", self.data, "--optimizer", "lars", "--momentum", "0", "--nesterov"), 2,
                            "--momentum above 0")

    def test_sweeps_of_lars_go_on_to_its_high_rates_unless_told_where_to_end(self):
        self.assertEqual(sweep(self.data, "--optimizer", "lars").json["config"]["max-lr"], 1000)
        self.assertEqual(sweep(self.data, "--optimizer", "lars", "--max-lr", "10").json["config"]["max-lr"], 10)
        self.assertEqual(sweep(self.data, "--optimizer", "lamb").json["config"]["max-lr"], 10)

    def test_layerwise_rates_that_are_off_are_said_to_be(self):
        for optimizer, same in (("lars", "sgd"), ("lamb", "adam with --grad-clip 1")):
            run = lrfind("sweep", self.data, "--model", "plain-cnn", "--steps", "4", "--trials", "1", "--optimizer",
                         optimizer, "--weight-decay", "0", "-o", "-")
            sentence = f"--weight-decay 0 turns the layer-wise rates of {optimizer} off, as in timm: it trains as {same}"
            self.assertIn(sentence, run.json["dataset"]["notes"])
            self.assertIn("lrfind: " + sentence, run.stderr)
        run = sweep(self.data, "--optimizer", "lars")
        self.assertNotIn("layer-wise", str(run.json["dataset"]["notes"]))

    def test_habit_moves_a_saved_curve_of_another_tool(self):
        rows = ["lr,loss"]
        for i in range(80):
            lr = 1e-7 * 10 ** (7 * i / 79)
            rows.append(f"{lr:.9g},{0.9 + 1.4 / (1 + lr / 5e-4) + (lr / 0.2) ** 2:.9g}")
        path = write(self.folder / "curve.csv", "\n".join(rows).encode())

        def rate(*arguments):
            run = lrfind("suggest", path, "-o", "-", "-q", *arguments)
            return json.loads(run.stdout)["suggestion"]["lr"]

        adam, nadam, lion = (rate("--optimizer", name) for name in ("adam", "nadam", "lion"))
        self.assertLess(adam, nadam)
        self.assertEqual(rate("--optimizer", "radam"), adam)
        self.assertEqual(rate("--optimizer", "lars"), rate())  # LARS has no habitual rate
        self.assertNotEqual(lion, adam)


if __name__ == "__main__":
    unittest.main()
