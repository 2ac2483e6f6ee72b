"""Which profiles a run meets, and what it lacks to meet the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.base.text import clean
from conformance.judging.shortfalls import Shortfall, shortfalls
from conformance.model import Profile, Run


@dataclass(frozen=True)
class Standing:
    """A profile, and what a run lacks to meet it: nothing if it meets it."""

    profile: Profile
    lacking: list[Shortfall]

    @property
    def state(self) -> str:
        """``met`` or ``not met``, to be printed after the label of the profile."""
        return "not met" if self.lacking else "met"

    def as_data(self) -> dict[str, Any]:
        """Whether the profile is met, and what it lacks, as JSON data that is safe to print."""
        lacking = [
            {"code": lack.code.value, "text": clean(lack.text), "advice": clean(lack.advice)}
            for lack in self.lacking
        ]
        return {"met": not lacking, "lacking": lacking}


def standings(run: Run) -> list[Standing]:
    """The standing of a run in each profile of its contract."""
    profiles = run.contract.profiles.values()
    return [Standing(profile, shortfalls(run, profile)) for profile in profiles]
