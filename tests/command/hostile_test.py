"""Files that nobody means well with: every one ends with its status and one sentence, at once."""

import copy
import json
import os
import resource
import struct
import time
import unittest
import zlib

from support import SANITIZED, Case, idx, lrfind, pgm, pixels, write

RATES = [1e-4 * 10 ** (i / 10) for i in range(40)]
LOSSES = [2.3 - 0.03 * i if i < 30 else 1.4 + 0.5 * (i - 29) for i in range(40)]


def result():
    return {
        "schema": "lrfind/result/1", "complete": True, "tool": {"version": "0.1.0"},
        "config": {"batch-size": 8, "accumulate": 1, "steps": 40, "optimizer": "sgd", "momentum": 0.9},
        "dataset": {"path": "photos", "format": "folders", "classes": ["a", "b"], "train_images": 400,
                    "val_images": 0, "unreadable": []},
        "model": {"name": "plain-cnn", "parameters": 10, "classes": 2},
        "suggestion": {"lr": 0.01, "interval": [0.005, 0.02], "min_lr": 0.001, "max_lr": 0.02, "rule": "lrfind",
                       "trusted": True, "reasons": [], "by_rule": {}},
        "timing": {}, "curve": {"lr": RATES, "loss": LOSSES, "smoothed_loss": LOSSES},
        "trials": [{"seed": 0, "lr": RATES, "loss": LOSSES, "stopped": "completed", "suggested_lr": None}]}


def changed(path, value):
    """The result with the value at a dotted path, or without it where the value is ... ."""
    made = copy.deepcopy(result())
    *folders, last = path.split(".")
    place = made
    for name in folders:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return made


class Hostile(Case):
    def refuse(self, run, status, *words):
        self.assert_refused(run, status, *words)
        self.assertLess(len(run.stderr), 4000)
        self.assertNotIn("unexpected", run.stderr)

    def refuse_everywhere(self, content, *words):
        """As a result, by every command that reads one."""
        file = write(self.folder / "r.json", content if isinstance(content, bytes) else json.dumps(content).encode())
        for arguments in (["suggest", file], ["plot", file], ["schedule", "cosine", "--result", file],
                          ["verify", "photos", "--result", file]):
            with self.subTest((arguments[0], words)):
                self.refuse(lrfind(*arguments, timeout=20), 3, "r.json", *words)


class Results(Hostile):
    def test_the_unchanged_one_is_read(self):
        file = write(self.folder / "r.json", json.dumps(result()).encode())
        self.assertIn(lrfind("suggest", file).status, (0, 4))
        self.assertEqual(lrfind("plot", file).status, 0)

    def test_values_that_are_missing_or_of_another_kind_are_named(self):
        for path, value in (("suggestion.interval", ...), ("suggestion.interval", [1]), ("suggestion.interval", [None, 1]),
                            ("suggestion.interval", [-1, 1]), ("suggestion.lr", -1), ("suggestion.max_lr", 0),
                            ("config.batch-size", -8), ("config.batch-size", 1e300), ("config.accumulate", 1e-30),
                            ("config.steps", -1), ("config.label-smoothing", -1e16), ("config.class-weights", []),
                            ("config.momentum", "0.9); import os"), ("dataset.class_counts", [1, -5]),
                            ("tool.threads", 1 << 40)):
            self.refuse_everywhere(changed(path, value), path)

    def test_numbers_out_of_range_and_deep_brackets_are_placed(self):
        text = json.dumps(changed("config.x", 0)).replace('"x": 0', '"x": 1e400').encode()
        self.refuse_everywhere(text, "1e400", "out of range", "at byte")
        self.refuse_everywhere(b'{"schema": ' + b"[" * 18000 + b"]" * 18000 + b"}", "levels", "at byte")

    def test_long_values_are_cut(self):
        self.refuse_everywhere(changed("suggestion.lr", "x" * 5_000_000), "suggestion.lr", "...")

    def test_a_hundred_thousand_keys_take_no_time(self):
        made = result()
        for i in range(100_000):
            made[f"key{i}"] = i
        file = write(self.folder / "r.json", json.dumps(made).encode())
        start = time.monotonic()
        self.assertIn(lrfind("suggest", file, "-o", "-", "--quiet", timeout=60).status, (0, 4))
        self.assertLess(time.monotonic() - start, 10)

    def test_a_folder_a_pipe_and_a_device_are_no_results(self):
        os.mkfifo(self.folder / "pipe")
        (self.folder / "folder").mkdir()
        for name, words in (("pipe", "not a regular file"), ("folder", "is a folder"), ("/dev/zero", "not a regular file")):
            for arguments in (["suggest"], ["plot"], ["schedule", "cosine", "--result"]):
                with self.subTest((name, arguments)):
                    self.refuse(lrfind(*arguments, self.folder / name, timeout=20), 3, words)

    def test_losses_near_the_largest_double_are_drawn(self):
        made = result()
        huge = [1.7e308 if i % 2 else -1.7e308 for i in range(40)]
        made["curve"].update(loss=huge, smoothed_loss=huge)
        made["trials"][0]["loss"] = huge
        file = write(self.folder / "r.json", json.dumps(made).encode())
        for command in ("plot", "suggest"):
            run = lrfind(command, file, timeout=20)
            self.assertIn(run.status, (0, 4), str(run))


