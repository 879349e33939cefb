"""`lrfind` as pip installs it: tells the program which torch this Python has, and becomes the program."""

import importlib.util
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def torch_folder():
    """The folder of the package torch, found without importing it, which takes seconds; "" where there is none."""
    try:
        spec = importlib.util.find_spec("torch")
    except (ImportError, ValueError):
        return ""
    places = list(spec.submodule_search_locations or []) if spec else []
    # A folder that is merely called torch, in the current folder say, is not the package.
    return next((place for place in places if os.path.isfile(os.path.join(place, "version.py"))), "")


def main():
    if sys.argv[1:2] == ["build-engine"]:
        from lrfind import _build_engine

        sys.exit(_build_engine.main(sys.argv[2:], torch_folder()))
    environment = dict(os.environ)
    environment.setdefault("LRFIND_TORCH", torch_folder())
    # Python ignores these, and a program would go on ignoring what it was started with.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    program = os.path.join(HERE, "bin", "lrfind")
    try:
        os.execve(program, ["lrfind"] + sys.argv[1:], environment)
    except OSError as error:
        print(f"lrfind: '{program}' cannot be started ({error.strerror}); install lrfind again", file=sys.stderr)
        sys.exit(5)
