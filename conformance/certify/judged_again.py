"""Judges a stored run again and plays it back: two halves that do not depend on each other."""

from __future__ import annotations

import gc
from dataclasses import dataclass

from conformance.certify import requests
from conformance.certify.meanwhile import meanwhile
from conformance.certify.requests import Played
from conformance.judging.judge import TrialJudgements
from conformance.model import Run
from conformance.run.runfile import Opened


@dataclass(frozen=True)
class Again:
    """A run, judged by its log, and what playing it back shows."""

    run: Run
    played: Played


def judged_and_played(opened: Opened) -> Again:
    """Judge a stored run again, and play it back.

    On two cores, both are done at the same time. On one core, what one of them judges is not
    judged again by the other.
    """
    gc.freeze()  # the log stays in memory, so scanning it for garbage would only take time
    known = TrialJudgements()
    try:
        with meanwhile(lambda: requests.played(opened, known)) as played:
            run = opened.judged(known=known)
            return Again(run, played())
    finally:
        gc.unfreeze()
