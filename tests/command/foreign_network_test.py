"""TorchScript files that nobody means well with: refused with one sentence, or run without a word on stdout.

Each is files/tiny.pt with something changed in its archive; no torch is needed to make it.
"""

import json
import resource
import struct
import unittest
import zipfile
from pathlib import Path

from support import SANITIZED, Case, class_folders, lrfind

TINY = Path(__file__).resolve().parent / "files" / "tiny.pt"
FEW = ["--replace-head", "--steps", "2", "--batch-size", "4", "--trials", "1", "--threads", "1", "--image-size", "16"]
FORWARD = "    two = self.two\n"


class Foreign(Case):
    def setUp(self):
        super().setUp()
        self.data = class_folders(self.folder / "data", classes=2, each=6, side=16, colour=True)

    def archive(self, change=lambda name, content: content, more=(), kind=zipfile.ZIP_STORED):
        """tiny.pt with other contents."""
        path = self.folder / "net.pt"
        with zipfile.ZipFile(TINY) as old, zipfile.ZipFile(path, "w", kind) as new:
            for entry in old.infolist():
                new.writestr(entry.filename, change(entry.filename, old.read(entry)))
            for name, content in more:
                new.writestr(name, content)
        return path

    def network(self, lines, helpers=""):
        """tiny.pt whose forward begins with these lines."""

        def change(name, content):
            if not name.endswith("code/__torch__/networks.py"):
                return content
            text = content.decode()
            self.assertIn(FORWARD, text)
            return (helpers + text.replace(FORWARD, "".join(f"    {line}\n" for line in lines) + FORWARD)).encode()

        return self.archive(change)

    def run_it(self, network, *arguments, **options):
        return lrfind("sweep", self.data, "--model", network, *FEW, "-o", "-", *arguments, **options)

    def refuse(self, network, *words):
        run = self.run_it(network, timeout=30)
        self.assert_refused(run, 3, "net.pt", *words)
        self.assertLess(len(run.stderr), 1000)


