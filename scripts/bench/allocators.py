#!/usr/bin/env python3
"""What src/platform/block_pool brings: whole sweeps with it, with the C library's allocator and, where Debian's libjemalloc2 is
installed, with a jemalloc that keeps what is freed; interleaved. Prints Markdown: medians, and ratios to the pool's.

Arguments after the options go to lrfind sweep as they are:
  scripts/bench/allocators.py --lrfind build/src/command/lrfind -- photos --image-size 64 --batch-size 32 --steps 20
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

# Takes the call by which the program chooses where tensors lie, and does nothing.
SHIM = """
void _ZN3c1015SetCPUAllocatorEPNS_9AllocatorEh(void *allocator, unsigned char priority) { (void)allocator, (void)priority; }
"""
KEEP = "narenas:1,oversize_threshold:0,dirty_decay_ms:-1,muzzy_decay_ms:-1"


def run(command, environment):
    """Wall seconds, CPU seconds of the user and of the system, peak MiB and thousands of page faults."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **environment})
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 4):
        raise SystemExit("lrfind failed")
    return wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss / 2**10, usage.ru_minflt / 1e3


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lrfind", required=True, help="the program")
    p.add_argument("--jemalloc", type=pathlib.Path, default=next(pathlib.Path("/usr/lib").glob("*/libjemalloc.so.2"), None))
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("sweep", nargs="+", help="what to sweep, and its options")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        (scratch / "shim.c").write_text(SHIM, encoding="utf-8")
        shim = scratch / "shim.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, scratch / "shim.c"], check=True)
        settings = {"block pool": {}, "C library": {"LD_PRELOAD": str(shim)}}
        if a.jemalloc:
            settings["jemalloc"] = {"LD_PRELOAD": f"{shim}:{a.jemalloc}", "MALLOC_CONF": KEEP}
        command = [a.lrfind, "sweep", *a.sweep, "--trials", "1", "--quiet", "-o", str(scratch / "lr.json")]
        figures = {name: [] for name in settings}
        for _ in range(a.runs):
            for name, environment in settings.items():
                figures[name].append(run(command, environment))
    medians = {name: [statistics.median(values) for values in zip(*runs)] for name, runs in figures.items()}
    print("| allocator | wall s | user s | system s | peak MiB | thousand faults |\n| --- | --- | --- | --- | --- | --- |")
    for name, values in medians.items():
        cells = [f"{value:.2f} ({value / base:.2f} x)" for value, base in zip(values, medians["block pool"])]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
