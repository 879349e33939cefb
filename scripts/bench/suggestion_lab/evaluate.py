#!/usr/bin/env python3
"""Scores the lrfind rule, or a rule of your own, on the recorded curves; no training, well under ten minutes.

    evaluate.py --results RESULTS.md       all tables
    evaluate.py --rule my_rule.py          one line and one row per task for another rule
    evaluate.py --curves mine.json.gz ...  curves recorded by record.py

A rule is a Python file with suggest(trials, optimizer, momentum), see rule.py, that returns a dict with log10_lr (for
a constant rate) and log10_max_lr (for the peak of a one-cycle schedule).

Regret: points of validation accuracy lost against the best rate of the grid, interpolated over the logarithm of the
rate. A task's regret is the mean over suggestions from disjoint groups of trials. Spread: standard deviation of
log10(suggestion) over those groups (n - 1), in decades. Needs NumPy (Debian: python3-numpy).
"""
import argparse
import dataclasses
import gzip
import importlib.util
import json
import pathlib
import random

import numpy as np

import rule
from tasks import ALL, MODERN, SEVEN, scored

HERE = pathlib.Path(__file__).resolve().parent
USES = {"constant": "log10_lr", "onecycle": "log10_max_lr"}
FITTED = {
    "constant": ("below_lr", "usual_lr", "momentum_shift", "alignment_weight"),
    "onecycle": ("below_peak", "usual_peak", "momentum_shift", "alignment_weight"),
}
SCORED_TRIALS = 4  # of every task, so that tasks recorded more often weigh the same


def optimizer_of(name):
    optimizer = ALL[name]["optimizer"]
    return ("sgd", 0.9) if optimizer == "sgdm" else (optimizer, 0.0)


def groups_of(trials, size):
    """Disjoint groups of `size`; all of them as one where there are fewer."""
    return [trials[i : i + size] for i in range(0, len(trials) - size + 1, size)] or [trials]


def regret(truth, x):
    return 100 * (max(truth["accuracy"]) - np.interp(x, truth["log10_lr"], truth["accuracy"]))


def plateau(truth):
    """The rates about the best one that lose at most a point, log10."""
    grid = np.linspace(truth["log10_lr"][0], truth["log10_lr"][-1], 1201)
    good = regret(truth, grid) <= 1
    best = int(np.argmin(regret(truth, grid)))
    low, high = best, best
    while low > 0 and good[low - 1]:
        low -= 1
    while high < len(grid) - 1 and good[high + 1]:
        high += 1
    return grid[low], grid[high]


class Lab:
    """The recorded tasks with their landmarks worked out once."""

    def __init__(self, path):
        with gzip.open(path) as file:
            self.tasks = {name: task for name, task in json.load(file).items() if name in ALL}
        for task in self.tasks.values():
            task["marks"] = [rule.landmarks(trial) for trial in task["trials"]]

    def names(self, use, among=None):
        return [name for name in scored(use, self.tasks) if among is None or name in among]

    def answers(self, name, use, size, constants=rule.RULE):
        """log10 of the rule's suggestion per group of `size` trials."""
        groups = groups_of(self.tasks[name]["marks"][:SCORED_TRIALS], size)
        return np.array([rule.decide(group, *optimizer_of(name), constants)[USES[use]] for group in groups])

    def lost(self, name, use, x):
        return float(np.mean(regret(self.tasks[name]["truth"][use], x)))


class Score:
    """Regret and spread per task of answers(name, use)."""

    def __init__(self, lab, answers, among=None):
        self.regret, self.spread, self.worst_run = {}, [], {}
        for use in USES:
            found = {name: answers(name, use) for name in lab.names(use, among)}
            self.regret[use] = {name: lab.lost(name, use, x) for name, x in found.items()}
            self.spread += [np.std(x, ddof=1) for x in found.values() if np.size(x) > 1]

    def cells(self):
        cells = []
        for use in USES:
            lost = list(self.regret[use].values())
            cells += [f"{np.mean(lost):.2f}", f"{max(lost):.1f}"]
        return cells + [f"{np.mean(self.spread):.2f}" if self.spread else ""]


