"""Marks: what a run writes into texts that nobody else writes, and how an object is known by it.

A fresh text is a template with a mark in place of ``{}``. A stored run may be forged, so its word
is not enough to call an object its own. The target has to show such a text, with a mark that the
run sent, and a creation at the time of the request that made it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance.base.values import instant
from conformance.model import Contract, Exchange
from conformance.reading.made import Made

OF_RUN, OF_REQUEST = 4, 8
"""Digits of a mark: those that all marks of a run share, and those of one text."""
OWN_WORDS = 4
"""Characters that a template has beside its mark, at least. A bare mark may be anybody's text."""
SIGNS = "Zoë “O’Neil” & Söhne 🎉 100% \\ / {}"
"""A template of odd signs, for members that take any text."""
LENGTH = 300
"""Characters of a text that many a column of a database does not hold."""
SKEW = 300
"""Seconds that the clock of a target may differ from ours."""

_MARK = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{{OF_RUN + OF_REQUEST}}}(?![0-9a-f])")

Inputs = Mapping[str, Mapping[str, Any]]
"""Values that a target file gives for parameters, by operation."""


def mark_of(nonce: str, text: str) -> str:
    """The mark of one text of a run, which ``nonce`` tells from other runs."""
    return _digits(nonce)[:OF_RUN] + _digits(f"{text} {nonce}")[:OF_REQUEST]


def lengthened(text: str) -> str:
    """A text that many a column of a database does not hold."""
    return f"{text} ".ljust(LENGTH, "x")


def _digits(text: str) -> str:
    """The digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def marks_in(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """The marks that some requests sent in their bodies."""
    bodies = [exchange.request.body for exchange in exchanges]
    return frozenset(mark for body in bodies if body for mark in _MARK.findall(body.kept))


def is_own(
    contract: Contract, inputs: Inputs, marks: frozenset[str], made: Made, shown: Mapping[str, Any]
) -> bool:
    """Whether an object, as its target shows it, is the one that a run made.

    ``marks`` are those that the run sent, and ``inputs`` what its target file makes texts from.
    """
    if str(shown.get(contract.identifier_of(made.kind))) != str(made.id):
        return False
    return _is_of_then(made, shown.get(contract.position)) and any(
        _is_fresh(shown.get(member), template, marks)
        for member, template in _templates(contract, inputs, made.kind)
    )


def _is_of_then(made: Made, created: Any) -> bool:
    """Whether a time of creation is that of the request which made an object."""
    asked, at = instant(made.at), instant(created)
    if asked is None or at is None:
        return False
    return abs(at - asked) <= SKEW


def _is_fresh(shown: Any, template: str, marks: frozenset[str]) -> bool:
    """Whether a text is a template with one of some marks."""
    if not isinstance(shown, str):
        return False
    found = marks.intersection(_MARK.findall(shown))
    texts = [template.replace("{}", mark) for mark in found]
    return shown in texts or shown in [lengthened(text) for text in texts]


def _templates(contract: Contract, inputs: Inputs, kind: str) -> Iterator[tuple[str, str]]:
    """The members of a kind of object that show a fresh text, each with its template."""
    for creation in contract.operations_by("create", kind):
        values = inputs.get(creation.id, {})
        for member in creation.body:
            own = (member.fresh, SIGNS) if member.fresh else ()
            for template in (*own, values.get(member.name)):
                if isinstance(template, str) and _has_mark(template):
                    yield member.shown_as, template


def _has_mark(template: str) -> bool:
    """Whether a template has a place for a mark, and words enough to be known by."""
    words = template.replace("{}", "")
    return words != template and len(words) >= OWN_WORDS
