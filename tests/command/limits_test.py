"""Nothing is lost and nothing hangs where the machine refuses something: memory, threads, files, readers of its output."""

import json
import os
import resource
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from support import PROGRAM, QUICK, Case, class_folders, environment, interrupt_when

LONG = ["--model", "plain-cnn", "--width", "0.125", "--batch-size", "8", "--steps", "100000", "--min-lr", "1e-6",
        "--max-lr", "1e-3", "--threads", "1", "--progress", "always", "--trials", "1"]


class Limits(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data")

    def sweep(self, *arguments, limit=None, amount=0, **options):
        def lower():
            if limit is not None:
                resource.setrlimit(limit, (amount, amount))

        return subprocess.run([PROGRAM, "sweep", self.data, *QUICK, *map(str, arguments)], capture_output=True, text=True,
                              cwd=self.folder, env=environment(), preexec_fn=lower, timeout=60, **options)

    def test_too_little_address_space_is_said_before_anything_begins(self):
        for megabytes in (400, 450, 500, 600):
            done = self.sweep("-o", "lr.json", limit=resource.RLIMIT_AS, amount=megabytes << 20)
            self.assertEqual(done.returncode, 5, done.stderr)
            self.assertIn("address space", done.stderr)
            self.assertFalse((self.folder / "lr.json").exists())

    def test_a_file_beyond_the_size_limit_is_an_error_of_that_file(self):
        done = self.sweep("-o", "lr.json", limit=resource.RLIMIT_FSIZE, amount=512)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("cannot write 'lr.json'", done.stderr)
        self.assertEqual([name for name in os.listdir(self.folder) if name != "data"], [])

    def test_a_reader_of_stderr_that_leaves_does_not_end_the_sweep(self):
        process = subprocess.Popen([PROGRAM, "sweep", self.data, *QUICK[:-6], "--steps", "200", "--threads", "1", "--trials",
                                    "1", "--progress", "always", "-o", "lr.json"], stderr=subprocess.PIPE, cwd=self.folder,
                                   env=environment())
        process.stderr.read(1)
        process.stderr.close()
        self.assertIn(process.wait(60), (0, 4))
        self.assertIs(json.loads((self.folder / "lr.json").read_text())["complete"], True)

    def test_a_folder_that_vanishes_meanwhile_loses_nothing(self):
        out = self.folder / "out"
        out.mkdir()
        process = subprocess.Popen([PROGRAM, "sweep", self.data, *LONG, "-o", "out/lr.json"], stderr=subprocess.PIPE,
                                   cwd=self.folder, env=environment(TMPDIR=str(self.folder)), text=True)
        while "loss " not in process.stderr.read(200):
            pass
        shutil.rmtree(out)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 2, said)
        self.assertIn("cannot write 'out/lr.json'", said)
        elsewhere = list(self.folder.glob("lrfind-*-lr.json"))
        self.assertEqual(len(elsewhere), 1, said)
        self.assertIn(f"it is in '{elsewhere[0]}' instead", said)
        self.assertGreater(len(json.loads(elsewhere[0].read_text())["curve"]["loss"]), 0)

    def test_a_closed_terminal_ends_it_as_ctrl_c_does(self):
        run, seconds = interrupt_when(["sweep", self.data, *LONG, "-o", "lr.json"], b"loss ", self.folder, signal.SIGHUP)
        self.assertEqual(run.status, 130, str(run))
        self.assertIn("ending after this step", run.stderr)
        self.assertIs(json.loads((self.folder / "lr.json").read_text())["complete"], False)

    def test_what_the_parent_ignores_stays_ignored(self):
        process = subprocess.Popen([PROGRAM, "sweep", self.data, *QUICK, "-o", "lr.json"], cwd=self.folder,
                                   stderr=subprocess.DEVNULL, env=environment(),
                                   preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        time.sleep(0.1)
        process.send_signal(signal.SIGHUP)
        self.assertIn(process.wait(60), (0, 4))

    def test_an_earlier_result_stays_when_nothing_was_measured(self):
        (self.folder / "lr.json").write_text("earlier")
        process = subprocess.Popen([PROGRAM, "sweep", self.data, *LONG, "-o", "lr.json"], cwd=self.folder,
                                   stderr=subprocess.PIPE, env=environment())
        for _ in range(200):  # until it listens
            status = Path(f"/proc/{process.pid}/status").read_text()
            caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
            if caught >> (signal.SIGINT - 1) & 1:
                break
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 130, said)
        self.assertRegex(said, b"ending after this step|interrupted by SIGINT")
        if b"loss " not in said:
            self.assertEqual((self.folder / "lr.json").read_text(), "earlier")

    def test_files_of_killed_runs_are_removed_by_the_next(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        host = os.uname().nodename
        dead = self.folder / f".lrfind-{host}-{ended.pid}-0.tmp"
        alive = self.folder / f".lrfind-{host}-{os.getpid()}-0.tmp"
        other = self.folder / f".lrfind-another-host-{ended.pid}-0.tmp"
        for path in (dead, alive, other):
            path.write_text("half")
        self.assertIn(self.sweep("-o", "lr.json").returncode, (0, 4))
        self.assertEqual([path.exists() for path in (dead, alive, other)], [False, True, True])


if __name__ == "__main__":
    unittest.main()