# ------------------------------------------------------------------ fitting with tasks left out


def softened(truth):
    """Regret on a fine grid, blurred so that a cliff counts before it is reached, with a lid so that no task rules."""
    grid = np.arange(-10, 4, 0.025)
    values = regret(truth, grid)
    kernel = np.exp(-0.5 * (np.arange(-36, 37) * 0.025 / 0.3) ** 2)
    padded = np.pad(np.minimum(values, 40) + 0.1 * values, 36, mode="edge")
    return grid, np.convolve(padded, kernel / kernel.sum(), "valid")


def fit(lab, use, names, size, start, steps=(0.1, 0.05, 0.025)):
    """Pattern search from `start` over the constants in FITTED, on these tasks only."""
    tables = {name: softened(lab.tasks[name]["truth"][use]) for name in names}

    def cost(c):
        loss = np.mean([np.mean(np.interp(lab.answers(n, use, size, c), *tables[n])) for n in names])
        return loss + 0.3 * (c.alignment_weight - 0.5) ** 2

    best, lowest = start, cost(start)
    for step in steps:
        moved = True
        while moved:
            moved = False
            for field in FITTED[use]:
                for sign in (-1, 1):
                    tried = dataclasses.replace(best, **{field: getattr(best, field) + sign * step})
                    value = cost(tried)
                    if value < lowest - 1e-4:
                        best, lowest, moved = tried, value, True
    return best


def left_out(lab, size):
    """Answers by constants fitted without the scored task; the search starts at the fit to all of them."""
    fitted = {}
    for use in USES:
        names = lab.names(use)
        everything = fit(lab, use, names, size, rule.RULE)
        for name in names:
            rest = [other for other in names if other != name]
            fitted[name, use] = fit(lab, use, rest, size, everything, steps=(0.05, 0.025))
    return lambda name, use: lab.answers(name, use, size, fitted[name, use])


def seven_left_out(lab, size):
    fitted = {use: fit(lab, use, lab.names(use, set(ALL) - set(SEVEN)), size, rule.RULE) for use in USES}
    return lambda name, use: lab.answers(name, use, size, fitted[use])


# ------------------------------------------------------------------ other rules


def usual_answers(factor):
    return lambda name, use: np.array([rule.usual_rate(*optimizer_of(name)) + np.log10(factor)])


def loss_only(lab, size):
    def answers(name, use):
        marks = [{**mark, "alignment": None} for mark in lab.tasks[name]["marks"][:SCORED_TRIALS]]
        groups = groups_of(marks, size)
        return np.array([rule.decide(group, *optimizer_of(name))[USES[use]] for group in groups])

    return answers


def without_prior(lab, size):
    def answers(name, use):
        groups = groups_of(lab.tasks[name]["marks"][:SCORED_TRIALS], size)
        return np.array([rule.decide(group)[USES[use]] for group in groups])

    return answers


