#!/usr/bin/env python3
"""What is said of the tasks that the rule was fitted on is what scripts/bench/suggestion_lab holds.

Needs nothing but Python's standard library.
"""

import gzip
import json
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LAB = ROOT / "scripts" / "bench" / "suggestion_lab"
sys.path.insert(0, str(LAB))

from tasks import ALL, scored  # noqa: E402

WORDS = {"three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
COUNTED = re.compile(r"\b\d+\s+(?:training\s+)?tasks\b")


def numbers(pattern, text):
    found = re.search(pattern, re.sub(r"\s+", " ", text))
    return [WORDS.get(number) or float(number) for number in found.groups()] if found else None


class Tasks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with gzip.open(LAB / "curves.json.gz") as file:
            recorded = list(json.load(file))
        cls.uses = {use: scored(use, recorded) for use in ("constant", "onecycle")}
        cls.counts = [len(cls.uses["constant"]), len(cls.uses["onecycle"])]

    def test_the_readme_says_how_many_and_what_they_are(self):
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        said = numbers(r"fitted on (\d+) training tasks, (\d+) for one-cycle \((\w+) image sets, (\w+) networks, (\w+) "
                       r"optimizers, inputs and logits scaled by ([\d.]+) to ([\d.]+)\)", readme)
        tasks = [ALL[name] for name in self.uses["constant"]]
        scales = [task.get(key, 1) for task in tasks for key in ("input_scale", "logit_scale")]
        kinds = [len({task[key] for task in tasks}) for key in ("data", "net", "optimizer")]
        self.assertEqual(said, [*self.counts, *kinds, min(scales), max(scales)])

    def test_the_results_say_how_many(self):
        results = (LAB / "RESULTS.md").read_text(encoding="utf-8")
        self.assertEqual(numbers(r"Scored are (\d+) tasks, (\d+) for one-cycle\.", results), self.counts)

    def test_no_code_says_it_again(self):
        files = [file for folder in ("src", "include") for file in (ROOT / folder).rglob("*.?pp")]
        self.assertGreater(len(files), 100, "the sources were not found")
        again = [f"{file.relative_to(ROOT)}: {match.group()}" for file in files
                 for match in COUNTED.finditer(re.sub(r"\n\s*//+", "", file.read_text(encoding="utf-8")))]
        self.assertEqual(again, [])


if __name__ == "__main__":
    unittest.main()
