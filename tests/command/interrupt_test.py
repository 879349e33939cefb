"""Ctrl-C: what was measured is written, marked incomplete, and the program ends soon with status 130."""

import json
import os
import signal
import subprocess
import time
import unittest

from support import PROGRAM, Case, class_folders, environment, interrupt_when, lrfind, write

LONG = ["--model", "plain-cnn", "--width", "0.125", "--batch-size", "8", "--steps", "100000", "--min-lr", "1e-6",
        "--max-lr", "1e-3", "--threads", "1", "--progress", "always"]


class Interrupt(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data")

    def interrupted(self, *arguments, number=signal.SIGINT):
        run, seconds = interrupt_when(["sweep", self.data, *LONG, *arguments], b"loss ", self.folder, number)
        self.assertEqual(run.status, 130, str(run))
        self.assertLess(seconds, 5)  # a second on a machine that has nothing else to do
        return run

    def test_what_was_measured_is_written_and_marked_incomplete(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1, signal.SIGXCPU):
            with self.subTest(number):
                self.interrupted("-o", "lr.json", "--csv", "lr.csv", number=number)
                result = json.loads((self.folder / "lr.json").read_text())
                self.assertIs(result["complete"], False)
                trial = result["trials"][0]
                self.assertEqual(trial["stopped"], "interrupted")
                self.assertGreater(len(trial["lr"]), 0)
                self.assertLess(len(trial["lr"]), 100000)
                self.assertEqual(len(trial["lr"]), len(trial["loss"]))
                self.assertFalse(result["suggestion"]["trusted"])
                self.assertIn("incomplete", [reason["code"] for reason in result["suggestion"]["reasons"]])
                rows = (self.folder / "lr.csv").read_text().splitlines()
                self.assertGreaterEqual(len(rows), len(trial["lr"]))
                self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["data", "lr.csv", "lr.json"])

    def test_a_second_signal_of_a_person_ends_it_at_once_and_leaves_an_earlier_result(self):
        write(self.folder / "lr.json", b"earlier")
        slow = ["--model", "plain-cnn", "--width", "2", "--image-size", "64", "--batch-size", "36", "--accumulate", "400",
                "--threads", "1", "--probe", "0"]  # a step of many seconds
        for first, second in ((signal.SIGINT, signal.SIGINT), (signal.SIGUSR1, signal.SIGTERM)):
            with self.subTest((first, second)):
                process = subprocess.Popen([PROGRAM, "sweep", self.data, *slow, "-o", "lr.json"], cwd=self.folder,
                                           stderr=subprocess.PIPE, env=environment(), stdin=subprocess.DEVNULL)
                time.sleep(2)
                start = time.monotonic()
                process.send_signal(first)
                while b"a second signal ends at once" not in (line := process.stderr.readline()):
                    self.assertTrue(line)
                self.assertLess(time.monotonic() - start, 2)
                process.send_signal(signal.SIGUSR1)  # what a batch queue repeats
                time.sleep(0.3)
                self.assertIsNone(process.poll())
                process.send_signal(second)
                self.assertEqual(process.wait(5), 130)
                process.stderr.close()
                self.assertEqual((self.folder / "lr.json").read_text(), "earlier")

    def test_commands_that_do_not_listen_end_with_130_and_a_line(self):
        write(self.folder / "gnuplot", b"#!/bin/sh\nsleep 5\n").chmod(0o755)
        self.interrupted("-o", "lr.json")
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR2):
            process = subprocess.Popen([PROGRAM, "plot", "lr.json", "-o", "lr.svg"], cwd=self.folder, stderr=subprocess.PIPE,
                                       env=environment(PATH=f"{self.folder}:{os.environ['PATH']}"))
            time.sleep(0.5)
            process.send_signal(number)
            self.assertEqual(process.wait(5), 130)
            self.assertEqual(process.stderr.read(100), f"\nlrfind: interrupted by {number.name}\n".encode())
            process.stderr.close()

    def test_json_on_stdout_is_whole_too(self):
        run = self.interrupted("-o", "-")
        self.assertIs(run.json["complete"], False)

    def test_no_rate_is_printed(self):
        self.assertEqual(self.interrupted("--print-lr").stdout, "")

    def test_finished_trials_are_kept(self):
        run, _ = interrupt_when(["sweep", self.data, *LONG[:-8], "--steps", "100", "--trials", "1000", "--threads", "1",
                                 "--progress", "always", "-o", "-"], rb"trial +([3-9]|[1-9]\d+)/1000", self.folder)
        self.assertEqual(run.status, 130, str(run)[-2000:])
        trials = run.json["trials"]
        self.assertGreaterEqual(len(trials), 2)
        self.assertIn(trials[0]["stopped"], ("completed", "diverged"))
        self.assertIs(run.json["complete"], False)

    def test_incomplete_result_can_be_analysed_and_drawn(self):
        self.interrupted("-o", "lr.json")
        self.assertIn(lrfind("suggest", "lr.json", cwd=self.folder).status, (4,))
        self.assertEqual(lrfind("plot", "lr.json", cwd=self.folder).status, 0)


if __name__ == "__main__":
    unittest.main()
