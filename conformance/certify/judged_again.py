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
class Rejudged:
    """A run, judged again from its log, and what playing it back shows."""

    run: Run
    played: Played


def judged_and_played(opened: Opened) -> Rejudged:
    """Judge a stored run again, and play it back.

    With an idle second core, both happen at the same time. Otherwise they run one after the other,
    and share what they have judged.
    """
    gc.freeze()  # the log stays in memory, so scanning it for garbage would only take time
    known = TrialJudgements()
    try:
        with meanwhile(lambda: requests.play_back(opened, known)) as wait_for_played:
            run = opened.judged(known=known)
            return Rejudged(run, wait_for_played())
    finally:
        gc.unfreeze()