class Configs(Hostile):
    def test_are_refused_with_the_place(self):
        os.mkfifo(self.folder / "pipe")
        for content, words in ((b'{"min-lr": 1e400}', ["1e400", "at byte"]), (b'{"a": ' + b"[" * 18000, ["levels"]),
                               (b'{"class-weights": []}', ["class-weights", "[]"]),
                               (b'{"' + b"k" * 5_000_000 + b'": 1}', ["unknown key", "..."]),
                               (b'{"rule": "' + b"x" * 5_000_000 + b'"}', ["rule", "..."])):
            file = write(self.folder / "c.json", content)
            with self.subTest(words):
                self.refuse(lrfind("sweep", "photos", "--config", file, timeout=20), 2, "c.json", *words)
        for name in (self.folder, self.folder / "pipe", "/dev/zero"):
            with self.subTest(name):
                self.refuse(lrfind("sweep", "photos", "--config", name, timeout=20), 2, str(name))


class Data(Hostile):
    def test_pipes_are_no_datasets(self):
        for name in ("list.csv", "list.jsonl"):
            os.mkfifo(self.folder / name)
            self.refuse(lrfind("inspect", self.folder / name, timeout=20), 3, name)
        idx_folder = self.folder / "idx"
        write(idx_folder / "train-labels-idx1-ubyte", idx([0, 1], 2))
        os.mkfifo(idx_folder / "train-images-idx3-ubyte")
        self.refuse(lrfind("inspect", idx_folder, timeout=20), 3, "train-images-idx3-ubyte", "not a regular file")

    def test_large_pngs_are_inspected_within_a_gigabyte(self):
        side = 11585
        packer = zlib.compressobj(1)
        body = b"".join(packer.compress(b"\0" + bytes(3 * side)) for _ in range(side)) + packer.flush()

        def chunk(kind, content):
            return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

        image = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                 + chunk(b"IDAT", body) + chunk(b"IEND", b""))
        for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
            write(self.folder / "data" / name, image)
        run = lrfind("inspect", self.folder / "data", "--threads", "4")
        self.assertEqual(run.status, 0, str(run))
        if not SANITIZED:
            self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 1_000_000)

    def test_names_never_steer_the_terminal(self):
        data = self.folder / "data"
        for name in ("cat\x1b[31m", "dog\nline", "c1\u009b31m", "turn\u202e"):
            for number in range(3):
                write(data / name / f"{number}.pgm", pgm(pixels(len(name), number)))
            write(data / name / "bad\x1b]0;title\x07\n.pgm", b"P5 9999")
        run = lrfind("inspect", data)
        missing = lrfind("suggest", self.folder / "no\x1b[31m\n.json")
        unknown = lrfind("no\x1b[31m\n")
        self.assertEqual(run.status, 0, str(run))
        self.assertEqual((missing.status, unknown.status), (3, 2))
        for text in (run.stdout, run.stderr, missing.stderr, unknown.stderr):
            self.assertFalse([c for c in "\x1b\x07\u009b\u202e" if c in text], repr(text))
        self.assertEqual(missing.stderr.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
