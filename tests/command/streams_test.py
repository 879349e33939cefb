"""stdin, stdout and stderr that are closed, full or gone, few file descriptors, and folders where files are meant."""

import json
import re
import resource
import subprocess
import unittest

from support import PROGRAM, QUICK, Case, class_folders, environment, lrfind, write

CURVE = "lr,loss\n" + "".join(f"{1e-5 * 1.3**i},{2.3 - 0.04 * i if i < 40 else 0.7 + 0.3 * (i - 40)}\n" for i in range(50))


class Streams(Case):
    def setUp(self):
        super().setUp()
        write(self.folder / "curve.csv", CURVE.encode())

    def run_in_shell(self, line):
        done = subprocess.run(["sh", "-c", line], cwd=self.folder, env=environment(L=PROGRAM, Q=" ".join(QUICK)),
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_a_stdout_that_takes_nothing_is_an_error_of_status_2(self):
        class_folders(self.folder / "data")
        for redirection in ("> /dev/full", ">&-"):
            for arguments in ("--help", "--version", "sweep --help", "models", "suggest curve.csv -o -", "inspect data",
                              "suggest curve.csv --print-lr", "schedule cosine --max-lr 0.1 --steps 10",
                              "sweep data $Q --print-lr", "sweep data $Q -o -", "sweep data $Q --list-parameters",
                              "verify data --rates 0.1 --steps 2 --model plain-cnn --width 0.125"):
                with self.subTest((arguments, redirection)):
                    status, _, stderr = self.run_in_shell(f'"$L" {arguments} {redirection}')
                    self.assertEqual(status, 2, stderr)
                    self.assertRegex(stderr.splitlines()[-1], "^lrfind.*stdout.*(disk is full|No space|not open|Bad file)")

    def test_a_sweep_whose_stdout_takes_nothing_ends_before_it_trains(self):
        data = class_folders(self.folder / "data")
        status, _, stderr = self.run_in_shell(f'"$L" sweep "{data}" --steps 100000 -o - > /dev/full')
        self.assertEqual(status, 2, stderr)
        self.assertEqual(stderr, "lrfind sweep: cannot write '/dev/stdout': the disk is full\n")

    def test_a_rate_that_cannot_be_printed_is_in_the_sentence(self):
        suggested = lrfind("suggest", "curve.csv", "--print-lr", "--rule", "minimum", cwd=self.folder)
        self.assertEqual(suggested.status, 0, str(suggested))
        status, _, stderr = self.run_in_shell('"$L" suggest curve.csv --print-lr --rule minimum > /dev/full')
        self.assertEqual(status, 2)
        self.assertIn(suggested.stdout.strip(), stderr.splitlines()[-1])

    def test_closed_streams_never_take_the_place_of_a_file(self):
        for closed in ("<&-", "2>&-", ">&-", "<&- >&-", "<&- >&- 2>&-", "2>/dev/full", "2>&- <&-"):
            with self.subTest(closed):
                status, stdout, _ = self.run_in_shell(f'"$L" suggest curve.csv -o result.json {closed}')
                self.assertIn(status, (0, 4))
                self.assertEqual(stdout, "")
                self.assertEqual(json.loads((self.folder / "result.json").read_text())["schema"], "lrfind/result/1")
                (self.folder / "result.json").unlink()

    def test_stderr_named_as_a_file_is_the_person_s(self):
        status, stdout, stderr = self.run_in_shell('"$L" suggest curve.csv -q -o /dev/stderr')
        self.assertIn(status, (0, 4))
        self.assertEqual(json.loads(stderr)["schema"], "lrfind/result/1")

    def test_few_file_descriptors_are_said(self):
        class_folders(self.folder / "data", each=3)
        for most in (4, 5, 6, 7, 8, 9, 10, 11, 12, 20):
            for arguments in (["suggest", "curve.csv", "-o", "out.json"], ["plot", "out.json"], ["inspect", "data"],
                              ["sweep", "data", *QUICK, "-o", "lr.json"], ["suggest", "missing.csv"]):
                if most > 12 and arguments[0] == "sweep":
                    continue
                with self.subTest((most, arguments[0])):
                    done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, env=environment(), capture_output=True,
                                          text=True, timeout=30, preexec_fn=lambda: resource.setrlimit(
                                              resource.RLIMIT_NOFILE, (most, most)))
                    self.assertIn(done.returncode, (0, 2, 3, 4, 5), done.stderr)
                    if done.returncode:
                        self.assertRegex(done.stderr, "[a-z]+ [a-z]+")
                    if done.returncode in (2, 3, 5):
                        self.assertRegex(done.stderr.splitlines()[-1], "^lrfind")
                    self.assertNotRegex(done.stderr, "unexpected error|terminate|c10")

    def test_folders_and_files_in_each_other_s_place_are_said(self):
        class_folders(self.folder / "data")
        write(self.folder / "file", b"")
        (self.folder / "folder").mkdir()
        self.assert_ran(lrfind("suggest", "curve.csv", "-q", "-o", "lr.json", cwd=self.folder))
        sweep = ["sweep", "data", *QUICK]
        for arguments, status in (
                ([*sweep, "-o", "folder"], 2), ([*sweep, "-o", "file/lr.json"], 2), ([*sweep, "--csv", "folder"], 2),
                ([*sweep, "--plot", "folder"], 2), ([*sweep, "--plot", "folder/"], 2), ([*sweep, "--config", "folder"], 2),
                ([*sweep, "--model", "./folder"], 3), ([*sweep, "--model", "folder/x.pt"], 3),
                ([*sweep, "--model", "file/x.pt"], 3), (["sweep", "file", *QUICK], 3), (["inspect", "file"], 3),
                (["inspect", "file/"], 3), (["inspect", "file/x"], 3), (["suggest", "folder"], 3),
                (["suggest", "file/lr.json"], 3), (["suggest", "curve.csv", "-o", "folder"], 2),
                (["suggest", "curve.csv", "-o", "folder/"], 2), (["suggest", "curve.csv", "-o", "file/x"], 2),
                (["suggest", "curve.csv", "--config", "folder"], 2), (["plot", "folder"], 3), (["plot", "file/x"], 3),
                (["plot", "lr.json", "-o", "folder"], 2), (["plot", "lr.json", "-o", "file/x.svg"], 2), (["verify", "data", "--result", "folder"], 3),
                (["verify", "data", "--rates", "0.1", "-o", "folder"], 2),
                (["verify", "file", "--rates", "0.1"], 3), (["schedule", "cosine", "--result", "folder"], 3),
                (["schedule", "cosine", "--max-lr", "1", "--steps", "9", "--plot", "folder"], 2),
                (["schedule", "cosine", "--max-lr", "1", "--steps", "9", "--plot", "file/x.png"], 2)):
            with self.subTest(arguments):
                run = lrfind(*arguments, cwd=self.folder, timeout=30)
                self.assertEqual(run.status, status, str(run))
                self.assertRegex(run.stderr, "^lrfind [a-z]+: [^\n]+\n$")
                self.assertNotRegex(run.stderr, "unexpected|c10|Exception|basic_|filesystem error")

    def test_every_option_refuses_json_of_another_kind(self):
        for command, arguments in (("sweep", ["nothing-here"]), ("verify", ["nothing-here", "--rates", "0.1"]),
                                   ("suggest", ["curve.csv"]), ("inspect", ["nothing-here"])):
            keys = [key for key in options_of(command) if f"--{key}" not in arguments]
            self.assertGreater(len(keys), 4)
            for number, key in enumerate(keys):
                values = ([], {}, [[]], [{}], None, [None], "", -1e308, 1e308, 2**64 - 1, -2**63, True, "\u0000", [1, [2]])
                for value in ([], {}, values[number % len(values)])[0 if command == "sweep" else 1:]:
                    text = json.dumps({key: value})
                    with self.subTest((command, text)):
                        write(self.folder / "c.json", text.encode())
                        run = lrfind(command, *arguments, "--config", "c.json", cwd=self.folder, timeout=30)
                        self.assertIn(run.status, (0, 2, 3, 4), str(run))
                        self.assertNotRegex(run.stderr, "unexpected error|terminate|exception")
                        if run.status in (2, 3):
                            self.assertRegex(run.stderr, "^lrfind [a-z]+: [^\n]+\n$")
                        if isinstance(value, dict):
                            self.assertEqual(run.status, 2, str(run))
                            self.assertIn(f'"{key}"', run.stderr)


def options_of(command):
    """The long options that its help lists."""
    return sorted(set(re.findall(r"^  (?:-\w,)?--([\w-]+)", lrfind(command, "--help").stdout, re.MULTILINE)) - {"help"})


if __name__ == "__main__":
    unittest.main()
