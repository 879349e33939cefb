"""The commands whose answers are kept, and the images that they are about.

TRAINED answers depend on LibTorch and on the processor's instructions, COMPUTED ones on neither: they start from
files/saved.json, the result of a sweep, or train nothing.
"""

import json
import random
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "command"))

from support import class_folders, idx, lrfind, pgm, pixels, png, write  # noqa: E402

SAVED = HERE / "files" / "saved.json"
TINY = HERE.parent / "command" / "files" / "tiny.pt"
RULES = ["lrfind", "valley", "steepest", "minimum", "slide", "torch-lr-finder", "ignite", "lightning"]
SCHEDULES = ["constant", "step", "exponential", "cosine", "cosine-warm-restarts", "one-cycle", "triangular",
             "triangular2", "linear-warmup-cosine", "reduce-on-plateau"]

# Arguments of lrfind sweep by the name of the answer; --seed differs, so that no two start from the same weights.
SWEEPS = {
    "sgd": ["grey", "--model", "plain-cnn", "--width", "0.25", "--trials", "2"],
    "auto-trials": ["grey", "--model", "plain-cnn", "--width", "0.125", "--trials", "auto", "--seed", "1",
                    "--precision-decades", "0.08", "--max-trials", "4"],
    "adam": ["split", "--model", "small-cnn", "--width", "0.25", "--optimizer", "adam", "--augment",
             "crop-flip,color-jitter", "--max-lr", "1", "--seed", "2"],
    "adamw": ["split", "--model", "resnet8", "--width", "0.25", "--optimizer", "adamw", "--weight-decay", "0.05",
              "--label-smoothing", "0.1", "--max-lr", "1", "--seed", "3", "--normalize", "imagenet"],
    "rmsprop": ["mixed", "--model", "mobilenet", "--width", "0.25", "--optimizer", "rmsprop", "--momentum", "0.5",
                "--alpha", "0.9", "--image-size", "16x20", "--resize", "pad", "--min-lr", "1e-7", "--max-lr", "1",
                "--seed", "4"],
    "adagrad": ["list.csv", "--model", "plain-cnn", "--width", "0.25", "--optimizer", "adagrad", "--class-weights",
                "balanced", "--seed", "5"],
    "accumulate": ["idx", "--model", "small-cnn", "--width", "0.25", "--nesterov", "--accumulate", "2", "--grad-clip",
                   "1", "--weight-decay", "0.001", "--seed", "6"],
    "vgg11": ["mixed", "--model", "vgg11", "--width", "0.0625", "--image-size", "32", "--resize", "crop", "--augment",
              "random-resized-crop", "--channels", "1", "--limit", "40", "--seed", "7"],
    "layerwise": ["grey", "--model", "resnet8", "--width", "0.25", "--layerwise", "--freeze", "^stem", "--lr-mult",
                  "bias=2", "--momentum", "0.8", "--seed", "8"],
    "batch-sizes": ["grey", "--model", "plain-cnn", "--width", "0.25", "--batch-sizes", "4,8,16", "--seed", "9"],
    "torchscript": ["split", "--model", TINY, "--replace-head", "--reinit", "--seed", "10"],
    "fine-tune": ["split", "--model", TINY, "--replace-head", "--freeze", "!^fc", "--seed", "11"],
    "val-loss": ["split", "--model", "plain-cnn", "--width", "0.25", "--metric", "val-loss", "--eval-every", "1",
                 "--seed", "12"],
    "val-accuracy": ["split", "--model", "plain-cnn", "--width", "0.25", "--metric", "val-accuracy", "--eval-every",
                     "3", "--spacing", "linear", "--min-lr", "0.001", "--max-lr", "0.1", "--seed", "15"],
    "probe-loss": ["grey", "--model", "small-cnn", "--width", "0.25", "--metric", "probe-loss", "--probe", "5",
                   "--gain-every", "1", "--stop-factor", "0", "--smoothing", "0.9", "--rule", "valley", "--trials", "2",
                   "--seed", "13"],
    "sweep-verify": ["grey", "--model", "plain-cnn", "--width", "0.25", "--verify", "--val-split", "0.25", "--seed",
                     "14"],
}
USUAL = ["--steps", "24", "--batch-size", "8", "--trials", "1", "--min-lr", "1e-5", "--device", "cpu", "--threads", "1",
         "--workers", "2", "--quiet"]


