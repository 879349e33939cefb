"""`lrfind plot -o report.html`, opened in a real browser: switched, pointed at, driven by keys, on a phone and in the dark."""

import copy
import json
import os
import re
import shlex
import unittest
from pathlib import Path

from browser import MISSING, Browser
from hostile_test import LOSSES, RATES, changed, result
from support import QUICK, Case, class_folders, curve, lrfind, write

HOSTILE = ("</script><script>window.hit=1</script><img src=x onerror=window.hit=1><!--\"'><svg onload=window.hit=1>"
           "\u2028\u2029\0\u202e{{results}}&lt;javascript:alert(1)")


def full():
    """A result with everything that a page can show."""
    made = copy.deepcopy(result())
    made["curve"]["probe_loss"] = [loss + 0.1 for loss in LOSSES]
    made["curve"]["alignment"] = [0.9 if i % 2 else None for i in range(40)]
    made["curve"]["gain_ratio"] = [1.0 if i % 4 == 0 else None for i in range(40)]
    made["curve"]["val_loss"] = [2.0 if i % 5 == 0 else None for i in range(40)]
    made["curve"]["val_accuracy"] = [0.5 if i % 5 == 0 else None for i in range(40)]
    made["trials"].append({**made["trials"][0], "seed": 2**63, "suggested_lr": 0.02})
    made["suggestion"]["by_rule"] = {"valley": 0.004, "steepest": 0.02, "slide": 0.02, "minimum": None}
    made["verify"] = {"steps": 30, "val_images": 100, "complete": True, "lr_schedules": [
        {"lr_schedule": "constant", "suggested_lr": 0.01, "best_lr": 0.03, "held": False, "selected_lr": 0.03, "candidates": [
            {"lr": 0.01, "factor": 1, "suggested": True, "status": "completed", "val_accuracy": 0.5, "val_accuracy_std": 0.01,
             "val_loss": 1.5, "runs": [{}]},
            {"lr": 0.03, "factor": 3, "suggested": False, "status": "completed", "val_accuracy": 0.75,
             "val_accuracy_std": None, "val_loss": 1.1, "runs": [{}]}]}]}
    made["batch_sizes"] = [{"batch_size": 8, "lr": 0.01, "max_lr": 0.02, "interval": [0.005, 0.02]},
                           {"batch_size": 16, "lr": None, "max_lr": None, "interval": None}]
    made["batch_exponent"] = {"value": 0.8, "interval": [0.5, 1.1]}
    made["layers"] = [{"name": f"conv{i}.weight", "shape": [8, 3, 3], "parameters": 72, "ratio": 0.001 * 20**i,
                       "lr_at_1e-3": 0.1} for i in range(3)]
    return made


