"""Sentences on parts of a target file that are wrong, or that are unproven but matter to a cause.

The finding stands either way, but an unproven part tells people to check the target file first.
"""

from __future__ import annotations

from collections.abc import Iterable

from conformance.causes import doubts
from conformance.model import Cause, Remark, Run, State


def wrong(remarks: Iterable[Remark]) -> list[str]:
    """A sentence for each part of the target file that the first look found to be wrong."""
    return [_sentence(remark) for remark in to_fix(remarks)]


def to_fix(remarks: Iterable[Remark]) -> list[Remark]:
    """The remarks on parts of the target file that were found to be wrong."""
    return [remark for remark in remarks if remark.state is State.MEND]


def unproven(run: Run, cause: Cause) -> list[str]:
    """A sentence for each unproven part of the target file that a cause depends on."""
    return [_sentence(remark) for remark in doubts.unproven(run, cause)]


def _sentence(remark: Remark) -> str:
    """What was seen of a part of the target file, and how to fix it."""
    seen = f"{remark.about}: {remark.seen}"
    return f"{seen}. {remark.mend}" if remark.mend else seen