def make_images(folder):
    class_folders(folder / "grey", each=24)
    class_folders(folder / "split" / "train", each=14, colour=True)
    class_folders(folder / "split" / "val", each=6, colour=True)
    # Of several sizes and formats, one of them no image at all.
    for label in range(3):
        for number in range(20):
            side = 14 + (label + number) % 3 * 5
            rows = pixels(label, number, side, 3)[: side - number % 4]
            write(folder / "mixed" / "train" / f"kind {label}" / f"{number:02}.png", png(rows, 3))
        write(folder / "mixed" / "test" / f"kind {label}" / "a.pgm", pgm(pixels(label, 50, 18)))
    write(folder / "mixed" / "train" / "kind 1" / "broken.png", b"no image")
    lines = ["path,label"]
    for label, each in enumerate((24, 12, 8)):
        lines += [f"grey/class{label}/{number:03}.pgm,class {label}" for number in range(each)]
    write(folder / "list.csv", "\n".join(lines).encode())
    for part, count, first in (("train", 48, 0), ("t10k", 12, 100)):
        values = b"".join(b"".join(pixels(i % 3, first + i)) for i in range(count))
        write(folder / "idx" / f"{part}-images-idx3-ubyte", idx(values, count, 12, 12))
        write(folder / "idx" / f"{part}-labels-idx1-ubyte", idx(bytes(i % 3 for i in range(count)), count))


class Refused(Exception):
    """A command did not run at all."""


class Runner:
    """Runs commands in the folder of the images, with an environment for all of them."""

    def __init__(self, folder, variables):
        self.folder, self.variables = folder, variables

    def __call__(self, *arguments, statuses=(0, 4)):
        run = lrfind(*arguments, cwd=self.folder, **self.variables)
        if run.status not in statuses:
            raise Refused(f"lrfind {' '.join(map(str, arguments))}: {run}")
        return run

    def sweep(self, name, *more):
        data, *arguments = SWEEPS[name]
        return json.loads(self("sweep", data, *USUAL, *arguments, "-o", "-", *more).stdout)


# What a result says of the machine, the moment and the folder, not of the images.
def kept(result, config=False):
    result = {key: value for key, value in result.items() if key not in ("tool", "timing")}
    settings = result.pop("config")
    if config:
        result["config"] = settings
    result["dataset"] = {key: value for key, value in result["dataset"].items() if key not in ("path", "notes")}
    result["model"]["name"] = Path(result["model"]["name"]).name
    result["suggestion"].pop("plan", None)
    result["suggestion"]["reasons"] = [[reason["code"], reason["fatal"]] for reason in result["suggestion"]["reasons"]]
    if result["dataset"]["unreadable"]:
        result["dataset"]["unreadable"] = [Path(file["path"]).name for file in result["dataset"]["unreadable"]]
    for trial in result["trials"]:
        if trial["lr"] == result["curve"]["lr"][: len(trial["lr"])]:
            trial["lr"] = f"first {len(trial['lr'])} of the curve"
    if len(result["trials"]) == 1:
        for name, values in list(result["trials"][0].items()):
            if values == result["curve"].get(name, "none"):
                result["trials"][0][name] = "as the curve"
    if "verify" in result:
        result["verify"] = kept_verification(result["verify"])
    return result


def kept_verification(section):
    section.pop("config", None)
    return section


