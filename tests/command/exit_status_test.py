"""Exit statuses and messages: what was wrong, on stderr, in one sentence, with nothing on stdout."""

import unittest

from support import QUICK, Case, class_folders, lrfind, pgm, pixels, sweep, write


class Usage(Case):
    """Status 2. All of it is found before any image is read, so DATA does not even have to exist."""

    def refuse(self, words, *arguments):
        with self.subTest(arguments):
            self.assert_refused(lrfind("sweep", *arguments), 2, *words)

    def test_a_value_that_does_not_fit_names_the_option_the_value_and_what_fits(self):
        self.refuse(["--batch-size", '"0"', "whole number from 1"], "data", "--batch-size", "0")
        self.refuse(["--batch-size", '"many"'], "data", "-b", "many")
        self.refuse(["--accumulate", '"0"'], "data", "--accumulate", "0")
        self.refuse(["--optimizer", '"sophia"', "sgd, adam, adamw, nadam, radam, rmsprop, adagrad, lion, lars or lamb"], "data",
                    "--optimizer", "sophia")
        self.refuse(["--val-split", '"1"'], "data", "--val-split", "1")
        self.refuse(["--image-size", '"9000"', "48x64"], "data", "--image-size", "9000")
        self.refuse(["--augment", '"spin"', "crop-flip"], "data", "--augment", "spin")
        self.refuse(["--min-lr", '"nan"'], "data", "--min-lr", "nan")
        self.refuse(["--lr-mult", '"head"', "REGEX=FACTOR"], "data", "--lr-mult", "head")
        self.refuse(["--device", '"tpu"'], "data", "--device", "tpu")

    def test_options_that_do_not_fit_together_are_refused(self):
        self.refuse(["--min-lr", "--max-lr"], "data", "--min-lr", "1", "--max-lr", "0.1")
        self.refuse(["--momentum", "adamw"], "data", "--optimizer", "adamw", "--momentum", "0.9")
        self.refuse(["--nesterov", "--momentum"], "data", "--nesterov", "--momentum", "0")
        self.refuse(["--nesterov"], "data", "--nesterov", "--optimizer", "adam")
        self.refuse(["--print-lr", "-o"], "data", "--print-lr", "-o", "-")

    def test_unknown_options_commands_and_missing_arguments(self):
        self.refuse(["--bacth-size"], "data", "--bacth-size", "3")
        self.refuse(["DATA"])
        self.assert_refused(lrfind("sweeep"), 2, "sweeep", "--help")
        for command in ("suggest", "plot", "inspect"):
            self.assert_refused(lrfind(command), 2, "missing")
        run = lrfind()
        self.assertEqual((run.status, run.stdout), (2, ""))
        self.assertIn("Usage: lrfind COMMAND", run.stderr)

    def test_recipes_that_do_not_fit_the_network_are_refused_before_training(self):
        data = class_folders(self.folder / "data")
        self.refuse(["--freeze", '"nothing"', "matches no parameter"], data, *QUICK, "--freeze", "nothing")
        self.refuse(["--lr-mult", '"nothing"', "matches no parameter"], data, *QUICK, "--lr-mult", "nothing=2")
        self.refuse(["--freeze", '"("', "regular expression"], data, *QUICK, "--freeze", "(")
        self.refuse(["--freeze", "no parameter to train"], data, *QUICK, "--freeze", ".*")
        self.refuse(["--replace-head", "TorchScript"], data, *QUICK, "--replace-head")
        self.refuse(["--precision fp16", "CUDA"], data, *QUICK, "--precision", "fp16", "--device", "cpu")

    def test_outputs_that_cannot_be_written_are_refused_before_the_sweep(self):
        data = class_folders(self.folder / "data")
        write(self.folder / "file", b"")
        for option, name in (("-o", "missing/lr.json"), ("-o", "file/lr.json"), ("-o", "data"),
                             ("--csv", "missing/lr.csv"), ("--plot", "missing/lr.png"), ("--plot", "lr.xyz")):
            with self.subTest((option, name)):
                run = lrfind("sweep", "data", *QUICK, option, name, "--progress", "always", cwd=self.folder)
                self.assert_refused(run, 2, name.split("/")[-1] if name == "lr.xyz" else name.split("/")[0])
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["data", "file"])


