"""The training program's side of `lrfind exec`: lrfind_client under the package's name."""

from lrfind_client import *  # noqa: F401,F403
from lrfind_client import __all__, __doc__  # noqa: F401
