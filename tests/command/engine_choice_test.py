"""Which part that trains goes with which torch, in an installation as pip makes it: a folder for each version.

The torches here are made up, but for the LibTorch of this build, which they bring.
"""

import os
import re
import shutil
import subprocess
import sysconfig
import unittest
from pathlib import Path

from support import PROGRAM, QUICK, Case, environment, pixels, png, write

BUILT = Path(PROGRAM).resolve().parent


def own_libtorch():
    """The folder of the LibTorch that this build is linked with."""
    listed = subprocess.run(["ldd", BUILT / "liblrfind_engine.so"], capture_output=True, text=True, check=True).stdout
    return os.path.dirname(re.search(r"libtorch\.so\S* => (\S+)", listed).group(1))


class EngineChoice(Case):
    def setUp(self):
        super().setUp()
        (self.folder / "bin").mkdir()
        self.modules = self.folder / "lib" / "lrfind"
        self.modules.mkdir(parents=True)
        # As in an installation to /usr on Debian.
        multiarch = sysconfig.get_config_var("MULTIARCH") or "lib64"
        os.symlink(self.folder / "lib", self.folder / "lib" / multiarch)
        shutil.copy(BUILT / "lrfind", self.folder / "bin")
        os.symlink(BUILT / "liblrfind_program.so", self.modules / "liblrfind_program.so")
        self.data = self.folder / "photos"
        for label in range(2):
            for number in range(12):
                write(self.data / str(label) / f"{number}.png", png(pixels(label, number)))

    def engine(self, folder, works=True):
        folder.mkdir(parents=True)
        if works:
            shutil.copy(BUILT / "liblrfind_engine.so", folder)
            if (BUILT / "stub_libraries").exists():
                os.symlink(BUILT / "stub_libraries", folder / "stub_libraries")
        else:
            write(folder / "liblrfind_engine.so", b"this one is not to be opened")

    def torch(self, version, cuda="None"):
        folder = self.folder / f"site-{version}" / "torch"
        write(folder / "version.py", f"__version__ = '{version}'\ncuda: Optional[str] = {cuda}\n".encode())
        os.symlink(own_libtorch(), folder / "lib")
        return folder

    def sweep(self, torch):
        changes = {"XDG_CACHE_HOME": str(self.folder / "cache")}
        if torch is not None:
            changes["LRFIND_TORCH"] = str(torch)
        given = environment(**changes)
        if torch is None:
            given.pop("LRFIND_TORCH", None)
        return subprocess.run([self.folder / "bin" / "lrfind", "sweep", self.data, *QUICK, "-o", "-", "--quiet"],
                              capture_output=True, text=True, env=given, stdin=subprocess.DEVNULL, timeout=120)

    def assert_trains(self, run):
        self.assertIn(run.returncode, (0, 4), run.stderr)
        self.assertIn('"lrfind/result/1"', run.stdout)

    def assert_says(self, run, *words):
        self.assertEqual((run.returncode, run.stdout), (5, ""), run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)

    def test_the_minor_version_decides(self):
        self.engine(self.modules / "torch-7.5")
        self.engine(self.modules / "torch-7.6", works=False)
        self.assert_trains(self.sweep(self.torch("7.5.3+cpu")))

    def test_cuda_of_another_major_version_leaves_the_one_without(self):
        self.engine(self.modules / "torch-7.5")
        self.engine(self.modules / "torch-7.5-cuda13", works=False)
        self.assert_trains(self.sweep(self.torch("7.5.0+cu126", "'12.6'")))
        self.assert_says(self.sweep(self.torch("7.5.0+cu130", "'13.0'")), "torch-7.5-cuda13/liblrfind_engine.so")

    def test_what_was_built_for_exactly_this_torch_comes_first(self):
        self.engine(self.modules / "torch-7.5", works=False)
        self.engine(self.folder / "cache" / "lrfind" / "engines" / "torch-7.5.3+cpu")
        self.assert_trains(self.sweep(self.torch("7.5.3+cpu")))
        self.assert_says(self.sweep(self.torch("7.5.2+cpu")), "torch-7.5/liblrfind_engine.so")

    def test_another_version_is_named_with_what_to_do(self):
        self.engine(self.modules / "torch-7.5")
        self.engine(self.modules / "torch-7.6")
        self.assert_says(self.sweep(self.torch("2.9.1")), "is torch 2.9.1", "torch 7.5 and 7.6", "pip install 'lrfind[torch]'",
                         "lrfind build-engine")

    def test_no_torch_is_said(self):
        self.engine(self.modules / "torch-7.5")
        self.assert_says(self.sweep(""), "has no torch", "pip install 'lrfind[torch]'")
        self.assert_says(self.sweep(None), "LRFIND_TORCH", "7.5")
        self.assert_says(self.sweep(self.data), "version.py")

    def test_a_torch_without_its_libraries_is_said(self):
        self.engine(self.modules / "torch-7.5")
        torch = self.torch("7.5.0")
        (torch / "lib").unlink()
        self.assert_says(self.sweep(torch), "libtorch.so", "install torch again")


if __name__ == "__main__":
    unittest.main()
