"""Config files: the long options' names as keys; wrong ones are refused by name; a result's config repeats the run."""

import json
import unittest

from support import Case, class_folders, lrfind, sweep, write


class ConfigFile(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data", colour=True)

    def config(self, content):
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        return write(self.folder / "config.json", text)

    def test_values_are_taken_and_the_command_line_wins(self):
        config = self.config({"steps": 9, "optimizer": "adamw", "nesterov": False, "lr-mult": ["conv=0.5"],
                              "image-size": 8, "weight-decay": 0.05})
        run = lrfind("sweep", self.data, "--config", config, "--model", "plain-cnn", "--width", "0.125",
                     "--trials", "1", "--optimizer", "adam", "-o", "-", "-q", "--batch-size", "8")
        self.assert_ran(run)
        resolved = run.json["config"]
        self.assertEqual(resolved["steps"], 9)
        self.assertEqual(resolved["optimizer"], "adam")
        self.assertEqual(resolved["lr-mult"], ["conv=0.5"])
        self.assertEqual(resolved["image-size"], "8x8")
        self.assertEqual(resolved["weight-decay"], 0.05)
        self.assertEqual(len(run.json["trials"][0]["lr"]), 9)

    def test_config_of_a_result_repeats_the_curve(self):
        first = sweep(self.data, "--optimizer", "rmsprop", "--momentum", "0.5", "--augment", "flip,color-jitter",
                      "--label-smoothing", "0.1", "--lr-mult", "classifier=2", "--freeze", "conv1", "--seed", "77",
                      "--trials", "2", "--image-size", "10x9", "--min-lr", "1.23456789e-6", "--val-split", "0.2",
                      "--class-weights", "balanced", "--normalize", "imagenet", "--accumulate", "2")
        self.assert_ran(first)
        config = self.config(first.json["config"])
        again = lrfind("sweep", self.data, "--config", config, "-o", "-", "-q")
        self.assert_ran(again)
        self.assertEqual(again.json["trials"], first.json["trials"])
        self.assertEqual(again.json["config"], first.json["config"])

    def test_config_holds_every_option_but_those_that_say_where_results_go(self):
        config = sweep(self.data).json["config"]
        for key in ("model", "optimizer", "batch-size", "seed", "augment", "device", "threads", "workers", "metric"):
            self.assertIn(key, config)
        for key in ("config", "output", "csv", "plot", "quiet", "progress", "print-lr"):
            self.assertNotIn(key, config)
        self.assertNotIn("auto", (config["momentum"], config["weight-decay"], config["image-size"]))

    def test_wrong_keys_types_and_values_are_refused_by_name(self):
        for content, words in (
            ({"bacth-size": 64}, ['"bacth-size"', '"batch-size"']),
            ({"batch_size": 64}, ['"batch_size"', '"batch-size"']),
            ({"batch-size": "64"}, ['"batch-size"', '"64"', "whole number from 1"]),
            ({"batch-size": 6.5}, ['"batch-size"', "6.5"]),
            ({"batch-size": 0}, ['"batch-size"', "is 0", "whole number from 1"]),
            ({"batch-size": True}, ['"batch-size"', "true"]),
            ({"batch-size": None}, ['"batch-size"', "null"]),
            ({"max-lr": "high"}, ['"max-lr"', '"high"', "number"]),
            ({"optimizer": "sophia"}, ['"optimizer"', '"sophia"', "adagrad"]),
            ({"optimizer": ["sgd"]}, ['"optimizer"', "sgd"]),
            ({"nesterov": 1}, ['"nesterov"', "true or false"]),
            ({"freeze": [3.5, {}]}, ['"freeze"']),
            ({"label-smoothing": 1.0}, ['"label-smoothing"', "below 1"]),
            ({"config": "other.json"}, ['"config"']),
            ([1, 2], ["JSON object"]),
            (b"{\"steps\": 9,", ["not JSON", "byte"]),
            (b"", ["not JSON"]),
        ):
            with self.subTest(content):
                self.assert_refused(lrfind("sweep", self.data, "--config", self.config(content)), 2,
                                    "config.json", *words)
        self.assert_refused(lrfind("sweep", self.data, "--config", self.folder / "none.json"), 2, "none.json")

    def test_options_that_do_not_fit_together_are_refused_from_a_config_too(self):
        config = self.config({"optimizer": "adam", "momentum": 0.5})
        self.assert_refused(lrfind("sweep", self.data, "--config", config), 2, "--momentum", "adam")


if __name__ == "__main__":
    unittest.main()