def trained(run):
    """The answers that depend on LibTorch and the processor."""
    answers = {name: kept(run.sweep(name), config=name == "sgd") for name in SWEEPS}
    run("sweep", "grey", *USUAL, *SWEEPS["sgd"][1:], "-o", "lr.json", "--csv", "lr.csv")
    answers["csv"] = (run.folder / "lr.csv").read_text().splitlines()
    verify = ["verify", "grey", "--result", "lr.json", "--workers", "2", "--steps", "20", "-o", "verified.json"]
    done = run(*verify, "--lr-schedule", "constant", "--lr-schedule", "one-cycle", "--warmup", "3", "--seeds", "2")
    answers["verify-table"] = done.stdout.splitlines()
    answers["verify"] = kept_verification(json.loads((run.folder / "verified.json").read_text())["verify"])
    # Every schedule and optimizer for a few steps, all digits of the last loss.
    for optimizer in ("sgd", "adam", "adamw", "nadam", "radam", "rmsprop", "adagrad", "lion", "lars", "lamb"):
        names = [part for name in SCHEDULES for part in ("--lr-schedule", name)]
        section = run("verify", "grey", "--rates", "0.01", "--model", "plain-cnn", "--width", "0.125", "--batch-size",
                      "8", "--steps", "8", "--val-split", "0.25", "--device", "cpu", "--threads", "1", "--workers", "2",
                      "--optimizer", optimizer, *names, "--json", "--quiet").json["verify"]
        answers[f"schedules-{optimizer}"] = {
            schedule["lr_schedule"]: [one for candidate in schedule["candidates"] for one in candidate["runs"]]
            for schedule in section["lr_schedules"]}
    return answers


def made_up_curve():
    """As another tool would write it: falls around 1e-2, then rises."""
    draw = random.Random(1)
    rows = ["lr,loss"]
    for i in range(60):
        lr = 1e-6 * 10 ** (7 * i / 59)
        rows.append(f"{lr:.9g},{0.9 + 1.4 / (1 + lr / 5e-3) + (lr / 2) ** 2 + draw.uniform(-0.02, 0.02):.9g}")
    return "\n".join(rows) + "\n"


def computed(run):
    """The answers that need neither LibTorch nor one kind of processor."""
    answers = {}
    shutil.copyfile(SAVED, run.folder / "saved.json")
    write(run.folder / "other.csv", made_up_curve().encode())
    for rule in RULES:
        for file, optimizer in (("saved.json", []), ("other.csv", ["--optimizer", "adam"])):
            result = kept(run("suggest", file, *optimizer, "--rule", rule, "-o", "-", "--quiet").json)
            answers[f"suggest-{rule}-{file}"] = result["suggestion"]
            answers[f"curve-{file}"] = result["curve"]
            answers[f"rates-{file}"] = [trial.get("suggested_lr") for trial in result["trials"]]
    for smoothing in ("0", "0.9"):
        result = run("suggest", "saved.json", "--smoothing", smoothing, "-o", "-", "--quiet").json
        answers[f"suggest-smoothing-{smoothing}"] = kept(result)["suggestion"]
    answers["summary"] = run("suggest", "saved.json").stderr.splitlines()
    answers["terminal"] = run("plot", "saved.json").stderr.splitlines()
    for name in SCHEDULES:
        shown = run("schedule", name, "--result", "saved.json", "--steps", "10", "--json", "--quiet").json
        answers[f"schedule-{name}"] = shown
        shown = run("schedule", name, "--max-lr", "0.3", "--min-lr", "0.01", "--steps", "10", "--json", "--quiet").json
        answers[f"schedule-{name}-bounds"] = shown["lr"]
    for data in ("grey", "split", "mixed", "idx", "list.csv"):
        report = run("inspect", data, "--json", "--quiet", statuses=(0, 1, 3)).json
        answers[f"inspect-{data}"] = {key: value for key, value in report.items() if key not in ("path", "notes")}
        for file in report["unreadable"] + report["misnamed"]:
            file["path"] = Path(file["path"]).name
    answers["models"] = run("models", "--json").json
    return answers


def picture(run):
    """gnuplot's drawing of the saved result, without what names gnuplot."""
    run("plot", "saved.json", "-o", "saved.svg")
    return re.sub(r"(?s)<desc>.*?</desc>\n", "", (run.folder / "saved.svg").read_text())
