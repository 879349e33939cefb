"""A small sample of campaign.py, the same at each run, and the faults that once fell."""

import concurrent.futures
import os
import unittest

import campaign
import faults

FELL_ONCE = """
suggest fcntl:1:EMFILE
suggest write:2:EAGAIN
suggest write:2:short
suggest rename:1:signal9
suggest unlink:1:EACCES
picture posix_spawnp:1:EAGAIN
picture read:1:EINTR
inspect-json readdir:25:EIO
sweep rename:1+:EIO
sweep open:27+:EMFILE
sweep write:7:EIO
sweep pthread_create:18+:EAGAIN
sweep-threads pthread_create:19:EAGAIN
sweep mmap:50:ENOMEM
sweep pthread_create:16:signal15
sweep pthread_create:17:signal15
sweep pthread_create:18:signal15
sweep-threads sysconf:20:EINVAL
verify read:24+:EISDIR
verify pthread_create:19:signal15
sweep pipe2:1:EMFILE
verify read:28+:EISDIR
"""


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = faults.Place()
        cls.addClassCleanup(cls.place.holder.cleanup)
        cls.place.calls(faults.COMMANDS["inspect-json"])  # what it answers without a fault

    def test_what_fell_once_holds(self):
        faulty = [line.split() for line in FELL_ONCE.split("\n")[1:-1]]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            outcomes = pool.map(lambda case: faults.disturbed(self.place, faults.COMMANDS[case[0]], case[1]), faulty)
            for outcome in outcomes:
                with self.subTest(outcome.what):
                    self.assertEqual(outcome.problems, [], str(outcome))

    def test_a_fork_that_is_refused_is_not_a_missing_gnuplot(self):
        outcome = faults.disturbed(self.place, faults.COMMANDS["picture"], "posix_spawnp:1:EAGAIN")
        self.assertEqual(outcome.end.status, 2)
        self.assertIn("did not start gnuplot (Resource temporarily unavailable)", outcome.end.stderr)

    def test_a_sample_of_the_campaign(self):
        found = campaign.carry_out(runs=int(os.environ.get("LRFIND_FAULT_RUNS", "20")), signal_runs=1, seed=7, jobs=2,
                                   names=("suggest", "picture", "inspect-json", "schedule", "sweep"))
        self.assertEqual([], found.fell, "\n".join(map(str, found.fell)))
        self.assertGreater(sum(found.runs.values()), 50)


if __name__ == "__main__":
    unittest.main()
