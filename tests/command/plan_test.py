"""The training that a suggestion is for, and where a sweep begins by itself."""

import json
import math
import shutil
import tempfile
import unittest
from pathlib import Path

from support import Case, class_folders, lrfind

NETWORK = ["--model", "plain-cnn", "--width", "0.25", "--batch-size", "8", "--threads", "1", "--device", "cpu",
           "--trials", "1", "--quiet"]


class Sweeps(Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = Path(tempfile.mkdtemp(prefix="lrfind-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared)
        cls.data = class_folders(cls.shared / "data", each=24)


class Plans(Sweeps):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.result = cls.shared / "lr.json"
        run = lrfind("sweep", cls.data, *NETWORK, "-o", cls.result)
        assert run.status in (0, 4), run
        cls.saved = json.loads(cls.result.read_text())

    def suggest(self, *arguments):
        run = lrfind("suggest", self.result, "-o", "-", "--quiet", *arguments)
        self.assert_ran(run)
        return run.json["suggestion"]

    def test_a_sweep_says_what_it_assumed(self):
        plan = self.saved["suggestion"]["plan"]
        self.assertTrue(plan["assumed"])
        self.assertIsNone(plan["schedule"])
        images, batch = self.saved["dataset"]["train_images"], self.saved["config"]["batch-size"]
        self.assertAlmostEqual(plan["epochs"], plan["steps"] / math.ceil(images / batch))
        self.assertEqual(plan["lr"], self.saved["suggestion"]["lr"])

    def test_a_longer_training_takes_a_lower_constant_rate_and_that_is_what_ten_times_longer_said(self):
        short, long = self.suggest("--plan-steps", "1000"), self.suggest("--plan-steps", "10000")
        self.assertLess(long["lr"], short["lr"])
        self.assertEqual(long["max_lr"], short["max_lr"])
        for key in ("lr", "max_lr"):
            self.assertAlmostEqual(math.log10(short["plan"]["ten_times_longer"][key] / long[key]), 0, places=9)
        self.assertFalse(long["plan"]["assumed"])

    def test_epochs_are_passes_over_the_images_of_the_result(self):
        images, batch = self.saved["dataset"]["train_images"], self.saved["config"]["batch-size"]
        steps = 50 * math.ceil(images / batch)
        self.assertEqual(self.suggest("--plan-epochs", "50"), self.suggest("--plan-steps", str(steps)))

    def test_print_lr_is_the_rate_for_the_schedule(self):
        suggestion = self.suggest()
        if not suggestion["trusted"]:
            self.skipTest("nothing is printed of an untrusted suggestion")
        for schedule, key in (("constant", "lr"), ("one-cycle", "max_lr"), ("cosine", "max_lr"), ("any", "lr")):
            run = lrfind("suggest", self.result, "--print-lr", "--quiet", "--plan-schedule", schedule)
            self.assertAlmostEqual(float(run.stdout) / suggestion[key], 1, delta=0.01)

    def test_a_sweep_with_a_plan_is_that_sweep_suggested_again(self):
        run = lrfind("sweep", self.data, *NETWORK, "-o", "-", "--plan-epochs", "40", "--plan-schedule", "cosine")
        self.assert_ran(run)
        self.assertEqual(run.json["curve"], self.saved["curve"])
        self.assertEqual(run.json["suggestion"], self.suggest("--plan-epochs", "40", "--plan-schedule", "cosine"))
        self.assertEqual(run.json["suggestion"]["plan"]["schedule"], "cosine")
        self.assertEqual(run.json["suggestion"]["plan"]["lr"], run.json["suggestion"]["max_lr"])

    def test_a_schedule_moves_the_suggestion_to_its_length(self):
        def held(*arguments):
            run = lrfind("schedule", "constant", "--result", self.result, "--json", "--quiet", *arguments)
            self.assert_ran(run, (0,))
            return run.json["max_lr"]

        told = self.suggest("--plan-steps", "20000")["lr"]
        self.assertLess(told, 0.6 * self.saved["suggestion"]["lr"])
        self.assertAlmostEqual(held("--steps", "20000") / told, 1, delta=0.01)
        self.assertAlmostEqual(held() / self.saved["suggestion"]["lr"], 1, delta=0.01)

    def test_what_cannot_be_told(self):
        curve = self.shared / "curve.csv"
        curve.write_text("lr,loss\n" + "".join(f"{10 ** (-6 + i / 10)},{2.3 - i / 60 if i < 50 else 9}\n" for i in range(60)))
        self.assert_refused(lrfind("suggest", curve, "--plan-epochs", "3"), 2, "--plan-epochs", "--plan-steps")
        self.assert_ran(lrfind("suggest", curve, "--plan-steps", "3000", "--quiet"))
        self.assert_refused(lrfind("suggest", self.result, "--plan-epochs", "3", "--plan-steps", "9"), 2, "give one")
        self.assert_refused(lrfind("suggest", self.result, "--plan-schedule", "ramp"), 2, "--plan-schedule")

    def test_another_rule_says_that_it_takes_no_account_of_the_plan(self):
        suggestion = self.suggest("--rule", "valley", "--plan-steps", "5000")
        self.assertNotIn("plan", suggestion)
        self.assertIn("plan-not-used", [reason["code"] for reason in suggestion["reasons"]])


class FirstRate(Sweeps):
    def sweep(self, *arguments):
        run = lrfind("sweep", self.data, *NETWORK, "-o", "-", *arguments)
        self.assert_ran(run)
        return run.json

    def test_begins_where_steps_begin_to_move_the_loss(self):
        found = self.sweep()
        lr, loss = found["curve"]["lr"], found["curve"]["loss"]
        self.assertEqual(found["config"]["min-lr"], lr[0])
        self.assertEqual(found["config"]["steps"], 1 + math.floor(12.5 * math.log10(10 / lr[0]) + 0.5))
        self.assertAlmostEqual(2 * math.log10(lr[0]), round(2 * math.log10(lr[0])), places=6)
        # Nothing is missed: lower rates leave the loss as it is.
        below = self.sweep("--min-lr", "1e-9", "--max-lr", repr(lr[0]), "--steps", "20")["curve"]["loss"]
        self.assertLess(abs(sum(below[-8:]) / 8 - sum(below[:8]) / 8), 0.05)

    def test_feeding_the_config_back_repeats_the_run(self):
        found = self.sweep()
        config = self.shared / "again.json"
        config.write_text(json.dumps(found["config"]))
        run = lrfind("sweep", self.data, "--config", config, "-o", "-", "--quiet")
        self.assertEqual(run.json["curve"], found["curve"])

    def test_a_first_rate_that_is_given_keeps_a_hundred_steps(self):
        found = self.sweep("--min-lr", "1e-6")
        self.assertEqual((found["config"]["min-lr"], found["config"]["steps"]), (1e-6, 100))

    def test_steps_that_are_given_are_taken_from_there(self):
        found = self.sweep("--steps", "40")
        self.assertEqual(found["config"]["steps"], 40)
        self.assertGreater(found["config"]["min-lr"], 1e-7)

    def test_an_optimizer_with_normed_steps_begins_lower_than_sgd(self):
        self.assertLess(self.sweep("--optimizer", "adam")["config"]["min-lr"], self.sweep()["config"]["min-lr"])


if __name__ == "__main__":
    unittest.main()
