#!/usr/bin/env python3
"""Injects failures into the real program at random and says what fell: failing functions of the C library, kill -9 aimed
at the write, and each signal at random times.

    LRFIND=build/src/command/lrfind LRFIND_INJECT=build/tests/faults/liblrfind_inject.so tests/faults/campaign.py --runs 400

The same seed tries the same failures.
"""

import argparse
import collections
import concurrent.futures
import random
import signal
import sys
import threading

import faults

# What ends a process that does not care, and what does so without asking.
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGPIPE", "SIGXFSZ", "SIGXCPU", "SIGUSR1", "SIGUSR2", "SIGALRM",
           "SIGKILL")
WRITE = ("open", "write", "fchown", "fchmod", "fsync", "close", "rename", "unlink")


def sampled(draw, items, count):
    """`count` of them, each at most once more often than another."""
    items = list(items)
    chosen = []
    while items and len(chosen) < count:
        chosen += draw.sample(items, min(len(items), count - len(chosen)))
    return chosen


def failing_calls(place, draw, runs, commands):
    """Every function, error and command as evenly as `runs` allows, at a random call each."""
    cases = []
    for command in commands:
        calls = place.calls(command)
        for name, errors in faults.ERRORS.items():
            most = calls.get(name.rstrip("0123456789") if name.startswith(("malloc", "mmap")) else name, 0)
            if name.startswith(("malloc", "mmap1")):
                most = min(most, 60)
            cases += [(command, name, error, most) for error in errors if most > 0]
        if calls.get("write"):
            cases.append((command, "write", "short", calls["write"]))
    for command, name, error, most in sampled(draw, cases, runs):
        # The last calls are those of the write.
        at = draw.choice((draw.randint(1, most), draw.randint(max(1, most - 5), most)))
        # A call that is interrupted for ever is nobody's fault.
        lasting = "" if error == "EINTR" else draw.choice(("", "", "+"))
        yield command, f"{name}:{at}{lasting}:{error}"


def kills_at_the_write(place, draw, runs, commands):
    writing = [c for c in commands if c.writes]
    for _ in range(runs):
        command = draw.choice(writing)
        calls = place.calls(command)
        name = draw.choice([n for n in WRITE if calls.get(n)])
        at = draw.randint(max(1, calls[name] - 6), calls[name])
        yield command, f"{name}:{at}:signal{int(signal.SIGKILL)}"


def signals(place, draw, runs, commands):
    for name in SIGNALS:
        for command in sampled(draw, [c for c in commands if c.writes], runs):
            place.calls(command)
            yield name, command, signal.Signals[name], draw.uniform(0, 1.1 * place.seconds[command.name])


def limits(draw, runs, commands):
    for command in sampled(draw, commands, runs):
        limit, least, most = draw.choice((("RLIMIT_AS", 40 << 20, 1200 << 20), ("RLIMIT_NOFILE", 4, 30),
                                          ("RLIMIT_FSIZE", 0, 20000)))
        yield command, limit, draw.randint(least, most)


def plan(place, draw, runs, signal_runs, commands):
    """(what is done, function, its arguments) of every run."""
    work = [("a function of the C library fails", faults.disturbed, case)
            for case in failing_calls(place, draw, runs, commands)]
    work += [("kill -9 at a step of the write", faults.disturbed, case)
             for case in kills_at_the_write(place, draw, runs, commands)]
    for name, *case in signals(place, draw, signal_runs, commands):
        work.append((f"{name} at a random time", faults.interrupted, case))
    work += [("memory, file descriptors or file size limited", faults.limited, case)
             for case in limits(draw, max(1, runs // 2), commands)]
    return work


class Campaign:
    """What a campaign found: runs and statuses by what was done, and every outcome with something wrong."""

    def __init__(self):
        self.runs = collections.Counter()
        self.statuses = collections.defaultdict(collections.Counter)
        self.wrong = collections.defaultdict(collections.Counter)
        self.fell = []
        self.lock = threading.Lock()

    def add(self, kind, outcome):
        with self.lock:
            self.runs[kind] += 1
            self.statuses[kind][outcome.end.status] += 1
            for problem in outcome.problems:
                self.wrong[kind][problem.split(":")[0]] += 1
            if outcome.problems:
                self.fell.append(outcome)
                print(outcome, file=sys.stderr, flush=True)

    def table(self):
        """Markdown."""
        rows = ["| what is done to it | runs | " + " | ".join(faults.WRONG.values()) + " |",
                "| --- | " + " | ".join(["---"] * (1 + len(faults.WRONG))) + " |"]
        for kind, runs in self.runs.items():
            rows.append(f"| {kind} | {runs} | " + " | ".join(str(self.wrong[kind][word]) for word in faults.WRONG) + " |")
        return "\n".join(rows)


def carry_out(runs, signal_runs, seed, jobs, names=()):
    draw = random.Random(seed)
    campaign = Campaign()
    with faults.Place() as place:
        work = plan(place, draw, runs, signal_runs, [faults.COMMANDS[name] for name in names or faults.COMMANDS])
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda item: campaign.add(item[0], item[1](place, *item[2])), work))
    return campaign


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--runs", type=int, default=400, help="failing calls, and as many kills at the write")
    p.add_argument("--signals", type=int, default=30, help="runs for each signal")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--only", nargs="+", default=(), choices=list(faults.COMMANDS), help="these commands")
    a = p.parse_args()
    campaign = carry_out(a.runs, a.signals, a.seed, a.jobs, a.only)
    print(campaign.table())
    for kind, statuses in campaign.statuses.items():
        print(f"{kind}: by status {dict(sorted(statuses.items()))}", file=sys.stderr)
    return bool(campaign.fell)


if __name__ == "__main__":
    sys.exit(main())
