"""A warm interpreter: it imports slow libraries once, and runs each command in a fork of itself.

It is started by its path, never imported, so that a fork finds nothing of the project but the copy
that it works in. It reads a line of JSON for each command, and answers with the exit code.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import traceback

LIBRARIES = ("pytest", "schemathesis", "jsonschema", "openapi_spec_validator", "yaml", "requests")


def main() -> None:
    """Serve until the input ends."""
    for library in LIBRARIES:
        importlib.import_module(library)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(_code(**json.loads(line)))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _code(directory: str, module: str, arguments: list[str], output: str) -> int:
    """Run a module in a directory, with what it prints in a file. Returns its exit code."""
    os.chdir(directory)
    os.environ["PYTHONPATH"] = directory
    sys.path.insert(0, directory)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return _told(end.code)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _told(code: object) -> int:
    """The exit code that an interpreter makes of what ``sys.exit`` was given."""
    if code is None or isinstance(code, int):
        return int(code or 0)
    sys.stderr.write(f"{code}\n")
    return 1


if __name__ == "__main__":
    main()