def other_rule(lab, path, size):
    spec = importlib.util.spec_from_file_location("other_rule", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def answers(name, use):
        groups = groups_of(lab.tasks[name]["trials"][:SCORED_TRIALS], size)
        return np.array([module.suggest(group, *optimizer_of(name))[USES[use]] for group in groups])

    return answers


# ------------------------------------------------------------------ what people train today, by length


def steps_of(task, epochs):
    return epochs * (task["images"] // task["batch_size"])


def length_rows(lab):
    """A row per task and length of MODERN: regret as told the plan, and as not told, by schedule."""
    for name in MODERN:
        if name not in lab.tasks:
            continue
        recorded = lab.tasks[name]
        task, groups = recorded["task"], groups_of(recorded["marks"][:SCORED_TRIALS], 2)
        for epochs in task["lengths"]:
            steps, cells = steps_of(task, epochs), {}
            for schedule, key in (("constant", "log10_lr"), ("onecycle", "log10_max_lr"), ("cosine", "log10_max_lr")):
                truth = recorded["truth"].get(f"{schedule}@{epochs}")
                if truth is None or len(truth["accuracy"]) < 5:
                    continue
                told = [rule.decide(group, *optimizer_of(name), steps=steps)[key] for group in groups]
                untold = [rule.decide(group, *optimizer_of(name))[key] for group in groups]
                usual = rule.usual_rate(*optimizer_of(name))
                cells[schedule] = [float(np.mean(regret(truth, x))) for x in (told, untold, usual, usual + np.log10(3))]
            yield name, epochs, steps, cells


def length_tables(lab):
    """Means over tasks and lengths, then a row for each: told the plan / not told."""
    rows = list(length_rows(lab))
    groups = (("all", ""), ("fine-tuning", "m-ft-"), ("attention", "vit"))
    summary_rows, each = [], []
    for words, part in groups:
        for schedule in ("constant", "onecycle", "cosine"):
            found = np.array([cells[schedule] for name, _, _, cells in rows if part in name and schedule in cells])
            if len(found):
                columns = [f"{np.mean(column):.2f}, {max(column):.1f}" for column in found.T]
                summary_rows.append([words, schedule, len(found), *columns])
    for name, epochs, steps, cells in rows:
        shown = [f"{cells[s][0]:.1f} / {cells[s][1]:.1f}" if s in cells else "" for s in ("constant", "onecycle", "cosine")]
        each.append([name, epochs, steps, *shown])
    head = ["tasks", "schedule", "trainings", "told the plan: mean, worst", "not told", "usual rate", "three times it"]
    return table(head, summary_rows) + "\n" + table(["task", "epochs", "updates", "constant", "one-cycle", "cosine"], each)


# ------------------------------------------------------------------ the interval


def coverage(lab, name, size, draws=200):
    """Share of 90 % intervals from `size` random trials that hold the answer of all other trials, and half widths.

    The answer comes from trials that the interval has not seen. size None: as `--trials auto` does, two trials and
    then one more until the half width is at most 0.15 decades, at most seven.
    """
    marks, chance, held, widths, used = lab.tasks[name]["marks"], random.Random(name), 0, [], []
    for _ in range(draws):
        order = chance.sample(range(len(marks)), len(marks))
        count = size or 2
        while True:
            low, high = rule.decide([marks[i] for i in order[:count]], *optimizer_of(name))["log10_interval"]
            if size or (high - low) / 2 <= 0.15 or count == 7:
                break
            count += 1
        answer = rule.decide([marks[i] for i in order[count:]], *optimizer_of(name))["log10_lr"]
        held += low <= answer <= high
        widths.append((high - low) / 2)
        used.append(count)
    return held / draws, float(np.mean(widths)), float(np.mean(used))


# ------------------------------------------------------------------ tables


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head, rows):
    return "\n".join([row(head), row(["---"] * len(head)), *map(row, rows)]) + "\n"


def summary(lab):
    head = ["rule", "tasks", "constant, mean", "worst", "one-cycle, mean", "worst", "spread"]
    own, rows = set(ALL) - set(SEVEN), []
    for size, words in ((1, "one trial"), (2, "two trials")):
        apart = left_out(lab, size)
        for label, answers in (
            (f"lrfind, {words}", lambda name, use, size=size: lab.answers(name, use, size)),
            (f"lrfind, {words}, constants fitted without the scored task", apart),
        ):
            for among, which in ((SEVEN, "the seven"), (own, "our own"), (set(ALL), "all")):
                rows.append([label, which, *Score(lab, answers, among).cells()])
        others = (
            ("constants fitted on our own", "the seven", seven_left_out(lab, size), SEVEN),
            ("optimizer not known (no prior)", "all", without_prior(lab, size), None),
            ("loss curve alone", "all", loss_only(lab, size), None),
        )
        for label, which, answers, among in others:
            rows.append([f"lrfind, {words}, {label}", which, *Score(lab, answers, among).cells()])
    for factor, words in ((1, "usual rate: SGD 0.1, momentum 0.01, Adam family 0.001"), (3, "three times the usual rate")):
        for among, which in ((SEVEN, "the seven"), (set(ALL), "all")):
            rows.append([words, which, *Score(lab, usual_answers(factor), among).cells()])
    return table(head, rows)


def power(x):
    return f"{10**x:.1e}"


def per_task(lab, answers_of):
    head = ["task", "trials", "lr", "best within a point", "regret, one trial", "two", "spread, one", "two"]
    head += ["max_lr", "best within a point", "regret, one trial", "two", "usual x 3: constant / one-cycle"]
    rows = []
    for name in lab.tasks:
        if name in MODERN:
            continue
        cells, spreads = [name, len(lab.tasks[name]["marks"])], []
        for use in USES:
            truth, one, two = lab.tasks[name]["truth"][use], answers_of(1)(name, use), answers_of(2)(name, use)
            cells += [power(one.mean()), " to ".join(map(power, plateau(truth)))]
            counts = name in lab.names(use)
            cells += [f"{lab.lost(name, use, x):.1f}" if counts else "-" for x in (one, two)]
            if use == "constant":
                cells += [f"{np.std(x, ddof=1):.2f}" if len(x) > 1 else "" for x in (one, two)]
        usual = [f"{lab.lost(name, use, usual_answers(3)(name, use)):.1f}" for use in USES]
        rows.append([*cells, " / ".join(usual)])
    return table(head, rows)


def coverage_table(lab, least=10):
    names = [name for name in lab.tasks if len(lab.tasks[name]["marks"]) >= least]
    if not names:
        return f"No task was recorded {least} times or more.\n"
    sizes, rows, totals = (1, 2, 3, None), [], []
    for name in names:
        found = [coverage(lab, name, size) for size in sizes]
        totals.append(found)
        cells = [f"{100 * held:.0f} % (±{width:.2f})" for held, width, _ in found]
        rows.append([name, len(lab.tasks[name]["marks"]), *cells, f"{found[3][2]:.1f}"])
    mean = np.mean(np.array(totals), axis=0)
    cells = [f"**{100 * held:.0f} %** (±{width:.2f})" for held, width, _ in mean]
    rows.append(["**mean**", "", *cells, f"{mean[3][2]:.1f}"])
    return table(["task", "trials", "1 trial", "2 trials", "3 trials", "auto", "trials used by auto"], rows)


def results(lab):
    """RESULTS.md but for its words."""
    text = (HERE / "results_words.md").read_text()
    parts = {"SUMMARY": summary(lab), "COVERAGE": coverage_table(lab)}
    parts["COUNTS"] = f"Scored are {len(lab.names('constant'))} tasks, {len(lab.names('onecycle'))} for one-cycle.\n"
    parts["LENGTHS"] = length_tables(lab)
    parts["TASKS"] = per_task(lab, lambda size: lambda name, use: lab.answers(name, use, size))
    for key, part in parts.items():
        text = text.replace(f"@{key}@\n", part)
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--curves", type=pathlib.Path, default=HERE / "curves.json.gz")
    parser.add_argument("--rule", type=pathlib.Path, help="a Python file with another suggest()")
    parser.add_argument("--results", type=pathlib.Path, help="write all tables here")
    arguments = parser.parse_args()
    lab = Lab(arguments.curves)
    if arguments.results:
        arguments.results.write_text(results(lab))
        return
    path = arguments.rule or HERE / "rule.py"
    answers_of = {size: other_rule(lab, path, size) for size in (1, 2)}
    scores = [[f"{path.name}, {size} trial(s)", "all", *Score(lab, answers_of[size]).cells()] for size in (1, 2)]
    print(table(["rule", "tasks", "constant, mean", "worst", "one-cycle, mean", "worst", "spread"], scores))
    print(per_task(lab, answers_of.get))


if __name__ == "__main__":
    main()
