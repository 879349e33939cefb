"""What the program says of itself: help, manual pages, guesses at what was mistyped, JSON."""

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
import unittest

from support import PROGRAM, Case, class_folders, environment, lrfind, write

COMMANDS = ["sweep", "exec", "suggest", "verify", "plot", "inspect", "models", "schedule"]
# Trains nothing and draws no random numbers.
WITHOUT_SEED = {"suggest", "plot", "models", "schedule"}
CURVE = "lr,loss\n" + "".join(f"{10 ** (i / 15 - 5):.6g},{2.3 - 1.4 / (1 + 10 ** (2 - i / 15)) + 10 ** (i / 10 - 6):.6g}\n"
                              for i in range(80))


def on_terminal(columns, *arguments):
    """The program's stdout on a terminal of so many columns."""
    terminal, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    changes = environment()
    changes.pop("COLUMNS", None)
    process = subprocess.Popen([PROGRAM, *arguments], stdout=other, stderr=subprocess.DEVNULL, env=changes)
    os.close(other)
    text = b""
    try:
        while part := os.read(terminal, 65536):
            text += part
    except OSError:
        pass  # the other end is closed
    os.close(terminal)
    process.wait()
    return text.decode().replace("\r\n", "\n")


class Help(Case):
    def test_fits_the_terminal_or_80_columns(self):
        for command in COMMANDS:
            for columns in (50, 132):
                text = lrfind("help", command, COLUMNS=str(columns)).stdout
                self.assertLessEqual(max(map(len, text.split("\n"))), columns, command)
            text = lrfind(command, "--help", COLUMNS="").stdout
            self.assertLessEqual(max(map(len, text.split("\n"))), 80)
            self.assertGreater(max(map(len, text.split("\n"))), 70)
        self.assertEqual(on_terminal(60, "help", "sweep"), lrfind("sweep", "--help", COLUMNS="60").stdout)

    def test_lists_every_value_and_ends_with_the_exit_statuses(self):
        text = " ".join(lrfind("sweep", "--help").stdout.split())
        for option, values in (("resize", "stretch, crop, pad"), ("spacing", "exp, linear"),
                               ("precision", "fp32, tf32, bf16, fp16, auto"), ("optimizer", "sgd, adam, adamw"),
                               ("metric", "train-loss, probe-loss, val-loss, val-accuracy"), ("model", "small-cnn, plain-cnn"),
                               ("progress", "auto, always, never"), ("augment", "none, flip"), ("parallel", "data, trials")):
            self.assertRegex(text, rf"--{option}=\S+ [^\[]*\[{values}")
        for command in COMMANDS:
            text = lrfind(command, "--help").stdout
            self.assertEqual(re.findall(r"^  (\d+) ", text.split("\nExit status:\n")[1], re.MULTILINE),
                             [str(status) for status in (0, 2, 3, 4, 5, 130)
                              if status != 4 or command in ("sweep", "exec", "suggest", "verify")])

    def test_shows_seed_and_threads_where_they_mean_something_and_takes_them_everywhere(self):
        write(self.folder / "curve.csv", CURVE.encode())
        for command in COMMANDS:
            text = lrfind(command, "--help").stdout
            for option in ("--seed", "--threads"):
                self.assertEqual(option in text, command not in WITHOUT_SEED, command)
        plain = lrfind("schedule", "cosine", "--json")
        self.assertEqual(lrfind("schedule", "cosine", "--json", "--seed", "3", "--threads", "2").stdout, plain.stdout)
        self.assertEqual(lrfind("suggest", "curve.csv", "--seed", "3", "--print-lr", cwd=self.folder).status, 0)
        self.assert_refused(lrfind("schedule", "cosine", "--seed", "x"), 2, "--seed", "whole number")

    def test_the_version_is_said_everywhere(self):
        version = lrfind("--version").stdout
        self.assertRegex(version, r"^lrfind \d+\.\d+\.\d+\n$")
        for arguments in (["-V"], ["sweep", "-V"], *([command, "--version"] for command in COMMANDS)):
            run = lrfind(*arguments)
            self.assertEqual((run.status, run.stdout, run.stderr), (0, version, ""))


class Manual(Case):
    def test_pages_have_their_sections_and_no_complaints(self):
        self.assertEqual(lrfind("--man", self.folder).status, 0)
        self.assertEqual({page.name for page in self.folder.iterdir()},
                         {"lrfind.1", *(f"lrfind-{command}.1" for command in COMMANDS)})
        for page in sorted(self.folder.iterdir()):
            text = page.read_text()
            words = page.stem.split("-")[1:]
            self.assertEqual(lrfind(*words, "--man").stdout, text)
            found = [line[4:] for line in text.split("\n") if line.startswith(".SH ")]
            wanted = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "FILES", "EXAMPLES", "SEE ALSO"]
            self.assertEqual([title for title in found if title in wanted], wanted, page.name)
            for checker in (["mandoc", "-Tlint", "-Wall"], ["groff", "-ww", "-man", "-Tascii", "-z"]):
                if shutil.which(checker[0]):
                    done = subprocess.run([*checker, page], capture_output=True, text=True)
                    self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), page.name)

    def test_a_page_has_every_option_of_the_help(self):
        for command in COMMANDS:
            options = set(re.findall(r"^  (?:-\w,)?--([\w-]+)", lrfind(command, "--help").stdout, re.MULTILINE))
            page = lrfind(command, "--man").stdout.replace("\\-", "-")
            self.assertEqual({option for option in options if f"\\fB--{option}\\fR" not in page}, set(), command)


