"""Marks: words and digits that a run writes into its objects, so that they can be recognized.

A mark looks like what a client would write: a business, a place, a person and a number. Business
and place are the same in all texts of a run, and follow from its seed and salt. So only someone who
has the run can tell its marks from the data of others.

A stored run may be forged, so it cannot simply claim an object. The target has to show a text that
the run sent, with the business and the place of the run, and a creation time that matches the
request that created the object.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from conformance.base.values import instant
from conformance.model import Contract, Exchange, Run
from conformance.reading.made import Made

WORDS = Path(__file__).with_name("words.json")
"""256 common given names, family names and places each, of at most eight letters."""
MIN_OTHER_TEXT = 4
"""Minimum characters of a template besides ``{}``. A bare mark may be anyone's text."""
SIGNS = "Zoë “O’Neil” & Söhne 🎉 100% \\ / {}"
"""A template with unusual characters, for members that accept any text."""
LENGTH = 300
"""The length of a text that exceeds many database columns."""
SKEW = 300
"""Seconds by which the clock of a target may differ from ours."""
MOST_SALTS = 100
"""Maximum number of salts of a run that count. Each run that was merged into it adds one."""

_FIELD = re.compile(r"\{(|company|place|given|family|number|site|mail|uuid)\}")
_FIVE_DIGITS = 90_000, 10_000
"""How many numbers of five digits there are, and the first."""

Inputs = Mapping[str, Mapping[str, Any]]
"""The values for parameters in a target file, by operation."""


# --- making texts ---------------------------------------------------------------------------------


def new_salt() -> str:
    """A salt for a run, so that its texts differ from those of earlier runs."""
    return secrets.token_hex(8)


def run_key(seed: int, salt: str, nonce: str = "") -> str:
    """The key that determines all texts of a run; ``nonce`` is that of a certifier's challenge."""
    return f"{seed} {salt} {nonce}"


def keys_of(run: Run) -> list[str]:
    """The keys of a run: one, or one for each of the runs that were merged into it."""
    return [run_key(run.seed, salt) for salt in run.salts[:MOST_SALTS]]


def mark_of(key: str, text: str) -> str:
    """The mark for one text of a run, such as ``mills-oakford-emma-reyes-48172``."""
    digest = _digest(key, text)
    given, family = _words("given")[digest[0]], _words("family")[digest[1]]
    count, first = _FIVE_DIGITS
    number = first + int.from_bytes(digest[2:10]) % count
    return f"{site_of(key)}-{given}-{family}-{number}".lower()


def site_of(key: str) -> str:
    """The business and the place in all marks of a run, such as ``mills-oakford``."""
    digest = _digest(key, "")
    return f"{_words('family')[digest[0]]}-{_words('place')[digest[1]]}".lower()


def other_place(key: str, number: int) -> str:
    """A place that is not in the marks of a run; a different one for each number from 1 to 255."""
    own = _digest(key, "")[1]
    return _words("place")[(own + number) % len(_words("place"))]


def filled(template: str, mark: str) -> str:
    """A template with a mark: whole in place of ``{}``, or in parts such as ``{given}``."""
    company, place, given, family, number = mark.split("-")
    fields = {
        "": mark,
        "company": company.title(),
        "place": place.title(),
        "given": given.title(),
        "family": family.title(),
        "number": number,
        "site": f"{company}-{place}",
        "mail": f"{given}.{family}{number}",
        "uuid": str(UUID(bytes=_digest(mark, "")[:16], version=4)),
    }
    return _FIELD.sub(lambda found: fields[found[1]], template)


def lengthened(text: str) -> str:
    """The text padded to a length that exceeds many database columns."""
    return f"{text} ".ljust(LENGTH, "x")


def _digest(key: str, text: str) -> bytes:
    """The digest that determines the words and numbers for a text of a run."""
    return hmac.digest(key.encode(), text.encode(), "sha256")


@cache
def _words(kind: str) -> tuple[str, ...]:
    """The words of a kind in WORDS: ``given`` or ``family`` names, or a ``place``."""
    return tuple(json.loads(WORDS.read_text(encoding="utf-8"))[kind])


# --- recognizing them -----------------------------------------------------------------------------