class BadInput(Case):
    """Status 3."""

    def refuse(self, words, *arguments):
        with self.subTest(arguments):
            self.assert_refused(lrfind("sweep", *arguments), 3, *words)

    def test_data_that_cannot_be_used(self):
        (self.folder / "empty").mkdir()
        write(self.folder / "one" / "cats" / "1.pgm", pgm(pixels(0, 0)))
        write(self.folder / "one" / "cats" / "2.pgm", pgm(pixels(0, 1)))
        write(self.folder / "flat" / "1.pgm", pgm(pixels(0, 0)))
        write(self.folder / "no-label.csv", b"path\n1.pgm\n")
        self.refuse(["nowhere"], self.folder / "nowhere")
        self.refuse(["empty"], self.folder / "empty")
        self.refuse(["one", "class"], self.folder / "one")
        self.refuse(["flat"], self.folder / "flat")
        self.refuse(["no-label.csv"], self.folder / "no-label.csv")

    def test_networks_that_cannot_be_used(self):
        data = class_folders(self.folder / "data")
        words = write(self.folder / "words.pt", b"these are words")
        self.refuse(["lenet", "small-cnn"], data, "--model", "lenet")
        self.refuse(["missing.pt", "does not exist"], data, "--model", self.folder / "missing.pt")
        self.refuse(["words.pt", "not TorchScript"], data, "--model", words)
        self.refuse(["words.pt2", "no program of torch.export"], data, "--model",
                    write(self.folder / "words.pt2", b"these are words"))
        self.refuse(["--depth", "resnet8", "8, 14"], data, "--model", "resnet8", "--depth", "9")

    def test_files_for_suggest_and_plot_that_are_no_results(self):
        for name, content in (("broken.json", b"{"), ("other.json", b"{}"), ("list.json", b"[1]"),
                              ("empty.csv", b""), ("words.csv", b"lr,loss\n1e-3,low\n")):
            write(self.folder / name, content)
            with self.subTest(name):
                self.assert_refused(lrfind("suggest", self.folder / name), 3, name)
        self.assert_refused(lrfind("suggest", self.folder / "nowhere.json"), 3, "nowhere.json")
        self.assert_refused(lrfind("suggest", self.folder), 3, "folder")

    def test_curves_that_are_no_sweeps_name_line_and_value(self):
        for name, content, said in (("same.csv", b"lr,loss\n1e-7,2.3\n1e-7,2.2\n", ("line 3", "1e-07")),
                                    ("falling.csv", b"lr,loss\n1e-1,2.3\n1e-2,2.2\n", ("line 3", "0.01")),
                                    ("commas.csv", b"lr,loss\n0,001,2,3\n0,002,2,2\n", ("line 2", "semicolon")),
                                    ("nan.csv", b"lr,loss\n1e-3,NaN\n1e-2,NaN\n", ("2 points",)),
                                    ("text.csv", b"All work and no play.\n", ("'lr'",)),
                                    ("keys.json", b'{"rates": [1], "errors": [2]}', ("'rates', 'errors'",)),
                                    ("lengths.json", b'{"lr": [1e-3, 1e-2], "loss": [2]}', ("2 entries", "has 1")),
                                    ("same.json", b'{"lr": [1e-7, 1e-7], "loss": [2, 1]}', ("lr[1]", "1e-07"))):
            write(self.folder / name, content)
            with self.subTest(name):
                self.assert_refused(lrfind("suggest", self.folder / name), 3, name, *said)
        write(self.folder / "fine.csv", b"lr,loss\n1e-3,2\n1e-2,1\n")
        self.assert_refused(lrfind("suggest", self.folder / "fine.csv", "--metric", "val-loss"), 3, "val-loss")
        self.assert_refused(lrfind("plot", self.folder / "other.json"), 3, "other.json")


class Untrusted(Case):
    def test_a_curve_without_a_suggestion_is_status_4_and_says_why(self):
        data = class_folders(self.folder / "data")
        run = sweep(data, "--max-lr", "1e-6")
        self.assertEqual(run.status, 4, str(run))
        suggestion = run.json["suggestion"]
        self.assertFalse(suggestion["trusted"])
        self.assertTrue(all(reason["code"] and reason["message"] for reason in suggestion["reasons"]))
        self.assertGreaterEqual(len(suggestion["reasons"]), 1)
        run = lrfind("sweep", data, *QUICK, "--max-lr", "1e-6", "--print-lr")
        self.assertEqual((run.status, run.stdout), (4, ""))
        self.assertIn("ot trusted", run.stderr)


class Device(Case):
    def test_cuda_without_a_device_is_status_5_and_says_what_was_found(self):
        data = class_folders(self.folder / "data")
        self.assert_refused(lrfind("sweep", data, *QUICK, "--device", "cuda:77", CUDA_VISIBLE_DEVICES=""), 5,
                            "--device cuda:77", "LibTorch")


if __name__ == "__main__":
    unittest.main()
