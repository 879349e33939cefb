"""The program's numbers, to the last digit, are those in results/.

  LRFIND=build/src/command/lrfind tests/golden/golden_test.py           compares
  LRFIND=build/src/command/lrfind tests/golden/golden_test.py --write   replaces what is kept for the program's LibTorch

Numbers of trainings are kept for each LibTorch with what they were made on. The processor's instructions are pinned to
AVX2 in all libraries, so that every x86-64 machine that has it gives the same (seen with QEMU's Haswell and EPYC). With
MKL only processors of the same kind do. Elsewhere the first steps are compared roughly, the output says SKIPPED-exact
and why, and the exit status is 77, which ctest shows as skipped.
"""

import json
import math
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from commands import HERE, SWEEPS, Runner, computed, kept, make_images, picture, trained

RESULTS = HERE / "results"
SKIPPED = 77
ROUGH = 1e-3  # relative, of the losses of the first steps
FIRST_STEPS = 3
LAST_DIGITS = 1e-9  # relative, of what another C library computes

skipped = []


def skip(what, why):
    skipped.append(what)
    print(f"SKIPPED-exact: {what}: {why}", file=sys.stderr, flush=True)


def processor(key):
    """What Linux says of the processor, by the name of the line."""
    try:
        line = re.search(rf"(?m)^{key}\s*:(.*)$", Path("/proc/cpuinfo").read_text())
    except OSError:
        return []
    return line[1].split() if line else []


def has_avx2():
    return {"avx2", "fma"} <= set(processor("flags"))


def environment():
    """One language, and the same instructions on every processor that has them."""
    variables = {"LC_ALL": "C.UTF-8", "COLUMNS": "80"}
    if has_avx2():
        variables |= {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2",
                      "OPENBLAS_CORETYPE": "Haswell", "MKL_CBWR": "COMPATIBLE", "MKL_NUM_THREADS": "1"}
    return variables


def libc():
    return " ".join(part for part in (platform.machine(), *platform.libc_ver()) if part)


def gnuplot():
    if not shutil.which("gnuplot"):
        return None
    return subprocess.run(["gnuplot", "--version"], capture_output=True, text=True).stdout.strip()


def made_on(tool):
    """What the numbers of a training depend on."""
    blas = re.sub(r" \(.*\)$", "", tool.get("blas", ""))
    here = {"libtorch": tool["libtorch"], "opencv": tool["opencv"], "blas": blas, "libc": libc(),
            "instructions": "AVX2" if has_avx2() else "others"}
    if blas.startswith("MKL"):
        # With QEMU's Haswell and EPYC, adam, adamw and adagrad differ in the last digits from a processor with AVX512,
        # and only with MKL: presumably its square roots, which no setting of it pins.
        wide = "with" if "avx512f" in processor("flags") else "without"
        here["mkl"] = " ".join([*processor("vendor_id"), wide, "AVX512"])
    return here


def kept_for(libtorch):
    return RESULTS / f"libtorch-{re.match(r'[0-9.]*[0-9]', libtorch)[0]}.json"


