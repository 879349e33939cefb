"""Tab in bash, zsh and fish, on a pseudo-terminal."""

import shutil
import subprocess
import unittest

from shells import Shell, installed
from support import PROGRAM, Case, write


class Completion(Case):
    shell = None

    def setUp(self):
        if self.shell is None or not installed(self.shell):
            self.skipTest(f"{self.shell} is not installed")
        super().setUp()
        for name in ("photos/cat/1.jpg", "lr.json", "lr.txt", "net.pt2", "my data/dog/1.jpg"):
            write(self.folder / name, b"")
        self.at = Shell(self.shell, self.folder)
        self.addCleanup(self.at.close)

    def completed(self, line, *words):
        """Tab after a line makes these its last words."""
        found = self.at.completed(line)
        # zsh takes the slash behind a folder back when the word ends.
        self.assertEqual([word.rstrip("/") for word in found[-len(words):]], list(words), f"{line}<Tab> in {self.shell}: {found}")

    def offered(self, line, words, never=()):
        """Tab after a line offers these words."""
        every_word = "".join(rf"(?=[\s\S]*\s{word}\b)" for word in words)
        shown = self.at.offered(line, every_word)
        self.assertRegex(shown, every_word, f"{line}<Tab> in {self.shell}")
        for word in never:
            self.assertNotRegex(shown, rf"\s{word}\b", f"{line}<Tab> in {self.shell}")


class Checks(Completion):
    def test_commands(self):
        self.offered("lrfind ", ("sweep", "exec", "suggest", "verify", "plot", "inspect", "models", "schedule", "help"))
        self.completed("lrfind sw", "sweep")
        self.completed("lrfind help sche", "schedule")
        self.completed("lrfind --completion z", "zsh")

    def test_options_and_their_values(self):
        self.completed("lrfind sweep --weight-d", "--weight-decay")
        self.offered("lrfind suggest --", ("--rule", "--metric", "--json"), ("--seed", "--threads"))
        self.completed("lrfind sweep --optimizer rm", "--optimizer", "rmsprop")
        self.completed("lrfind sweep --optimizer=rm", "--optimizer=rmsprop")
        self.offered("lrfind sweep --rule ", ("valley", "steepest", "minimum", "torch-lr-finder"))
        self.completed("lrfind sweep --model mobile", "mobilenet")
        self.completed("lrfind verify --lr-schedule lin", "linear-warmup-cosine")
        self.completed("lrfind schedule one", "one-cycle")
        self.completed("lrfind sweep --device cu", "cuda")
        self.completed("lrfind sweep --device cuda:", "cuda:0")
        self.completed("lrfind sweep --precision bf", "bf16")
        self.completed("lrfind exec --precision-d", "--precision-decades")
        self.completed("lrfind sweep --augment flip,crop", "flip,crop-flip")

    def test_files_and_folders(self):
        self.completed("lrfind sweep pho", "photos")
        self.completed("lrfind sweep my", "my data")
        self.completed("lrfind sweep --model ne", "net.pt2")
        self.completed("lrfind suggest lr.", "lr.json")
        self.completed("lrfind verify --result lr.", "lr.json")
        self.completed("lrfind sweep --config=lr.", "--config=lr.json")

    def test_the_program_of_exec(self):
        self.completed("lrfind exec -- mkfif", "--", "mkfifo")
        self.completed("lrfind exec --trials 3 -- cat lr.t", "cat", "lr.txt")


class Bash(Checks):
    shell = "bash"


class Zsh(Checks):
    shell = "zsh"


class Fish(Checks):
    shell = "fish"


del Completion, Checks


class Script(unittest.TestCase):
    def test_bash_has_no_complaints(self):
        if shutil.which("shellcheck") is None:
            self.skipTest("shellcheck is not installed")
        script = subprocess.run([PROGRAM, "--completion", "bash"], capture_output=True, text=True, check=True).stdout
        done = subprocess.run(["shellcheck", "-"], input=script, capture_output=True, text=True)
        self.assertEqual(done.stdout, "")

    def test_is_refused_for_another_shell(self):
        done = subprocess.run([PROGRAM, "--completion", "zhs"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn('bash, zsh or fish; did you mean "zsh"?', done.stderr)


if __name__ == "__main__":
    unittest.main()
