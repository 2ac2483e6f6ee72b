"""Judges a stored run again and plays it back: two halves that do not depend on each other."""

from __future__ import annotations

import gc

from conformance.certify import requests
from conformance.certify.meanwhile import meanwhile
from conformance.certify.requests import Played
from conformance.judging.judge import KnownTrials
from conformance.model import Run
from conformance.run.runfile import Opened


def judged_and_played(opened: Opened) -> tuple[Run, Played]:
    """The run, judged by its log, and what playing it back shows.

    On two cores, both are done at the same time. On one core, what one of them judges is not
    judged again by the other.
    """
    gc.freeze()  # the log stays in memory, so scanning it for garbage would only take time
    known = KnownTrials()
    with meanwhile(lambda: requests.played(opened, known)) as played:
        run = opened.judged(known=known)
        return run, played()
