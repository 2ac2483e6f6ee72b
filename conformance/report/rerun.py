"""The complete command, ready to paste into a shell, that reruns what showed a cause.

A stored run may be forged, so its file names and addresses are quoted. Text that a terminal would
not show literally is replaced by a placeholder word such as FILE.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

from conformance.base.text import clean
from conformance.model import Run

PROGRAM = "kaicalls-conformance"
LONGEST = 300
"""Maximum length of a path or an address in a command."""


def command(run: Run, what: str) -> str:
    """The command that reruns part of a run: a cause by its number, a clause, or a cell."""
    words = [PROGRAM, "rerun", shlex.quote(what), "--of", _quoted(run.place, "RUN")]
    return " ".join([*words, *_of_target(run)])


def pasted(run: Run, what: str) -> str:
    """The command that reruns part of a run, for any shell of this machine.

    It first changes to the current directory. With ``--yes``, it asks for no confirmation, because
    such a shell may have no terminal. See ``program`` for how it names this program.
    """
    words = command(run, what).removeprefix(PROGRAM)
    return f"cd {_quoted(str(Path.cwd()), 'DIRECTORY')} && {program()}{words} --yes"


def program() -> str:
    """The words that start this program in a shell: its name if a shell finds it, or its path.

    If it was started under another name, the words run the package as a module of this Python.
    """
    running = Path(sys.argv[0])
    if running.name != PROGRAM:
        return f"{_quoted(sys.executable, 'PYTHON')} -m conformance"
    on_path = shutil.which(PROGRAM)
    if on_path and Path(on_path).absolute() == running.absolute():
        return PROGRAM
    return _quoted(str(running.absolute()), PROGRAM)


def doctor(run: Run) -> str:
    """The command that looks at the target of a run and says what to fix in the target file."""
    return " ".join(["kaicalls-conformance", "doctor", *_of_target(run)])


def init(run: Run) -> str:
    """The command that writes the target file of a run that had none; empty if it had one."""
    if run.given.target or not run.given.url:
        return ""
    return f"kaicalls-conformance init --url {_quoted(run.target.url, 'URL')}"


def _of_target(run: Run) -> list[str]:
    """The options that specify the target of a run, and its contract."""
    given = run.given
    words = []
    if not is_embedded(run):
        if given.target or not given.url:
            words += ["--target", _quoted(given.target, "FILE")]
        if given.url:
            words += ["--url", _quoted(run.target.url, "URL")]
    if given.spec:
        words += ["--spec", _quoted(given.spec, "DIRECTORY")]
    return words


def is_embedded(run: Run) -> bool:
    """Whether a run says that it tested the embedded server, and has an address of that server."""
    pattern = rf"http://127\.0\.0\.1:[0-9]{{1,5}}{re.escape(run.contract.base_path)}"
    return run.given.embedded and re.fullmatch(pattern, run.target.url) is not None


def place_of(directory: Path) -> str:
    """The directory of a run as an argument: relative if it is inside the current directory."""
    here = Path.cwd()
    return str(directory.relative_to(here) if directory.is_relative_to(here) else directory)


def _quoted(text: str, word: str) -> str:
    """A text as one shell word, or the placeholder ``word`` if it is empty or unsafe to show."""
    if not text or len(text) > LONGEST or clean(text) != text:
        return word
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