class Archives(Foreign):
    def test_the_unchanged_one_runs(self):
        self.assert_ran(self.run_it(self.archive()))
        self.assert_ran(self.run_it(self.archive(kind=zipfile.ZIP_DEFLATED)))

    def test_what_unpacks_to_far_more_than_the_file_is_refused(self):
        bomb = self.archive(more=[("tiny.pt.22260/data/99", bytes(300 << 20))], kind=zipfile.ZIP_DEFLATED)
        self.assertLess(bomb.stat().st_size, 1 << 20)
        self.refuse(bomb, "unpacks to 301 MiB")
        source = self.archive(lambda name, text: text + b"# " + b"x" * (3 << 20) if name.endswith("networks.py") else text,
                              kind=zipfile.ZIP_DEFLATED)
        self.refuse(source, "MiB of source")
        if not SANITIZED:
            self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 700_000)

    def test_entries_that_overlap_or_lie_elsewhere_are_refused(self):
        whole = self.archive().read_bytes()
        end = whole.rindex(b"PK\x05\x06")
        table, = struct.unpack("<I", whole[end + 16 : end + 20])
        # Every entry's header in the same place.
        overlapping = bytearray(whole)
        at = table
        while overlapping[at : at + 4] == b"PK\x01\x02":
            name, extra, comment = struct.unpack("<HHH", overlapping[at + 28 : at + 34])
            overlapping[at + 42 : at + 46] = struct.pack("<I", 0)
            at += 46 + name + extra + comment
        for content, words in ((overlapping, "overlap"), (whole + b"x", "archive's end"), (whole[:-1], "archive's end"),
                               (whole[: len(whole) // 2], "cut off"),
                               (whole[: end + 16] + b"\xff\xff\xff\x7f" + whole[end + 20 :], "outside the file"),
                               (whole[:table] + whole[table:].replace(b"PK\x01\x02", b"PK\x01\x03", 1), "ends early")):
            path = self.folder / "net.pt"
            path.write_bytes(content)
            with self.subTest(words):
                self.refuse(path, words)

    def test_every_cut_is_one_sentence(self):
        whole = self.archive().read_bytes()
        for part in range(1, 12, 3):
            (self.folder / "net.pt").write_bytes(whole[: len(whole) * part // 12])
            self.refuse(self.folder / "net.pt")


class Source(Foreign):
    def test_nesting_beyond_all_need_is_refused(self):
        n = 20_000
        for line in ("y = " + "(" * n + "1" + ")" * n, "y = " + "[" * n + "]" * n, "y = 1" + "+1" * n, "y = " + "not " * n + "True",
                     "y = x" + ".t()" * n, "y = x" + "[0]" * n, "y = " + "1 if True else " * n + "1",
                     "y = annotate(" + "List[" * n + "int" + "]" * n + ", [])"):
            with self.subTest(line[:30]):
                self.refuse(self.network([line]), "nests expressions")
        deep = [" " * i + "if bool(x[0, 0, 0, 0] > 1):" for i in range(400)] + [" " * 400 + "y = 1"]
        self.refuse(self.network(deep), "nests statements")
        chain = ["if bool(x[0, 0, 0, 0] > 1):", "  y = 1"] + ["elif bool(x[0, 0, 0, 0] > 1):", "  y = 1"] * 5000
        self.refuse(self.network(chain), "nests statements")
        self.refuse(self.network(["if bool(x[0, 0, 0, 0] > 1):", "  return x"] * 1000), "leaves")

    def test_calls_that_multiply_or_return_to_themselves_are_refused(self):
        helpers = "def f0(x: Tensor) -> Tensor:\n  return torch.relu(x)\n"
        for i in range(1, 40):
            call = f"__torch__.networks.f{i - 1}"
            helpers += f"def f{i}(x: Tensor) -> Tensor:\n  return {call}({call}({call}(x, ), ), )\n"
        self.refuse(self.network(["y = __torch__.networks.f39(x, )"], helpers), "multiply")
        itself = "def f0(x: Tensor) -> Tensor:\n  return __torch__.networks.f0(x, )\n"
        self.refuse(self.network(["y = __torch__.networks.f0(x, )"], itself))

    def test_a_loop_that_never_ends_is_refused(self):
        self.refuse(self.network(["y = x", "while True:", "  y = torch.relu(y)"]), "never ends")

    def test_operators_beyond_mathematics_are_refused_before_they_run(self):
        target = self.folder / "written"
        for line in (f'torch.save(x, "{target}")', f'y = torch.from_file("{target}", True, 3)',
                     f'y = ops.aten.from_file("{target}", True, 3)', f'ops.aten.save(x, "{target}")',
                     f'y = torch . \\\n      from_file("{target}", True, 3)', f'x.save("{target}")'):
            with self.subTest(line):
                self.refuse(self.network([line]), "reaches beyond the network")
                self.assertFalse(target.exists())
        # A default value is computed while the file is loaded.
        default = f'def f(x: Tensor=torch.from_file("{target}", True, 3)) -> Tensor:\n  return x\n'
        self.refuse(self.network(["y = __torch__.networks.f(x, )"], default))
        self.assertFalse(target.exists())

    def test_memory_that_no_machine_has_is_status_5(self):
        run = self.run_it(self.network(["x = torch.add(x, torch.zeros([100000000000000]))"]), timeout=30)
        self.assert_refused(run, 5, "memory")


class Words(Foreign):
    def test_what_a_network_prints_is_marked_and_never_on_stdout(self):
        network = self.network(['print("hello \\033[31m from", torch.size(x, 0))', 'print("two\\nlines\\015")'])
        run = self.run_it(network)
        self.assert_ran(run)
        self.assertEqual(run.json["schema"], "lrfind/result/1")
        self.assertIn("the network prints: hello ?[31m from ", run.stderr)
        self.assertIn("\nthe network prints: lines?\n", run.stderr)
        self.assertNotIn("\x1b", run.stderr)
        rate = lrfind("sweep", self.data, "--model", network, *FEW, "--print-lr")
        self.assertNotIn("hello", rate.stdout)
        self.assertEqual(self.run_it(network, "--quiet").stderr, "")

    def test_a_flood_is_cut(self):
        run = self.run_it(self.network(["for i in range(20000):", '  print("' + "flood" * 100 + '")']), timeout=60)
        self.assert_ran(run)
        self.assertIn("the network prints more, which is left out", run.stderr)
        self.assertLess(len(run.stderr), 10_000)


class Results(Foreign):
    def test_a_result_alone_runs_no_network_file(self):
        network = self.network(['print("I run")'])
        result = self.folder / "lr.json"
        self.assert_ran(lrfind("sweep", self.data, "--model", network, *FEW, "-o", result, "-q"))
        made = json.loads(result.read_text())
        made["suggestion"]["lr"] = made["suggestion"]["max_lr"] = 0.01
        result.write_text(json.dumps(made))
        verify = ["verify", "--result", result, "--steps", "2", "--factors", "1", "-o", "-"]
        refused = lrfind(*verify)
        self.assert_refused(refused, 2, "net.pt", "--model", "--trust-result")
        for trusted in (["--trust-result"], ["--model", network, "--replace-head"]):
            run = lrfind(*verify, *trusted)
            self.assertEqual(run.status, 0, str(run))
            self.assertIn("the network prints: I run", run.stderr)
        made["config"].update({"model": "plain-cnn", "replace-head": False})
        result.write_text(json.dumps(made))
        self.assertEqual(lrfind(*verify).status, 0)


if __name__ == "__main__":
    unittest.main()
