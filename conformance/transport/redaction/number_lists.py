"""Decodes lists of numbers: hex dumps with separators, and bytes printed as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SEPARATORS = " \t\r\n\v\f,;:.|+_/-"
_DIGITS = b"0123456789abcdefABCDEFxX"
_SHAPE = bytes(ord("," if chr(code) in _SEPARATORS else "x") for code in range(256))
"""Translates each separator to a comma, and any other byte to ``x``."""
_SIGN = b"," * 7
"""What remains of a list of numbers without its digits: many consecutive separators."""

_BETWEEN = f"[{re.escape(_SEPARATORS)}]{{1,40}}+"
_LIST = re.compile(
    rf"(?<![0-9A-Za-z])(?:(?:0[xX])?[0-9a-fA-F]{{1,3}}{_BETWEEN}){{7,}}+"
    r"(?:0[xX])?[0-9a-fA-F]{0,3}"
)
_ROW = re.compile(
    r"^[ \t]{0,8}+(?:0[xX])?[0-9a-fA-F]{4,16}+:?[ \t]{1,4}+"
    r"((?:(?:[0-9a-fA-F]{2}){1,16}+(?:[ \t]{1,3}+|$))++)",
    re.MULTILINE,
)
"""A row of a dump: an offset, then digits in groups, possibly followed by characters."""

ROW = 32
"""Digits in a row of a dump, for sixteen bytes."""

_NUMBER = re.compile("[0-9a-fA-F]+")
_BEYOND = 256  # the first number that is not a byte


def listed(text: str) -> Iterator[bytes]:
    """The bytes that lists of numbers and dumps in a text may represent, in every reading."""
    shape = text.encode("ascii", "replace").translate(_SHAPE, _DIGITS)
    if _SIGN not in shape:  # this quick test suffices for nearly all texts
        return
    for numbers in _LIST.findall(text):
        yield from _read(_NUMBER.findall(numbers.replace("0x", "").replace("0X", "")))
    rows = (re.sub("[ \t]", "", row)[:ROW] for row in _ROW.findall(text))
    digits = "".join(rows)
    if digits:
        yield from _dumped(digits)


def _dumped(digits: str) -> Iterator[bytes]:
    """The bytes of a dump, and the same with each pair of bytes swapped, as in 16-bit words."""
    raw = bytes.fromhex(digits)
    yield raw
    swapped = bytearray(raw)
    even = len(raw) // 2 * 2
    swapped[0:even:2], swapped[1:even:2] = raw[1:even:2], raw[0:even:2]
    yield bytes(swapped)


def _read(numbers: list[str]) -> Iterator[bytes]:
    """The numbers read as bytes: hexadecimal, decimal and octal, as far as their digits permit."""
    together = "".join(numbers)
    if all(len(number) <= 2 for number in numbers):
        yield bytes.fromhex("".join(number.zfill(2) for number in numbers))
    if not together.isdecimal():
        return
    yield _as_bytes(numbers, 10)
    if set("89").isdisjoint(together):
        yield _as_bytes(numbers, 8)


def _as_bytes(numbers: list[str], base: int) -> bytes:
    """The numbers as bytes; one that is out of range becomes zero."""
    values = (int(number, base) for number in numbers)
    return bytes(value if value < _BEYOND else 0 for value in values)
