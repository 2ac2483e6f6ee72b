"""Helpers for values: strict JSON, pointers, members, texts and timestamps."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, TypeVar

from conformance.base.signs import brackets_of, depth, weight_of_values

Value = TypeVar("Value")


class _NotJson:
    """The type of NOT_JSON, which counts as false."""

    def __repr__(self) -> str:
        return "NOT_JSON"

    def __bool__(self) -> bool:
        return False


NOT_JSON: Final = _NotJson()
"""The result of ``strict_json`` for a text that is not JSON."""

NESTED: Final = (dict, list)
"""The types of JSON values that contain others."""

ABSENT: Final = object()
"""The result of ``pointed`` if there is no such member."""


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""Stands for a character that could not be decoded or stored."""

DEEPEST = 500
"""Maximum nesting that is read, because parser, judges and reports are recursive."""

LONGEST_NUMBER = 4_300
"""Maximum digits of an integer: the limit of Python, because parsing takes quadratic time."""

HEAVIEST = 12_000_000
"""Approximate maximum memory in bytes for the value of a text."""


@dataclass(frozen=True)
class Unread:
    """Replaces the value of a text that exceeds the limits, with the reason. Counts as false."""

    reason: str

    def __bool__(self) -> bool:
        return False


TOO_DEEP = Unread(
    f"the body is nested more than {DEEPEST} levels deep, which is the limit of the suite"
)
TOO_LONG = Unread(
    f"the body contains a number of more than {LONGEST_NUMBER:,} digits, the limit of the suite"
)
TOO_MANY = Unread("the body contains more values than the suite reads")


@dataclass(frozen=True)
class Read:
    """The JSON value of a text; ``twice`` is a member name that appears twice in an object."""

    value: Any
    twice: str | None = None
    size: int = 0  # roughly the memory of the value in bytes


def strict_json(text: str) -> Any:
    """The value of a JSON text; see ``read_json``."""
    return read_json(text).value


def read_json(text: str) -> Read:
    """The value of a JSON text (RFC 8259, so no NaN or Infinity); NOT_JSON for anything else.

    The value is Unread for a text that may be JSON but exceeds the limits. If several members have
    the same name, the last one is used.
    """
    weight = weight_of_values(text)
    size = len(text) + min(weight, HEAVIEST)
    if weight > HEAVIEST:
        return Read(TOO_MANY, None, size)
    try:
        return Read(_parsed(text, _READER), None, size)
    except _RepeatedNameError:
        return _read_with_repeated_names(text, size)


class _RepeatedNameError(Exception):
    """An object has several members of the same name."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object from its members. Raises _RepeatedNameError if two have the same name."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _RepeatedNameError
    return members


def _read_with_repeated_names(text: str, size: int) -> Read:
    """Read a text in which an object repeats the name of a member: the last such member is used.

    The ``twice`` of the result is the most frequent name of the first such object to end.
    """
    repeated: list[str] = []  # at most one name

    def record_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs) and not repeated:
            counts = Counter(name for name, _ in pairs)
            repeated.append(max(counts, key=lambda name: counts[name]))
        return members

    decoder = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=record_repeated)
    value = _parsed(text, decoder)  # fills ``repeated``
    return Read(value, repeated[0] if repeated else None, size)


_READER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_members)
"""Reads strict JSON; made once, because making it takes as long as reading a short text."""


def _parsed(text: str, decoder: json.JSONDecoder) -> Any:
    """The value of a text; NOT_JSON, or Unread if it may be JSON but exceeds the limits."""
    brackets = brackets_of(text, DEEPEST)
    if depth(brackets) > DEEPEST:
        opening = brackets.count("[") + brackets.count("{")
        closing = len(brackets) - opening
        return TOO_DEEP if opening == closing else NOT_JSON
    try:
        if text.startswith("\ufeff"):  # a byte order mark
            return NOT_JSON
        return decoder.decode(text)
    except json.JSONDecodeError:
        return NOT_JSON
    except ValueError as error:  # from Python about a long number, or from _refuse_constant
        return TOO_LONG if "digits" in str(error) else NOT_JSON
    except RecursionError:
        return TOO_DEEP


def pointed(value: Any, path: Sequence[str | int]) -> Any:
    """The value at a path of member names and list indexes, or ABSENT.

    An empty path returns the value itself.
    """
    for step in path:
        if not isinstance(value, NESTED):
            return ABSENT
        try:
            value = value[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return value


def is_readable(text: str) -> bool:
    """Whether all characters of a text are printable and none is a replacement character.

    A target may return a replacement for a character that it could not store.
    """
    return text.isprintable() and REPLACEMENT not in text


def as_text(value: Any) -> str | None:
    """The value if it is a text, else None."""
    return value if isinstance(value, str) else None


def texts_in(values: Iterable[Any]) -> list[str]:
    """The values that are texts, in order."""
    return [value for value in values if isinstance(value, str)]


def picked(members: Mapping[str, Any], names: Container[str | None]) -> dict[str, Any]:
    """The members with one of the names, in order."""
    return {name: value for name, value in members.items() if name in names}


def without(members: Mapping[str, Any], names: Container[str | None]) -> dict[str, Any]:
    """The members without those that have one of the names, in order."""
    return {name: value for name, value in members.items() if name not in names}


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are not ABSENT, in order."""
    return {name: value for name, value in members.items() if value is not ABSENT}


