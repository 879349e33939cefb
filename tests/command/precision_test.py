"""--precision auto says what it stands for, and measuring that leaves no trace in the numbers."""

import unittest
from pathlib import Path

from support import QUICK, Case, class_folders, lrfind

TINY = Path(__file__).resolve().parent / "files" / "tiny.pt"


def processor_has_bf16():
    """None where Linux does not say."""
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return None


class PrecisionAuto(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data", classes=3, colour=True)

    def sweep(self, *arguments):
        run = lrfind("sweep", self.data, *QUICK, "--device", "cpu", "-o", "-", *arguments)
        self.assertIn(run.status, (0, 4), run)
        return run

    def test_the_result_holds_the_choice_and_its_reason(self):
        run = self.sweep("--precision", "auto")
        chosen = run.json["config"]["precision"]
        self.assertIn(chosen, ("fp32", "bf16"))
        notes = [note for note in run.json["dataset"]["notes"] if note.startswith("--precision auto is " + chosen)]
        self.assertEqual(len(notes), 1, run)
        self.assertEqual(run.stderr.count("lrfind: " + notes[0] + "\n"), 1, run)
        if processor_has_bf16() is False:
            self.assertRegex(notes[0], "fp32 here: this processor has no (AVX512-BF16|bf16)")
        elif processor_has_bf16():
            self.assertRegex(notes[0], "it takes .* ms a step in bf16 and .* ms in fp32|bf16 the losses")

    def test_the_numbers_are_those_of_the_chosen_precision(self):
        for network in (["--model", "small-cnn"], ["--model", TINY, "--replace-head"],
                        ["--model", TINY, "--replace-head", "--reinit", "--optimizer", "adam", "--accumulate", "2"]):
            with self.subTest(network):
                found = self.sweep(*network, "--precision", "auto").json
                again = self.sweep(*network, "--precision", found["config"]["precision"]).json
                self.assertEqual(found["trials"], again["trials"])
                self.assertEqual(found["config"], again["config"])

    def test_nothing_is_said_of_a_precision_that_was_asked_for(self):
        run = self.sweep("--precision", "fp32")
        self.assertNotIn("--precision", run.stderr + str(run.json["dataset"]["notes"]))


if __name__ == "__main__":
    unittest.main()
