"""Object ids: reading them from items, and deriving ids that do not exist."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.base.values import is_readable
from conformance.model import Contract, Effect, Exchange, Operation
from conformance.model.placeholder import PATTERN
from conformance.reading import Answer, is_id

Id = str | int
"""An id as the target gives it. It is sent back in bodies unchanged."""
MALFORMED = "not-an'id" + "-x" * 150
"""Names nothing, and is malformed if ids are numbers or have a database type.

Its quote ends a string literal in a query that is concatenated by hand. It is too long for a short
column.
"""

PROTOTYPE = "constructor"
"""What every object of JavaScript has, so a careless lookup finds it under any set of names."""
LONGEST = 1_000
"""Characters of the longest name that is sent. A server may reject a much longer URL."""
LONGEST_NUMBER = 19
"""Digits of a number that must not grow, because it fills 64 bits."""
FAR = 6
"""Digits of the distance between an existing number and one that does not exist."""
SHORT_COUNTER = 6
"""Digits at the end of an id from which on they no longer look like a counter."""
FEWEST_CHANGED, MOST_CHANGED = 6, 12
"""The fewest and the most characters at the end of an id that are changed."""
ALPHANUMERIC = string.ascii_letters + string.digits
ALPHABETS = (
    string.digits,
    "abcdef",
    "ABCDEF",
    string.ascii_lowercase,
    string.ascii_uppercase,
)
"""The character classes. A changed character stays within the first class that contains it."""


def identifier(contract: Contract, item: Any, kind: str, member: str | None = None) -> Id | None:
    """The id of a list item: its ``member``, by default the one that identifies its kind.

    An item that is no object is itself the id. None if there is no id that can be sent. An id is a
    text or a whole number.
    """
    value = item
    if isinstance(item, dict):
        value = item.get(member or contract.identifier_of(kind))
    if is_id(value) and is_sendable(value):
        return value
    return None


def is_sendable(name: Id) -> bool:
    """Whether an id fits into a URL and is complete.

    It must not be too long, must be printable throughout, and must have no secret redacted from it.
    """
    try:
        text = str(name)
    except ValueError:  # more digits than Python prints
        return False
    is_redacted = PATTERN.search(text) is not None
    return is_readable(text) and len(text) <= LONGEST and not is_redacted


def identifiers(
    contract: Contract, items: list[Any], kind: str, member: str | None = None
) -> Iterator[Id]:
    """The id of each of some items, in their order. Items that show none are left out."""
    names = (identifier(contract, item, kind, member) for item in items)
    return (name for name in names if name is not None)


def written(
    contract: Contract, operation: Operation, values: Mapping[str, Any], exchange: Exchange
) -> Id | None:
    """The id of the object that an accepted request created, changed or worked on.

    None if it did none of that, or if neither request nor response gives an id that can be sent.
    """
    if operation.effect is Effect.READ or operation.action == "delete":
        return None
    selector, name = operation.selector, None
    if operation.action == "create":
        name = Answer(contract, operation, exchange).id
    elif selector is not None and selector.references == operation.kind:
        name = values.get(selector.name)
    return name if name is not None and is_sendable(name) else None


def unknown_id(seed: int, sample: str, salt: str = "") -> str:
    """An id of the same form as ``sample`` that does not exist.

    Another salt gives another id, unless ids are numbers. A server that parses ids has no reason to
    call it malformed. The same seed, sample and salt always give the same id.
    """
    digest = hashlib.sha256(f"{seed} {sample}{salt}".encode()).digest()
    is_phone_number = re.fullmatch(r"\+[0-9]{7,15}", sample) is not None
    if is_phone_number:
        return _fictional_number(digest)
    if sample.isdecimal() and len(sample) < LONGEST_NUMBER:
        return _larger(sample)
    tail = _tail(sample)
    if tail.isdigit() and len(tail) < SHORT_COUNTER:
        return sample[: len(sample) - len(tail)] + _larger(tail)
    unknown = _changed(sample, tail, digest)
    if unknown == sample:  # it has no letter or digit
        return sample + "0"
    return unknown


def _fictional_number(digest: bytes) -> str:
    """A phone number from the range reserved for fiction."""
    return f"+1{200 + digest[0]}5550{100 + digest[1] % 100}"


def _larger(number: str) -> str:
    """A number far above another one, which stays within 32 bits if the other is small."""
    return str(int(number) + 7 * 10 ** max(len(number), FAR))


def _tail(sample: str) -> str:
    """The letters and digits at the end of an id."""
    return sample[len(sample.rstrip(ALPHANUMERIC)) :]


def _changed(sample: str, tail: str, digest: bytes) -> str:
    """The id with some characters changed, each within its class, as ``digest`` decides.

    They are the letters and digits of its ``tail``, or those among the last FEWEST_CHANGED
    characters if the tail is shorter, but at most the last MOST_CHANGED.
    """
    first = max(0, len(sample) - max(FEWEST_CHANGED, len(tail)))
    places = [place for place in range(first, len(sample)) if sample[place].isalnum()]
    places = places[-MOST_CHANGED:]
    usable = ""
    if len(places) == MOST_CHANGED and not tail.isdigit():
        usable = tail  # a long tail shows which characters ids consist of
    characters = list(sample)
    for byte, place in zip(digest, places, strict=False):
        characters[place] = _alike(sample[place], byte, usable)
    return "".join(characters)


def _alike(char: str, byte: int, usable: str) -> str:
    """A character of the same class, chosen by ``byte``, from the usable ones if there are any."""
    for alphabet in ALPHABETS:
        if char in alphabet:
            candidates = [sign for sign in alphabet if sign in usable] or list(alphabet)
            return candidates[byte % len(candidates)]
    return char
