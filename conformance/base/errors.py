"""Exit codes of the command, and the errors that it reports as one message each.

They concern usage and the suite: wrong usage, a broken file, a target that cannot be judged. What a
target does wrong is never an exception, but a Finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command; 1 takes precedence over 3."""

    CONFORMS = 0
    VIOLATED = 1
    USAGE = 2
    UNJUDGED = 3


class ConformanceError(Exception):
    """A problem that ends the command with one clear message and ``exit_code``."""

    exit_code = Exit.USAGE


class UsageError(ConformanceError):
    """An invalid option, argument or selection."""


class SpecError(ConformanceError):
    """One or more faults in a contract, each as ``file:line: message`` in ``faults``."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        count = f"{len(faults)} faults" if len(faults) > 1 else "1 fault"
        super().__init__(
            "\n".join([f"The contract has {count}:", *(f"  {fault}" for fault in faults)])
        )


class TargetError(ConformanceError):
    """A target file, or an option for the target, that is not valid."""


class Unjudgeable(ConformanceError):  # noqa: N818 - it names the target, not a fault of ours
    """The target cannot be judged (any longer): it is down, is another API, or rejects the key.

    ``void`` holds the ids of the exchanges that failed for that reason and must not be judged.
    """

    exit_code = Exit.UNJUDGED

    def __init__(self, reason: str, void: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.void = void


class ReportError(ConformanceError):
    """Some reports could not be written because of bugs; ``causes`` has the errors by file name."""

    exit_code = Exit.UNJUDGED

    def __init__(self, causes: Mapping[str, Exception]) -> None:
        problems = (f"{name}: {type(error).__name__}: {error}" for name, error in causes.items())
        super().__init__(
            f"Not written because of a bug in the suite: {'; '.join(problems)}. Please report it. "
            "The run itself is stored and judged, and its other files were written."
        )


class StorageError(ConformanceError):
    """A file of a run could not be written, such as on a full disk."""

    exit_code = Exit.UNJUDGED


def reason(error: Exception) -> str:
    """The message of an error, without its number or path."""
    return getattr(error, "strerror", None) or str(error)
