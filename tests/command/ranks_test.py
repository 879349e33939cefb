"""Several processes that train together: what torchrun, srun and mpirun start."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from support import PROGRAM, REPOSITORY, Case, Run, class_folders, environment, lrfind

EXAMPLES = REPOSITORY / "scripts" / "examples"
# Up to 1e-2 the curve is not chaotic, so that rounding stays rounding.
NETWORK = ["--model", "plain-cnn", "--width", "0.25", "--threads", "1", "--device", "cpu", "--workers", "1"]
SWEEP = [*NETWORK, "--steps", "30", "--max-lr", "0.01", "--trials", "1", "--quiet"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(commands, **changes):
    """One process per command line, as torchrun would start them."""
    port = str(free_port())
    return [
        subprocess.Popen([PROGRAM, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         stdin=subprocess.DEVNULL,
                         env=environment(RANK=str(rank), WORLD_SIZE=str(len(commands)), LOCAL_RANK=str(rank),
                                         LOCAL_WORLD_SIZE=str(len(commands)), MASTER_ADDR="127.0.0.1",
                                         MASTER_PORT=port, **changes))
        for rank, command in enumerate(commands)
    ]


def ended(processes, timeout=100):
    runs = []
    for process in processes:
        stdout, stderr = process.communicate(timeout=timeout)
        runs.append(Run(process.returncode, stdout, stderr))
    return runs


class Ranks(Case):
    @classmethod
    def setUpClass(cls):
        shared = Path(tempfile.mkdtemp(prefix="lrfind-test-"))
        cls.addClassCleanup(shutil.rmtree, shared)
        cls.data = class_folders(shared / "data", each=40)

    def sweep(self, ranks, *arguments):
        runs = ended(start([["sweep", self.data, *SWEEP, "-o", "-", *arguments]] * ranks))
        for run in runs:
            self.assert_ran(run)
        for run in runs[1:]:
            self.assertEqual((run.stdout, run.stderr), ("", ""), "only rank 0 speaks")
        return runs[0].json

    def alone(self, *arguments):
        run = lrfind("sweep", self.data, *SWEEP, "-o", "-", *arguments)
        self.assert_ran(run)
        return run.json

    def assert_same_curve(self, one, other, tolerance=1e-5):
        for key in ("loss", "probe_loss", "alignment"):
            a, b = one["trials"][0][key], other["trials"][0][key]
            self.assertEqual(len(a), len(b), key)
            for x, y in zip(a, b):
                if x is not None and y is not None:
                    self.assertAlmostEqual(x, y, delta=tolerance * max(abs(x), 1), msg=key)

    def test_train_on_the_images_of_one_process_with_the_whole_batch(self):
        one = self.alone("--batch-size", "16")
        for ranks in (2, 4):
            with self.subTest(ranks=ranks):
                together = self.sweep(ranks, "--batch-size", str(16 // ranks))
                self.assertEqual(together["tool"]["ranks"], ranks)
                self.assert_same_curve(one, together)

    def test_augment_weigh_and_accumulate_as_one_process(self):
        recipe = ["--augment", "flip", "--class-weights", "balanced", "--accumulate", "2", "--optimizer", "adamw",
                  "--grad-clip", "1"]
        self.assert_same_curve(self.alone("--batch-size", "16", *recipe), self.sweep(2, "--batch-size", "8", *recipe))

    def test_normalise_their_own_batches_or_all_of_them(self):
        network = ["--model", "small-cnn", "--width", "0.125"]
        two = self.sweep(2, "--batch-size", "8", *network)
        self.assert_same_curve(self.alone("--batch-size", "8", "--accumulate", "2", *network), two)
        self.assertIn("--sync-batchnorm", " ".join(two["dataset"]["notes"]))
        synchronised = self.sweep(2, "--batch-size", "8", *network, "--sync-batchnorm")
        self.assert_same_curve(self.alone("--batch-size", "16", *network), synchronised, 1e-4)

    def test_validate_on_all_images(self):
        arguments = ["--batch-size", "16", "--metric", "val-loss"]
        one, two = self.alone(*arguments), self.sweep(2, "--batch-size", "8", *arguments[2:])
        for a, b in zip(one["trials"][0]["val_loss"], two["trials"][0]["val_loss"]):
            self.assertEqual(a is None, b is None)
            if a is not None:
                self.assertAlmostEqual(a, b, delta=1e-5)

    def test_verify_together(self):
        arguments = ["--rates", "0.001,0.003", "--steps", "20", *NETWORK, "--quiet", "--json"]
        one = lrfind("verify", self.data, *arguments, "--batch-size", "16")
        runs = ended(start([["verify", self.data, *arguments, "--batch-size", "8"]] * 2))
        self.assertEqual([one.status, *[run.status for run in runs]], [0, 0, 0], str(runs[0]))
        for a, b in zip(one.json["verify"]["lr_schedules"][0]["candidates"], runs[0].json["verify"]["lr_schedules"][0]["candidates"]):
            self.assertEqual(a["val_accuracy"], b["val_accuracy"])
            self.assertAlmostEqual(a["val_loss"], b["val_loss"], delta=1e-5)

    def test_share_trials_with_the_result_of_one_after_another(self):
        for trials in (["--trials", "3"], ["--trials", "auto", "--max-trials", "4"]):
            with self.subTest(trials):
                arguments = ["--batch-size", "8", *trials]
                one = self.alone(*arguments)
                two = self.sweep(2, *arguments, "--parallel", "trials")
                del one["timing"], two["timing"]
                self.assertEqual(one, two)

    def long(self, *arguments):
        return ["sweep", self.data, *NETWORK, "--steps", "100000", "--max-lr", "1e-4", "--min-lr", "1e-6", "--trials",
                "1", "--batch-size", "8", "-o", self.folder / "lr.json", "--progress", "always", *arguments]

    def test_end_when_one_is_killed_and_keep_what_was_measured(self):
        for killed in (0, 1, 2):
            with self.subTest(killed=killed):
                processes = start([self.long()] * 3)
                for _ in range(400):  # rank 0 shows its steps
                    if "step" in processes[0].stderr.read(200):
                        break
                time.sleep(0.5)
                processes[killed].kill()
                runs = ended(processes, 30)
                for rank, run in enumerate(runs):
                    self.assertEqual(run.status, -signal.SIGKILL if rank == killed else 5, str(run))
                speaker = runs[1 if killed == 0 else 0]
                self.assertIn(f"rank {killed} of 3 is gone", speaker.stderr)
                result = json.loads((self.folder / "lr.json").read_text())
                self.assertFalse(result["complete"])
                self.assertGreater(len(result["curve"]["lr"]), 0)
                (self.folder / "lr.json").unlink()

    def test_end_together_when_one_is_asked_to(self):
        processes = start([self.long()] * 2)
        processes[0].stderr.read(200)
        processes[1].send_signal(signal.SIGTERM)
        runs = ended(processes, 30)
        self.assertEqual([run.status for run in runs], [130, 130], str(runs[0]))
        self.assertFalse(json.loads((self.folder / "lr.json").read_text())["complete"])

    def test_refuse_different_work(self):
        other = class_folders(self.folder / "other", classes=2, each=40)
        for commands, words in (
            ([self.data, other], ["rank 1 differs from rank 0", "classes"]),
            ([self.data, self.folder / "nowhere"], ["rank 1 ended", "nowhere"]),
        ):
            with self.subTest(words):
                runs = ended(start([["sweep", data, *SWEEP, "-o", self.folder / "no.json"] for data in commands]))
                self.assertIn(runs[0].status, (2, 3), str(runs[0]))
                for word in words:
                    self.assertIn(word, runs[0].stderr)
                self.assertEqual(runs[1].stderr, "")
                self.assertEqual(runs[0].stderr.count("\n"), 1, runs[0].stderr)
                self.assertFalse((self.folder / "no.json").exists())

    def test_refuse_different_options(self):
        runs = ended(start([["sweep", self.data, *SWEEP, "--seed", seed] for seed in ("0", "1")]))
        self.assertEqual([run.status for run in runs], [2, 2], str(runs[0]))
        self.assertIn("seed", runs[0].stderr)

    def test_name_the_rank_that_did_not_come(self):
        changes = dict(RANK="0", WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free_port()))
        run = lrfind("sweep", self.data, *SWEEP, "--rank-timeout", "2", **changes)
        self.assertEqual(run.status, 5, str(run))
        self.assertIn("rank 1 did not come", run.stderr)
        alone = lrfind("sweep", self.data, *SWEEP, "--world-size", "1", "-o", "-", **changes)
        self.assert_ran(alone)

    @unittest.skipUnless(shutil.which("mpirun"), "mpirun is not installed")
    def test_are_started_by_mpirun(self):
        root = "--allow-run-as-root" if os.geteuid() == 0 else ""
        self.assert_example_trains("ranks_mpirun.sh", MPIRUN_OPTIONS=f"--oversubscribe {root}")

    def test_are_started_by_torchrun(self):
        # Debian's ends with an error of its own, whatever it starts.
        trial = ["torchrun", "--nproc_per_node", "1", "--no_python", "true"]
        if not shutil.which("torchrun") or subprocess.run(trial, capture_output=True, env=environment()).returncode != 0:
            self.skipTest("no torchrun that starts is installed")
        # It makes 1 of every other status than 0.
        self.assert_example_trains("ranks_torchrun.sh", statuses=(0, 1))

    def assert_example_trains(self, example, statuses=(0, 4), **changes):
        command = [EXAMPLES / example, "2", self.data, *SWEEP, "--batch-size", "8", "-o", self.folder / "lr.json"]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=100,
                              env=environment(LRFIND=str(PROGRAM), **changes))
        self.assertIn(done.returncode, statuses, done.stderr)
        self.assert_same_curve(self.alone("--batch-size", "16"), json.loads((self.folder / "lr.json").read_text()))


if __name__ == "__main__":
    unittest.main()
