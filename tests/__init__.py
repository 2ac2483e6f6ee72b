"""Tests of the suite."""

import atexit
import gc
import os
import shutil
import sys
import tempfile

from tests.support import drawn

gc.set_threshold(50_000, 20, 20)  # runs keep what they make; Python looks for garbage seldom

if sys.dont_write_bytecode:  # hundreds of processes import the same modules
    bytecode = tempfile.mkdtemp(prefix="conformance-bytecode-")
    atexit.register(shutil.rmtree, bytecode, ignore_errors=True)
    sys.dont_write_bytecode, sys.pycache_prefix = False, bytecode
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = bytecode

if drawn.DIRECTORY not in os.environ:  # the processes of a session share what one of them draws
    os.environ[drawn.DIRECTORY] = tempfile.mkdtemp(prefix="conformance-drawn-")
    atexit.register(shutil.rmtree, os.environ[drawn.DIRECTORY], ignore_errors=True)
