"""What a hostile mode is, what is right to say about it, and how to register one: a function.

The function spoils an answer, its name is the name of the mode, its docstring says what it does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.server.application import Application
from tests.hostile.front import Asked, Line, Secure

SECONDS, MEGABYTES, DISK = 120, 300, 200
"""The most that a run against a hostile server may take: seconds, MiB of memory, MiB of files."""

ANY = ("*",)
"""Every clause may be blamed."""
TRANSFER = ("http-complete",)
"""The clause about an answer that is no HTTP, or not complete."""


@dataclass(frozen=True)
class Right:
    """What is right to conclude about a server.

    ``may``: patterns of the clauses that may be blamed; ``never`` wins over it. ``must``: one of
    these is blamed. ``says``: a pattern that stands in the output. ``errors``: whether cells may
    end as errors. ``incomplete``: whether the run ends early; None leaves it open.
    """

    codes: tuple[int, ...]
    may: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    says: str = ""
    incomplete: bool | None = None
    errors: bool = True


LEGAL = Right((0,), incomplete=False, errors=False)
"""The server keeps the contract: nothing is blamed, and everything is judged."""
UNSURE = Right((0, 3))
"""Now and then an answer is lost: nothing is blamed, and some cells may be errors."""
BROKEN = Right((0, 1, 3), may=TRANSFER)
"""Transfers break: only the clause about transfers may be blamed."""
BLAMED = Right((1, 3), may=ANY)
"""Answers break the contract in so many ways that any clause may be blamed."""


def given_up(says: str, *may: str) -> Right:
    """The server cannot be judged: the run ends early, names the cause, and blames nothing else."""
    return Right((1, 3) if may else (3,), may=may, says=says, incomplete=True)


# --- which answers a mode spoils ---


@dataclass(frozen=True)
class When:
    """Which requests a mode spoils, in words for people and as a function."""

    words: str
    picks: Callable[[Asked], bool]


ALL = When("all", lambda asked: True)
ERRORS = When("errors", lambda asked: asked.answer().status >= 400)
SUCCESSES = When("successes", lambda asked: asked.answer().status < 300)
WRITES = When("writes", lambda asked: asked.writes)


def _share(step: int) -> str:
    """Every Nth, in words."""
    return f"one in {step}" if step > 1 else "all"


def every(step: int) -> When:
    """Every Nth answer of the server."""
    return When(_share(step), lambda asked: asked.number % step == 0)


def after(count: int) -> When:
    """All answers but the first ones."""
    return When(f"all after the first {count}", lambda asked: asked.number > count)


def every_write(step: int, *methods: str) -> When:
    """Every Nth request that writes and succeeds, of all methods or of some."""
    words = "writes" if not methods else " and ".join(methods)

    def picks(asked: Asked) -> bool:
        wanted = asked.method in methods if methods else asked.writes
        return wanted and asked.answer().status < 300 and asked.turn() % step == 0

    return When(f"{_share(step)} of {words}", picks)


def every_write_before(step: int) -> When:
    """Every Nth request that writes, before it is carried out."""
    return When(f"{_share(step)} of writes", lambda asked: asked.writes and not asked.turn() % step)


# --- the registry ---

Spoil = Callable[[Line, Asked], None]
Forms = Callable[[str], list[str]]


def _no_forms(_key: str) -> list[str]:
    return []


@dataclass(frozen=True)
class Mode:
    """A way in which a server misbehaves, and what is right to say about it.

    ``forms`` gives the spellings of a key that no output may hold. ``options`` go to the command,
    ``declares`` into the target file, where ``{directory}`` is that of the run. ``wrongs`` says
    what the suite did wrong by what the server saw.
    """

    name: str
    does: str
    when: When
    right: Right
    spoil: Spoil
    forms: Forms = _no_forms
    options: tuple[str, ...] = ()
    declares: Mapping[str, Any] = field(default_factory=dict)
    kind: type[Application] = Application
    secure: Secure | None = None
    scheme: str = "http"
    host: str = "127.0.0.1"


MODES: dict[str, Mode] = {}
"""Every mode by name."""


def mode(when: When, right: Right, suffix: str = "", **more: Any) -> Callable[[Spoil], Spoil]:
    """Register a function as a mode; ``suffix`` tells apart what spoils in the same way."""

    def register(spoil: Spoil) -> Spoil:
        name = spoil.__name__.replace("_", "-")
        if suffix:
            name += f"-{suffix}"
        does = " ".join((spoil.__doc__ or "").split())
        add(Mode(name, does, when, right, spoil, **more))
        return spoil

    return register


def add(made: Mode) -> None:
    """Register a mode. Its name must be new, and it must say what it does."""
    assert made.name not in MODES, made.name
    assert made.does, made.name
    MODES[made.name] = made


def varied(known: str, name: str, **changes: Any) -> None:
    """Register a mode that is a known one but for some members."""
    add(replace(MODES[known], name=name, **changes))
