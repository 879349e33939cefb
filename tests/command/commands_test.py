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
                    for option in ("--help", "--quiet", "--config"):
                        self.assertIn(option, run.stdout)

    def test_the_program_lists_its_commands(self):
        run = lrfind("--help")
        self.assertEqual((run.status, run.stderr), (0, ""))
        for command in COMMANDS:
            self.assertRegex(run.stdout, rf"(?m)^  {command} +\S")
        self.assertRegex(lrfind("--version").stdout, r"^lrfind \d+\.\d+\.\d+\n$")

    def test_sweep_shows_the_contracts_defaults(self):
        text = lrfind("sweep", "--help").stdout
        for default in ("--min-lr=auto", "--max-lr=10", "--steps=auto", "--spacing=exp", "--stop-factor=4",
                        "--optimizer=sgd", "--device=auto", "--model=small-cnn"):
            self.assertIn(default, text)
        for option in ("--image-size", "--channels", "--normalize", "--resize", "--augment", "--val-split", "--limit",
                       "--momentum", "--nesterov", "--weight-decay", "--batch-size", "--accumulate", "--precision",
                       "--grad-clip", "--label-smoothing", "--trials", "--rule", "--reinit", "--workers", "--cache-mb", "--decode-mb",
                       "--deterministic", "--output", "--csv", "--plot", "--print-lr", "--progress"):
            self.assertIn(option, text)


class Suggest(Case):
    def test_a_csv_of_another_tool_gets_a_rate(self):
        curve = write(self.folder / "other.csv", made_up_curve().encode())
        run = lrfind("suggest", curve, "--print-lr")
        self.assertEqual(run.status, 0, str(run))
        self.assertTrue(1e-4 < float(run.stdout) < 1e-1, run.stdout)

    def test_curves_of_other_tools_are_the_same_curve_in_every_format(self):
        points = [tuple(map(float, row.split(","))) for row in made_up_curve().split()[1:]]
        lr, loss = zip(*points)
        comma = "".join(f"{a!r};{b!r}\n".replace(".", ",") for a, b in points)
        formats = {
            "plain.csv": made_up_curve(),
            "pandas.csv": ",lr,loss\n" + "".join(f"{i},{a!r},{b!r}\n" for i, (a, b) in enumerate(points)),
            "r.csv": '"","lr","loss"\n' + "".join(f'"{i}",{a!r},{b!r}\n' for i, (a, b) in enumerate(points, 1)),
            "german.csv": "lr;loss\n" + comma,
            "history.json": json.dumps({"lr": lr, "loss": loss}),
            "fastai.json": json.dumps({"lrs": lr, "losses": loss}),
            "ignite.json": json.dumps({"lr": [[rate] for rate in lr], "loss": loss}),
            "records.jsonl": "".join(json.dumps({"learning_rate": a, "loss": b}) + "\n" for a, b in points),
        }
        rates = set()
        for name, text in formats.items():
            run = lrfind("suggest", write(self.folder / name, text.encode()), "--print-lr")
            self.assertEqual(run.status, 0, f"{name}: {run}")
            rates.add(run.stdout)
        self.assertEqual(len(rates), 1, rates)

    def test_a_smoothed_history_is_said_to_be_smoothed_and_what_to_type_helps(self):
        points = [tuple(map(float, row.split(","))) for row in made_up_curve().split()[1:]]
        lr, loss = map(list, zip(*points))
        for i in range(1, len(loss)):
            loss[i] = 0.05 * loss[i] + 0.95 * loss[i - 1]
        steps = range(11, len(lr) - 6)
        own = lr[min(steps, key=lambda i: loss[i + 1] - loss[i - 1])]  # as numpy.gradient of history[10:-5]
        history = write(self.folder / "history.json", json.dumps({"lr": lr, "loss": loss}).encode())
        run = lrfind("suggest", history, "--rule", "torch-lr-finder", "--print-lr")
        self.assertIn("--smoothing 0", run.stderr)
        run = lrfind("suggest", history, "--rule", "torch-lr-finder", "--smoothing", "0", "--print-lr")
        self.assertEqual(float(run.stdout), own, str(run))
        self.assertNotIn("--smoothing 0", run.stderr)

    def test_the_optimizer_of_another_tool_moves_the_rate_and_is_kept(self):
        curve = write(self.folder / "other.csv", made_up_curve().encode())
        self.assertIn("--optimizer", lrfind("suggest", curve).stderr)
        rates = {}
        for optimizer in ("sgd", "adam"):
            run = lrfind("suggest", curve, "--optimizer", optimizer, "-o", self.folder / "lr.json", "--print-lr")
            rates[optimizer] = float(run.stdout)
            self.assertEqual(float(lrfind("suggest", self.folder / "lr.json", "--print-lr").stdout), rates[optimizer])
        self.assertGreater(rates["sgd"], rates["adam"])
        plain = lrfind("suggest", curve, "--optimizer", "sgd", "--momentum", "0", "--print-lr")
        self.assertGreater(float(plain.stdout), rates["sgd"])
        self.assert_refused(lrfind("suggest", curve, "--momentum", "0.9"), 2, "--optimizer")
        self.assert_refused(lrfind("suggest", curve, "--optimizer", "adam", "--momentum", "0.9"), 2, "adam")

    def test_another_optimizer_than_a_sweep_had_is_refused(self):
        saved = write(self.folder / "lr.json", sweep(class_folders(self.folder / "data")).stdout.encode())
        self.assert_refused(lrfind("suggest", saved, "--optimizer", "adam"), 2, "adam", "sgd")

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
