"""What the program asks of a GPU, counted on a machine that has none (stub_runtime.cpp).

Kernels do nothing there, so these tests are about what is called and what waits, never about numbers.
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "command"))
from support import Case, lrfind, pixels, png, write  # noqa: E402

STUB = os.environ["LRFIND_STUB_CUDA"]
SHORT, LONG = 40, 80
# What a run does once or twice, sooner or later, is no matter of its steps.
HARDLY = 0.1  # calls per step
# Calls after which the host has waited for the device.
WAITING = ("wait for the device", "wait for a stream", "wait for an event", "copy that waits")


class WithoutDevice(Case):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="lrfind-test-")
        cls.addClassCleanup(holder.cleanup)
        cls.networks = Path(holder.name)
        subprocess.run([os.environ["LRFIND_TORCH_PYTHON"], Path(__file__).with_name("networks.py"), cls.networks],
                       check=True)

    def setUp(self):
        super().setUp()
        self.images = self.folder / "images"
        for label in range(2):
            for number in range(24):
                write(self.images / f"class{label}" / f"{number}.png", png(pixels(label, number, channels=3), 3))

    def train(self, *arguments, steps=SHORT, **changes):
        counts = self.folder / "counts"
        run = lrfind("sweep", self.images, "--device", "cuda", "--steps", steps, "--batch-size", "8", "--quiet", "-o", "-",
                     *arguments, LD_PRELOAD=STUB, STUB_COUNTS=str(counts), **changes)
        lines = [line.split(" ", 1) for line in counts.read_text().splitlines()]
        run.counts = {name: int(count) for count, name in lines}
        return run

    def sweep(self, *arguments, **options):
        return self.train("--trials", "1", "--stop-factor", "0", *arguments, **options)

    def per_step(self, *arguments, **changes):
        """The runs' calls for each further step."""
        short, long = (self.sweep(*arguments, steps=steps, **changes) for steps in (SHORT, LONG))
        self.assertEqual(len(long.json["curve"]["loss"]), LONG, long)
        self.assertNotIn("not replayed", " ".join(long.json["dataset"]["notes"]))
        return self.difference(short, long, LONG - SHORT)

    @staticmethod
    def difference(short, long, steps):
        names = set(short.counts) | set(long.counts)
        return {name: (long.counts.get(name, 0) - short.counts.get(name, 0)) / steps for name in names}

    def assert_waits_for_nothing(self, calls):
        for name in WAITING:
            self.assertLess(calls.get(name, 0), HARDLY, name)
        # A host that waits asks a hundred times; LibTorch asks once whether page-locked memory is free again.
        self.assertLess(calls.get("query too early", 0), 10)

    def test_a_step_is_one_replay_and_waits_for_nothing(self):
        calls = self.per_step("--probe", "0", "--gain-every", "0")
        self.assertEqual(calls["replay"], 1)
        self.assertEqual(calls["copy to the device"], 2)  # which images, and their labels: the images are there
        self.assertEqual(calls["copy to the host"], 1)    # the loss, read later
        self.assertLessEqual(calls["kernel"], 2)          # the batch is gathered, the rate set
        self.assertLess(calls.get("allocation on the device", 0), HARDLY)
        self.assert_waits_for_nothing(calls)

    def test_measurements_are_replayed_too(self):
        calls = self.per_step("--probe", "8", "--gain-every", "4")
        self.assertEqual(calls["replay"], 2.25)
        self.assert_waits_for_nothing(calls)

    def test_recipes_are_replayed(self):
        for recipe in (["--optimizer", "adamw", "--grad-clip", "1", "--label-smoothing", "0.1"], ["--precision", "bf16"],
                       ["--precision", "fp16"], ["--precision", "tf32"], ["--accumulate", "2"], ["--lr-mult", "conv=0.1"],
                       ["--augment", "crop-flip,color-jitter"], ["--class-weights", "balanced"], ["--model", "resnet8"],
                       ["--cache-mb", "0"], ["--layerwise"]):
            with self.subTest(recipe=recipe):
                calls = self.per_step("--probe", "0", "--gain-every", "0", *recipe)
                self.assertEqual(calls["replay"], 1)
                self.assert_waits_for_nothing(calls)

    def test_networks_that_draw_random_numbers_are_replayed(self):
        for network in ("mobilenet", self.networks / "dropout.pt"):
            with self.subTest(network=network):
                calls = self.per_step("--model", network, "--probe", "8", "--gain-every", "4")
                self.assertEqual(calls["replay"], 2.25)
                self.assert_waits_for_nothing(calls)

    def test_what_cannot_be_captured_is_called_and_said(self):
        for network, changes, reason in (("small-cnn", {"STUB_REFUSES_CAPTURE": "1"}, "not permitted"),
                                         (self.networks / "dropout.pt", {"STUB_REFUSES_CAPTURE": "1"}, "not permitted"),
                                         (self.networks / "waits.pt", {}, "the network waits for the device"),
                                         (self.networks / "draws_on_cpu.pt", {}, "draws random numbers on the CPU")):
            with self.subTest(network=network):
                run = self.sweep("--model", network, "--probe", "0", **changes)
                self.assertEqual(len(run.json["curve"]["loss"]), SHORT, run)
                self.assertEqual(run.counts.get("replay", 0), 0)
                self.assertEqual(run.counts.get("forbidden while capturing", 0), 0)
                note = " ".join(run.json["dataset"]["notes"])
                self.assertIn("steps are not replayed from a CUDA graph", note)
                self.assertIn(reason, note)

    def test_trials_share_one_capture(self):
        run = self.train("--trials", "3", "--stop-factor", "0", "--probe", "0", "--gain-every", "0")
        self.assertEqual(len(run.json["trials"]), 3, run)
        self.assertEqual(run.counts["capture"], 1)
        self.assertEqual(run.counts["replay"], 3 * SHORT + 1)  # one to check the graph

    def test_steps_of_short_trainings_run_ahead(self):
        def verified(steps):
            return self.sweep("--probe", "0", "--gain-every", "0", "--verify", "--verify-steps", steps)

        short, long = verified(SHORT), verified(LONG)
        trainings = (long.counts["replay"] - short.counts["replay"]) / (LONG - SHORT)
        self.assertGreater(trainings, 1)
        self.assertEqual(trainings, round(trainings))
        self.assert_waits_for_nothing(self.difference(short, long, trainings * (LONG - SHORT)))

    def test_images_that_do_not_fit_are_brought_batch_by_batch(self):
        kept, brought = (self.per_step("--probe", "0", "--gain-every", "0", "--cache-mb", size) for size in ("64", "0"))
        self.assertEqual(brought["copy to the device"], kept["copy to the device"])  # pixels instead of their numbers
        self.assertEqual(brought["kernel"], kept["kernel"] - 1)                      # and nothing to gather

    def test_too_little_memory_is_one_sentence(self):
        run = self.train(STUB_MEMORY="4000000")
        self.assertEqual(run.status, 5, run)
        self.assertRegex(run.stderr, "^lrfind sweep: out of memory on cuda:0; lower --batch-size")
        self.assertEqual(len(run.stderr.splitlines()), 1)


if __name__ == "__main__":
    unittest.main()
