"""Finds texts that lose the same characters wherever they are stored, which is one mistake."""

from __future__ import annotations

from dataclasses import replace

from conformance.causes.finding_key import AS_SENT, READ_BACK
from conformance.causes.sightings import Settled, Sighting

BEYOND_ASCII = "characters beyond ASCII"
"""What the texts lose."""
FEWEST = 2
"""How many members must lose the same characters. A single one may be a mistake of its own."""
REPLACED = str.maketrans("", "", '?"\ufffd\u2026 ')
"""Removes what stands for lost characters, and the signs around a text and where it is cut."""


def with_altered_texts(with_keys: Settled) -> Settled:
    """The sightings; those of texts that lose the same characters have one key."""
    altered = [(one, key) for one, key in with_keys if key.rule in READ_BACK and _loses(one)]
    places = {(one.cell.operation, key.where) for one, key in altered}
    if len(places) < FEWEST:
        return with_keys
    first = min((key for _, key in altered), key=lambda key: READ_BACK.index(key.rule))
    common = replace(first, where="", flaw=BEYOND_ASCII)
    losing = {one for one, _ in altered}
    return [(one, common if one in losing else key) for one, key in with_keys]


def _loses(one: Sighting) -> bool:
    """Whether a text is shown without the characters beyond ASCII that were sent."""
    sent, shown = one.finding.expected.removesuffix(AS_SENT), one.finding.actual
    if sent.isascii() or not shown.startswith('"'):
        return False
    kept = "".join([char for char in sent if char.isascii()]).translate(REPLACED)
    got = shown.translate(REPLACED)
    return got.isascii() and (kept.startswith(got) or got.startswith(kept))
