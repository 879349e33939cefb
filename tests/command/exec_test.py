"""lrfind exec: the range test on programs of a few lines, those that train and those that fail in every way."""

import json
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

from support import PROGRAM, REPOSITORY, Case, environment, interrupt_when, lrfind, write

# A program that speaks the protocol itself. Gradient descent on a bowl with seeded noise, from `begin`.
PRELUDE = """
import json, os, random, signal, socket, subprocess, sys, time
line = socket.socket(socket.AF_UNIX)
line.connect(os.environ["LRFIND_SOCKET"])
file = line.makefile("rwb")
log = open("log", "a")
print("process", os.getpid(), os.environ["LRFIND_SEED"], file=log, flush=True)
def say(message):
    text = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\\n"
    print("said", text.decode("latin-1").strip(), file=log, flush=True)
    file.write(text)
    file.flush()
def hear():
    text = file.readline()
    print("heard", text.decode().strip(), file=log, flush=True)
    return json.loads(text)
def begin(seed):
    global weights, noise
    noise = random.Random(seed)
    weights = [noise.gauss(0, 1) for _ in range(20)]
begin(int(os.environ["LRFIND_SEED"]))
def train(lr):
    bowl = [1 + i / 4 for i in range(20)]
    target = [noise.gauss(0, 0.1) for _ in range(20)]
    loss = sum(h * (w - t) ** 2 for h, w, t in zip(bowl, weights, target)) / 2
    for i in range(20):
        weights[i] -= lr * bowl[i] * (weights[i] - target[i])
    return loss
"""
# The rest of a program that does nothing wrong; BODY is done at every step.
LOOP = """
say(HELLO)
while True:
    message = hear()
    if message.get("done"):
        break
    if "reset" in message:
        begin(message["reset"])
        continue
    number, lr = message["step"], message["lr"]
    BODY
    say({"loss": train(lr)})
"""
FEW = ["-n", 40, "--trials", 1, "-o", "lr.json"]


def loop(body="pass", hello=None):
    return PRELUDE + LOOP.replace("HELLO", repr(hello or {"optimizer": "sgd", "momentum": 0.0})).replace("BODY", body)


def validates(instance, schema):
    """None where jsonschema is not installed."""
    try:
        import jsonschema
    except ImportError:
        return None
    jsonschema.validate(instance, json.loads((REPOSITORY / "configs" / "schema" / schema).read_text()))
    return True


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


class ExecCase(Case):
    def setUp(self):
        super().setUp()
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()

    def write(self, text, name="train.py"):
        write(self.folder / name, text.encode())
        return [sys.executable, name]

    def exec(self, *arguments, **options):
        return lrfind("exec", *arguments, cwd=self.folder, TMPDIR=str(self.temporary), **options)

    def run_program(self, text, *options):
        return self.exec(*FEW, *options, "--", *self.write(text))

    def result(self):
        return json.loads((self.folder / "lr.json").read_text())

    def log(self, kind):
        lines = (self.folder / "log").read_text().splitlines()
        return [line.split(" ", 1)[1] for line in lines if line.startswith(kind + " ")]

    def assert_left_nothing(self):
        self.assertEqual(list(self.temporary.iterdir()), [])
        for line in self.log("process"):
            self.assertFalse(alive(line.split()[0]), line)

    def assert_failed(self, run, *words, status=3, left="log"):
        """A sentence with these words; nothing on stdout, nothing left behind."""
        self.assertEqual(run.stdout, "", str(run))
        self.assertEqual(run.status, status, str(run))
        last = run.stderr.strip().splitlines()[-1]
        self.assertTrue(last.startswith("lrfind exec: "), str(run))
        for word in words:
            self.assertIn(word, last, str(run))
        self.assertNotIn("\x1b", run.stderr)
        if (self.folder / left).exists():
            self.assert_left_nothing()


