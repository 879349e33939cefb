"""Where results go: stdout carries data only, files appear whole or not at all, JSON fits the published schema."""

import csv
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import PROGRAM, QUICK, REPOSITORY, Case, class_folders, environment, lrfind, sweep

SCHEMA = REPOSITORY / "configs" / "schema" / "result-1.schema.json"

# Rates and steps at which this data is learnt, so that there is a suggestion to trust.
LEARNS = ["--model", "small-cnn", "--width", "0.25", "--batch-size", "16", "--steps", "60", "--min-lr", "1e-5",
          "--max-lr", "1", "--trials", "2", "--threads", "1"]


class Outputs(Case):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="lrfind-test-")
        cls.addClassCleanup(cls.holder.cleanup)
        cls.data = class_folders(Path(cls.holder.name) / "data", each=40)

    def test_a_first_run_writes_lr_json_and_tells_people_on_stderr(self):
        run = lrfind("sweep", self.data, *LEARNS, cwd=self.folder)
        self.assertEqual(run.status, 0, str(run))
        self.assertEqual(run.stdout, "")
        self.assertEqual(os.listdir(self.folder), ["lr.json"])
        for word in ("Learning rate", "learning rate", "lr.json", "interval"):
            self.assertIn(word, run.stderr)
        self.assertNotIn("\x1b", run.stderr)
        self.assertLessEqual(max(map(len, run.stderr.replace("\r", "\n").splitlines())), 80)

    def test_print_lr_prints_only_the_trusted_rate(self):
        written = self.folder / "lr.json"
        run = lrfind("sweep", self.data, *LEARNS, "--print-lr", "-o", written)
        self.assertEqual(run.status, 0, str(run))
        self.assertEqual(float(run.stdout), json.loads(written.read_text())["suggestion"]["lr"])
        self.assertEqual(run.stdout.count("\n"), 1)
        again = lrfind("suggest", written, "--print-lr")
        self.assertEqual((again.status, again.stdout), (0, run.stdout))

    def test_print_lr_alone_writes_no_file(self):
        lrfind("sweep", self.data, *QUICK, "--print-lr", cwd=self.folder)
        self.assertEqual(os.listdir(self.folder), [])

    def test_quiet_says_nothing(self):
        run = lrfind("sweep", self.data, *QUICK, "-q", cwd=self.folder)
        self.assert_ran(run)
        self.assertEqual((run.stdout, run.stderr), ("", ""))

    def test_progress_follows_the_option(self):
        for choice, shown in (("always", True), ("never", False)):
            run = lrfind("sweep", self.data, *QUICK, "--progress", choice, cwd=self.folder)
            self.assertEqual("images/s" in run.stderr, shown, str(run))

    def test_json_validates_against_the_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        schema = json.loads(SCHEMA.read_text())
        for arguments in ([], ["--val-split", "0.2", "--metric", "val-accuracy", "--eval-every", "4"],
                          ["--probe", "8", "--gain-every", "1", "--trials", "2"], ["--layerwise"],
                          ["--max-lr", "1e6", "--stop-factor", "0"], ["--batch-sizes", "4,8"]):
            with self.subTest(arguments):
                run = sweep(self.data, *arguments)
                self.assert_ran(run)
                jsonschema.validate(run.json, schema)

    def test_numbers_that_are_not_finite_are_null(self):
        run = sweep(self.data, "--max-lr", "1e30", "--stop-factor", "0")
        self.assert_ran(run)
        self.assertNotIn("NaN", run.stdout)
        self.assertNotIn("Infinity", run.stdout)
        self.assertIn(None, run.json["trials"][0]["loss"])
        self.assertNotIn(None, run.json["trials"][0]["lr"])

    def test_csv_holds_the_curve(self):
        run = sweep(self.data, "--csv", self.folder / "lr.csv")
        with open(self.folder / "lr.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([float(row["lr"]) for row in rows], run.json["curve"]["lr"])
        self.assertEqual([float(row["loss"]) for row in rows], run.json["curve"]["loss"])

    def test_result_replaces_an_older_one_and_leaves_nothing_else(self):
        old = self.folder / "lr.json"
        old.write_text("old")
        self.assert_ran(lrfind("sweep", self.data, *QUICK, "-o", old))
        self.assertEqual(json.loads(old.read_text())["schema"], "lrfind/result/1")
        self.assertEqual(os.listdir(self.folder), ["lr.json"])

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_folder_without_write_permission_is_refused_before_the_sweep(self):
        self.folder.chmod(0o500)
        self.assert_refused(lrfind("sweep", self.data, *QUICK, "-o", self.folder / "lr.json"), 2, "lr.json")

    def test_full_disk_is_an_error_that_names_the_file(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("there is no /dev/full")
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "sweep", str(self.data), *QUICK, "-o", "-", "-q"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, env=environment())
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("cannot write '/dev/stdout': the disk is full", done.stderr)

    def test_pictures_are_drawn_beside_the_result(self):
        for name, start in (("lr.png", b"\x89PNG"), ("lr.svg", b"<?xml"), ("lr.pdf", b"%PDF")):
            with self.subTest(name):
                self.assert_ran(sweep(self.data, "--plot", self.folder / name))
                self.assertTrue((self.folder / name).read_bytes().startswith(start))


if __name__ == "__main__":
    unittest.main()
