"""lrfind verify, sweep --verify and lrfind schedule, as a person and a script would use them."""

import csv
import io
import json
import math
import shutil
import unittest

from support import Case, class_folders, interrupt_when, lrfind

NETWORK = ["--model", "plain-cnn", "--width", "0.25", "--batch-size", "8", "--threads", "1", "--val-split", "0.25"]
SWEEP = [*NETWORK, "--trials", "1", "--steps", "60", "--min-lr", "1e-5", "--max-lr", "10", "--quiet"]


def rows_of(table):
    """The table on stdout: words between blanks under a header."""
    lines = [line.split() for line in table.strip().splitlines()]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


class Verify(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data", each=24)
        self.result = self.folder / "lr.json"

    def sweep(self, *arguments):
        run = lrfind("sweep", self.data, *SWEEP, "-o", self.result, *arguments)
        self.assert_ran(run)
        # What a sweep this small suggests is not the matter here.
        content = json.loads(self.result.read_text())
        content["suggestion"].update(lr=0.02, min_lr=0.002, max_lr=0.05)
        self.result.write_text(json.dumps(content))
        return content

    def verify(self, *arguments):
        return lrfind("verify", self.data, "--result", self.result, "--steps", "30", *arguments)

    def test_prints_validation_accuracy_for_the_suggestion_and_its_neighbours(self):
        self.sweep()
        run = self.verify("--factors", "0.1,0.5,10")
        self.assertEqual(run.status, 0, str(run))
        rows = rows_of(run.stdout)
        self.assertEqual([float(row["factor"]) for row in rows], [0.1, 0.5, 1, 10])
        for row in rows:
            self.assertAlmostEqual(float(row["lr"]) / (0.02 * float(row["factor"])), 1, places=2)
            self.assertTrue(0 <= float(row["val_accuracy"]) <= 1, row)
        self.assertEqual(sum("suggested" in row["mark"] for row in rows), 1)
        self.assertEqual(sum("best" in row["mark"] for row in rows), 1)

    def test_appends_to_the_result_and_loses_nothing_of_it(self):
        before = self.sweep()
        run = self.verify("--factors", "0.3,3", "--quiet")
        self.assertEqual(run.status, 0, str(run))
        after = json.loads(self.result.read_text())
        section = after.pop("verify")
        after["timing"].pop("verify_s")
        self.assertEqual(after, before)
        self.assertTrue(section["complete"])
        self.assertEqual(len(section["lr_schedules"][0]["candidates"]), 3)
        self.assertIn(section["lr_schedules"][0]["held"], (True, False))

    def test_takes_the_recipe_from_the_result_unless_told_otherwise(self):
        self.sweep("--optimizer", "adamw", "--weight-decay", "0.03", "--seed", "7")
        self.verify("--factors", "1")
        config = json.loads(self.result.read_text())["verify"]["config"]
        self.assertEqual((config["optimizer"], config["weight-decay"], config["seed"], config["batch-size"]),
                         ("adamw", 0.03, 7, 8))
        run = self.verify("--factors", "1", "--optimizer", "sgd", "--batch-size", "12")
        self.assertEqual(run.status, 0, str(run))
        config = json.loads(self.result.read_text())["verify"]["config"]
        self.assertEqual((config["optimizer"], config["momentum"], config["batch-size"]), ("sgd", 0.9, 12))

    def test_same_seed_gives_the_same_numbers(self):
        self.sweep()
        options = ["--factors", "0.3,3", "--seeds", "2", "--json", "--quiet", "--lr-schedule", "one-cycle"]
        first = self.verify(*options)
        self.assertEqual(first.status, 0, str(first))
        self.assertEqual(self.verify(*options).json["verify"], first.json["verify"])
        self.assertNotEqual(self.verify(*options, "--seed", "3").json["verify"]["lr_schedules"],
                            first.json["verify"]["lr_schedules"])

    def test_trains_on_every_schedule_around_the_rate_that_fits_it(self):
        self.sweep()
        names = ["constant", "step", "exponential", "cosine", "cosine-warm-restarts", "one-cycle", "triangular",
                 "triangular2", "linear-warmup-cosine", "reduce-on-plateau"]
        run = self.verify("--factors", "1", "--json", "--quiet", "--warmup", "3",
                          *[part for name in names for part in ("--lr-schedule", name)])
        self.assertEqual(run.status, 0, str(run))
        schedules = run.json["verify"]["lr_schedules"]
        self.assertEqual([schedule["lr_schedule"] for schedule in schedules], names)
        self.assertEqual([schedule["suggested_lr"] for schedule in schedules], [0.02] + 9 * [0.05])

    def test_prunes_rates_without_headway_but_never_the_suggestion(self):
        self.sweep()
        run = lrfind("verify", self.data, "--result", self.result, "--steps", "120", "--factors", "1e-5,1", "--json")
        low, suggested = run.json["verify"]["lr_schedules"][0]["candidates"]
        self.assertEqual((low["status"], suggested["status"]), ("pruned", "completed"), str(run))
        self.assertLess(low["runs"][0]["steps"], 120)
        run = lrfind("verify", self.data, "--result", self.result, "--steps", "120", "--factors", "1e-5,1", "--json",
                     "--keep-all")
        self.assertEqual(run.json["verify"]["lr_schedules"][0]["candidates"][0]["status"], "completed")

    def test_a_rate_that_makes_the_loss_infinite_is_told_apart(self):
        self.sweep()
        run = self.verify("--factors", "1,1e9", "--json", "--quiet")
        self.assertEqual(run.json["verify"]["lr_schedules"][0]["candidates"][1]["status"], "diverged", str(run))

    def test_needs_no_result_when_rates_are_given(self):
        run = lrfind("verify", self.data, *NETWORK, "--steps", "20", "--rates", "0.001,0.01", "-o", "-", "--quiet")
        self.assertEqual(run.status, 0, str(run))
        self.assertEqual(run.json["schema"], "lrfind/result/1")
        self.assertEqual([c["lr"] for c in run.json["verify"]["lr_schedules"][0]["candidates"]], [0.001, 0.01])

    def test_ctrl_c_writes_what_was_measured(self):
        self.sweep()
        run, seconds = interrupt_when(["verify", self.data, "--result", self.result, "--steps", "1000000", "--progress",
                                       "always", "--factors", "1"], rb"step +\d")
        self.assertEqual(run.status, 130, str(run))
        self.assertLess(seconds, 10)
        self.assertFalse(json.loads(self.result.read_text())["verify"]["complete"])

    def test_says_what_is_missing(self):
        self.assert_refused(lrfind("verify", self.data), 2, "--result")
        self.sweep()
        self.assert_refused(self.verify("--epochs", "2"), 2, "--epochs", "--steps")
        self.assert_refused(self.verify("--factors", "1,x"), 2, "--factors", "1,x")
        self.assert_refused(self.verify("--warmup", "30"), 2, "--warmup", "30")
        self.assert_refused(self.verify("--lr-schedule", "onecycle"), 2, "onecycle", "one-cycle")
        self.assert_refused(self.verify("--val-split", "0"), 2, "--val-split")


class Length(Case):
    """How many steps each training takes that no one gave a number of steps."""

    def trained(self, *arguments):
        """Steps of each training, and the images that it trained on."""
        run = lrfind("verify", self.data, *NETWORK, "--rates", "0.01", "-o", "-", "--quiet", *arguments)
        self.assertEqual(run.status, 0, str(run))
        section = run.json["verify"]
        taken = [one["steps"] for candidate in section["lr_schedules"][0]["candidates"] for one in candidate["runs"]]
        self.assertEqual(taken, [section["steps"]] * len(taken), "each run is as long as the section says")
        self.assertTrue(taken)
        return section["steps"], run.json["dataset"]["train_images"]

    def test_is_three_passes_but_100_to_600_steps(self):
        self.data = class_folders(self.folder / "data", each=100)  # 225 to train on
        for options, images, expected in ((["--batch-size", "8"], 225, 100), (["--batch-size", "4"], 225, 169),
                                          (["--batch-size", "1"], 225, 600),
                                          (["--batch-size", "1", "--limit", "60"], 60, 180),
                                          (["--batch-size", "1", "--limit", "30"], 30, 100),
                                          (["--batch-size", "2", "--accumulate", "2"], 225, 169)):
            with self.subTest(options):
                self.assertEqual(self.trained(*options), (expected, images))

    def test_is_whole_steps_of_the_passes_asked_for(self):
        self.data = class_folders(self.folder / "data", each=24)  # 54 to train on
        for epochs, batch, expected in (("1", 8, 7), ("2", 8, 14), ("0.5", 8, 4), ("0.01", 8, 1), ("3", 54, 3),
                                        ("3", 64, 3), ("1", 6, 9)):
            with self.subTest(epochs=epochs, batch=batch):
                self.assertEqual(self.trained("--epochs", epochs, "--batch-size", batch), (expected, 54))
        self.assertEqual(self.trained("--epochs", "2", "--accumulate", "3")[0], math.ceil(2 * 54 / 24))

    def test_is_the_number_of_steps_asked_for(self):
        self.data = class_folders(self.folder / "data", each=24)
        for steps in (1, 5, 101):
            self.assertEqual(self.trained("--steps", steps)[0], steps)


class SweepVerify(Case):
    def test_suggests_the_verified_selection_and_keeps_what_it_was(self):
        data = class_folders(self.folder / "data", each=24)
        run = lrfind("sweep", data, *SWEEP, "--verify", "--verify-steps", "30", "-o", "-")
        self.assert_ran(run)
        section, suggestion = run.json["verify"], run.json["suggestion"]
        constant, one_cycle = section["lr_schedules"]
        self.assertEqual((constant["lr_schedule"], one_cycle["lr_schedule"]), ("constant", "one-cycle"))
        self.assertEqual(constant["suggested_lr"], section["unverified"]["lr"])
        self.assertEqual(one_cycle["suggested_lr"], section["unverified"]["max_lr"])
        # The rate stays high to the end, and the accuracy wanders: it is the mean of several looks.
        self.assertEqual(section["evaluations"], 4)
        for schedule, looks in ((constant, 4), (one_cycle, 1)):
            for candidate in schedule["candidates"]:
                if candidate["status"] == "completed":
                    right = candidate["val_accuracy"] * section["val_images"] * looks
                    self.assertAlmostEqual(right, round(right), places=6)
        self.assertEqual(suggestion["lr"], constant["selected_lr"])
        self.assertEqual(suggestion["max_lr"], max(one_cycle["selected_lr"], constant["selected_lr"]))
        self.assertTrue(suggestion["interval"][0] <= suggestion["lr"] <= suggestion["interval"][1])

    def test_trains_for_six_passes_but_for_half_to_twice_the_sweeps_steps(self):
        data = class_folders(self.folder / "data", each=24)  # 54 to train on
        for steps, options, expected in ((30, ["--batch-size", 8], 41), (60, ["--batch-size", 8], 41),
                                         (60, ["--batch-size", 40], 30), (61, ["--batch-size", 40], 31),
                                         (30, ["--batch-size", 4], 60),
                                         (60, ["--batch-size", 4, "--accumulate", 2], 41),
                                         (30, ["--batch-size", 8, "--limit", 30], 23)):
            with self.subTest(steps=steps, options=options):
                run = lrfind("sweep", data, *SWEEP, *options, "--steps", steps, "--verify", "-o", "-")
                self.assert_ran(run)
                self.assertEqual(run.json["verify"]["steps"], expected)

    def test_trains_as_long_as_asked_for(self):
        data = class_folders(self.folder / "data", each=24)
        for options, expected in ((["--verify-steps", 7], 7), (["--verify-steps", 200], 200),
                                  (["--verify-epochs", 1], 7),
                                  (["--verify-epochs", 0.5, "--accumulate", 2], 2)):
            with self.subTest(options):
                run = lrfind("sweep", data, *SWEEP, *options, "--verify", "-o", "-")
                self.assert_ran(run)
                self.assertEqual(run.json["verify"]["steps"], expected)

    def test_suggest_says_that_it_looks_at_the_curve_alone(self):
        data = class_folders(self.folder / "data", each=24)
        result = self.folder / "lr.json"
        self.assert_ran(lrfind("sweep", data, *SWEEP, "--verify", "--verify-steps", "30", "-o", result))
        self.assertIn("found by training", lrfind("suggest", result).stderr)

    def test_needs_validation_images(self):
        data = class_folders(self.folder / "data")
        self.assert_refused(lrfind("sweep", data, *SWEEP, "--val-split", "0", "--verify", "-o", "-"), 2, "--val-split")


class Schedule(Case):
    def rates(self, *arguments):
        run = lrfind("schedule", *arguments, "--csv", "--quiet")
        self.assertEqual(run.status, 0, str(run))
        return [float(row["lr"]) for row in csv.DictReader(io.StringIO(run.stdout))]

    def test_prints_what_to_type_into_a_training_script(self):
        run = lrfind("schedule", "one-cycle", "--max-lr", "0.046", "--steps", "1000")
        self.assertEqual(run.status, 0, str(run))
        self.assertIn("torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.046, total_steps=1000", run.stdout)
        compile(run.stdout, "training script", "exec")
        self.assertIn("step", run.stderr)

    def test_fills_in_the_suggestion(self):
        data = class_folders(self.folder / "data")
        path = self.folder / "lr.json"
        self.assert_ran(lrfind("sweep", data, *SWEEP, "--optimizer", "adam", "-o", path))
        content = json.loads(path.read_text())
        content["suggestion"].update(lr=0.02, min_lr=0.002, max_lr=0.05)
        path.write_text(json.dumps(content))
        self.assertEqual(set(self.rates("constant", "-r", path)), {0.02})
        self.assertAlmostEqual(max(self.rates("cosine", "-r", path)), 0.05)
        triangular = self.rates("triangular", "-r", path, "--epochs", "4")
        self.assertEqual((min(triangular), len(triangular)), (0.002, 4 * 4))  # 27 images to train on, 8 at a time
        self.assertIn("torch.optim.Adam(", lrfind("schedule", "cosine", "-r", path, "--quiet").stdout)

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_draws_pictures(self):
        for kind, start in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
            path = self.folder / ("schedule" + kind)
            run = lrfind("schedule", "triangular2", "--plot", path)
            self.assertEqual(run.status, 0, str(run))
            self.assertTrue(path.read_bytes().startswith(start))

    def test_plot_without_a_file_is_the_terminal(self):
        for order in (["step", "--plot"], ["--plot", "step"]):
            run = lrfind("schedule", *order)
            self.assertEqual(run.status, 0, str(run))
            self.assertIn("StepLR", run.stdout)
            self.assertIn("max_lr 0.1", run.stderr)

    def test_says_what_is_wrong(self):
        self.assert_refused(lrfind("schedule"), 2, "NAME")
        self.assert_refused(lrfind("schedule", "onecycle"), 2, "onecycle", "one-cycle")
        self.assert_refused(lrfind("schedule", "cosine", "--epochs", "3"), 2, "--epochs", "--result")
        self.assert_refused(lrfind("schedule", "cosine", "--steps", "10", "--warmup", "10"), 2, "10")
        self.assert_refused(lrfind("schedule", "triangular", "--max-lr", "0.1", "--min-lr", "1"), 2, "--min-lr")


if __name__ == "__main__":
    unittest.main()