class Trains(ExecCase):
    def test_a_program_gets_every_rate_and_gives_every_loss(self):
        run = self.run_program(loop(hello={"optimizer": "torch.optim.SGD", "momentum": 0.0, "batch_size": 32,
                                           "model": "bowl", "parameters": 20}), "--stop-factor", 0, "--csv", "lr.csv")
        self.assert_ran(run)
        self.assert_left_nothing()
        result = self.result()
        self.assertTrue(result["complete"])
        trial = result["trials"][0]
        self.assertEqual(len(trial["lr"]), 40)
        said = [json.loads(text)["loss"] for text in self.log("said")[1:]]
        self.assertEqual([loss if loss < 1e300 else None for loss in said], trial["loss"])
        self.assertEqual([json.loads(text)["lr"] for text in self.log("heard")[:-1]], trial["lr"])
        self.assertEqual((trial["lr"][0], trial["lr"][-1]), (1e-7, 10))
        for key, value in {"optimizer": "sgd", "momentum": 0, "batch-size": 32, "steps": 40}.items():
            self.assertEqual(result["config"][key], value, key)
        self.assertEqual(result["model"], {"name": "bowl", "parameters": 20, "classes": 0})
        self.assertEqual(len((self.folder / "lr.csv").read_text().splitlines()), 41)

    def test_result_and_messages_are_as_the_schemas_say(self):
        self.assert_ran(self.run_program(loop(hello={"resets": True}), "--trials", 2))
        if validates(self.result(), "result-1.schema.json") is None:
            self.skipTest("needs Python's jsonschema")
        messages = [json.loads(text) for text in self.log("said") + self.log("heard")]
        for message in messages:
            validates(message, "exec-1.schema.json")
        for words in ("reset", "done", "loss", "lr", "resets"):
            self.assertTrue(any(words in message for message in messages), words)
        import jsonschema
        with self.assertRaises(jsonschema.ValidationError):
            validates({"loss": "low"}, "exec-1.schema.json")

    def test_suggestion_leans_on_what_the_program_says_of_its_optimizer(self):
        rates = {}
        for optimizer in ("adam", "adagrad", "unheard-of", None):
            hello = {"optimizer": optimizer} if optimizer else {"note": "nothing"}
            run = self.run_program(loop(hello=hello), "--csv", "lr.csv")
            self.assert_ran(run)
            rates[optimizer] = self.result()["suggestion"]["lr"]
            self.assertIs("rests on the curve alone" in " ".join(run.stderr.split()), optimizer not in ("adam", "adagrad"))
            again = lrfind("suggest", "lr.json", "-o", "again.json", cwd=self.folder)
            self.assert_ran(again)
            self.assertEqual(json.loads((self.folder / "again.json").read_text())["suggestion"]["lr"], rates[optimizer])
        self.assertGreater(rates["adagrad"], rates["adam"])
        self.assertEqual(rates["unheard-of"], rates[None])
        stated = self.run_program(loop(hello={"note": "nothing"}), "--optimizer", "adam")
        self.assertEqual(self.result()["suggestion"]["lr"], rates["adam"], str(stated))
        self.assert_failed(self.run_program(loop(), "--optimizer", "adam"), "--optimizer is \"adam\"", "says \"sgd\"",
                           status=2)

    def test_a_new_trial_resets_the_program_or_starts_another(self):
        curves = []
        for resets in (True, False):
            if (self.folder / "log").exists():
                (self.folder / "log").unlink()
            self.assert_ran(self.run_program(loop(hello={"resets": resets}), "--trials", 3, "--seed", 7))
            trials = self.result()["trials"]
            curves.append([trial["loss"] for trial in trials])
            seeds = [trial["seed"] for trial in trials]
            self.assertEqual(seeds[0], 7)
            self.assertEqual(len(set(seeds)), 3)
            processes = [int(line.split()[1]) for line in self.log("process")]
            self.assertEqual(processes, seeds[:1] if resets else seeds)
            resettings = [json.loads(text)["reset"] for text in self.log("heard") if "reset" in text]
            self.assertEqual(resettings, seeds[1:] if resets else [])
            self.assertEqual(self.result()["program"]["processes"], len(processes))
            self.assert_left_nothing()
        self.assertEqual(*curves)

    def test_trials_until_sure(self):
        self.assert_ran(self.exec("-n", 40, "-o", "lr.json", "-q", "--", *self.write(loop(hello={"resets": True}))))
        self.assertGreaterEqual(len(self.result()["trials"]), 2)

    def test_loss_that_is_not_finite_ends_the_trial_as_diverged(self):
        for value in (b"NaN", b"null", b"Infinity"):
            with self.subTest(value):
                answer = b'{"loss": ' + value + b"}\n"
                self.assert_ran(self.run_program(loop(f"if number == 30: say({answer!r}); continue")))
                trial = self.result()["trials"][0]
                self.assertEqual((trial["stopped"], len(trial["lr"]), trial["loss"][-1]), ("diverged", 31, None))

    def test_stdout_of_the_program_goes_to_stderr(self):
        text = loop("print('step', number)")
        run = self.exec("-n", 12, "--trials", 1, "-o", "-", "--", *self.write(text))
        self.assert_ran(run)
        self.assertEqual(len(run.json["curve"]["lr"]), 12)
        self.assertIn("step 7\n", run.stderr)
        quiet = self.exec("-n", 12, "--trials", 1, "-o", "-", "-q", "--", *self.write(text))
        self.assertEqual(quiet.stderr, "")
        self.assertEqual(quiet.json["curve"], run.json["curve"])

    def test_config_of_a_result_repeats_the_run(self):
        command = self.write(loop(hello={"optimizer": "adamw", "batch_size": 8, "resets": True}))
        self.assert_ran(self.exec(*FEW[:-2], "-o", "lr.json", "--seed", 3, "--", *command))
        write(self.folder / "again.json", json.dumps(self.result()["config"]).encode())
        again = self.exec("--config", "again.json", "-o", "-")
        self.assert_ran(again)
        self.assertEqual(again.json["trials"], self.result()["trials"])

    def test_metric_that_the_program_reports_or_does_not(self):
        answer = "say({'loss': train(lr), 'val_loss': 3.0 - number / 40 if number < 30 else number}); continue"
        self.assert_ran(self.run_program(loop(answer), "--metric", "val-loss"))
        self.assertEqual(self.result()["curve"]["val_loss"][1], 2.975)
        run = self.run_program(loop(), "--metric", "val-accuracy")
        self.assertEqual(run.status, 2, str(run))
        self.assertIn("--metric val-accuracy", run.stderr)

    def test_print_lr(self):
        run = self.run_program(loop(), "--print-lr", "-q")
        self.assert_ran(run)
        expected = f"{json.dumps(self.result()['suggestion']['lr'])}\n" if run.status == 0 else ""
        self.assertEqual(run.stdout, expected)

    def test_help_names_every_option_that_it_takes(self):
        text = lrfind("exec", "--help").stdout
        for option in ("--min-lr", "--max-lr", "--steps", "--spacing", "--trials", "--precision-decades", "--max-trials",
                       "--max-seconds", "--stop-factor", "--rule", "--metric", "--output", "--csv", "--plot", "--print-lr",
                       "--seed", "--quiet", "--progress", "--step-timeout", "--start-timeout", "--config"):
            self.assertIn(option, text)
        for option in ("--batch-sizes", "--model", "--list-parameters", "--layerwise"):
            self.assertNotIn(option, text)