def only(values: Sequence[Value]) -> Value | None:
    """The only value of a sequence; None if there are none or several."""
    return values[0] if len(values) == 1 else None


_ZEROS = re.compile(r"&#0++(?=[0-9])")
_BEYOND_CHARACTERS = re.compile(r"&#[0-9]{8,}+")


def without_entities(text: str) -> str:
    """The text with HTML entities decoded. Huge character numbers become a replacement."""
    text = _ZEROS.sub("&#", text)
    return html.unescape(_BEYOND_CHARACTERS.sub("&#0", text))


def cut(text: str, limit: int) -> str:
    """The text, truncated to ``limit`` characters including an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def respelled(text: str, minutes: int) -> str | None:
    """A UTC timestamp rewritten for a zone ``minutes`` east of UTC, with the same fraction.

    None if the text is not a UTC timestamp with a date, a time and a zone.
    """
    match = re.fullmatch(r"([0-9-]{10})[Tt ]([0-9:]{8})(\.[0-9]+)?(?:[Zz]|\+00:00)", text)
    if match is None or instant(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}") + timedelta(minutes=minutes)
    except (ValueError, OverflowError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (match[3] or "") + _zone(minutes, text)


def _zone(minutes: int, text: str) -> str:
    """A zone as an offset. For UTC: ``+00:00`` if ``text`` ends with a Z, otherwise ``Z``."""
    if minutes == 0 and text[-1] not in "Zz":
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{hours:02}:{rest:02}"


_ZONE = re.compile(r"([Zz]|[+-][0-9]{2}:?([0-9]{2})?)$")


def zoned(text: str) -> bool:
    """Whether a timestamp has a zone, and so names an instant."""
    return text[10:].endswith(("Z", "z")) or _ZONE.search(text, 10) is not None


def rendered(seconds: Fraction) -> str:
    """The timestamp of an instant in UTC, rounded down to the second."""
    moment = _EPOCH + timedelta(seconds=int(seconds // 1))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


USUAL_LENGTH = 50
"""Timestamps shorter than this are cached."""

LEAP = 60
"""The number of a leap second in its minute; it counts as the first of the next minute."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = re.compile(
    r"""
    ([0-9]{4}) -? ([0-9]{2}) -? ([0-9]{2})
    (?: [Tt\ ] ([0-9]{2}) :? ([0-9]{2})
        (?: :? (?P<second>[0-9]{2}) (?: [.,] (?P<fraction>[0-9]+) )? )?
        (?: [Zz] | (?P<sign>[+-]) (?P<hours>[01][0-9]|2[0-3]) :? (?P<minutes>[0-5][0-9])? )?
    )?
    """,
    re.VERBOSE,
)


def instant(text: Any) -> Fraction | None:
    """Seconds since 1970 of an ISO 8601 timestamp, exact to its last digit; None if it is not one.

    The format may be extended or basic. A timestamp without a zone is read as UTC.
    """
    if not isinstance(text, str):
        return None
    return _usual_instant(text) if len(text) < USUAL_LENGTH else _instant(text)


def _instant(text: str) -> Fraction | None:
    """The instant of any text, uncached; see ``instant``."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute = (_number(digits) for digits in match.groups()[:5])
    second = _number(match["second"])
    leap_second = 1 if second == LEAP else 0
    try:
        moment = datetime(year, month, day, hour, minute, second - leap_second, tzinfo=UTC)
        fraction = _fraction(match["fraction"])
    except ValueError:
        return None
    seconds = (moment - _EPOCH) // timedelta(seconds=1) + leap_second
    return seconds - _offset(match) + fraction


_usual_instant = lru_cache(maxsize=16_384)(_instant)
"""``_instant``, cached for short texts, which recur on page after page."""


def http_date(text: str) -> datetime | None:
    """The instant of an HTTP date, in UTC; None for any other text."""
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def instants(values: Iterable[Any]) -> list[Fraction]:
    """The instants of those values that are timestamps, in order."""
    moments = [instant(value) for value in values]
    return [moment for moment in moments if moment is not None]


def _number(digits: str | None) -> int:
    """The number of some digits; 0 for an omitted part of a timestamp."""
    return int(digits or 0)


def _fraction(digits: str | None) -> Fraction:
    """A fraction of a second, from its digits. Raises ValueError beyond 4,300 digits."""
    if not digits:
        return Fraction(0)
    return Fraction(int(digits), 10 ** len(digits))


def _offset(match: re.Match[str]) -> int:
    """The offset of the zone of a timestamp, in seconds east of UTC."""
    seconds = 3600 * _number(match["hours"]) + 60 * _number(match["minutes"])
    return -seconds if match["sign"] == "-" else seconds
