"""The other commands: help, suggest, plot, models, list of parameters."""

import json
import re
import unittest

from support import QUICK, Case, class_folders, lrfind, sweep, write

COMMANDS = ["sweep", "suggest", "verify", "plot", "inspect", "models", "schedule"]


def made_up_curve():
    """A loss that falls from 2.3 to 0.9 around 1e-2 and then rises."""
    rows = ["lr,loss"]
    for i in range(100):
        lr = 1e-6 * 10 ** (7 * i / 99)
        loss = 0.9 + 1.4 / (1 + (lr / 5e-3)) + (lr / 2) ** 2 + 0.01 * ((i * 37) % 11 - 5) / 5
        rows.append(f"{lr:.17g},{loss:.17g}")
    return "\n".join(rows) + "\n"


class Help(Case):
    def test_every_command_explains_itself_on_stdout(self):
        for command in COMMANDS:
            for flag in ("--help", "-h"):
                with self.subTest((command, flag)):
                    run = lrfind(command, flag)
                    self.assertEqual((run.status, run.stderr), (0, ""), str(run))
                    self.assertIn(f"lrfind {command}", run.stdout)
                    examples = run.stdout.split("Examples:")[1]
                    self.assertGreaterEqual(examples.count("  lrfind "), 2)
                    for option in ("--help", "--quiet", "--threads", "--seed", "--config"):
                        self.assertIn(option, run.stdout)

    def test_the_program_lists_its_commands(self):
        run = lrfind("--help")
        self.assertEqual((run.status, run.stderr), (0, ""))
        for command in COMMANDS:
            self.assertRegex(run.stdout, rf"(?m)^  {command} +\S")
        self.assertRegex(lrfind("--version").stdout, r"^lrfind \d+\.\d+\.\d+\n$")

    def test_sweep_shows_the_contracts_defaults(self):
        text = lrfind("sweep", "--help").stdout
        for default in ("--min-lr=1e-07", "--max-lr=10", "--steps=100", "--spacing=exp", "--stop-factor=4",
                        "--optimizer=sgd", "--device=auto", "--model=small-cnn"):
            self.assertIn(default, text)
        for option in ("--image-size", "--channels", "--normalize", "--resize", "--augment", "--val-split", "--limit",
                       "--momentum", "--nesterov", "--weight-decay", "--batch-size", "--accumulate", "--precision",
                       "--grad-clip", "--label-smoothing", "--trials", "--rule", "--reinit", "--workers", "--cache-mb",
                       "--deterministic", "--output", "--csv", "--plot", "--print-lr", "--progress"):
            self.assertIn(option, text)


class Suggest(Case):
    def test_a_csv_of_another_tool_gets_a_rate(self):
        curve = write(self.folder / "other.csv", made_up_curve().encode())
        run = lrfind("suggest", curve, "--print-lr")
        self.assertEqual(run.status, 0, str(run))
        self.assertTrue(1e-4 < float(run.stdout) < 1e-1, run.stdout)

    def test_rules_differ_and_are_named_in_the_result(self):
        curve = write(self.folder / "other.csv", made_up_curve().encode())
        rates = {}
        for rule in ("steepest", "minimum", "valley", "slide"):
            result = lrfind("suggest", curve, "--rule", rule, "-o", "-", "-q").json
            self.assertEqual(result["suggestion"]["rule"], rule)
            rates[rule] = result["suggestion"]["by_rule"][rule]
        self.assertGreater(len(set(rates.values())), 2, rates)

    def test_a_saved_result_gives_the_same_suggestion_again(self):
        data = class_folders(self.folder / "data")
        first = sweep(data, "--trials", "2").json
        write(self.folder / "lr.json", json.dumps(first).encode())
        again = lrfind("suggest", self.folder / "lr.json", "-o", "-", "-q").json
        self.assertEqual(again["suggestion"], first["suggestion"])
        self.assertEqual(again["curve"], first["curve"])
        self.assertEqual(again["trials"], first["trials"])

    def test_several_files_are_merged_as_trials(self):
        data = class_folders(self.folder / "data")
        files = []
        for seed in (1, 2):
            files.append(write(self.folder / f"{seed}.json", sweep(data, "--seed", seed).stdout.encode()))
        merged = lrfind("suggest", *files, "-o", "-", "-q").json
        self.assertEqual([trial["seed"] for trial in merged["trials"]], [1, 2])


class Plot(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data")
        self.files = [write(self.folder / f"{name}.json", sweep(self.data, "--optimizer", name).stdout.encode())
                      for name in ("sgd", "adam")]

    def test_draws_in_the_terminal_at_80_columns(self):
        for files in (self.files[:1], self.files):
            run = lrfind("plot", *files)
            self.assertEqual(run.status, 0, str(run))
            self.assertEqual(run.stdout, "")
            self.assertLessEqual(max(map(len, run.stderr.splitlines())), 80)
            self.assertIn("1e-3", run.stderr)
        self.assertIn("adam", run.stderr)

    def test_writes_pictures_that_overlay_results(self):
        for name, start in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")):
            run = lrfind("plot", *self.files, "-o", self.folder / name)
            self.assertEqual(run.status, 0, str(run))
            self.assertTrue((self.folder / name).read_bytes().startswith(start), name)
        self.assertIn(b"adam", (self.folder / "a.svg").read_bytes())
        self.assert_refused(lrfind("plot", self.files[0], "-o", self.folder / "a.gif"), 2, "a.gif")


class Models(Case):
    def test_lists_parameters_and_cost_as_json(self):
        run = lrfind("models", "--json", "--image-size", "224", "--classes", "1000")
        self.assertEqual(run.status, 0, str(run))
        models = {model["name"]: model for model in run.json}
        self.assertEqual(models["resnet18"]["parameters"], 11689512)  # as torchvision documents them
        self.assertEqual(models["mobilenet"]["parameters"], 3504872)
        self.assertEqual(models["resnet18"]["multiply_adds"], 1814073344)
        self.assertEqual(list(models)[:2], ["small-cnn", "plain-cnn"])

    def test_lists_for_people(self):
        run = lrfind("models")
        self.assertEqual(run.status, 0, str(run))
        for name in ("small-cnn", "plain-cnn", "resnet8", "resnet20", "resnet18", "vgg11", "mobilenet"):
            self.assertTrue(re.search(rf"(?m)^ *{name} +\S*\d", run.stdout), run.stdout)


class ListParameters(Case):
    def test_prints_the_names_that_freeze_and_lr_mult_match(self):
        data = class_folders(self.folder / "data")
        run = lrfind("sweep", data, *QUICK, "--list-parameters", cwd=self.folder)
        self.assertEqual(run.status, 0, str(run))
        names = [line.split("\t")[0] for line in run.stdout.splitlines()]
        self.assertEqual(names[0], "conv1.weight")
        self.assertIn("classifier.bias", names)
        self.assertFalse((self.folder / "lr.json").exists())
        self.assert_ran(sweep(data, "--freeze", "^conv1[.]weight$", "--lr-mult", "classifier=10"))


if __name__ == "__main__":
    unittest.main()