class Fails(ExecCase):
    def assert_written(self, steps):
        """What was measured until then."""
        result = self.result()
        self.assertIs(result["complete"], False)
        self.assertEqual(len(result["trials"][-1]["lr"]), steps)
        self.assertEqual(result["trials"][-1]["stopped"], "interrupted")
        self.assertIn("incomplete", [reason["code"] for reason in result["suggestion"]["reasons"]])
        validates(result, "result-1.schema.json")

    def assert_nothing_written(self):
        self.assertFalse((self.folder / "lr.json").exists())

    def test_no_command(self):
        for arguments in ([], ["--"], ["-n", 5]):
            self.assert_failed(self.exec(*arguments), "COMMAND is missing", "--", status=2)
        self.assert_failed(self.exec("python3", "train.py"), '"python3" stands before --', status=2)

    def test_program_that_is_not_there_or_may_not_be_run(self):
        self.assert_failed(self.exec(*FEW, "--", "no-such-program", "x"), '"no-such-program" was not found', status=2)
        write(self.folder / "plain", b"text")
        self.assert_failed(self.exec(*FEW, "--", "./plain"), '"./plain" may not be run', status=2)
        self.assert_nothing_written()
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_dies_at_the_start(self):
        run = self.run_program("import sys; sys.stderr.write('first\\n\\x1b[31mno data\\n'); sys.exit(7)")
        self.assert_failed(run, "ended with status 7 before it said hello", "first | \\x1b[31mno data")
        self.assert_nothing_written()

    def test_crashes_at_a_step(self):
        run = self.run_program(loop("if number == 37: raise ValueError('out of cheese')"))
        self.assert_failed(run, "ended with status 1 at step 37", "of trial 0, lr 3.89", "ValueError: out of cheese")
        self.assert_written(37)

    def test_crashes_in_a_later_trial(self):
        run = self.run_program(loop("if number == 5 and message['trial'] == 1: sys.exit('gone')", {"resets": True}),
                               "--trials", 3, "-q")
        self.assert_failed(run, "at step 5", "of trial 1", "gone")
        self.assertEqual(run.stderr.count("\n"), 1)
        self.assert_written(5)
        self.assertEqual(len(self.result()["trials"]), 2)

    def test_is_killed(self):
        run = self.run_program(loop("if number == 3: os.kill(os.getpid(), signal.SIGKILL)"))
        self.assert_failed(run, "was ended by signal 9 (Killed)", "memory", "at step 3", "it printed nothing")
        self.assert_written(3)

    def test_ends_too_early_with_status_0(self):
        run = self.run_program(loop("if number == 20: print('all epochs done'); break"))
        self.assert_failed(run, "ended with status 0 at step 20", "its stdout ended with: all epochs done")
        self.assert_written(20)

    def test_hangs(self):
        start = time.monotonic()
        body = "if number == 4: sys.stderr.write('thinking\\n'); time.sleep(1000)"
        run = self.run_program(loop(body), "--step-timeout", 1)
        self.assertLess(time.monotonic() - start, 20)
        self.assert_failed(run, "did not answer within 1 s (--step-timeout) at step 4", "thinking")
        self.assert_written(4)

    def test_hangs_and_will_not_be_ended(self):
        run = self.run_program(loop("if number == 4: signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1000)"),
                               "--step-timeout", 1)
        self.assert_failed(run, "did not answer within 1 s")

    def test_never_connects_or_never_says_hello(self):
        sleeper = self.run_program("import time; print('busy'); time.sleep(1000)", "--start-timeout", 1)
        self.assert_failed(sleeper, "did not connect to LRFIND_SOCKET within 1 s (--start-timeout)", "busy")
        silent = self.run_program(PRELUDE + "time.sleep(1000)", "--start-timeout", 1)
        self.assert_failed(silent, "connected but did not say hello within 1 s (--start-timeout)")
        self.assert_nothing_written()

    def test_says_something_else_than_hello(self):
        for said, words in {b"hello\n": ['"hello", which is not JSON'], b"[1]\n": ["with [1]"],
                            b'{"loss": 1}\n': ["began with a loss"], b'{"momentum": 2}\n': ['"momentum": 2', "below 1"],
                            b'{"resets": "yes"}\n': ['"resets": "yes"', "true or false"],
                            b'{"batch_size": 0.5}\n': ['"batch_size": 0.5'], b'{"optimizer": 3}\n': ['"optimizer": 3'],
                            b'{"protocol": "lrfind/exec/2"}\n': ["lrfind/exec/1"],
                            b"x" * 70000: ["more than 65536 bytes"], b"[" * 5000 + b"\n": ["which is not JSON"],
                            b"\x1b[2J\xff\n": ["\\x1b[2J"]}.items():
            with self.subTest(said[:20]):
                self.assert_failed(self.run_program(PRELUDE + f"say({said!r}); time.sleep(1000)"), *words)
                self.assert_nothing_written()

    def test_answers_nonsense(self):
        for said, words in {b"2.5\n": ["answered with 2.5"], b"{}\n": ['has no "loss"'],
                            b"what?\n": ['"what?", which is not JSON'],
                            b'{"loss": "low"}\n': ['"loss": "low"'], b'{"loss": [1, 2]}\n': ['"loss": [1,2]'],
                            b'{"loss": 1, "val_accuracy": 93}\n': ['"val_accuracy": 93', "from 0 to 1"],
                            b"9" * 70000 + b"\n": ["more than 65536 bytes"],
                            b'{"loss": 1e999}\n': ["which is not JSON"]}.items():
            with self.subTest(said[:20]):
                body = f"if number == 6: say({said!r}); time.sleep(1000)"
                self.assert_failed(self.run_program(loop(body)), *words, "at step 6")
                self.assert_written(6)

    def test_answers_twice(self):
        # At once or late, with the number of the step or without: a loss must not stand at another step's rate.
        late = "if number == 6: say({'loss': 1}); time.sleep(0.2)"
        run = self.run_program(loop(late))
        self.assert_failed(run)  # by one of two sentences, as the answer happens to arrive
        self.assertRegex(run.stderr, "more often than it was asked, .* wrong rates|sent .* before it was asked")
        self.assertIs(self.result()["complete"], False)
        early = "if number == 6: say(b'{\"loss\": 1}\\n{\"loss\": 1}\\n'); time.sleep(1000)"
        self.assert_failed(self.run_program(loop(early)), "before it was asked", "at step 7")
        self.assert_written(7)
        numbered = "say({'step': number, 'loss': 1}); number == 6 and say({'step': 6, 'loss': 1}); continue"
        self.assert_failed(self.run_program(loop(numbered)), "at step 7")
        self.assert_written(7)

    def test_connects_twice(self):
        body = "if number == 6: socket.socket(socket.AF_UNIX).connect(os.environ['LRFIND_SOCKET']); time.sleep(1000)"
        self.assert_failed(self.run_program(loop(body)), "connected twice", "at step 6", "torchrun")
        self.assert_written(6)

    def test_closes_its_connection_and_goes_on(self):
        body = "if number == 6: file.close(); line.shutdown(2); line.close(); time.sleep(1000)"
        self.assert_failed(self.run_program(loop(body)), "closed its connection at step 6", "before lrfind was done")
        self.assert_written(6)

    def test_prints_without_end(self):
        body = "if number == 6: sys.stdout.write('x' * 3000000); sys.stderr.write('y' * 3000000); sys.exit(4)"
        run = self.run_program(loop(body), "-q")
        self.assert_failed(run, "ended with status 4 at step 6", "yyyy...")
        self.assertLess(len(run.stderr), 4000)


