"""Marks: unique texts that a run writes into its objects, so that they can be recognized.

A fresh text is a template with a mark in place of ``{}``. A stored run may be forged, so it cannot
simply claim an object. The target has to show such a text with a mark that the run sent, and a
creation time that matches the request that created the object.
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
"""Digits of a mark: those shared by all marks of a run, and those for one text."""
OF_CHALLENGE = 12
"""Digits shared by all marks of a challenged run: the beginning of the nonce of its challenge."""
OWN_WORDS = 4
"""Minimum characters of a template besides its mark. A bare mark may be anyone's text."""
SIGNS = "Zoë “O’Neil” & Söhne 🎉 100% \\ / {}"
"""A template with unusual characters, for members that accept any text."""
LENGTH = 300
"""The length of a text that exceeds many database columns."""
SKEW = 300
"""Seconds by which the clock of a target may differ from ours."""

_SHARED = rf"(?:[0-9a-f]{{{OF_CHALLENGE}}}|[0-9a-f]{{{OF_RUN}}})"
_MARK = re.compile(rf"(?<![0-9a-f]){_SHARED}[0-9a-f]{{{OF_REQUEST}}}(?![0-9a-f])")
_CHALLENGE = re.compile("[0-9a-f]{32}")

Inputs = Mapping[str, Mapping[str, Any]]
"""The values for parameters in a target file, by operation."""


def mark_of(nonce: str, text: str) -> str:
    """The mark for one text of a run; ``nonce`` identifies the run."""
    return shared_digits(nonce) + _digits(f"{text} {nonce}")[:OF_REQUEST]


def shared_digits(nonce: str) -> str:
    """The digits that all marks of a run begin with. The nonce of a challenge shows in them."""
    if _CHALLENGE.fullmatch(nonce):
        return nonce[:OF_CHALLENGE]
    return _digits(nonce)[:OF_RUN]


def lengthened(text: str) -> str:
    """The text padded to a length that exceeds many database columns."""
    return f"{text} ".ljust(LENGTH, "x")


def _digits(text: str) -> str:
    """The digest of a text in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def marks_in(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """The marks in the bodies of some requests."""
    bodies = [exchange.request.body for exchange in exchanges]
    return frozenset(mark for body in bodies if body for mark in _MARK.findall(body.kept))


def digits_of_run(contract: Contract, exchanges: Iterable[Exchange]) -> str:
    """The digits that all marks of a run begin with; empty if no request contains a mark."""
    found = next(shared_in(contract, exchanges), None)
    return found[1] if found else ""


def shared_in(contract: Contract, exchanges: Iterable[Exchange]) -> Iterator[tuple[Exchange, str]]:
    """The exchanges whose requests contain a mark, each with the shared digits of its first one."""
    patterns = _patterns_of_marks(contract)
    for exchange in exchanges:
        sent = exchange.request.body.kept if exchange.request.body else ""
        matches = (pattern.search(sent) for pattern in patterns)
        found = next((match for match in matches if match), None)
        if found:
            yield exchange, found["digits"]


def _patterns_of_marks(contract: Contract) -> list[re.Pattern[str]]:
    """A pattern for each template of a contract, with a mark and its group ``digits``."""
    members = [one for each in contract.operations.values() for one in each.fresh_members]
    beginning = f"(?P<digits>{_SHARED})[0-9a-f]{{{OF_REQUEST}}}(?![0-9a-f])"
    templates = {re.escape(member.fresh or "{}") for member in members}
    return [re.compile(each.replace(r"\{\}", beginning)) for each in sorted(templates)]


def without_digits(text: str, digits: str, replacement: str) -> str:
    """A text with a replacement for the digits that all marks of a run begin with."""
    mark = rf"{re.escape(digits)}(?=[0-9a-f]{{{OF_REQUEST}}}(?![0-9a-f]))"
    pattern = rf"(?:(?<![0-9a-f])|(?<=%[0-9A-F]{{2}})){mark}"
    return re.sub(pattern, lambda _: replacement, text) if digits else text


def is_own(
    contract: Contract, inputs: Inputs, marks: frozenset[str], made: Made, shown: Mapping[str, Any]
) -> bool:
    """Whether an object, as shown by the target, is the one that a run created.

    ``marks`` are those that the run sent, and ``inputs`` the templates in its target file.
    """
    if str(shown.get(contract.identifier_of(made.kind))) != str(made.id):
        return False
    return _matches_creation_time(made, shown.get(contract.position)) and any(
        _is_fresh(shown.get(member), template, marks)
        for member, template in _templates(contract, inputs, made.kind)
    )


def _matches_creation_time(made: Made, created: Any) -> bool:
    """Whether a creation time matches the request that created an object."""
    asked, at = instant(made.at), instant(created)
    if asked is None or at is None:
        return False
    return abs(at - asked) <= SKEW


def _is_fresh(shown: Any, template: str, marks: frozenset[str]) -> bool:
    """Whether a text is the template with one of the marks."""
    if not isinstance(shown, str):
        return False
    found = marks.intersection(_MARK.findall(shown))
    texts = [template.replace("{}", mark) for mark in found]
    return shown in texts or shown in [lengthened(text) for text in texts]


def _templates(contract: Contract, inputs: Inputs, kind: str) -> Iterator[tuple[str, str]]:
    """The members that show a fresh text in objects of a kind, each with its template."""
    for creation in contract.operations_by("create", kind):
        values = inputs.get(creation.id, {})
        for member in creation.body:
            own = (member.fresh, SIGNS) if member.fresh else ()
            for template in (*own, values.get(member.name)):
                if isinstance(template, str) and _has_mark(template):
                    yield member.shown_as, template


def _has_mark(template: str) -> bool:
    """Whether a template has a place for a mark, and enough other text to be recognized."""
    words = template.replace("{}", "")
    return words != template and len(words) >= OWN_WORDS