@unittest.skipIf(MISSING, MISSING)
class Page(Case):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        super().setUp()
        self.browser.resize(1100, 900)
        self.browser.prefer("light")

    def page(self, *made, quiet=True):
        """Writes the results, makes their page and opens it; nothing but the page itself was asked for."""
        files = [one if not isinstance(one, dict) else write(self.folder / f"r{i}.json", json.dumps(one).encode())
                 for i, one in enumerate(made)]
        target = self.folder / "report.html"
        run = lrfind("plot", *files, "-o", target)
        self.assertEqual((run.status, run.stdout), (0, ""), str(run))
        self.browser.open(target)
        if quiet:
            self.assert_quiet()
        return target

    def assert_quiet(self):
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual([url for url in self.browser.requests() if not url.endswith("/report.html")], [])

    def switch(self, key):
        self.browser.click(f"[data-key={key}]")

    def test_is_one_file_that_shows_the_suggestion_and_its_tables(self):
        text = self.page(full()).read_text()
        self.assertFalse(re.findall(r"(?:src|href)\s*=|@import|url\((?!#)", text))
        self.assertEqual(self.browser.text("#answer"), "0.01")
        self.assertEqual(self.browser.text(".hero .badge"), "Trusted")
        for words in ("90 % interval 0.005 to 0.02", "0.001 to 0.02"):
            self.assertIn(words, self.browser.text("#overview").replace("\u00a0", " "))
        self.assertEqual(self.browser.count("#verify-0 tbody tr"), 2)
        self.assertIn("75.0", self.browser.text("#verify-0 .chosen"))
        self.assertEqual(self.browser.count("#batch-sizes-table tbody tr"), 2)
        self.assertIn("0.8 (0.5 to 1.1)", self.browser.text("#batch-sizes"))
        self.assertEqual(self.browser.count("#layers-table .odd"), 2)
        self.assertIn(str(2**63), self.browser.text("#trials-table"))
        self.assertIn("lrfind 0.1.0", self.browser.text("#setup"))
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text).group(1)
        self.assertEqual(re.sub(r"sha256-[\w+/=]+", "", policy),
                         "default-src 'none'; script-src ''; style-src ''; base-uri 'none'; form-action 'none'")

    def test_switches_every_curve_on_and_off(self):
        self.page(full())
        for key in ("loss", "trials", "smoothed_loss", "probe_loss", "val_loss", "alignment", "gain_ratio", "val_accuracy"):
            drawn = lambda: self.browser.count(f"#plot .series.{key}")
            before = drawn()
            self.assertEqual(before, 0 if key == "trials" else 1, key)
            self.switch(key)
            self.assertEqual(drawn(), 2 if key == "trials" else 0, key)
            self.switch(key)
            self.assertEqual(drawn(), before, key)
        self.switch("suggestion")
        self.assertEqual(self.browser.count("#plot .rate, #plot .interval, #plot .bound"), 0)
        self.switch("rules")
        self.assertEqual(self.browser.count("#plot .rule"), 2)  # two of the three say the same
        self.assertEqual(self.browser.run("return [...document.querySelectorAll('.rule-label')].map((e) => e.textContent)"),
                         ["valley", "slide, steepest"])
        self.browser.click("#rules-table tbody tr:first-child input")
        self.assertEqual(self.browser.count("#plot .rule"), 1)
        height = self.browser.box("#plot")["height"]
        for key in ("alignment", "gain_ratio", "val_accuracy"):
            self.switch(key)
        self.assertLess(self.browser.box("#plot")["height"], height - 100)  # the panel of ratios is gone
        self.assert_quiet()

    def test_tells_the_values_under_the_pointer(self):
        self.page(full())
        box = self.browser.box("#plot")
        for share in (0.1, 0.45, 0.8):
            self.browser.point_at(box["x"] + 54 + share * (box["width"] - 70), box["y"] + 150)
            said = self.browser.text("#readout")
            step = int(re.search(r"step (\d+) of 40", said).group(1)) - 1
            self.assertAlmostEqual(step, share * 39, delta=0.51)
            self.assertAlmostEqual(float(re.search(r"lr (\S+)", said).group(1)), RATES[step], delta=0.005 * RATES[step])
            values = dict(re.findall(r"^([A-Z][a-z ]+)\n([\d.]+)$", said, re.MULTILINE))
            self.assertAlmostEqual(float(values["Batch loss"]), LOSSES[step], places=3)
            self.assertAlmostEqual(float(values["Probe loss"]), LOSSES[step] + 0.1, places=3)
            self.assertEqual("Alignment" in values, step % 2 == 1)
        self.browser.point_at(5, 5)
        self.assertIsNone(self.browser.run("return document.querySelector('#readout').offsetParent"))

    def test_is_walked_by_keyboard(self):
        self.page(full())
        reached = []
        for _ in range(60):
            self.browser.press("Tab")
            where = self.browser.run("const e = document.activeElement; return e === document.body ? null : "
                                     "[e.id || e.tagName, (e.ariaLabel || e.labels?.[0]?.innerText || e.innerText).trim()]")
            if where is None:
                break
            self.assertTrue(where[1], f"{where} has no name")
            reached.append(where[0])
        self.assertIn("plot", reached)
        self.assertEqual(reached.count("INPUT"), self.browser.count("input"))
        self.assertEqual(reached.count("SUMMARY"), self.browser.count("summary"))
        self.browser.run("document.querySelector('#plot').focus()")
        said = lambda: self.browser.run("return document.querySelector('#plot').ariaValueText")
        at = lambda: int(self.browser.run("return document.querySelector('#plot').ariaValueNow"))
        self.assertTrue(said().startswith("lr 0.01; "), said())  # begins at the suggestion
        begin = at()
        for key, step in (("ArrowRight", begin + 1), ("ArrowLeft", begin), ("PageUp", begin + 10), ("PageDown", begin),
                          ("Home", 1), ("ArrowLeft", 1), ("End", 40)):
            self.browser.press(key)
            self.assertEqual(at(), step, key)
        self.assertIn(f"Batch loss {LOSSES[39]:.4g}", said())
        self.browser.press("Escape")
        self.assertIsNone(said())
        self.browser.run("document.querySelector('[data-key=loss] input').focus()")
        self.browser.press(" ")
        self.assertEqual(self.browser.count("#plot .series.loss"), 0)

    def test_lays_several_results_over_each_other(self):
        other = changed("suggestion.lr", 0.003)
        other["suggestion"].update(trusted=False, interval=None, reasons=[{"code": "too-noisy", "message": "it is noisy"}])
        self.page(full(), other, changed("curve", {"lr": [], "loss": [], "smoothed_loss": []}))
        self.assertEqual(self.browser.count("#compared tbody tr"), 3)
        self.assertEqual(self.browser.count("#plot .series.smoothed_loss"), 2)
        self.browser.run("document.querySelector('#plot').focus()")
        self.assertIn("r1: ", self.browser.run("return document.querySelector('#plot').ariaValueText"))
        self.assertEqual(self.browser.count("#notes"), 0)
        self.browser.press("ArrowDown")
        self.assertIn("It is noisy.", self.browser.text("#notes"))
        self.browser.click("#result-switches label:nth-of-type(1)")
        self.assertEqual(self.browser.count("#plot .series.smoothed_loss"), 1)
        self.browser.click("#chooser label:nth-of-type(1)")
        self.assertEqual(self.browser.count("#verification"), 1)
        self.assert_quiet()

    def test_shows_hostile_names_as_text(self):
        made = full()
        made["model"]["name"] = made["dataset"]["path"] = made["suggestion"]["rule"] = HOSTILE
        made["dataset"].update(classes=[HOSTILE, HOSTILE], notes=[HOSTILE], unreadable=[{"path": HOSTILE, "error": HOSTILE}])
        made["suggestion"]["reasons"] = [{"code": HOSTILE, "message": HOSTILE}]
        made["suggestion"]["by_rule"][HOSTILE] = 0.01
        made["config"][HOSTILE] = HOSTILE
        made["config"]["optimizer"] = made["tool"]["version"] = made["tool"]["device"] = HOSTILE
        made["layers"][0]["name"] = made["verify"]["lr_schedules"][0]["lr_schedule"] = HOSTILE
        made["program"] = {"command": [HOSTILE], "hello": {}}
        source = write(self.folder / "'\"<b onclick=hit>&.json", json.dumps(made).encode())
        latin = write(Path(os.fsdecode(os.fsencode(self.folder) + b"/caf\xe9\n\x1b<img src=x>.json")), json.dumps(result()).encode())
        for files in ([source], [source, latin]):
            self.page(*files)
            self.browser.click("[data-key=rules]")
            self.browser.run("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
            self.browser.run("document.querySelector('#plot').focus()")
            self.assert_quiet()
            self.assertIsNone(self.browser.run("return window.hit ?? null"))
            self.assertEqual(self.browser.count("main img, main b[onclick], main svg[onload]"), 0)
            self.assertEqual(self.browser.count("script"), 2)
            self.assertIn("</script><script>window.hit=1</script><img src=x onerror", self.browser.text("#setup .classes"))
            self.assertNotIn("\u202e", self.browser.text("body"))
        self.assertIn("<img src=x>", self.browser.text("#compared"))

    def test_opens_whatever_a_result_lacks(self):
        nothing = {"lr": [], "loss": [], "smoothed_loss": []}
        none = changed("curve", nothing)
        none.update(trials=[], complete=False)
        none["suggestion"].update(lr=None, interval=None, min_lr=None, max_lr=None, trusted=False)
        point = changed("curve", {"lr": [0.1], "loss": [2.0], "smoothed_loss": [2.0]})
        point["trials"] = [{"seed": 0, "lr": [0.1], "loss": [2.0], "stopped": "interrupted"}]
        nulls = changed("curve.loss", [None] * 40)
        nulls["curve"]["smoothed_loss"] = [None] * 40
        nulls["trials"][0]["loss"] = [None] * 40
        huge = changed("curve.loss", [10.0 ** (8 * i) for i in range(38)] + [1e308, -1e308])
        odd = {**result(), "verify": {"lr_schedules": [None, 7]}, "batch_sizes": [None], "layers": [3], "program": [],
               "__proto__": 1}
        for made in (none, point, nulls, huge, odd):
            self.page(made)
            if made["curve"]["lr"]:
                self.browser.run("document.querySelector('#plot').focus()")
                self.browser.press("ArrowRight")
                self.browser.click("[data-key=whole]")
            self.assertNotIn("NaN", self.browser.run("return document.body.outerHTML.replace(/<script[^]*/, '')"))
            self.assert_quiet()
        self.page(none)
        self.assertIn("No step was measured", self.browser.text("main"))
        self.assertIn("interrupted", self.browser.text("#notes"))

    def test_takes_another_tools_table(self):
        table = "lr,loss\n" + "".join(f"{lr},{loss}\n" for lr, loss in zip(RATES, LOSSES))
        self.page(write(self.folder / "history.csv", table.encode()))
        self.assertEqual(self.browser.count("#plot .series.loss"), 1)
        self.assertEqual(self.browser.count("#command"), 0)

    def test_fits_a_phone_and_the_dark(self):
        long = full()
        long["dataset"].update(path="photos/" + "long" * 60, classes=["x" * 300, "b"])
        long["layers"][0]["name"] = "features." * 30
        colours = []
        for width, scheme in ((360, "light"), (1100, "dark")):
            self.browser.resize(width, 740, phone=width < 400)
            self.browser.prefer(scheme)
            for made in ((long,), (long, full())):
                self.page(*made)
                self.browser.run("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
                self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), width)
                drawn = self.browser.run("const b = document.querySelector('#plot svg').getBoundingClientRect();"
                                         "return [b.left, b.right]")
                self.assertTrue(0 <= drawn[0] and drawn[1] <= width, drawn)
            colours.append(self.browser.run("const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"))
        light = [sum(map(int, re.findall(r"\d+", colour)[:3])) for pair in colours for colour in pair]
        self.assertTrue(light[0] < 200 < 600 < light[1] and light[3] < 200 < 600 < light[2], colours)

    def test_can_be_printed(self):
        self.page(full())
        self.assertTrue(self.browser.printed().startswith(b"%PDF"))
        self.assertEqual(self.browser.count("details[open]"), 0)

    def test_says_the_command_that_measures_it_again(self):
        made = result()
        made["dataset"]["path"] = "my photos/it's"
        made["config"].update({"nesterov": True, "batch-size": 8, "lr-mult": ["^a=2", "-b=3"], "val-split": 0.25, "reinit": False})
        self.page(made)
        words = shlex.split(self.browser.text("#command"))
        self.assertEqual(words[:3], ["lrfind", "sweep", "my photos/it's"])
        self.assertEqual(words[words.index("--batch-size") + 1], "8")
        self.assertEqual(words[words.index("--val-split") + 1], "0.25")
        self.assertIn("--nesterov", words)
        self.assertIn("--lr-mult=-b=3", words)
        self.assertNotIn("--reinit", words)
        self.assertNotIn("--optimizer", words)  # sgd is what nobody needs to say
        made["program"] = {"command": ["python3", "train me.py", "--lr-schedule"], "hello": {"optimizer": "sgd"}}
        made["config"]["trials"] = 2
        self.page(made)
        words = shlex.split(self.browser.text("#command"))
        self.assertEqual(words[:2], ["lrfind", "exec"])
        self.assertEqual(words[words.index("--trials") + 1], "2")
        self.assertEqual(words[words.index("--") + 1:], ["python3", "train me.py", "--lr-schedule"])


