"""Which libraries a run loads: none that it does not call, since they are most of the start and of the memory."""

import base64
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import PROGRAM, Case, bmp, environment, pixels, png, write

COMPILER = shutil.which("c++")
STUBS = Path(PROGRAM).resolve().parent / "stub_libraries"
LONG = ["--model", "plain-cnn", "--width", "0.125", "--steps", "3000", "--batch-size", "8", "--threads", "1",
        "--progress", "always", "-o", "-"]
# 8 x 8 pixels of one colour.
WEBP = base64.b64decode("UklGRh4AAABXRUJQVlA4TBEAAAAvB8ABAAdQniJXof+BiOh/AAA=")


def libraries(data, program=PROGRAM):
    """The paths of the libraries in a sweep that trains."""
    process = subprocess.Popen([program, "sweep", data, *LONG], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env=environment(), stdin=subprocess.DEVNULL)
    try:
        seen = b""
        while b"loss " not in seen:
            part = process.stderr.read1(65536)
            assert part, f"ended before it trained: {seen.decode()}"
            seen += part
        maps = Path(f"/proc/{process.pid}/maps").read_text()
    finally:
        process.kill()
        process.communicate()
    return set(re.findall(r"/\S*\.so[.\d]*$", maps, re.MULTILINE))


def files_named(name, paths):
    return [path for path in paths if Path(path).name.startswith(name)]


class Libraries(Case):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="lrfind-test-")
        cls.addClassCleanup(cls.holder.cleanup)
        cls.data = Path(cls.holder.name)
        for label in range(2):
            for number in range(24):
                rows = pixels(label, number, channels=3)
                write(cls.data / "png" / f"class{label}" / f"{number}.png", png(rows, 3))
                write(cls.data / "bmp" / f"class{label}" / f"{number}.bmp", bmp(rows))
                write(cls.data / "webp" / f"class{label}" / f"{number}.webp", WEBP)

    @unittest.skipUnless(STUBS.is_dir(), "this LibTorch is linked with nothing that it does not call")
    def test_libraries_that_libtorch_never_calls_stay_out(self):
        loaded = libraries(self.data / "png")
        self.assertTrue(files_named("libtorch_cpu.so", loaded))
        for stub in STUBS.iterdir():
            self.assertEqual(files_named(stub.name.split(".so")[0] + ".so", loaded), [str(stub)])

    @unittest.skipUnless(STUBS.is_dir() and COMPILER, "there are no stubs, or no compiler to make another")
    def test_a_stub_for_a_library_that_is_needed_gives_way(self):
        for name in ("lrfind", "liblrfind_program.so", "liblrfind_engine.so"):
            shutil.copy(STUBS.parent / name, self.folder)
        needed = self.folder / "stub_libraries" / "libglog.so.1"
        needed.parent.mkdir()
        subprocess.run([COMPILER, "-shared", "-o", needed, "-Wl,-soname,libglog.so.1", "-xc", "/dev/null"], check=True)
        loaded = libraries(self.data / "png", self.folder / "lrfind")
        self.assertEqual(len(files_named("libglog.so.", loaded)), 1)
        self.assertNotIn(str(needed), loaded)

    def test_image_codecs_are_loaded_where_the_format_needs_them(self):
        for format_, wanted in (("webp", 1), ("png", 0), ("bmp", 0)):
            real = [path for path in files_named("libopencv_imgcodecs.so", libraries(self.data / format_))
                    if Path(path).parent != STUBS]
            self.assertEqual(len(real), wanted, format_)


if __name__ == "__main__":
    unittest.main()
