"""``python -m tests.signals``: signals at random moments of a run; each leaves one that replays.

A moment is a number of calls of Python functions within a phase of the command: it is counted, not
timed. The command counts the calls of one run, draws moments of all phases by its seed, and sends
SIGINT, SIGTERM and SIGHUP to a run of its own at each. ``--write`` puts the result into the
documentation.
"""

from __future__ import annotations

import json
import random
import re
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests import servers
from tests.servers import CONTROL, Command, Outcome, before_path

PAGE = Path(__file__).parent.parent / "docs" / "trust.md"
PHASES = ("starting", "running", "judging", "writing")
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
MOMENTS = 40
RUN = ("run", "--depth", "quick", "--area", "envelope")
"""A run that is short, and has everything that a run has."""

SITE = f'''\
"""Counts calls, and sends a signal to this process at one of them."""

import atexit
import json
import os
import signal
import sys

PHASES = {PHASES!r}
BEGINS = {{
    ("signals.py", "listen", "return"): 0,
    ("evidence.py", "exchange", "call"): 1,
    ("evidence.py", "close", "return"): 2,
    ("runfile.py", "write", "call"): 3,
}}
"""Where each phase begins: file, function, and what happens to it."""
NAMES = {{name for _, name, _ in BEGINS}}


class Counter:
    def __init__(self, wanted, number, signals, place):
        self.wanted, self.number, self.signals = wanted, number, signals
        self.place = place
        self.phase = -1
        self.counts = [0] * len(PHASES)

    def __call__(self, frame, event, _argument):
        code = frame.f_code
        if code.co_name in NAMES and "conformance" in code.co_filename:
            begun = BEGINS.get((os.path.basename(code.co_filename), code.co_name, event), -1)
            self.phase = max(self.phase, begun)
        counts = self.place in ("", code.co_qualname, code.co_filename)
        if event == "call" and self.phase >= 0 and counts:
            self.counts[self.phase] += 1
            if self.phase == self.wanted and self.counts[self.phase] == self.number:
                sys.setprofile(None)
                for name in self.signals:
                    os.kill(os.getpid(), getattr(signal, name))


if "conformance" in sys.orig_argv:  # not in the processes that the run starts
    told = json.loads(os.environ["SIGNAL_AT"])
    counter = Counter(told["phase"], told["number"], told["signals"], told["place"])
    if told["into"]:
        atexit.register(lambda: open(told["into"], "w").write(json.dumps(counter.counts)))
    sys.setprofile(counter)
'''
"""A sitecustomize for the process that gets the signal."""


UNBEGUN = ("Stopped.", "Stopped. Nothing was sent.")
"""What a command says that was stopped before it sent anything: during its imports, or later."""


@dataclass(frozen=True)
class Moment:
    """The ``number``-th call in a phase, and the signals that come then, one after another.

    With a ``place``, only calls of that function, or of code of that file, are counted.
    """

    phase: str
    number: int
    signals: tuple[str, ...]
    place: str = ""


NEVER = Moment("starting", -1, ())


def begun(moment: Moment, directory: Path, into: Path | None = None) -> Command:
    """A run in a directory that gets its signals at a moment; ``into`` gets the counts."""
    site = directory / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    told = {
        "phase": PHASES.index(moment.phase),
        "number": moment.number,
        "signals": moment.signals,
        "place": moment.place,
        "into": str(into) if into else "",
    }
    env = {"PYTHONPATH": before_path(site), "SIGNAL_AT": json.dumps(told)}
    return Command(*RUN, cwd=directory, env=env)


def counted(directory: Path) -> dict[str, int]:
    """How many calls each phase of an undisturbed run has."""
    into = directory / "counts.json"
    outcome = begun(NEVER, directory, into).end()
    assert outcome.code == 0, outcome.said
    return dict(zip(PHASES, json.loads(into.read_text(encoding="utf-8")), strict=True))


def drawn(counts: dict[str, int], seed: int, number: int = MOMENTS) -> Iterator[Moment]:
    """Random moments: each phase and each signal in turn. Each fifth is followed by another."""
    dice = random.Random(seed)
    for index in range(number):
        phase = PHASES[index % len(PHASES)]
        name = SIGNALS[index // len(PHASES) % len(SIGNALS)]
        again = (dice.choice(SIGNALS),) if index % 5 == 4 else ()
        yield Moment(phase, dice.randint(1, counts[phase]), (name, *again))


def faults(outcome: Outcome, directory: Path) -> list[str]:
    """What is wrong with what a stopped run left in a directory."""
    found = list(_said(outcome))
    runs = [path for path in (directory / "reports").glob("2*") if not path.is_symlink()]
    for run in runs:
        found += _files(run)
        found += _replay(run, directory)
    if not runs and outcome.err.strip() not in UNBEGUN:
        found.append(f"no run is left: {outcome.said!r}")
    return found


def _said(outcome: Outcome) -> Iterator[str]:
    if outcome.code not in (0, 1, 3):
        yield f"exit code {outcome.code}"
    if "Traceback" in outcome.said or CONTROL.findall(outcome.said):
        yield f"it printed {outcome.said!r}"
    if len(outcome.err.strip().splitlines()) > 1:
        yield f"more than one line: {outcome.err!r}"


def _files(run: Path) -> Iterator[str]:
    """Every file of a run is whole, and its owner's alone."""
    for path in (run, *run.iterdir()):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield f"{path.name} is open to others"
    for path in run.glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))
    if (run / "junit.xml").exists():
        ElementTree.parse(run / "junit.xml")
    for path in run.glob("*.html"):
        if "</html>" not in path.read_text(encoding="utf-8")[-50:]:
            yield f"half of {path.name}"


def _replay(run: Path, directory: Path) -> Iterator[str]:
    """A replay reads the run, and finds what the run itself has found, if it has judged."""
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    outcome = servers.command("replay", run, "--output", directory / "again", cwd=directory)
    yield from (f"replay: {fault}" for fault in _said(outcome))
    if {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()} != before:
        yield "replay changed the run"
    told, again = servers.stored(run), servers.stored(directory / "again" / "latest")
    if told["finished"] and (told["cells"], told["incomplete"]) != (
        again["cells"],
        again["incomplete"],
    ):
        yield "replay judges otherwise"


def tried(moment: Moment) -> tuple[Outcome, list[str]]:
    """A run that gets its signals at a moment, and what is wrong with what it leaves."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        outcome = begun(moment, directory).end()
        return outcome, faults(outcome, directory)


def result(wrong: int) -> str:
    """The line of the documentation."""
    if wrong:
        return f"{wrong} of {MOMENTS} interruptions in the last run left an invalid run directory."
    return f"All {MOMENTS} interruptions in the last run left a valid run directory."


def main(arguments: Sequence[str]) -> int:
    """Try the moments of a seed; returns 1 if any leaves something wrong."""
    seed = next((int(word) for word in arguments if word.isdecimal()), 0)
    with tempfile.TemporaryDirectory() as name:
        counts = counted(Path(name))
    print("calls:", *(f"{phase} {count:,}" for phase, count in counts.items()))
    bad = 0
    for moment in drawn(counts, seed):
        outcome, found = tried(moment)
        bad += bool(found)
        said = (moment.phase, moment.number, *moment.signals, "exit", outcome.code, *found)
        print(*said, flush=True)
    line = result(bad)
    print(line)
    if "--write" in arguments:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(re.sub(r"(All|\d+ of) \d+ interruptions .*", line, text), encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
