"""What keeps a stored run from a certificate of a profile."""

from __future__ import annotations

from conformance.certify.codes import Code, Problem
from conformance.judging import shortfalls as judging
from conformance.model import Profile, Run


def shortfalls(run: Run, profile: Profile) -> list[Problem]:
    """Everything that keeps a run from meeting a profile; empty if it meets it."""
    return [
        Problem(Code.PROFILE_NOT_MET, f"{profile.label}: {each.text} ({each.code})", each.advice)
        for each in judging.shortfalls(run, profile)
    ]
