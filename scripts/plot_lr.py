#!/usr/bin/env python3
"""Draws results of lrfind with matplotlib; an example to start one's own scripts from.

    plot_lr.py lr.json                      in a window
    plot_lr.py lr.json -o lr.png            into a file (.png, .svg, .pdf)
    plot_lr.py sgd.json adamw.json -o both.png
    lrfind sweep photos -o - | plot_lr.py - -o lr.png

The JSON's shape is described by configs/schema/result-1.schema.json. Values that were not measured, or were not
finite, are null there and gaps in the picture.
"""

import argparse
import json
import os
import sys

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]  # Okabe and Ito


def read(path):
    """One result, from a file or from standard input ("-")."""
    try:
        if path == "-":
            result = json.load(sys.stdin)
        else:
            with open(path, encoding="utf-8") as file:
                result = json.load(file)
    except OSError as error:
        sys.exit(f"plot_lr.py: cannot read '{path}': {error.strerror}")
    except ValueError as error:
        sys.exit(f"plot_lr.py: '{path}' is not JSON: {error}")
    if not isinstance(result, dict) or result.get("schema") != "lrfind/result/1":
        sys.exit(f"plot_lr.py: '{path}' is not a result of lrfind (schema lrfind/result/1)")
    if not result["curve"]["lr"]:
        sys.exit(f"plot_lr.py: '{path}' holds no steps")
    return result


def numbers(values):
    """JSON's null as NaN, which matplotlib leaves out."""
    return [float("nan") if value is None else value for value in values]


def loss_limits(curve):
    """From the lowest smoothed loss to a little above where it falls from: a final explosion is cut."""
    smoothed = [value for value in curve["smoothed_loss"] if value is not None]
    if not smoothed:
        return None
    lowest = min(range(len(smoothed)), key=smoothed.__getitem__)
    batch = [value for value in curve["loss"] if value is not None]
    bottom = min(smoothed[lowest], sorted(batch)[len(batch) // 50])
    start = max(smoothed[: lowest + 1])
    fall = max(start - bottom, 0.05 * abs(start), 1e-9)
    return bottom - 0.1 * fall, start + 0.4 * fall


def draw(axes, result, name, colour, alone):
    curve, suggestion = result["curve"], result["suggestion"]
    lr = suggestion["lr"]
    label = name if lr is None else f"{name}, lr {lr:.3g}"
    axes.plot(curve["lr"], numbers(curve["loss"]), ".", color=colour, alpha=0.35 if alone else 0.15, markersize=4)
    axes.plot(curve["lr"], numbers(curve["smoothed_loss"]), color=colour, linewidth=2, label=label)
    if alone and "probe_loss" in curve:
        axes.plot(curve["lr"], numbers(curve["probe_loss"]), color=COLOURS[1], linewidth=1.3, label="probe loss")
    if lr is not None:
        axes.axvline(lr, color=colour, linestyle="--", linewidth=1.3)
    if alone and suggestion["interval"]:
        axes.axvspan(*suggestion["interval"], color=colour, alpha=0.12, linewidth=0, label="90 % interval")
    for bound in ("min_lr", "max_lr"):
        if alone and suggestion[bound] is not None:
            axes.axvline(suggestion[bound], color="#404040", linestyle=":", linewidth=1.2)
            axes.annotate(f" {bound} {suggestion[bound]:.3g}", (suggestion[bound], 0.98), rotation=90, va="top",
                          ha="right", xycoords=("data", "axes fraction"), fontsize=8, color="#404040")


def main():
    parser = argparse.ArgumentParser(description="Draws results of lrfind with matplotlib.")
    parser.add_argument("results", nargs="+", metavar="RESULT", help="JSON of 'lrfind sweep -o'; - reads standard input")
    parser.add_argument("-o", "--output", metavar="FILE", help="picture to write (.png, .svg, .pdf); else a window opens")
    arguments = parser.parse_args()
    results = [read(path) for path in arguments.results]

    import matplotlib  # late: --help and messages about files do not wait for it

    if arguments.output:
        matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot
    from matplotlib.ticker import LogLocator, NullFormatter

    figure, axes = pyplot.subplots(figsize=(8, 4.8), layout="constrained")
    for i, (path, result) in enumerate(zip(arguments.results, results)):
        name = "stdin" if path == "-" else os.path.basename(path)
        draw(axes, result, name, COLOURS[i % len(COLOURS)], alone=len(results) == 1)
    limits = [limit for limit in (loss_limits(result["curve"]) for result in results) if limit]
    if limits:
        axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(numticks=20))  # every decade
    axes.xaxis.set_minor_locator(LogLocator(subs=range(2, 10), numticks=20))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss (dots: batch, line: smoothed)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dcdcdc", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="lower left", frameon=False)
    if not arguments.output:
        pyplot.show()
        return
    try:
        figure.savefig(arguments.output, dpi=160)
    except (OSError, ValueError) as error:
        sys.exit(f"plot_lr.py: cannot write '{arguments.output}': {error}")


if __name__ == "__main__":
    main()
