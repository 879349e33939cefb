"""`lrfind build-engine`: compiles the part of lrfind that trains for a torch that the package has none for."""

import argparse
import ctypes
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
USAGE, FAILED = 2, 5  # the program's exit statuses


class Problem(Exception):
    def __init__(self, sentence, status=FAILED):
        super().__init__(sentence)
        self.status = status


def torch_version(folder):
    with open(os.path.join(folder, "version.py"), encoding="utf-8") as file:
        return re.search(r"__version__ = '([0-9][^'/]*)'", file.read()).group(1)


def cached_engine(version):
    """Where the program looks for it: src/train/find_engine.cpp."""
    with open(os.path.join(HERE, "source", "sources.txt"), encoding="utf-8") as file:
        sources = file.read().strip()
    cache = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):
        cache = os.path.join(os.environ.get("HOME", ""), ".cache")
    return os.path.join(cache, "lrfind", "engines", sources, "torch-" + version, "liblrfind_engine.so")


def require(*programs):
    """The first of the programs that is there."""
    for program in programs:
        if shutil.which(program):
            return program
    raise Problem(f"building needs {' or '.join(programs)}, which is not there: install CMake and a C++ compiler "
                  "(apt install cmake g++, or pip install cmake ninja)")


def bundled(pattern):
    """A library that the wheel brought along."""
    return next(iter(glob.glob(os.path.join(os.path.dirname(HERE), "lrfind.libs", pattern))), None)


def zlib():
    """The machine's, which has it, but not always under the name that linking asks for."""
    try:
        ctypes.CDLL("libz.so.1")
    except OSError:
        return None
    with open("/proc/self/maps", encoding="utf-8") as file:
        return next((line.split()[-1] for line in file if "/libz.so" in line), None)


def options(torch):
    source = os.path.join(HERE, "source")
    given = {
        "CMAKE_BUILD_TYPE": "Release",
        "LRFIND_ENGINE_ONLY": "ON",
        "LRFIND_TESTS": "OFF",
        "LRFIND_WERROR": "OFF",  # another compiler warns of other things
        "CMAKE_PREFIX_PATH": os.path.join(source, "third_party"),
        "Torch_DIR": os.path.join(torch, "share", "cmake", "Torch"),
        "ZLIB_LIBRARY": bundled("libz-*.so*") or zlib(),
        "RE2_LIBRARY": bundled("libre2-*.so*"),
    }
    return ["-S", source] + [f"-D{name}={value}" for name, value in given.items() if value]


def jobs():
    """As many compilers as there are cores and memory for: a file that includes LibTorch takes up to 1.5 GB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    return str(max(1, min(len(os.sched_getaffinity(0)), memory // 1_500_000_000)))


def run(command, log):
    with open(log, "ab") as file:
        status = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    if status != 0:
        with open(log, encoding="utf-8", errors="replace") as file:
            sys.stderr.write("".join(file.readlines()[-30:]))
        raise Problem(f"'{' '.join(command[:2])}' ended with status {status}; its last lines are above")


def build(torch, engine):
    cmake = require("cmake")
    require("c++", "g++", "clang++")
    generator = ["-G", "Ninja"] if shutil.which("ninja") else ["-G", "Unix Makefiles"] if require("make", "ninja") else []
    with tempfile.TemporaryDirectory(prefix="lrfind-engine-") as work:
        log = os.path.join(work, "log")
        folder = os.path.join(work, "build")
        run([cmake, "-B", folder] + generator + options(torch), log)
        run([cmake, "--build", folder, "--target", "lrfind_engine", "-j", jobs()], log)
        os.makedirs(os.path.dirname(engine), exist_ok=True)
        # Whole or not at all, also when two build at once.
        beside = f"{engine}.{os.getpid()}"
        shutil.copyfile(os.path.join(folder, "src", "command", "liblrfind_engine.so"), beside)
        os.replace(beside, engine)


def arguments(given):
    parser = argparse.ArgumentParser(
        prog="lrfind build-engine", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Compiles the part of lrfind that trains for the torch of this Python, or another one. It takes a C++20\n"
                    "compiler (GCC 11 or newer), CMake 3.22, and 5 to 30 minutes; lrfind sweep finds the result afterwards.",
        epilog="The result lies in $XDG_CACHE_HOME/lrfind or ~/.cache/lrfind.\n\n"
               "exit status: 0 done, 2 usage, 5 it could not be built")
    parser.add_argument("--torch", metavar="FOLDER", help="the folder of the Python package torch (default: this Python's)")
    parser.add_argument("--force", action="store_true", help="build again what is there already")
    return parser.parse_args(given)


def main(given, found):
    options_given = arguments(given)
    torch = os.path.abspath(options_given.torch or found) if options_given.torch or found else ""
    try:
        if not torch:
            raise Problem("this Python has no torch to build for: pip install torch, or --torch FOLDER", USAGE)
        if not os.path.isfile(os.path.join(torch, "version.py")):
            raise Problem(f"'{torch}' is no Python package torch: it has no version.py", USAGE)
        version = torch_version(torch)
        engine = cached_engine(version)
        if os.path.exists(engine) and not options_given.force:
            print(f"lrfind build-engine: '{engine}' is there already (--force builds it again)", file=sys.stderr)
            return 0
        print(f"lrfind build-engine: building for torch {version} (5 to 30 minutes)", file=sys.stderr)
        build(torch, engine)
    except Problem as problem:
        print(f"lrfind build-engine: {problem}", file=sys.stderr)
        return problem.status
    except OSError as error:
        print(f"lrfind build-engine: {error.strerror}: '{error.filename}'", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130
    print(f"lrfind build-engine: lrfind sweep trains with torch {version} now ('{engine}')", file=sys.stderr)
    return 0
