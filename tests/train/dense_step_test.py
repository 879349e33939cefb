"""Matrix products go to a fast library: a step of dense layers takes no longer than Python's with the same torch, whatever
BLAS is installed beside it, or the program says that it does."""

import glob
import os
import statistics
import subprocess
import sys
import time
import unittest

try:
    import torch
except ImportError as error:
    print(f"SKIPPED: {sys.executable} has no torch to compare with ({error})")
    sys.exit(77)

from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "command"))
from support import PROGRAM, Case, Run, class_folders

THREADS, BATCH, STEPS = min(2, os.cpu_count()), 256, 15
REFERENCE = ":".join(sorted(glob.glob("/usr/lib/*/blas") + glob.glob("/usr/lib/*/lapack")))


def network():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 2048), torch.nn.ReLU(),
                               torch.nn.Linear(2048, 2048), torch.nn.ReLU(), torch.nn.Linear(2048, 3))


def seconds_a_step_in_python():
    torch.set_num_threads(THREADS)
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9)
    images, labels = torch.randn(BATCH, 3, 32, 32), torch.randint(3, (BATCH,))
    seconds = []
    for _ in range(STEPS):
        start = time.perf_counter()
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(images), labels).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


class DenseStep(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "images", classes=3, each=100, side=32, colour=True)
        torch.manual_seed(1)
        torch.jit.script(network()).save(str(self.folder / "dense.pt"))

    def sweep(self, steps=STEPS, **changes):
        # As a user starts it: the environment of the tests keeps OpenMP from spinning at all.
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
        done = subprocess.run([PROGRAM, "sweep", self.data, "--model", self.folder / "dense.pt", "--batch-size", str(BATCH),
                               "--steps", str(steps), "--trials", "1", "--probe", "0", "--gain-every", "0", "--threads",
                               str(THREADS), "--max-lr", "1e-3", "-o", "-"], capture_output=True, text=True,
                              env={**clean, **changes}, stdin=subprocess.DEVNULL, timeout=300)
        run = Run(done.returncode, done.stdout, done.stderr)
        self.assert_ran(run)
        return run

    def seconds_a_step(self, **changes):
        return min(self.sweep(**changes).json["timing"]["train_s"] / STEPS for _ in range(3))

    def says_slow(self, run):
        said = [note for note in run.json["dataset"]["notes"] if "slowest BLAS" in note or "no BLAS" in note]
        self.assertEqual(bool(said), "slowest BLAS" in run.stderr or "no BLAS" in run.stderr, run)
        return bool(said)

    def test_a_step_takes_no_longer_than_pythons_or_the_program_says_why(self):
        run = self.sweep()
        self.assertTrue(run.json["tool"]["blas"])
        if self.says_slow(run):
            return
        self.assertLess(self.seconds_a_step(), 1.5 * seconds_a_step_in_python(), run.json["tool"]["blas"])

    @unittest.skipUnless(REFERENCE, "no reference BLAS is installed")
    def test_the_reference_blas_is_named_or_passed_over(self):
        run = self.sweep(LD_LIBRARY_PATH=REFERENCE)
        if self.says_slow(run):
            self.assertIn("reference BLAS (", run.json["tool"]["blas"])
            self.assertIn("libopenblas0-pthread", run.stderr)
            return
        # Python loads nothing of it unless its torch is linked with it, and then it is slow in the same way.
        self.assertLess(self.seconds_a_step(LD_LIBRARY_PATH=REFERENCE), 1.5 * seconds_a_step_in_python(),
                        run.json["tool"]["blas"])

    @unittest.skipUnless(REFERENCE, "no reference BLAS is installed")
    def test_what_is_reported_is_what_the_loader_bound(self):
        run = self.sweep(steps=2, LD_LIBRARY_PATH=REFERENCE, LD_DEBUG="bindings",
                         LD_DEBUG_OUTPUT=str(self.folder / "bindings"))
        blas = run.json["tool"]["blas"]
        bound = [line for path in self.folder.glob("bindings.*") for line in path.read_text(errors="replace").splitlines()
                 if "normal symbol `sgemm_'" in line and "libtorch_cpu.so" in line.split(" to ")[0]]
        self.assertTrue(bound)
        for line in bound:
            to = line.split(" to ")[1].split(" ")[0]
            if "liblrfind_engine" in to:  # which hands on to the library that LibTorch is linked with
                self.assertIn("libblas.so.3", blas)
            else:
                self.assertIn(f"({to})", blas)

    @unittest.skipUnless(os.cpu_count() <= 8, "that many busy programs would disturb too much")
    def test_busy_programs_beside_it_cost_their_share(self):
        # What else the machine does for a moment is no fault of the step's: one of three undisturbed looks shows it.
        shares = []
        while len(shares) < 3 and not any(share < 2.6 for share in shares):
            shares.append(self.share_beside_busy_programs())
        self.assertLess(min(shares), 2.6)

    def share_beside_busy_programs(self):
        idle = self.seconds_a_step()
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"])
                for _ in range(os.cpu_count())]
        try:
            contended = self.seconds_a_step()
        finally:
            for process in busy:
                process.kill()
                process.wait()
        return contended / idle


if __name__ == "__main__":
    unittest.main()