class Mistyped(Case):
    def guess(self, arguments, guess, status=2):
        run = lrfind(*arguments.split(" "), cwd=self.folder)
        self.assert_refused(run, status)
        if guess is None:
            self.assertNotIn("did you mean", run.stderr)
        else:
            self.assertIn(f"did you mean {guess}?", run.stderr)

    def test_commands(self):
        self.guess("swep photos", '"sweep"')
        self.guess("verfiy", '"verify"')
        self.guess("help scheduel", '"schedule"')
        self.guess("Inspect", '"inspect"')
        self.guess("--vresion", "--version")
        self.guess("frobnicate", None)
        class_folders(self.folder / "photos", each=1)
        self.guess("photos", '"lrfind sweep photos"')

    def test_options(self):
        run = lrfind("sweep", "photos", "--bach-size", "32")
        self.assertEqual(run.stderr, "lrfind sweep: unknown option --bach-size: did you mean --batch-size?\n")
        self.guess("sweep photos -batch-size 32", "--batch-size")
        self.guess("sweep photos -bacth-size 32", "--batch-size")
        self.guess("sweep photos -quiet", "--quiet")
        self.guess("sweep photos --optimiser=adam", "--optimizer")
        self.guess("sweep photos --Batch_Size 3", "--batch-size")
        self.guess("sweep photos --lr-max 3", "--max-lr")
        self.guess("exec --trails 3 -- true", "--trials")
        self.guess("models --class 3", "--classes")
        self.guess("suggest lr.json --sede 3", None)  # no reason to give it
        self.guess("sweep photos --frobnicate", None)

    def test_values(self):
        self.guess("sweep photos --optimizer adma", '"adam"')
        self.guess("sweep photos --rule steepset", '"steepest"')
        self.guess("sweep photos --augment flip,crop-filp", '"crop-flip"')
        self.guess("sweep photos --device gpu", None)
        self.guess("verify photos --lr-schedule onecycle", '"one-cycle"')
        self.guess("schedule cosin", '"cosine"')
        self.guess("schedule zigzag", None)

    def test_config_keys_and_values(self):
        for config, guess in (({"bach-size": 3}, '"batch-size"'), ({"frobnicate": 3}, None),
                              ({"optimizer": "adma"}, '"adam"'), ({"optimizer": "frob"}, None)):
            write(self.folder / "c.json", json.dumps(config).encode())
            self.guess("sweep photos --config c.json", guess)

    def test_paths(self):
        class_folders(self.folder / "photos", each=1)
        write(self.folder / "result.json", b"{}")
        self.guess("sweep phtos", '"photos"', 3)
        self.guess("inspect phtos/class0", '"photos/class0"', 3)
        self.guess("inspect somewhere/else", None, 3)
        self.guess("suggest resutl.json", '"result.json"', 3)
        self.guess("plot result", '"result.json"', 3)
        self.guess("sweep photos --config reslt.json", '"result.json"')

    def test_a_value_that_is_missing_or_too_many(self):
        self.assert_refused(lrfind("sweep", "photos", "--batch-size"), 2, "--batch-size has no value", "whole number")
        self.assert_refused(lrfind("sweep", "photos", "more"), 2, '"more"', "DATA")

    def test_short_options_with_their_values_are_no_mistakes(self):
        for arguments in (["-oout.json"], ["-qo-"], ["-q", "-o", "-"]):
            write(self.folder / "curve.csv", CURVE.encode())
            self.assertEqual(lrfind("suggest", "curve.csv", *arguments, cwd=self.folder).status, 0, arguments)


class OneWayToGetJson(Case):
    def test_json_and_output_dash_are_the_same(self):
        class_folders(self.folder / "photos", each=2)
        write(self.folder / "curve.csv", CURVE.encode())
        for command in (["suggest", "curve.csv"], ["inspect", "photos"], ["schedule", "cosine"]):
            with self.subTest(command):
                runs = [lrfind(*command, *flags, cwd=self.folder)
                        for flags in (["--json"], ["-o", "-"], ["-o", "out.json"], ["--json", "-o", "both.json"])]
                self.assertEqual([run.status for run in runs], [0] * 4, str(runs[0]))
                self.assertIsInstance(runs[0].json, dict)
                texts = [runs[0].stdout, runs[1].stdout, (self.folder / "out.json").read_text(), runs[3].stdout,
                         (self.folder / "both.json").read_text()]
                self.assertEqual(set(texts), {texts[0]})
                self.assertNotEqual(runs[2].stdout, texts[0])

    def test_two_things_on_stdout_are_refused(self):
        write(self.folder / "curve.csv", CURVE.encode())
        for arguments in (["suggest", "curve.csv", "--print-lr"], ["schedule", "cosine", "--csv"], ["sweep", "x", "--print-lr"]):
            for flags in (["--json"], ["-o", "-"]):
                self.assert_refused(lrfind(*arguments, *flags, cwd=self.folder), 2, arguments[-1], flags[0], "stdout")


if __name__ == "__main__":
    unittest.main()
