"""Readings of values that both the loader and the judges need: strict JSON, timestamps, pointers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Final


class _NotJson:
    def __repr__(self) -> str:
        return "NOT_JSON"

    def __bool__(self) -> bool:
        return False


NOT_JSON: Final = _NotJson()
"""What ``strict_json`` gives for a text that is not JSON."""

ABSENT: Final = object()
"""What ``pointed`` gives where nothing stands."""


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def strict_json(text: str) -> Any:
    """The value of a JSON text by RFC 8259, without NaN and Infinity; NOT_JSON for anything else."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return NOT_JSON


def pointed(value: Any, path: Sequence[str]) -> Any:
    """The member of nested objects at a path of names, or ABSENT."""
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return ABSENT
        value = value[name]
    return value


def respelled(text: str, minutes: int) -> str | None:
    """The same instant in another zone, with the fraction as it stands; None for what is no date with a time and a zone."""
    match = re.fullmatch(r"([0-9-]{10})[Tt ]([0-9:]{8})(\.[0-9]+)?(?:[Zz]|\+00:00)", text)
    if match is None or instant(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}") + timedelta(minutes=minutes)
    except (ValueError, OverflowError):
        return None
    hours, rest = divmod(abs(minutes), 60)
    zone = (
        f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}" if minutes or text[-1] in "Zz" else "Z"
    )
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (match[3] or "") + zone


def zoned(text: str) -> bool:
    """Whether a timestamp says its zone, without which it names no instant."""
    return re.search(r"([Zz]|[+-][0-9]{2}:?([0-9]{2})?)$", text[10:]) is not None


def rendered(seconds: Fraction) -> str:
    """The timestamp of an instant, to the second, in UTC."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds // 1))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


_INSTANT = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[Tt ]([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:[.,]([0-9]+))?)?"
    r"(?:([Zz])|([+-])([01][0-9]|2[0-3]):?([0-5][0-9])?)?)?"
)


def instant(text: Any) -> Fraction | None:
    """Seconds since 1970 of an ISO 8601 timestamp, exact to its last digit; None if it is not one.

    Extended or basic format, with or without separators. A timestamp without zone is read as UTC.
    """
    match = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, _, sign, zone_hours, zone_minutes = (
        match.groups()
    )
    try:
        leap = second == "60"
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            59 if leap else int(second or 0),
            tzinfo=UTC,
        )
        offset = timedelta(hours=int(zone_hours or 0), minutes=int(zone_minutes or 0))
        parts = (
            Fraction(int(fraction), 10 ** len(fraction)) if fraction else Fraction(0)
        )  # ValueError beyond 4,300 digits
    except ValueError:
        return None
    if sign == "+":
        offset = -offset
    seconds = Fraction(int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) + leap)
    return seconds + int(offset.total_seconds()) + parts
