#!/usr/bin/env python3
"""How good are learning-rate suggestions on your own data, network and optimizer?

Builds the truth with `lrfind verify` (trainings from scratch over a grid of rates, at a constant rate and as the peak of a
one-cycle schedule), sweeps with several seeds, and scores every rule by its regret: the validation accuracy, in points, that
is lost at its rate against the best of the grid (interpolated on the logarithm of the rate). Spread is the standard
deviation of log10(rate) over the seeds, in decades. Prints a table as Markdown and draws the figure.

usage: regret.py DATA [--out FOLDER] [--epochs 3] [--seeds 2] [--sweep-seeds 5] [--grid -4:1:0.5] [-- options of lrfind sweep]

  regret.py /usr/share/datasets/fashion-mnist --out regret -- --limit 6000 --optimizer adam

The truth is kept in FOLDER/truth.json and reused while FOLDER is the same: delete it to train again.
"""
import argparse
import json
import math
import pathlib
import shlex
import statistics
import subprocess
import sys

import readme_part

ROOT = pathlib.Path(__file__).resolve().parents[2]
USUAL = {"sgd": 0.1, "adagrad": 0.01, "nadam": 0.002, "lion": 0.0001, "lars": 1.0}


def lrfind(program, arguments, allowed=(0,)):
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in allowed:
        sys.exit(f"regret.py: status {done.returncode} of: {shlex.join([program, *arguments])}")
    return done.stdout


def accuracy_at(rate, grid):
    """Accuracy at a rate from [(log10 rate, accuracy)]; beyond the grid, that of its end."""
    x = math.log10(rate)
    if x <= grid[0][0]:
        return grid[0][1]
    for (x0, a0), (x1, a1) in zip(grid, grid[1:]):
        if x <= x1:
            return a0 + (a1 - a0) * (x - x0) / (x1 - x0)
    return grid[-1][1]


def build_truth(a, options):
    start, stop, step = (float(v) for v in a.grid.split(":"))
    rates = [f"{10 ** (start + i * step):.6g}" for i in range(round((stop - start) / step) + 1)]
    text = lrfind(a.lrfind, ["verify", a.data, "--rates", ",".join(rates), "--lr-schedule", "constant", "--lr-schedule", "one-cycle",
                             "--keep-all", "--epochs", str(a.epochs), "--seeds", str(a.seeds), "--val-limit", "0", "--json", *options])
    truth = {}
    for schedule in json.loads(text)["verify"]["lr_schedules"]:
        # A training that diverged is as good as guessing.
        points = [(math.log10(c["lr"]), c["val_accuracy"]) for c in schedule["candidates"]]
        worst = min(p[1] for p in points if p[1] is not None)
        truth[schedule["lr_schedule"]] = sorted((x, worst if v is None else v) for x, v in points)
    return truth


def suggestions(a, options):
    """Per seed, what is suggested for a constant rate and for a one-cycle peak, by rule."""
    found = []
    for seed in range(1, a.sweep_seeds + 1):
        text = lrfind(a.lrfind, ["sweep", a.data, "-o", "-", "--quiet", "--seed", str(seed), *options], allowed=(0, 4))
        result = json.loads(text)
        rates = {rule: (rate, rate) for rule, rate in result["suggestion"]["by_rule"].items()}
        rates["lrfind"] = (result["suggestion"]["lr"], result["suggestion"]["max_lr"])
        optimizer, momentum = result["config"]["optimizer"], result["config"]["momentum"]
        usual = USUAL.get(optimizer, 0.001) * (1 - momentum if optimizer == "sgd" else 1)
        rates["(usual rate)"] = (usual, usual)
        rates["(three times the usual rate)"] = (3 * usual, 3 * usual)
        found.append(rates)
    return found


def draw(truth, found, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True)
    for side, (axis, schedule) in enumerate(zip(axes, ("constant", "one-cycle"))):
        axis.plot([10 ** x for x, _ in truth[schedule]], [100 * y for _, y in truth[schedule]], "o-", color="#444444", label="trained at this rate")
        for rule, colour in (("lrfind", "#0072b2"), ("valley", "#d55e00"), ("minimum", "#009e73"), ("slide", "#cc79a7")):
            for i, rates in enumerate(found):
                if rates.get(rule, (None, None))[side]:
                    axis.axvline(rates[rule][side], color=colour, alpha=0.7, linewidth=2.5 if rule == "lrfind" else 1,
                                 label=rule if i == 0 else None)
        axis.set_xscale("log")
        axis.set_xlabel("learning rate" if side == 0 else "peak learning rate")
        axis.set_title(f"{schedule} rate" if side == 0 else "one-cycle schedule")
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("validation accuracy, %")
    axes[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)


def main():
    own, options = (sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]) if "--" in sys.argv else (sys.argv[1:], [])
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data")
    p.add_argument("--lrfind", default=str(ROOT / "build/src/command/lrfind"))
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path("regret"))
    p.add_argument("--epochs", type=float, default=3)
    p.add_argument("--seeds", type=int, default=2, help="trainings per rate of the grid")
    p.add_argument("--sweep-seeds", type=int, default=5)
    p.add_argument("--grid", default="-4:1:0.5", help="log10 of the rates: first:last:step")
    p.add_argument("--figure", type=pathlib.Path, help="default: FOLDER/regret.svg")
    p.add_argument("--write", type=pathlib.Path, metavar="PAGE", help="put the table between PAGE's 'regret' markers as well")
    a = p.parse_args(own)
    if a.write:
        readme_part.check(a.write, "regret")
    a.out.mkdir(parents=True, exist_ok=True)
    kept = a.out / "truth.json"
    if not kept.exists():
        kept.write_text(json.dumps(build_truth(a, options), indent=1))
    truth = json.loads(kept.read_text())
    found = suggestions(a, options)
    shown = readme_part.command_shown("regret.py", own, ("--lrfind", "--out", "--write", "--figure"))
    lines = [f"`{shown + ' -- ' + shlex.join(options) if options else shown}`\n"]
    lines.append("| rule | rate | regret, constant | regret, one-cycle peak | spread, decades |\n| --- | --- | --- | --- | --- |")
    rows = []
    for rule in sorted({rule for rates in found for rule in rates}):
        lost = []
        for side, schedule in enumerate(("constant", "one-cycle")):
            best, worst = max(v for _, v in truth[schedule]), min(v for _, v in truth[schedule])
            # A rule that finds no rate leaves its user with the worst.
            lost.append(statistics.mean(100 * (best - (accuracy_at(r[rule][side], truth[schedule]) if r.get(rule, (None,))[0] else worst)) for r in found))
        rates = [math.log10(r[rule][0]) for r in found if r.get(rule, (None,))[0]]
        if not rates:
            continue
        spread = statistics.pstdev(rates)
        rows.append((sum(lost), f"| {rule} | {10 ** statistics.mean(rates):.2g} | {lost[0]:.1f} | {lost[1]:.1f} | {spread:.2f} |"))
    lines += [row for _, row in sorted(rows)]
    print("\n".join(lines))
    if a.write:
        readme_part.write(a.write, "regret", "\n".join(lines))
    figure = a.figure or a.out / "regret.svg"
    try:
        draw(truth, found, figure)
        print(f"regret.py: figure: {figure}", file=sys.stderr)
    except ImportError:
        print("regret.py: no figure: matplotlib is not installed", file=sys.stderr)


main()
