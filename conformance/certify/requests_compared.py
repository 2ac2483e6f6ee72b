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
"""A version in a User-Agent: that of a library, which may have been updated since."""
IN_HEADERS = frozenset((SecretKind.KEY, SecretKind.UNKNOWN))
"""Secrets that are redacted in every header. Others may not have been known at the request."""


@dataclass(frozen=True)
class Made:
    """A request as a scenario makes it. ``part`` names one that is made for several cases."""

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
    """The first difference between a stored request and the one that was made; None if equal."""
    for name, logged, due in _label_values(stored, made):
        if logged != due:
            return Difference(_sentence(name, logged, due))
    return (
        _in_headers(stored.request.headers, made.headers)
        or _in_url(stored.request.url, made.url, redact)
        or _in_body(stored.request.body, made.message.body, redact_body)
        or _in_facts(stored.facts, made.label.facts)
    )


def _label_values(stored: Exchange, made: Made) -> Iterator[tuple[str, object, object]]:
    """Each label that must be equal: its name, the stored value, and the expected value.

    A repeated request has the role RETRY, whatever its label says, so its role is not compared. A
    shared request has the attempt of whichever case sent it, so its attempt is not compared.
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
    """The difference between two lists of headers. Their order counts; versions do not."""
    if tuple(stored) == made:
        return None
    logged = [_unversioned(*each) for each in stored]
    due = [_unversioned(*each) for each in made]
    if logged == due:
        return None
    return _difference("headers", json.dumps(logged), json.dumps(due), IN_HEADERS)


def _unversioned(name: str, value: str) -> tuple[str, str]:
    """A header, without the versions if it is a User-Agent."""
    return name, VERSION.sub("", value) if name.lower() == "user-agent" else value


def _in_url(stored: str, made: str, redact: Redact) -> Difference | None:
    if stored == made:
        return None
    redacted = redact(made)
    return None if stored == redacted else _difference("URL", stored, redacted)


def _in_body(stored: Body | None, made: bytes | None, redact: RedactBody) -> Difference | None:
    """The difference between two bodies. The one that was made is redacted only if need be."""
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
    """The difference between two sets of facts, except for those that only a sender can add.

    Facts that are equal as JSON count as equal, because the log stores them as JSON.
    """
    if stored == made:
        return None
    logged = replace(stored, address=None, broken=None, again=None)
    if logged == made:
        return None
    due = made.to_json()
    if logged == Facts.of(json.loads(json.dumps(due))):
        return None
    return _difference("facts", json.dumps(logged.to_json()), json.dumps(due))


def _difference(
    name: str, logged: str, due: str, harmless: frozenset[SecretKind] = frozenset()
) -> Difference:
    """The difference between two texts, quoted from shortly before the place where they differ.

    The difference is certain unless a secret is redacted in one of the texts. Placeholders of
    ``harmless`` kinds leave it certain.
    """
    kinds = {each.kind for text in (logged, due) for each in Placeholder.all_in(text)}
    certain = kinds <= harmless and WITHHELD not in logged + due
    equal = 0  # the number of equal characters at the beginning
    for logged_character, due_character in zip(logged, due, strict=False):
        if logged_character != due_character:
            break
        equal += 1
    start = max(0, equal - SHOWN // 3)
    return Difference(_sentence(name, logged[start:], due[start:]), certain)


def _sentence(name: str, logged: Any, due: Any) -> str:
    """A sentence about a value that differs, with the beginning of both."""
    return f"its {name} is {_quoted(logged)}, but {_quoted(due)} follows from the run"


def _quoted(value: Any) -> str:
    text = clean(str(value))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
