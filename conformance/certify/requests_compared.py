"""Compares a stored request with the one that its scenario makes of the stored responses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.base.text import clean
from conformance.model import Body, Exchange, Facts, Placeholder, Role, SecretKind
from conformance.transport.carrier import Label
from conformance.transport.headers import Headers
from conformance.transport.message import LONE, Message
from conformance.transport.redaction.secrets import WITHHELD

SHOWN = 60
"""Characters of a differing text that a sentence quotes."""
VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
"""The version in a User-Agent: that of a library, which may be another one today."""
IN_HEADERS = frozenset((SecretKind.KEY, SecretKind.UNKNOWN))
"""The placeholders that a header has for certain. Others depend on what was known when."""


@dataclass(frozen=True)
class Made:
    """A request as a scenario makes it, before it is sent. ``part`` is that of the sender."""

    message: Message
    label: Label
    headers: Headers
    url: str
    part: str | None


@dataclass(frozen=True)
class Difference:
    """What differs between two requests, as a sentence.

    It is not ``certain`` if a secret was redacted there, because redaction depends on the secret.
    """

    text: str
    certain: bool = True


Redact = Callable[[str], str]
"""Replaces the secrets in a text."""
RedactBody = Callable[[bytes | None], Body | None]
"""Makes the body for the log."""


def difference(
    stored: Exchange, made: Made, redact: Redact, redact_body: RedactBody
) -> Difference | None:
    """The first difference between a stored request and the one that was made; None without one."""
    for name, told, due in _labels(stored, made):
        if told != due:
            return Difference(_sentence(name, told, due))
    return (
        _in_headers(stored.request.headers, made.headers)
        or _in_url(stored.request.url, made.url, redact)
        or _in_body(stored.request.body, made.message.body, redact_body)
        or _in_facts(stored.facts, made.label.facts)
    )


def _labels(stored: Exchange, made: Made) -> Iterator[tuple[str, object, object]]:
    """Each label of a request that is a word: its name, the stored value, and the one due.

    A shared request has the attempt of whichever case sent it.
    """
    label = made.label
    yield "operation", stored.operation, label.operation
    yield "identity", stored.identity, label.identity
    yield "part", stored.part, made.part
    yield "method", stored.request.method, made.message.method
    if stored.role is not Role.RETRY:
        yield "role", stored.role.value, label.role.value
    if made.part is None:
        yield "attempt", stored.attempt, label.attempt


def _in_headers(stored: Headers, made: Headers) -> Difference | None:
    """The difference between two lists of headers, in whose order they were sent."""
    if tuple(stored) == made:
        return None
    told = [_unversioned(*each) for each in stored]
    due = [_unversioned(*each) for each in made]
    if told == due:
        return None
    return _difference("headers", json.dumps(told), json.dumps(due), IN_HEADERS)


def _unversioned(name: str, value: str) -> tuple[str, str]:
    """A header; a User-Agent without versions."""
    return name, VERSION.sub("", value) if name.lower() == "user-agent" else value


def _in_url(stored: str, made: str, redact: Redact) -> Difference | None:
    if stored == made:
        return None
    redacted = redact(made)
    return None if stored == redacted else _difference("URL", stored, redacted)


def _in_body(stored: Body | None, made: bytes | None, redact: RedactBody) -> Difference | None:
    """The difference between two bodies. A body that has no secret needs no redaction."""
    if made is None:
        return None if stored is None else Difference("it has a body")
    if stored is None:
        return Difference("it has no body")
    if stored.size != len(made):
        return Difference(_sentence("size", stored.size, len(made)))
    if stored.is_whole_text and stored.written.encode(errors=LONE) == made:
        return None
    due = redact(made) or Body()
    return None if stored == due else _difference("body", stored.kept, due.kept)


def _in_facts(stored: Facts, made: Facts) -> Difference | None:
    """The difference between two sets of labels, but for those that only a sender can add."""
    if stored == made:
        return None
    told = replace(stored, address=None, broken=None, again=None)
    if told == made:
        return None
    due = made.to_json()
    if told == Facts.of(json.loads(json.dumps(due))):
        return None
    return _difference("facts", json.dumps(told.to_json()), json.dumps(due))


def _difference(
    name: str, told: str, due: str, usual: frozenset[SecretKind] = frozenset()
) -> Difference:
    """The difference between two texts, which is certain unless either had secrets."""
    kinds = {each.kind for text in (told, due) for each in Placeholder.all_in(text)}
    certain = kinds <= usual and WITHHELD not in told + due
    place = next(
        (at for at, pair in enumerate(zip(told, due, strict=False)) if pair[0] != pair[1]),
        min(len(told), len(due)),
    )
    start = max(0, place - SHOWN // 3)
    return Difference(_sentence(name, told[start:], due[start:]), certain)


def _sentence(name: str, told: Any, due: Any) -> str:
    """A sentence about a value that differs, with the beginning of both."""
    return f"its {name} is {_quoted(told)}, but {_quoted(due)} follows from the run"


def _quoted(value: Any) -> str:
    text = clean(str(value))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
