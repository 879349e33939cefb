"""How many threads the program computes with when it is not told: as many as the processors that it may use.

A container limits them by CPU affinity (`docker run --cpuset-cpus`) or by a quota of its cgroup (`--cpus`).
"""

import json
import math
import os
import shutil
import subprocess
import unittest

from support import PROGRAM, QUICK, Case, class_folders, environment

PROCESSORS = sorted(os.sched_getaffinity(0))

# Other files in place of the system's cgroups, seen by one process alone; the program keeps the shell's number.
IN_OTHER_GROUPS = 'mount --bind "$1" /sys/fs/cgroup && mount --bind "$2" /proc/$$/cgroup && shift 2 && exec "$@"'


def own_mounts():
    """The command that gives another one mounts of its own; None where the system does not let us."""
    if not shutil.which("unshare") or not shutil.which("mount"):
        return None
    for command in (["unshare", "-m"], ["unshare", "-Urm"]):  # the second is for everybody, on kernels that allow it
        attempt = [*command, "sh", "-c", IN_OTHER_GROUPS, "sh", "/sys/fs/cgroup", "/dev/null", "true"]
        if subprocess.run(attempt, capture_output=True).returncode == 0:
            return command
    return None


OWN_MOUNTS = own_mounts()


class Threads(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data")

    def threads(self, *before, more=()):
        """The result's threads of a sweep without --threads, started by the command `before`."""
        quick = QUICK[: QUICK.index("--threads")]
        done = subprocess.run([*before, PROGRAM, "sweep", self.data, *quick, "--steps", "2", "--device", "cpu", "-o",
                               "-", "--quiet", *more],
                              capture_output=True, text=True, timeout=120, env=environment(), stdin=subprocess.DEVNULL)
        self.assertIn(done.returncode, (0, 4), done.stderr)
        return json.loads(done.stdout)["tool"]["threads"]

    def threads_in(self, group, quotas, *before, more=()):
        """In this cgroup, when the cpu.max of these holds these texts."""
        root = self.folder / "cgroup"
        shutil.rmtree(root, ignore_errors=True)
        for name in (group, *quotas):
            (root / name.strip("/")).mkdir(parents=True, exist_ok=True)
        for name, text in quotas.items():
            (root / name.strip("/") / "cpu.max").write_text(text)
        membership = self.folder / "membership"
        membership.write_text(f"1:name=systemd:/elsewhere\n0::{group}\n")
        return self.threads(*OWN_MOUNTS, "sh", "-c", IN_OTHER_GROUPS, "sh", str(root), str(membership), *before,
                            more=more)


@unittest.skipUnless(shutil.which("taskset"), "taskset is not installed")
class Affinity(Threads):
    def test_each_processor_that_the_process_may_run_on_gets_a_thread(self):
        # Where a quota holds for this test too, it is the lesser of both.
        unbound = self.threads()
        self.assertTrue(1 <= unbound <= len(PROCESSORS))
        for count in sorted({1, (len(PROCESSORS) + 1) // 2, len(PROCESSORS)}):
            with self.subTest(count=count):
                chosen = ",".join(map(str, PROCESSORS[-count:]))
                self.assertEqual(self.threads("taskset", "-c", chosen), min(count, unbound))

    def test_a_number_asked_for_is_taken_whatever_there_is(self):
        for threads in (1, 3):
            one = ["taskset", "-c", str(PROCESSORS[0])]
            self.assertEqual(self.threads(*one, more=["--threads", str(threads)]), threads)


@unittest.skipUnless(OWN_MOUNTS, "mounts of one's own are not allowed here")
class Quota(Threads):
    def assert_threads(self, expected, group, quotas):
        self.assertEqual(self.threads_in(group, quotas), min(expected, len(PROCESSORS)), quotas)

    def test_no_quota_leaves_all_processors(self):
        for text in ("max 100000\n", "max\n", ""):
            with self.subTest(text):
                self.assert_threads(len(PROCESSORS), "/", {"/": text})
        self.assert_threads(len(PROCESSORS), "/", {})

    def test_a_quota_is_rounded_up_and_never_below_one(self):
        for quota, period in ((1000, 100000), (50000, 100000), (100000, 100000), (100001, 100000), (150000, 100000),
                              (25000, 50000), (50000, 50000), (60000, 50000), (250000, 100000), (6400000, 100000)):
            with self.subTest(quota=quota, period=period):
                self.assert_threads(max(1, math.ceil(quota / period)), "/", {"/": f"{quota} {period}\n"})

    def test_the_tightest_quota_of_the_group_and_all_above_it_counts(self):
        tight, loose, none = "100000 100000\n", "6400000 100000\n", "max 100000\n"
        for quotas in ({"/a/b": tight}, {"/a": tight}, {"/": tight}, {"/a/b": loose, "/a": tight},
                       {"/a/b": tight, "/a": loose, "/": none}, {"/a/b": none, "/a": none, "/": tight}):
            with self.subTest(quotas):
                self.assert_threads(1, "/a/b", quotas)

    def test_quotas_of_other_groups_do_not_matter(self):
        tight = "100000 100000\n"
        for quotas in ({"/a/b": tight}, {"/other": tight}, {"/aa": tight}):
            with self.subTest(quotas):
                self.assert_threads(len(PROCESSORS), "/a", {"/": "max 100000\n", **quotas})

    @unittest.skipUnless(shutil.which("taskset"), "taskset is not installed")
    @unittest.skipUnless(len(PROCESSORS) > 1, "there is one processor only")
    def test_the_lesser_of_affinity_and_quota_counts(self):
        one = ["taskset", "-c", str(PROCESSORS[0])]
        two = ["taskset", "-c", f"{PROCESSORS[0]},{PROCESSORS[1]}"]
        self.assertEqual(self.threads_in("/", {"/": "200000 100000\n"}, *one), 1)
        self.assertEqual(self.threads_in("/", {"/": "100000 100000\n"}, *two), 1)
        self.assertEqual(self.threads_in("/", {"/": "200000 100000\n"}, *two), 2)

    def test_a_number_asked_for_is_taken_whatever_the_quota(self):
        self.assertEqual(self.threads_in("/", {"/": "100000 100000\n"}, more=["--threads", "3"]), 3)


if __name__ == "__main__":
    unittest.main()
