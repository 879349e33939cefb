"""Names from files, folders, classes, JSON and CSV never reach the terminal as they are, in any command's output."""

import copy
import json
import os
import shutil
import unittest

from hostile_test import changed, result
from support import QUICK, Case, class_folders, lrfind, pgm, pixels, write

# What steers a terminal, turns text around or cannot be seen.
BAD = "\x1b]0;title\x07\x1b[31m\r\n\x08\x7f\u0085\u009b2J\u202e\u2066\u200b\u2028\ufeff\U000E0041"
SEEN = [c for c in BAD if not c.isalnum() and c not in "[];\n"]


def hostile(name):
    return name + BAD.replace("/", "")


class Names(Case):
    def setUp(self):
        super().setUp()
        # Folders and files whose names also hold bytes that are no UTF-8.
        self.data = self.folder / hostile("data")
        for label, name in enumerate((hostile("cat"), hostile("dog"))):
            for number in range(8):
                write(self.data / name / f"{number}{BAD}.pgm", pgm(pixels(label, number)))
        for name in (b"broken\xff\x1b[1m.pgm", b"text\xc0\x9b\n.pgm"):
            with open(os.path.join(os.fsencode(self.data / hostile("cat")), name), "wb") as file:
                file.write(b"P5 999 999 255\n" if name.startswith(b"b") else b"\x1b[2J\n")

    def clean(self, run, statuses, lines=None):
        self.assertIn(run.status, statuses, str(run))
        for text in (run.stdout, run.stderr):
            self.assertFalse([c for c in SEEN if c in text], repr(text))
        if lines is not None:
            self.assertEqual(run.stderr.count("\n"), lines, repr(run.stderr))
        return run

    def error(self, *arguments, **options):
        """Refused in one line."""
        return self.clean(lrfind(*arguments, **options), (2, 3), lines=1)

    def test_datasets(self):
        self.clean(lrfind("inspect", self.data), (0,))
        inspected = self.clean(lrfind("inspect", self.data, "--json"), (0,)).json
        self.assertEqual([c["name"] for c in inspected["classes"]], [hostile("cat"), hostile("dog")])
        self.assertEqual(len(inspected["unreadable"]), 2)
        self.clean(lrfind("sweep", self.data, *QUICK, "-o", "-", "--max-unreadable", "1"), (0, 4))
        self.clean(lrfind("sweep", self.data, *QUICK, "-o", "-", "--max-unreadable", "1", "--list-parameters"), (0,))
        for path in (self.data / hostile("cat"), self.data / "none", self.data / hostile("cat") / f"0{BAD}.pgm"):
            self.clean(lrfind("inspect", path), (0, 3))
        self.error("sweep", self.data, *QUICK, "-o", "-", "--max-unreadable", "0")

    def test_outputs_of_a_run(self):
        target = self.folder / hostile("results")
        target.mkdir()
        data = class_folders(self.folder / "plain", classes=2)
        files = [target / hostile("lr.json"), target / hostile("curve.csv")]
        plot = ["--plot", target / f"{BAD}.svg"] if shutil.which("gnuplot") else []
        self.clean(lrfind("sweep", data, *QUICK, "-o", files[0], "--csv", files[1], *plot), (0, 4))
        for arguments in (["suggest"], ["plot"], ["schedule", "cosine", "--result"]):
            self.clean(lrfind(*arguments, files[0]), (0, 3, 4))
        self.clean(lrfind("plot", files[0], files[0]), (0,))
        self.clean(lrfind("plot", files[0], "-o", target / f"{BAD}.html"), (0,), lines=1)
        self.clean(lrfind("verify", "--result", files[0], "--steps", "2", "--rates", "0.01", "-o", target / "v.json"), (0, 4))
        for option in ("-o", "--csv", "--plot"):
            self.error("sweep", data, option, target / "none" / hostile("x.svg"))
        self.error("plot", files[0], "-o", target / hostile("x.gif"))

    def test_pictures_hold_names_as_text(self):
        if not shutil.which("gnuplot"):
            self.skipTest("gnuplot is not installed")
        mark = self.folder / "ran"
        name = f"a'; system('touch {mark}'); set title \"`touch {mark}`\" {BAD}<script>@x^y_z"
        made = changed("model.name", name)
        first = write(self.folder / "lr.json", json.dumps(made).encode())
        second = write(self.folder / ("b'; !touch ran; $D0 " + BAD + ".json").replace("/", ""), json.dumps(made).encode())
        for files in ([first], [first, second]):
            picture = self.folder / "p.svg"
            self.clean(lrfind("plot", *files, "-o", picture, cwd=self.folder), (0,))
            text = picture.read_text()
            self.assertNotIn("<script", text)
            self.assertFalse([c for c in SEEN if c not in "\r" and c in text])
        self.assertFalse(mark.exists())

    def test_results(self):
        everywhere = copy.deepcopy(result())
        everywhere["model"]["name"] = everywhere["dataset"]["path"] = everywhere["suggestion"]["rule"] = hostile("x")
        everywhere["dataset"]["classes"] = [hostile("a"), hostile("b")]
        everywhere["dataset"]["notes"] = [hostile("note")]
        everywhere["dataset"]["unreadable"] = [{"path": hostile("p"), "error": hostile("e")}]
        everywhere["suggestion"].update(trusted=False, reasons=[{"code": hostile("code"), "message": hostile("message")}])
        everywhere["config"]["optimizer"] = hostile("sgd")
        everywhere[hostile("key")] = hostile("value")
        file = write(self.folder / "r.json", json.dumps(everywhere).encode())
        for arguments in (["suggest", file], ["suggest", file, "-o", "-"], ["plot", file], ["plot", file, file],
                          ["plot", file, "-o", self.folder / "r.html"], ["suggest", file, "--for", "wandb"],
                          ["schedule", "cosine", "--for", "keras", "--result", file], ["schedule", "cosine", "--result", file], ["schedule", "cosine", "--json", "--result", file],
                          ["verify", "--result", file]):
            self.clean(lrfind(*arguments), (0, 2, 3, 4))
        for path in ("suggestion.lr", "config.momentum", "config.optimizer", "curve.lr", "schema", "trials", "config.beta1",
                     "config.nesterov", "config.weight-decay", "config.class-weights", "tool.threads"):
            file.write_text(json.dumps(changed(path, hostile("v"))))
            for arguments in (["suggest", file], ["plot", file], ["schedule", "one-cycle", "--result", file],
                              ["verify", "photos", "--result", file]):
                self.clean(lrfind(*arguments), (0, 2, 3, 4))

    def test_curves_of_other_tools(self):
        for name, content in (("c.csv", f"lr{BAD},loss{BAD}\n1,2\n"), ("c.csv", f'lr,loss\n"{BAD}",2\n'),
                              ("c.json", json.dumps({hostile("lr"): [1, 2], "loss": [1, 2]})),
                              ("c.json", json.dumps({"lr": [hostile("1")], "loss": [2]})),
                              (f"{BAD}.csv", "lr,loss\n1,x\n")):
            file = write(self.folder / name, content.encode())
            self.error("suggest", file)

    def test_configs_and_flags(self):
        file = self.folder / hostile("c.json")
        for made in ({hostile("batch-size"): 1}, {"optimizer": hostile("sgd")}, {"freeze": [hostile("(")]},
                     {"lr-mult": [hostile("x")]}, {"model": hostile("net")}, {"model": hostile("/net.pt")}, [hostile("x")]):
            file.write_text(json.dumps(made))
            self.error("sweep", class_folders(self.folder / "plain", classes=2, each=4), "--config", file, *QUICK[4:])
        for arguments in (["sweep", hostile("data")], ["sweep", "x", "--" + hostile("flag")], ["sweep", "x", "--steps", hostile("1")],
                          ["sweep", "x", "--rule", hostile("r")], ["schedule", hostile("cosine")], [hostile("sweep")],
                          ["models", hostile("x")], ["inspect", "a", hostile("b")], ["verify", "--rates", hostile("1")]):
            self.error(*arguments)

    def test_lists_of_images(self):
        images = class_folders(self.folder / "plain", classes=2, each=4)
        good = [f"plain/class{i % 2}/00{i // 2}.pgm,{hostile('cat') if i % 2 else 'dog'}" for i in range(8)]
        quoted = [line.split(",", 1) for line in good]
        rows = "\n".join(f'{path},"{label}"' for path, label in quoted)
        for name, content in (("l.csv", f"path,label\n{rows}\n"), ("l.csv", f"{hostile('path')},label{BAD}\na,b\n"),
                              ("l.csv", f'path,label\n"{hostile("none")}",a\n'), ("l.csv", f'path,label\n{rows}\n"{BAD}",{BAD}\n'),
                              ("l.jsonl", json.dumps({"file_name": hostile("a"), "label": 1}) + "\n"),
                              ("l.jsonl", json.dumps({hostile("file_name"): "a"}) + "\n" + BAD)):
            file = write(self.folder / name, content.encode())
            self.clean(lrfind("inspect", file), (0, 3))
            self.clean(lrfind("inspect", file, "--json"), (0, 3))
        self.assertTrue(images.exists())


if __name__ == "__main__":
    unittest.main()
