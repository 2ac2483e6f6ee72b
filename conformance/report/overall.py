"""The verdict on a target in a word, for programs: the same in all files, outputs and metrics."""

from __future__ import annotations

from enum import StrEnum

from conformance.base.errors import Exit


class Overall(StrEnum):
    """What a run, or a night, says about its target."""

    CONFORMS = "conforms"
    BROKEN = "broken"
    UNJUDGED = "not judged"


def of_exit(code: int) -> Overall:
    """The verdict for an exit code of the command ``run``."""
    if code == Exit.CONFORMS:
        return Overall.CONFORMS
    return Overall.BROKEN if code == Exit.VIOLATED else Overall.UNJUDGED