# A program whose child lives in a session of its own, as torchrun's workers do, and whose grandchild is an orphan.
FAMILY = """
child = subprocess.Popen([sys.executable, "-c", '''
import os, subprocess, sys, time
subprocess.Popen(["sh", "-c", "sleep 1000 & echo process $! 0 >> log"])
print("process", os.getpid(), 0, file=open("log", "a"), flush=True)
time.sleep(1000)
'''], start_new_session=True)
while open("log").read().count("process") < 3: time.sleep(0.01)
"""


class Ends(ExecCase):
    LONG = ["-n", 100000, "--trials", 1, "--progress", "always", "-o", "lr.json"]

    def program(self):
        return self.write((PRELUDE + FAMILY + loop("time.sleep(0.01)")[len(PRELUDE):]))

    def assert_gone(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            pids = [line.split()[0] for line in self.log("process")]
            if not any(map(alive, pids)) and not list(self.temporary.iterdir()):
                break
            time.sleep(0.05)
        self.assertEqual(len(pids), 3)
        self.assert_left_nothing()

    def interrupted(self, number):
        os.environ["TMPDIR"] = str(self.temporary)
        self.addCleanup(os.environ.pop, "TMPDIR", None)
        return interrupt_when(["exec", *self.LONG, "--", *self.program()], b"loss ", self.folder, number)

    def test_interrupt_ends_the_program_with_everything_it_started(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                run, seconds = self.interrupted(number)
                self.assertEqual(run.status, 130, str(run)[-2000:])
                self.assertLess(seconds, 10)
                self.assert_gone()
                self.assertIs(self.result()["complete"], False)
                self.assertGreater(len(self.result()["trials"][0]["lr"]), 0)
                (self.folder / "log").unlink()

    def test_interrupt_while_it_starts(self):
        os.environ["TMPDIR"] = str(self.temporary)
        self.addCleanup(os.environ.pop, "TMPDIR", None)
        program = self.write("import time; print('waiting', flush=True); time.sleep(1000)")
        run, seconds = interrupt_when(["exec", *self.LONG, "--", *program], b"waiting", self.folder)
        self.assertEqual(run.status, 130, str(run))
        self.assertLess(seconds, 10)
        self.assertIs(self.result()["complete"], False)
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_nothing_is_left_when_lrfind_is_killed(self):
        run, _ = self.interrupted(signal.SIGKILL)
        self.assertEqual(run.status, -signal.SIGKILL)
        self.assert_gone()

    def test_nothing_is_left_when_the_program_is_done_or_dies(self):
        for body in ("pass", "if number == 9: os._exit(3)"):
            self.exec(*FEW, "--", *self.write(PRELUDE + FAMILY + loop(body)[len(PRELUDE):]))
            self.assert_gone()
            (self.folder / "log").unlink()


class Client(ExecCase):
    def setUp(self):
        super().setUp()
        write(self.folder / "lrfind_client.py", (REPOSITORY / "scripts" / "lrfind_client.py").read_bytes())

    PROGRAM = """
import random
import lrfind_client
steps = 0
for step in lrfind_client.sweep("SGD", momentum=0.5, batch_size=16, resets=True, rates=[0.1, 0.2]):
    if step.first:
        weight = random.gauss(3, 1)
    step.report(weight ** 2, val_accuracy=0.5)
    weight -= step.lr * 2 * weight
    steps += 1
print("steps", steps, weight)
"""

    def test_five_lines(self):
        run = self.run_program(self.PROGRAM, "--trials", 2, "--stop-factor", 0)
        self.assert_ran(run)
        self.assertNotIn("steps", run.stderr)  # the program ends with the sweep
        result = self.result()
        self.assertEqual([len(trial["lr"]) for trial in result["trials"]], [40, 40])
        self.assertNotEqual(result["trials"][0]["loss"][0], result["trials"][1]["loss"][0])
        self.assertEqual((result["config"]["optimizer"], result["config"]["momentum"], result["config"]["batch-size"]),
                         ("sgd", 0.5, 16))
        self.assertEqual(result["curve"]["val_accuracy"], [0.5] * 40)
        again = self.run_program(self.PROGRAM, "--trials", 2, "--stop-factor", 0)
        self.assert_ran(again)
        self.assertEqual(self.result()["curve"], result["curve"])

    def test_without_lrfind_it_trains_as_always_or_says_so(self):
        own = subprocess.run(self.write(self.PROGRAM), cwd=self.folder, capture_output=True, text=True)
        self.assertTrue(own.stdout.startswith("steps 2 "), own.stdout)
        none = subprocess.run(self.write(self.PROGRAM.replace(", rates=[0.1, 0.2]", "").replace(", weight)", ")")),
                              cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(none.stdout, "steps 0\n")
        self.assertIn("not started by lrfind exec", none.stderr)

    def test_forgotten_or_doubled_report(self):
        for replaced, word in (("    step.report(weight ** 2, val_accuracy=0.5)\n", "was not reported"),
                               ("    steps += 1\n", "reported twice")):
            text = self.PROGRAM.replace(replaced, "" if "not" in word else "    step.report(1)\n")
            self.assert_failed(self.run_program(text), "status 1 at step", word)

    def test_ranks_without_a_process_group_are_told(self):
        os.environ["WORLD_SIZE"] = "2"
        self.addCleanup(os.environ.pop, "WORLD_SIZE")
        self.assert_failed(self.run_program(self.PROGRAM), "torch.distributed is not initialised")

    def test_client_ends_when_lrfind_does(self):
        program = self.write(self.PROGRAM.replace("    steps += 1\n", "    __import__('time').sleep(0.01)\n"))
        process = subprocess.Popen([PROGRAM, "exec", *map(str, Ends.LONG), "--", *program], cwd=self.folder,
                                   stderr=subprocess.PIPE, env=environment(TMPDIR=str(self.temporary)))
        while b"loss " not in process.stderr.read1(65536):
            pass
        process.kill()
        process.communicate()
        deadline = time.monotonic() + 10
        while list(self.temporary.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(list(self.temporary.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