class PageFiles(Case):
    def test_are_written_whole_or_not_at_all(self):
        file = write(self.folder / "r.json", json.dumps(result()).encode())
        target = self.folder / "Report.HTM"
        self.assertEqual(lrfind("plot", file, "-o", target).status, 0)
        first = target.read_text()
        self.assertTrue(first.startswith("<!DOCTYPE html>") and first.endswith("</html>\n"))
        self.assert_refused(lrfind("plot", file, "-o", self.folder / "none" / "r.html"), 2, "none")
        self.assert_refused(lrfind("plot", self.folder / "lr.json", "-o", target), 3, "lr.json")
        self.assert_refused(lrfind("plot", file, "-o", self.folder / "r.xhtml"), 2, ".svg", ".html")
        self.assertEqual(target.read_text(), first)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["Report.HTM", "r.json"])

    def test_tell_files_of_one_name_apart(self):
        files = [write(self.folder / name / "lr.json", json.dumps(result()).encode()) for name in ("sgd", "adam")]
        lrfind("plot", *files, "-o", self.folder / "r.html")
        made = json.loads(re.search(r'id="results">(.*?)</script>', (self.folder / "r.html").read_text()).group(1))
        self.assertEqual([one["name"] for one in made], [str(file.with_suffix("")) for file in files])

    def test_of_a_sweep_have_the_command_that_gives_the_same_curve(self):
        data = class_folders(self.folder / "my data")
        first = lrfind("sweep", data, *QUICK, "--seed", "3", "--augment", "flip", "--weight-decay", "0.1", "-o", "-",
                       "--plot", "r.html", cwd=self.folder)
        if "built without LibTorch" in first.stderr:
            self.skipTest("this lrfind trains no networks")
        self.assertIn(first.status, (0, 4), str(first))
        made = json.loads(re.search(r'id="results">(.*?)</script>', (self.folder / "r.html").read_text()).group(1))
        again = lrfind(*shlex.split(made[0]["command"])[1:], "-o", "-")
        self.assertEqual(curve(again), curve(first))
        self.assertEqual(again.json["config"], first.json["config"])


if __name__ == "__main__":
    unittest.main()
