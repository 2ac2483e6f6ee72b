"""Finds texts that are altered in the same way wherever they are stored, which is one mistake.

They lose or change the same characters, only their beginning is left, or capital letters become
small.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from conformance.causes.finding_key import AS_SENT, READ_BACK, Key
from conformance.causes.sightings import Settled, Sighting
from conformance.model import Contract

BEYOND_ASCII = "characters beyond ASCII"
"""The flaw of texts in which such characters are lost, or are read in a wrong encoding."""
CUT_OFF = "the end of texts"
"""The flaw of texts of which only the beginning is stored."""
LETTER_CASE = "the case of letters"
"""The flaw of texts whose letters become capital or small."""
NOT_ASCII = re.compile(r"[^\x00-\x7f\u2026]")
"""A character beyond ASCII, other than the sign for what a finding leaves out."""
TELLING = 10
"""Equal characters that show that a text is the one that was sent, if a finding quotes less."""
FEWEST = 2
"""How many writes or members must alter a text alike. A single one may be a mistake of its own."""
OF_WRITES = ("create.", "update.")
"""Prefixes of the rules that compare what an object shows with what was sent."""
WITHOUT_SIGNS = str.maketrans("", "", '?"\ufffd\u2026 ')
"""Removes what stands for lost characters, and the signs around a text and where it is cut."""


def with_altered_texts(contract: Contract, with_keys: Settled) -> Settled:
    """Give texts that are altered in the same way one key."""
    with_keys = _with_lost_characters(with_keys)
    for flaw, is_altered in ((CUT_OFF, _is_cut), (LETTER_CASE, _has_other_case)):
        with_keys = _with_alteration(contract, with_keys, flaw, is_altered)
    return with_keys


def _with_lost_characters(with_keys: Settled) -> Settled:
    """Give texts that lose characters beyond ASCII one key, if at least FEWEST places lose them.

    A place is a member as one operation writes it. The key is one of a creation if a creation
    loses characters, or else one of a change.
    """
    altered = [
        (sighting, key) for sighting, key in with_keys if key.rule in READ_BACK and _loses(sighting)
    ]
    places = {(sighting.cell.operation, key.where) for sighting, key in altered}
    if len(places) < FEWEST:
        return with_keys
    # READ_BACK has creations first
    first = min((key for _, key in altered), key=lambda key: READ_BACK.index(key.rule))
    common = replace(first, where="", flaw=BEYOND_ASCII)
    losing = {sighting for sighting, _ in altered}
    return [(sighting, common if sighting in losing else key) for sighting, key in with_keys]


def _loses(sighting: Sighting) -> bool:
    """Whether a text is shown without the characters beyond ASCII that were sent, or with others.

    A finding quotes only the beginning of a long text, so neither of the two may be complete.
    """
    sent, shown = sighting.finding.expected.removesuffix(AS_SENT), sighting.finding.actual
    first = NOT_ASCII.search(sent)
    if first is None or not shown.startswith('"'):
        return False
    sent_beyond = "".join(NOT_ASCII.findall(sent))
    shown_beyond = "".join(NOT_ASCII.findall(shown.translate(WITHOUT_SIGNS)))
    if shown_beyond and sent_beyond.startswith(shown_beyond):
        return False  # they are kept, and the text differs in something else
    ascii_sent, ascii_shown = _ascii_of(sent), _ascii_of(shown)
    if len(ascii_shown) < len(_ascii_of(sent[: first.start()])):
        return False  # the text is cut off before any such character
    is_quoted_longer = len(ascii_sent) >= TELLING and ascii_shown.startswith(ascii_sent)
    return ascii_sent.startswith(ascii_shown) or is_quoted_longer


def _ascii_of(text: str) -> str:
    """The ASCII characters of a quoted text, without signs that stand for lost ones."""
    return NOT_ASCII.sub("", text).translate(WITHOUT_SIGNS)


# --- texts that are cut off, or whose letters change ---


def _with_alteration(
    contract: Contract, with_keys: Settled, flaw: str, is_altered: Callable[[Sighting], bool]
) -> Settled:
    """Give a member that at least FEWEST operations on a kind of object alter alike one key.

    ``is_altered`` says whether a sighting shows the alteration, and ``flaw`` is its name in the
    key. Only READ_BACK counts operations, but all sightings of writes that show it get the key.
    """
    kinds = {name: operation.kind for name, operation in contract.operations.items()}
    # by kind of object and member, the keys by operation
    altered: dict[tuple[str, str], dict[str, Key]] = defaultdict(dict)
    for sighting, key in with_keys:
        if key.rule in READ_BACK and is_altered(sighting):
            member = kinds.get(sighting.cell.operation, ""), sighting.finding.where
            altered[member].setdefault(sighting.cell.operation, key)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        keys = altered.get((kinds.get(sighting.cell.operation, ""), sighting.finding.where), {})
        if len(keys) < FEWEST or not key.rule.startswith(OF_WRITES) or not is_altered(sighting):
            return key
        first = min(keys.values(), key=lambda each: READ_BACK.index(each.rule))
        return replace(first, flaw=flaw)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _is_cut(sighting: Sighting) -> bool:
    """Whether only the beginning of a text is left."""
    sent, shown = sighting.finding.expected.removesuffix(AS_SENT), sighting.finding.actual
    is_text = len(shown) > len('""') and shown.startswith('"') and shown != sent
    return is_text and sent.startswith(shown.removesuffix('"'))


def _has_other_case(sighting: Sighting) -> bool:
    """Whether a text is shown with small letters for capital ones, or the other way round."""
    sent, shown = sighting.finding.expected, sighting.finding.actual.removesuffix('"')
    is_text = len(shown) >= TELLING and shown.startswith('"') and not sent.startswith(shown)
    return is_text and sent.lower().startswith(shown.lower())
