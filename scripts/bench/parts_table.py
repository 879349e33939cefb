#!/usr/bin/env python3
"""Prints results of Google Benchmark (JSON files) as a Markdown table: medians and spread over the repetitions."""
import json
import pathlib
import statistics
import sys

FACTORS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def runs_of(path):
    """The machine, and the runs of every benchmark by name; nothing where no benchmark was chosen."""
    text = path.read_text() if path.exists() else ""
    if not text.strip():
        return None, {}
    document = json.loads(text)
    by_name = {}
    for run in document["benchmarks"]:
        if run.get("error_occurred"):
            print(f"{run['name']} left out: {run['error_message']}", file=sys.stderr)
        elif run.get("run_type", "iteration") == "iteration":
            by_name.setdefault(run.get("run_name", run["name"]), []).append(run)
    return document["context"], by_name


def readable(seconds):
    for unit in ("s", "ms"):
        if seconds >= FACTORS[unit]:
            break
    else:
        unit = "us"
    value = seconds / FACTORS[unit]
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def row(name, seconds, items_per_second):
    items = f"{statistics.median(items_per_second):,.0f}" if items_per_second else ""
    spread = f"{readable(min(seconds))} to {readable(max(seconds))}" if len(seconds) > 1 else ""
    return f"| {name} | {readable(statistics.median(seconds))} | {spread} | {items} |"


def short(name):
    """Without what Google Benchmark appends about how it measured."""
    return "/".join(part for part in name.split("/") if part not in ("real_time", "manual_time", "iterations:1"))


def main():
    contexts, parts = [], {}
    for path in sys.argv[1:]:
        context, runs = runs_of(pathlib.Path(path))
        contexts += [context] if context else []
        parts.update(runs)
    if not parts:
        sys.exit("parts_table.py: no benchmark was run")
    loads = [f"{load:.1f}" for load in (c["load_avg"][0] for c in contexts if c.get("load_avg"))]
    repetitions = max(len(runs) for runs in parts.values())
    print(f"{contexts[0]['num_cpus']} cores, load {' and '.join(loads) or 'unknown'} at the start; {repetitions} repetitions\n")
    print("| part | median | min to max | items/s |")
    print("| --- | --- | --- | --- |")
    ratios = []
    for name, runs in parts.items():
        items = [run["items_per_second"] for run in runs if "items_per_second" in run]
        if "ratio" in runs[0]:
            print(row(f"{short(name)}, floor", [run["floor_s"] for run in runs], []))
            print(row(f"{short(name)}, whole", [run["whole_s"] for run in runs], items))
            ratios.append((short(name), [run["ratio"] for run in runs]))
        else:
            print(row(short(name), [run["real_time"] * FACTORS[run["time_unit"]] for run in runs], items))
    for name, values in ratios:
        print(f"\n{name}: whole over floor {statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})")


main()
