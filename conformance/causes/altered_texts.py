"""Finds texts that are altered in the same way wherever they are stored, which is one mistake.

They lose the same characters, only their beginning is left, or capital letters become small.
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
"""What the texts lose."""
LONG = "long texts"
"""What is cut off."""
CASE = "the case of letters"
"""What is not kept."""
NOT_ASCII = re.compile(r"[^\x00-\x7f\u2026]")
"""A character beyond ASCII, other than the sign for what a finding leaves out."""
TELLING = 10
"""Characters that show that a text is the one that was sent, of which a finding quotes less."""
FEWEST = 2
"""How many writes or members must alter a text alike. A single one may be a mistake of its own."""
OF_WRITES = ("create.", "update.")
"""Prefixes of the rules that compare what an object shows with what was sent."""
REPLACED = str.maketrans("", "", '?"\ufffd\u2026 ')
"""Removes what stands for lost characters, and the signs around a text and where it is cut."""


def with_altered_texts(contract: Contract, with_keys: Settled) -> Settled:
    """The sightings; those of texts that are altered in the same way have one key."""
    with_keys = _with_lost_characters(with_keys)
    for flaw, is_altered in ((LONG, _is_cut), (CASE, _has_other_case)):
        with_keys = _with_alteration(contract, with_keys, flaw, is_altered)
    return with_keys


def _with_lost_characters(with_keys: Settled) -> Settled:
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
    first = NOT_ASCII.search(sent)
    if first is None or not shown.startswith('"'):
        return False
    if not shown.translate(REPLACED).isascii():
        return False
    texts = sent[: first.start()], sent, shown
    before, kept, got = [NOT_ASCII.sub("", text).translate(REPLACED) for text in texts]
    if len(got) < len(before):
        return False  # it is cut off before the first of them
    is_quoted_longer = len(kept) >= TELLING and got.startswith(kept)
    return kept.startswith(got) or is_quoted_longer


# --- texts that are cut off, or whose letters change ---


def _with_alteration(
    contract: Contract, with_keys: Settled, flaw: str, is_altered: Callable[[Sighting], bool]
) -> Settled:
    """The sightings; a member that several writes of a kind of objects alter alike has one key."""
    kinds = {name: operation.kind for name, operation in contract.operations.items()}
    altered: dict[tuple[str, str], dict[str, Key]] = defaultdict(dict)  # by operation
    for one, key in with_keys:
        if key.rule in READ_BACK and is_altered(one):
            place = kinds.get(one.cell.operation, ""), one.finding.where
            altered[place].setdefault(one.cell.operation, key)

    def settled_key(one: Sighting, key: Key) -> Key:
        keys = altered.get((kinds.get(one.cell.operation, ""), one.finding.where), {})
        if len(keys) < FEWEST or not key.rule.startswith(OF_WRITES) or not is_altered(one):
            return key
        first = min(keys.values(), key=lambda each: READ_BACK.index(each.rule))
        return replace(first, flaw=flaw)

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _is_cut(one: Sighting) -> bool:
    """Whether only the beginning of a text is left."""
    sent, shown = one.finding.expected.removesuffix(AS_SENT), one.finding.actual
    is_text = len(shown) > len('""') and shown.startswith('"') and shown != sent
    return is_text and sent.startswith(shown.removesuffix('"'))


def _has_other_case(one: Sighting) -> bool:
    """Whether a text is shown with small letters for capital ones, or the other way round."""
    sent, shown = one.finding.expected, one.finding.actual.removesuffix('"')
    is_text = len(shown) >= TELLING and shown.startswith('"') and not sent.startswith(shown)
    return is_text and sent.lower().startswith(shown.lower())
