#!/usr/bin/env python3
"""What becomes of runs whose machine fails: functions of the C library that return an error, kill -9 at each step of a
write, signals at random times, limits (tests/faults/campaign.py, where each is described).

Prints Markdown. The program and the library that injects the failures must be built (scripts/test.sh does).
"""
import argparse
import os
import pathlib
import sys

import readme_part

TESTS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "faults"
HERE_ALONE = ("--lrfind", "--inject", "--write", "--jobs")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lrfind", type=pathlib.Path, required=True, help="the program")
    p.add_argument("--inject", type=pathlib.Path, help="liblrfind_inject.so; default: where the build of --lrfind has it")
    p.add_argument("--runs", type=int, default=400, help="failing calls, and as many kills at the write")
    p.add_argument("--signals", type=int, default=30, help="runs for each signal")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--write", type=pathlib.Path, metavar="FILE",
                   help="put the table between this Markdown file's 'reliability' markers, too")
    a = p.parse_args()
    if a.write:
        readme_part.check(a.write, "reliability")
    program = a.lrfind.resolve()
    inject = a.inject or program.parents[2] / "tests" / "faults" / "liblrfind_inject.so"
    if not inject.is_file():
        raise SystemExit(f"{inject} is not there; build the tests, or name it with --inject")
    os.environ.update(LRFIND=str(program), LRFIND_INJECT=str(inject.resolve()))
    sys.path.insert(0, str(TESTS))
    import campaign  # reads the environment

    found = campaign.carry_out(a.runs, a.signals, a.seed, a.jobs)
    shown = readme_part.command_shown("reliability.py", sys.argv[1:], HERE_ALONE)
    text = f"`{shown}`: {sum(found.runs.values())} runs of nine ways to call the program.\n\n{found.table()}"
    print(text)
    if a.write:
        readme_part.write(a.write, "reliability", text)
    return bool(found.fell)


if __name__ == "__main__":
    sys.exit(main())