def bodies_sent(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """The bodies of some requests, in lower case."""
    bodies = [exchange.request.body for exchange in exchanges]
    return frozenset(body.kept.lower() for body in bodies if body)


def without_place(text: str, keys: Iterable[str], replacement: str) -> str:
    """A text in which the place of the marks of a run is replaced, so that it is new to the target.

    ``keys`` are the keys of the run.
    """
    places = "|".join(sorted({site_of(key).partition("-")[2] for key in keys}))
    if not places:
        return text
    # a whole word, before which a URL may have an encoded character such as %2c
    pattern = rf"(?:(?<![a-z])|(?<=%[0-9a-f]{{2}}))(?:{places})(?![a-z])"
    return re.sub(pattern, lambda _: replacement, text, flags=re.IGNORECASE)


def is_own(
    contract: Contract,
    inputs: Inputs,
    keys: Iterable[str],
    sent: frozenset[str],
    made: Made,
    shown: Mapping[str, Any],
) -> bool:
    """Whether an object, as shown by the target, is the one that a run created.

    ``keys`` are the keys of the run, ``sent`` the bodies that it sent, and ``inputs`` the templates
    in its target file.
    """
    if str(shown.get(contract.identifier_of(made.kind))) != str(made.id):
        return False
    if not _matches_creation_time(made, shown.get(contract.position)):
        return False
    sites = {site_of(key) for key in keys}
    for member, template in _templates(contract, inputs, made.kind):
        text = shown.get(member)
        if isinstance(text, str) and _has_mark_of(sites, template, text) and _was_sent(text, sent):
            return True
    return False


def _matches_creation_time(made: Made, created: Any) -> bool:
    """Whether a creation time matches the request that created an object."""
    asked, at = instant(made.at), instant(created)
    if asked is None or at is None:
        return False
    return abs(at - asked) <= SKEW


def _has_mark_of(sites: Iterable[str], template: str, shown: str) -> bool:
    """Whether a text, perhaps lengthened, is a template filled with a mark of one of the sites."""
    texts = [shown]
    short = shown.rstrip("x").removesuffix(" ")  # as before ``lengthened``
    if lengthened(short) == shown:
        texts.append(short)
    patterns = [_pattern(template, site) for site in sites]
    return any(re.fullmatch(pattern, text) for pattern in patterns for text in texts)


def _was_sent(shown: str, sent: Iterable[str]) -> bool:
    """Whether all words of a text are in one body, however it was encoded."""
    words = re.findall("[a-z0-9]+", shown.lower())
    return any(all(word in body for word in words) for body in sent)


@cache
def _pattern(template: str, site: str) -> str:
    """A pattern for a template that is filled with any mark of a site."""
    company, place = site.split("-")
    given, family = "|".join(_words("given")), "|".join(_words("family"))
    person = f"(?:{given})-(?:{family})-[0-9]{{5}}".lower()
    mail = rf"(?:{given})\.(?:{family})[0-9]{{5}}".lower()
    fields = {
        "": f"{site}-{person}",
        "company": company.title(),
        "place": place.title(),
        "given": f"(?:{given})",
        "family": f"(?:{family})",
        "number": "[0-9]{5}",
        "site": site,
        "mail": mail,
        "uuid": "[0-9a-f-]{36}",
    }
    parts = _FIELD.split(template)  # texts and names of fields, alternating
    texts, names = parts[::2], parts[1::2]
    pattern = re.escape(texts[0])
    for name, text in zip(names, texts[1:], strict=True):
        pattern += fields[name] + re.escape(text)
    return pattern


def _templates(contract: Contract, inputs: Inputs, kind: str) -> Iterator[tuple[str, str]]:
    """The members that show a fresh text in objects of a kind, each with its template.

    The text may come from the creation of an object, or from a later change. Its template is one of
    the suite or of the target file.
    """
    for operation in contract.operations.values():
        if operation.kind != kind:
            continue
        values = inputs.get(operation.id, {})
        for member in operation.body:
            of_suite = (member.fresh, SIGNS) if member.fresh else ()
            for template in (*of_suite, values.get(member.name)):
                if isinstance(template, str) and has_mark(template):
                    yield member.shown_as, template


def has_mark(template: str) -> bool:
    """Whether the texts that a template makes can be recognized by their mark.

    The template has all fields of a mark by name. Or it has ``{}`` for the whole mark, and enough
    other text.
    """
    fields = set(_FIELD.findall(template))
    if {"site", "mail"} <= fields:
        return True
    if "" in fields:
        return len(_FIELD.sub("", template)) >= MIN_OTHER_TEXT
    return {"company", "place", "given", "family", "number"} <= fields
