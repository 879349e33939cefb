"""`lrfind suggest --for optuna|wandb`: the range to search, from the interval."""

import json
import re
import unittest

from hostile_test import LOSSES, RATES, changed, result
from support import Case, lrfind, write


def yaml(text):
    """The part of YAML that is printed, with YAML 1.1's idea of numbers: an exponent needs a point before it."""
    made, levels = {}, [(-1, None)]
    levels[0] = (-1, made)
    for line in text.splitlines():
        indent, key, value = re.fullmatch(r"( *)([a-z_]+):(?: (.+))?", line).groups()
        while levels[-1][0] >= len(indent):
            levels.pop()
        inner = {} if value is None else value
        if value and re.fullmatch(r"[0-9]+\.[0-9]*(e[-+][0-9]+)?", value):
            inner = float(value)
        levels[-1][1][key] = inner
        if value is None:
            levels.append((len(indent), inner))
    return made


class SearchRange(Case):
    def setUp(self):
        super().setUp()
        self.good = write(self.folder / "lr.json", json.dumps(result()).encode())
        self.flat = write(self.folder / "flat.json", json.dumps(changed("trials", [
            {"seed": 0, "lr": RATES, "loss": [2.3] * 40, "stopped": "completed"}])).encode())
        low = changed("trials", [{"seed": 0, "lr": [lr / 1000 for lr in RATES], "loss": LOSSES, "stopped": "completed"}])
        self.low = write(self.folder / "low.json", json.dumps(low).encode())

    def interval(self, file):
        run = lrfind("suggest", file, "-o", "-", "-q")
        self.assertEqual(run.status, 0, str(run))
        return run.json["suggestion"]["interval"]

    def assert_holds(self, file, lowest, highest):
        """The interval, and at most a digit of three more on either side."""
        interval = self.interval(file)
        self.assertTrue(0.99 * interval[0] <= lowest <= interval[0] < interval[1] <= highest <= 1.01 * interval[1],
                        (interval, lowest, highest))

    def test_is_a_line_of_python_for_optuna(self):
        for file in (self.good, self.low):
            run = lrfind("suggest", file, "--for", "optuna")
            self.assertEqual(run.status, 0, str(run))
            self.assertIn("90 % interval", run.stderr)
            asked = []

            class Trial:
                @staticmethod
                def suggest_float(name, low, high, *, log):
                    asked.append((name, log))
                    return low, high

            scope = {"trial": Trial}
            exec(run.stdout, scope)
            self.assertEqual(asked, [("lr", True)])
            self.assert_holds(file, *scope["lr"])

    def test_is_a_sweep_for_wandb(self):
        for file in (self.good, self.low):
            run = lrfind("suggest", file, "--for", "wandb", "-q")
            self.assertEqual(run.status, 0, str(run))
            made = yaml(run.stdout)
            self.assertEqual((made["method"], made["metric"]["goal"]), ("bayes", "minimize"))
            rate = made["parameters"]["lr"]
            self.assertEqual(rate["distribution"], "log_uniform_values")
            self.assert_holds(file, rate["min"], rate["max"])

    def test_is_not_printed_where_nothing_can_be_trusted(self):
        for tuner in ("optuna", "wandb"):
            run = lrfind("suggest", self.flat, "--for", tuner)
            self.assertEqual((run.status, run.stdout), (4, ""), str(run))
            self.assertIn("Not trusted", run.stderr)

    def test_shares_stdout_with_nothing(self):
        self.assert_refused(lrfind("suggest", self.good, "--for", "optuna", "--print-lr"), 2, "--for", "--print-lr")
        self.assert_refused(lrfind("suggest", self.good, "--for", "wandb", "-o", "-"), 2, "--for", "-o -")
        self.assert_refused(lrfind("suggest", self.good, "--for", "ray"), 2, "ray", "optuna")


if __name__ == "__main__":
    unittest.main()
