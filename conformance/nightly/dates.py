"""Waivers and certificates that end soon. Each stage before an end is announced once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from conformance.base.text import amount
from conformance.model import Waiver
from conformance.nightly.notices import Kind, Notice

STAGES = (3, 14, 30)
"""The days before the end on which it is announced, the last one first."""
ENDED = 0
"""The stage of what has ended."""
DIGITS = 16
"""Hexadecimal digits of a digest that are remembered."""


@dataclass(frozen=True)
class Certificate:
    """What a bundle says about its certificate: the product, and its last day in UTC."""

    product: str
    expires: date
    digest: str


@dataclass(frozen=True)
class _Ending:
    """Something whose last day is ``day``. ``digest`` identifies it from night to night."""

    kind: Kind
    words: str
    day: date
    digest: str


def due(
    waivers: Iterable[Waiver], certificates: Iterable[Certificate], today: date, said: Iterable[str]
) -> tuple[list[Notice], tuple[str, ...]]:
    """The notices of what ends soon, and what to remember so that no notice is given twice.

    Each remembered text has the digest of what ends, and the stage. ``said`` has those of earlier
    nights. A waiver that has ended is not announced: a failure that it covered counts as new.
    """
    endings = [_of_waiver(each) for each in waivers if each.expires >= today]
    endings += [
        _Ending(Kind.CERTIFICATE, each.product, each.expires, each.digest[:DIGITS])
        for each in certificates
    ]
    notice_of: dict[str, Notice] = {}
    for ending in endings:
        days = (ending.day - today).days
        stage = _stage(days)
        if stage is not None:
            words = f"{_when(days)}, {ending.words}"
            notice_of[f"{ending.digest}:{stage}"] = Notice(ending.kind, words)
    announced = set(said)
    notices = [notice for key, notice in notice_of.items() if key not in announced]
    return notices, tuple(sorted(notice_of))


def _of_waiver(waiver: Waiver) -> _Ending:
    """The end of a waiver. With another date, it counts as another waiver."""
    facts = [waiver.clause, *waiver.operations, waiver.owner, waiver.ticket, str(waiver.expires)]
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:DIGITS]
    words = f"{waiver.clause}, {waiver.owner}, {waiver.ticket}"
    return _Ending(Kind.WAIVER, words, waiver.expires, digest)


def _stage(days: int) -> int | None:
    """The stage that is reached some ``days`` before the end; None if the end is still far."""
    if days < 0:
        return ENDED
    return next((stage for stage in STAGES if days <= stage), None)


def _when(days: int) -> str:
    """When something ends that has some ``days`` left, in words."""
    if days < 0:
        return f"ended {amount(-days, 'day')} ago"
    return f"in {amount(days, 'day')}" if days else "today"