def text_of(value, depth=0):
    """JSON with a line for every list of numbers, so that a change is a line in git."""
    if isinstance(value, dict) and value and depth < 3:
        inner = ",\n".join(f"{' ' * (depth + 1)}{json.dumps(key)}: {text_of(value[key], depth + 1)}" for key in value)
        return "{\n" + inner + "\n" + " " * depth + "}"
    if isinstance(value, list) and value and isinstance(value[0], (dict, str)) and depth < 3:
        inner = ",\n".join(" " * (depth + 1) + text_of(item, depth + 1) for item in value)
        return "[\n" + inner + "\n" + " " * depth + "]"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def differences(wanted, got, same, path=""):
    """Where two answers differ, as sentences; `same` compares two numbers."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in wanted.keys() | got.keys():
            if key not in got or key not in wanted:
                yield f"{path}.{key}: is {'missing' if key not in got else 'new'}"
            else:
                yield from differences(wanted[key], got[key], same, f"{path}.{key}")
    elif isinstance(wanted, list) and isinstance(got, list):
        if len(wanted) != len(got):
            yield f"{path}: {len(got)} values instead of {len(wanted)}"
        for i, (a, b) in enumerate(zip(wanted, got)):
            yield from differences(a, b, same, f"{path}[{i}]")
    elif is_number(wanted) and is_number(got):
        if not same(wanted, got):
            yield f"{path}: {got!r} instead of {wanted!r}"
    elif type(wanted) is not type(got) or wanted != got:
        yield f"{path}: {got!r} instead of {wanted!r}"


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def exactly(a, b):
    return a == b and math.copysign(1, a) == math.copysign(1, b)


def within(tolerance):
    return lambda a, b: math.isclose(a, b, rel_tol=tolerance, abs_tol=1e-12)


def beginning(result):
    """What another processor or LibTorch gives too: facts, rates and, roughly, the losses of the first steps."""
    losses = [result["curve"]["loss"][:FIRST_STEPS]]
    losses += [trial["loss"][:FIRST_STEPS] for trial in result["trials"][:2]]
    return {"losses": losses, "dataset": result["dataset"], "model": result["model"],
            "rates": result["curve"]["lr"][:FIRST_STEPS]}


class Golden(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(tempfile.mkdtemp(prefix="lrfind-golden-"))
        cls.addClassCleanup(shutil.rmtree, folder)
        make_images(folder)
        cls.run_program = Runner(folder, environment())
        cls.computed = computed(cls.run_program)
        cls.tool = cls.run_program.sweep("sgd")["tool"]
        cls.trained = trained(cls.run_program)

    def assert_same(self, wanted, got, same):
        self.assertEqual(sorted(wanted), sorted(got), "names of the answers; --write after an addition")
        for name in wanted:
            with self.subTest(name):
                found = list(differences(wanted[name], got[name], same))
                self.assertFalse(found, f"{len(found)} values of {name} differ:\n  " + "\n  ".join(found[:12]))

    def test_trainings(self):
        here, file = made_on(self.tool), kept_for(self.tool["libtorch"])
        exact = file.exists() and json.loads(file.read_text())["made_on"] == here
        if exact:
            self.assert_same(json.loads(file.read_text())["answers"], self.trained, exactly)
            return
        why = f"nothing is kept for LibTorch {self.tool['libtorch']}"
        if file.exists():
            why = f"made on {json.loads(file.read_text())['made_on']}, this is {here}"
        else:
            file = max(RESULTS.glob("libtorch-*.json"))
        skip("trainings", f"{why}; compared the first {FIRST_STEPS} steps to {ROUGH} with {file.name}")
        wanted = json.loads(file.read_text())["answers"]
        self.assert_same({name: beginning(wanted[name]) for name in SWEEPS},
                         {name: beginning(self.trained[name]) for name in SWEEPS}, within(ROUGH))

    def test_what_needs_no_training(self):
        stored = json.loads((RESULTS / "computed.json").read_text())
        same = exactly
        if stored["made_on"] != libc():
            skip("what needs no training", f"made on {stored['made_on']}, this is {libc()}; compared to {LAST_DIGITS}")
            same = within(LAST_DIGITS)
        self.assert_same(stored["answers"], self.computed, same)

    def test_picture(self):
        stored = json.loads((RESULTS / "computed.json").read_text())["gnuplot"]
        if gnuplot() != stored:
            return skip("picture", f"drawn by {stored}, this is {gnuplot() or 'without gnuplot'}")
        wanted, got = (RESULTS / "saved.svg").read_text().splitlines(), picture(self.run_program).splitlines()
        found = list(differences(wanted, got, exactly))
        self.assertFalse(found, f"{len(found)} lines of the picture differ:\n  " + "\n  ".join(found[:6]))

    def test_again_with_other_workers_and_no_cache(self):
        for name in SWEEPS:
            with self.subTest(name):
                again = kept(self.run_program.sweep(name, "--workers", "3", "--cache-mb", "0"), config=name == "sgd")
                if "config" in again:
                    again["config"] |= {"workers": 2, "cache-mb": 1024}
                self.assertFalse(list(differences(self.trained[name], again, exactly))[:6])


def write():
    with tempfile.TemporaryDirectory(prefix="lrfind-golden-") as folder:
        make_images(Path(folder))
        run = Runner(Path(folder), environment())
        tool = run.sweep("sgd")["tool"]
        RESULTS.mkdir(exist_ok=True)
        answers = {"made_on": made_on(tool), "answers": trained(run)}
        kept_for(tool["libtorch"]).write_text(text_of(answers) + "\n")
        answers = {"made_on": libc(), "gnuplot": gnuplot(), "answers": computed(run)}
        (RESULTS / "computed.json").write_text(text_of(answers) + "\n")
        (RESULTS / "saved.svg").write_text(picture(run))


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        sys.exit(write())
    program = unittest.main(exit=False)
    sys.exit(1 if not program.result.wasSuccessful() else SKIPPED if skipped else 0)
