"""--trials auto, the default of lrfind sweep: how many sweeps it runs, and what it says of them."""

import copy
import json
import math
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from support import Case, class_folders, interrupt_when, lrfind, write

NETWORK = ["--model", "plain-cnn", "--width", "0.25", "--batch-size", "8", "--threads", "1", "--device", "cpu"]
# No --trials: auto is what a sweep does by itself. On these images two trials agree.
SWEEP = [*NETWORK, "--steps", "30", "--min-lr", "1e-5", "-o", "-"]
NEVER = ["--precision-decades", "1e-9"]
ALWAYS = ["--precision-decades", "100"]


def half_width(result):
    """Half the interval in powers of ten, which --precision-decades is about."""
    low, high = result["suggestion"]["interval"]
    return math.log10(high / low) / 2


class AutomaticTrials(Case):
    @classmethod
    def setUpClass(cls):
        shared = Path(tempfile.mkdtemp(prefix="lrfind-test-"))
        cls.addClassCleanup(shutil.rmtree, shared)
        cls.data = class_folders(shared / "data", each=24)
        cls.results = {}  # several tests look at the same sweep

    def sweep(self, *arguments):
        if arguments not in self.results:
            run = lrfind("sweep", self.data, *SWEEP, "--quiet", *arguments)
            self.assert_ran(run)
            self.results[arguments] = run.json
        return copy.deepcopy(self.results[arguments])

    def test_is_what_a_sweep_does_by_itself(self):
        default, named = self.sweep(), self.sweep("--trials", "auto")
        self.assertEqual(default["config"]["trials"], "auto")
        for key in ("config", "trials", "curve", "suggestion"):
            self.assertEqual(default[key], named[key], key)

    def test_first_trial_is_bit_for_bit_the_only_one_of_trials_1(self):
        for seed in ("0", "5"):
            with self.subTest(seed=seed):
                automatic = self.sweep("--seed", seed)
                single = self.sweep("--seed", seed, "--trials", "1")
                self.assertEqual(len(single["trials"]), 1)
                self.assertGreater(len(automatic["trials"]), 1)
                self.assertEqual(automatic["trials"][0], single["trials"][0])
                self.assertEqual(single["trials"][0]["seed"], int(seed))

    def test_is_the_result_of_as_many_trials_asked_for_by_number(self):
        for arguments in ([], [*NEVER, "--max-trials", "3"]):
            with self.subTest(arguments):
                automatic = self.sweep(*arguments)
                asked = self.sweep("--trials", str(len(automatic["trials"])))
                for key in ("trials", "curve", "suggestion", "complete"):
                    self.assertEqual(automatic[key], asked[key], key)

    def test_stops_with_two_trials_where_they_agree_and_never_before(self):
        agreeing = self.sweep()
        self.assertEqual(len(agreeing["trials"]), 2)
        self.assertLessEqual(half_width(agreeing), agreeing["config"]["precision-decades"])
        # However rough an answer will do, one trial cannot show that trials agree.
        self.assertEqual(len(self.sweep(*ALWAYS)["trials"]), 2)

    def test_goes_on_to_max_trials_where_the_interval_never_gets_narrow_enough(self):
        for arguments, trials in (([], 7), (["--max-trials", "3"], 3), (["--max-trials", "2"], 2)):
            with self.subTest(arguments):
                result = self.sweep(*NEVER, *arguments)
                self.assertEqual(len(result["trials"]), trials)
                self.assertEqual(len({trial["seed"] for trial in result["trials"]}), trials)
                self.assertTrue(result["complete"])

    def test_max_trials_wins_over_the_two_that_show_agreement(self):
        result = self.sweep("--max-trials", "1")
        self.assertEqual(len(result["trials"]), 1)
        self.assertTrue(result["complete"])

    def test_stops_at_the_first_number_of_trials_whose_interval_is_narrow_enough(self):
        widths = [half_width(self.sweep("--trials", str(trials))) for trials in range(2, 6)]
        self.assertEqual(widths, sorted(widths, reverse=True), "each trial narrows the interval of these images")
        for before, after, trials in zip(widths, widths[1:], range(3, 6)):
            with self.subTest(trials=trials):
                result = self.sweep("--precision-decades", repr(math.sqrt(before * after)))
                self.assertEqual(len(result["trials"]), trials)
                self.assertEqual(half_width(result), after)
        # As narrow as asked for is narrow enough.
        self.assertEqual(len(self.sweep("--precision-decades", repr(widths[1]))["trials"]), 3)

    def test_trials_that_support_no_interval_go_on_to_max_trials(self):
        run = lrfind("sweep", self.data, *SWEEP, "--quiet", "--steps", "4", "--max-trials", "4")
        self.assertEqual(run.status, 4, str(run))
        result = run.json
        self.assertIsNone(result["suggestion"]["interval"])
        self.assertEqual(len(result["trials"]), 4)
        self.assertTrue(result["complete"])
        self.assertFalse(result["suggestion"]["trusted"])
        self.assertTrue(result["suggestion"]["reasons"])

    def test_max_seconds_ends_it_after_the_trial_in_progress(self):
        result = self.sweep("--max-seconds", "0.001", *NEVER)
        self.assertEqual(len(result["trials"]), 1)
        self.assertTrue(result["complete"])
        single = self.sweep("--trials", "1")
        self.assertEqual(result["trials"], single["trials"], "the trial in progress runs to its end")
        self.assertEqual(result["suggestion"], single["suggestion"])

    def test_max_seconds_lets_further_trials_begin_until_then(self):
        result = self.sweep("--max-seconds", "1", "--max-trials", "1000", *NEVER)
        self.assertTrue(result["complete"])
        # A trial takes some 20 ms: seconds are left where a machine stalls, and 1000 trials never fit.
        self.assertTrue(1 < len(result["trials"]) < 1000, len(result["trials"]))

    def test_max_seconds_of_0_and_of_more_than_it_takes_change_nothing(self):
        trials = self.sweep()["trials"]
        for seconds in ("0", "1000"):
            self.assertEqual(self.sweep("--max-seconds", seconds)["trials"], trials)

    def test_bounds_of_auto_do_not_touch_a_number_of_trials(self):
        self.assertEqual(len(self.sweep("--trials", "3", "--max-trials", "2", *ALWAYS)["trials"]), 3)
        self.assertEqual(len(self.sweep("--trials", "2", "--max-seconds", "0.001")["trials"]), 2)

    def test_every_batch_size_of_a_study_has_trials_of_its_own(self):
        def counts(*arguments):
            result = self.sweep("--batch-sizes", "4,8", *arguments)
            return [row["trials"] for row in result["batch_sizes"]]

        self.assertEqual(counts(*ALWAYS), [2, 2])
        self.assertEqual(counts(*NEVER, "--max-trials", "3"), [3, 3])
        self.assertEqual(counts("--max-seconds", "0.001"), [1, 1])

    def test_reports_each_trials_rate_and_a_narrower_interval_than_one_trial_gives(self):
        many, one = self.sweep(*NEVER), self.sweep("--trials", "1")
        self.assertLess(half_width(many), half_width(one))
        low, high = many["suggestion"]["interval"]
        self.assertTrue(low < many["suggestion"]["lr"] < high)
        rates = [trial["suggested_lr"] for trial in many["trials"]]
        self.assertTrue(min(rates) <= many["suggestion"]["lr"] <= max(rates), rates)
        # The curve is the trials' mean where they all got.
        for step in range(min(len(trial["loss"]) for trial in many["trials"])):
            mean = sum(trial["loss"][step] for trial in many["trials"]) / 7
            self.assertAlmostEqual(many["curve"]["loss"][step] / mean, 1, places=12)

    def test_a_saved_result_gives_the_same_suggestion_again(self):
        result = self.sweep()
        again = lrfind("suggest", write(self.folder / "lr.json", json.dumps(result).encode()), "-o", "-", "-q").json
        self.assertEqual(again["suggestion"], result["suggestion"])

    def test_a_person_can_end_it_and_keeps_the_trials_that_were_done(self):
        arguments = [*SWEEP, *NEVER, "--max-trials", "1000", "--progress", "always"]
        run, seconds = interrupt_when(["sweep", self.data, *arguments], rb"trial [2-9]")
        self.assertEqual(run.status, 130, str(run))
        self.assertLess(seconds, 10)
        result = run.json
        self.assertFalse(result["complete"])
        self.assertGreaterEqual(len(result["trials"]), 2)
        self.assertEqual(result["trials"][0], self.sweep("--trials", "1")["trials"][0])

    def test_the_progress_line_promises_two_trials_and_then_one_more_each_time(self):
        run = lrfind("sweep", self.data, *SWEEP, *NEVER, "--max-trials", "40", "--progress", "always")
        self.assert_ran(run)
        shown = {(int(trial), int(of)) for trial, of in re.findall(r"trial (\d+)/(\d+)", run.stderr)}
        self.assertGreater(len(shown), 1, run.stderr)
        for trial, of in shown:
            self.assertEqual(of, max(trial, 2))


if __name__ == "__main__":
    unittest.main()
