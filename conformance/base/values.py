"""Values: strict JSON, timestamps and pointers, and those of some texts and members."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final, TypeVar

Value = TypeVar("Value")


class _NotJson:
    """The type of NOT_JSON, which counts as false."""

    def __repr__(self) -> str:
        return "NOT_JSON"

    def __bool__(self) -> bool:
        return False


NOT_JSON: Final = _NotJson()
"""The result of ``strict_json`` for a text that is not JSON."""

ABSENT: Final = object()
"""The result of ``pointed`` where there is no such member."""


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""Replaces a character that could not be read or kept."""

DEEPEST = 500
"""Levels of nesting that are read. The parser, the judges and the reports go down recursively."""

LONGEST_NUMBER = 4_300
"""Digits of a whole number that are read: the limit of Python, for time grows with the square."""

HEAVIEST = 64_000_000
"""Bytes that the value of a text may take in memory, about."""

_WEIGHTS = {"{": 850, "[": 64, ",": 60}
"""Bytes of memory for each object, array and further value, also where a schema checks them."""

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[^"\[\]{}]+', re.DOTALL)
_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1, '"': 0}


@dataclass(frozen=True)
class Unread:
    """In place of the value of a text that is more than the suite reads: why. Counts as false."""

    reason: str

    def __bool__(self) -> bool:
        return False


TOO_DEEP = Unread(
    f"the body is nested more than {DEEPEST} levels deep, and the suite reads no more"
)
TOO_LONG = Unread(
    f"the body holds a number of more than {LONGEST_NUMBER:,} digits, and the suite reads no more"
)
TOO_MANY = Unread("the body holds more values than the suite reads")


@dataclass(frozen=True)
class Read:
    """What a text holds as JSON; ``twice`` is a name that an object has more than once."""

    value: Any
    twice: str | None = None


def strict_json(text: str) -> Any:
    """The value of a JSON text; see ``read_json``."""
    return read_json(text).value


def read_json(text: str) -> Read:
    """What a JSON text holds (RFC 8259, so no NaN or Infinity); NOT_JSON for anything else.

    The value is Unread for a text that may be JSON, but is too much to find out. Of members with
    the same name the last one counts.
    """
    repeated: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs) and not repeated:
            counts = Counter(name for name, _ in pairs)
            repeated.append(counts.most_common(1)[0][0])
        return members

    value = _parsed(text, members)
    return Read(value, next(iter(repeated), None))


def _parsed(text: str, members: Callable[[list[tuple[str, Any]]], Any]) -> Any:
    """The value of a text, NOT_JSON or Unread. ``members`` makes an object of its members."""
    if _weight(text) > HEAVIEST:
        return TOO_MANY
    brackets = _brackets(text)
    if _depth(brackets) > DEEPEST:
        balanced = 2 * (brackets.count("[") + brackets.count("{")) == len(brackets)
        return TOO_DEEP if balanced else NOT_JSON
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=members)
    except json.JSONDecodeError:
        return NOT_JSON
    except ValueError as error:
        return TOO_LONG if "digits" in str(error) else NOT_JSON
    except RecursionError:
        return TOO_DEEP


def _weight(text: str) -> int:
    """Bytes of memory that the value of a text takes, at most."""
    return sum(weight * text.count(sign) for sign, weight in _WEIGHTS.items())


def weight(text: str) -> int:
    """Bytes of memory that a text of JSON and its value take, about. Strings count as they are."""
    return len(text) + _weight(_STRING.sub("", text))


def too_deep(text: str, levels: int) -> int | None:
    """The line of a text of JSON, from 1, where it is nested deeper than some levels."""
    if text.count("{") + text.count("[") <= levels:
        return None
    depth = 0
    for number, line in enumerate(text.split("\n"), 1):
        brackets = _NO_BRACKETS.sub("", line)
        if depth + _depth(brackets) > levels:
            return number
        opening = brackets.count("{") + brackets.count("[")
        depth += opening - (brackets.count("}") + brackets.count("]"))
    return None


def _brackets(text: str) -> str:
    """The brackets of a text that stand in no string; none if they are too few to nest deep."""
    if text.count("{") + text.count("[") <= DEEPEST:
        return ""
    return _NO_BRACKETS.sub("", text)


def _depth(brackets: str) -> int:
    """How deep some brackets are nested."""
    return max(accumulate(_STEPS[bracket] for bracket in brackets), default=0)


