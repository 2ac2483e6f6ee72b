"""Tests of the suite."""

import gc
import os
import sys
import tempfile
from pathlib import Path

gc.set_threshold(50_000, 20, 20)  # runs keep what they make; Python looks for garbage seldom

BYTECODE = str(Path(tempfile.gettempdir()) / f"conformance-tests-bytecode-{os.getuid()}")
"""Where processes keep compiled modules if they may not do so next to the code."""

if sys.dont_write_bytecode:  # hundreds of processes import the same modules
    sys.dont_write_bytecode, sys.pycache_prefix = False, BYTECODE
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = BYTECODE