def pointed(value: Any, path: Sequence[str | int]) -> Any:
    """What a value holds at a path of names of members and places in lists, or ABSENT.

    An empty path leads to the value itself.
    """
    for step in path:
        if not isinstance(value, dict | list):
            return ABSENT
        try:
            value = value[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return value


def is_readable(text: str) -> bool:
    """Whether all characters of a text can be seen.

    A target may show another character in the place of one that it could not keep.
    """
    return text.isprintable() and REPLACEMENT not in text


def as_text(value: Any) -> str | None:
    """A value that is a text; None for any other value."""
    return value if isinstance(value, str) else None


def texts_in(values: Iterable[Any]) -> list[str]:
    """Those of some values that are texts, in their order."""
    return [value for value in values if isinstance(value, str)]


def picked(members: Mapping[str, Any], names: Container[str | None]) -> dict[str, Any]:
    """Those of some members that have one of some names, in their order."""
    return {name: value for name, value in members.items() if name in names}


def without(members: Mapping[str, Any], names: Container[str | None]) -> dict[str, Any]:
    """Some members but those of some names, in their order."""
    return {name: value for name, value in members.items() if name not in names}


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """Some members but those that are ABSENT, in their order."""
    return {name: value for name, value in members.items() if value is not ABSENT}


def only(values: Sequence[Value]) -> Value | None:
    """The one value of a sequence; None where there is none, or several."""
    return values[0] if len(values) == 1 else None


_ZEROS = re.compile(r"&#0++(?=[0-9])")
_BEYOND_CHARACTERS = re.compile(r"&#[0-9]{8,}+")


def without_entities(text: str) -> str:
    """The text with the entities of HTML undone. A number of many digits is no character."""
    text = _ZEROS.sub("&#", text)
    return html.unescape(_BEYOND_CHARACTERS.sub("&#0", text))


def cut(text: str, limit: int) -> str:
    """The text, at most ``limit`` characters of it, with an ellipsis where some are left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def respelled(text: str, minutes: int) -> str | None:
    """The same instant in a zone ``minutes`` east of UTC, with the fraction as it is.

    None for a text that is no timestamp in UTC with a date, a time and a zone.
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
    """A zone as an offset; UTC is spelt in the other way than at the end of ``text``."""
    if minutes == 0 and text[-1] not in "Zz":
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{hours:02}:{rest:02}"


def zoned(text: str) -> bool:
    """Whether a timestamp has a zone, without which it names no instant."""
    return re.search(r"([Zz]|[+-][0-9]{2}:?([0-9]{2})?)$", text[10:]) is not None


def rendered(seconds: Fraction) -> str:
    """The timestamp of an instant in UTC, rounded down to the second."""
    moment = _EPOCH + timedelta(seconds=int(seconds // 1))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


USUAL_LENGTH = 50
"""Timestamps shorter than this are remembered."""

LEAP = 60
"""A leap second: the last one of its minute, and counted with the next."""
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

    Extended or basic format, with or without separators. A timestamp without zone is read as UTC.
    """
    if not isinstance(text, str):
        return None
    return _usual_instant(text) if len(text) < USUAL_LENGTH else _instant(text)


def _instant(text: str) -> Fraction | None:
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute = (_number(digits) for digits in match.groups()[:5])
    second = _number(match["second"])
    leap = second == LEAP
    try:
        moment = datetime(year, month, day, hour, minute, second - leap, tzinfo=UTC)
        fraction = _fraction(match["fraction"])
    except ValueError:
        return None
    whole = (moment - _EPOCH) // timedelta(seconds=1) + leap
    return whole - _offset(match) + fraction


_usual_instant = lru_cache(maxsize=16_384)(_instant)
"""The same for short texts, which come back in page after page."""


def http_date(text: str) -> datetime | None:
    """The moment that a date of HTTP names, which is in UTC; None for any other text."""
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def instants(values: Iterable[Any]) -> list[Fraction]:
    """The instants of some values, in their order; values that are no timestamp are left out."""
    moments = [instant(value) for value in values]
    return [moment for moment in moments if moment is not None]


def _number(digits: str | None) -> int:
    """The number of some digits; 0 for a part of a timestamp that is left out."""
    return int(digits or 0)


def _fraction(digits: str | None) -> Fraction:
    """A fraction of a second by its digits. Raises ValueError beyond 4,300 digits."""
    if not digits:
        return Fraction(0)
    return Fraction(int(digits), 10 ** len(digits))


def _offset(match: re.Match[str]) -> int:
    """The seconds that the zone of a timestamp is east of UTC."""
    seconds = 3600 * _number(match["hours"]) + 60 * _number(match["minutes"])
    return -seconds if match["sign"] == "-" else seconds
