"""Decodes common encodings, so that a secret cannot hide in them.

All patterns take linear time: they enter a run of characters only at its start, and never
backtrack into it.
"""

from __future__ import annotations

import base64
import re
import string
import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache

from conformance.base.values import without_entities
from conformance.transport.redaction.boxes import inflated, may_hold_box, unpacked
from conformance.transport.redaction.number_lists import listed

_STANDARD = str.maketrans("-_", "+/")
_CODED = "-A-Za-z0-9+/_"

_STRETCH = 4
"""Minimum number of consecutive readable characters that count as text."""

_MOSTLY = 8
"""Bytes are read as text if at most one in this many is not a character."""

LONGEST_58 = 512
"""Maximum characters of base58 that are decoded, because the time grows quadratically."""

SHORT, RUNS_KEPT = 128, 20_000
"""Maximum characters of a run whose texts are remembered, and maximum number of such runs."""

Spend = Callable[[int], None]
"""Takes the amount of work that was done, and raises if it exceeds the limit."""


def _freely(_: int) -> None:
    """Spend without a limit."""


# --- escapes --------------------------------------------------------------------------------------

# Each pattern begins with a character, because the places of characters are fast to find.
_ESCAPED = re.compile(
    r"[\\%U](?:(?<=U)\+([0-9a-fA-F]{4,6})(?: (?=U\+))?|(?<!U)(?<![\\%]{2})[\\%]*+"
    r"(?:U([0-9a-fA-F]{8})|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|[ux]\{([0-9a-fA-F]{1,8})\}))"
)
_PERCENT = re.compile("%[0-9a-fA-F]{2}(?:%[0-9a-fA-F]{2})*+")
_JSON = re.compile(r"\\(u[0-9a-fA-F]{4}|[\"\\/bfnrt])")
_SIGNS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_NOT_ASCII = re.compile(r"[^\0-\x7f]++")
_OCTAL = re.compile(r"\\(?<!\\{2})\\*+([0-3][0-7]{2})")
_ESCAPED_SIGN = re.compile(r"\\(?<!\\{2})\\*+([\"'/nrt])")
_BACKSLASHES = re.compile(r"\\\\\\*+")
_BLANKS = {"n": "\n", "r": "\r", "t": "\t"}
_QUOTED = re.compile(r"=(?:([0-9a-fA-F]{2})|[ \t]{0,8}\r?\n)")
_WORD = re.compile(r"(?:\?=\s{0,8}+)?=\?[\w-]{1,40}\?[QqBb]\?")
_TAG = re.compile(r"<[^<>]{0,500}+>|\x1b\[[0-9;]{0,20}[A-Za-z]")
_PLACE = re.compile(r'"[0-9]{1,7}"\s{0,8}:\s{0,8}')
_BREAK = re.compile(rf"\s(?<=[{_CODED}=]\s)\s{{0,19}}+[{_CODED}]")
_BROKEN_RUN = re.compile(
    rf"(?<![{_CODED}])[{_CODED}]{{1,120}}+(?:={{0,2}}\s{{1,20}}+[{_CODED}]{{1,120}}+)++"
)


def decoded_once(text: str, piece: int, spend: Spend = _freely) -> Iterator[str]:
    """The other readings of a text, each with one kind of encoding decoded once.

    Readings of bytes have at least ``piece`` readable characters. ``spend`` is called with the
    number of bytes unpacked.
    """
    for sign, undo in _UNDO:
        if sign in text:
            view = undo(text)
            if view != text:
                yield view
    view = unescaped(text)
    if view != text:
        yield view
    if not text.isascii():
        yield _plain_letters(text)
    for raw in listed(text):
        yield from _texts(raw, piece, spend)


def unescaped(text: str) -> str:
    """The text with percent-encoding, entities and escapes such as ``\\u0041`` decoded once."""
    if "%" in text:
        text = _PERCENT.sub(lambda match: _of_percent(match[0]), text)
    if "&" in text:
        text = without_entities(text)
    if "\\" in text or "%u" in text or "U+" in text:
        # each form of an escape has a group of its own, for its digits
        text = _ESCAPED.sub(lambda match: _char(match[match.lastindex or 0], 16), text)
        text = _OCTAL.sub(lambda match: _char(match[1], 8), text)
        text = _ESCAPED_SIGN.sub(lambda match: _BLANKS.get(match[1], match[1]), text)
        text = _BACKSLASHES.sub(r"\\", text)
        text = _joined(text)
    return text


def without_json(text: str) -> str:
    """The text with JSON escapes decoded once, and nothing else."""
    if "\\" not in text:
        return text
    return _joined(_JSON.sub(lambda match: _of_json(match[1]), text))


def _of_json(escape: str) -> str:
    """The character for a JSON escape, given without its backslash."""
    if escape.startswith("u"):
        return chr(int(escape[1:], 16))
    return _SIGNS.get(escape, escape)


def _of_percent(codes: str) -> str:
    """The text of consecutive percent codes. ``unquote`` takes 200 bytes for each percent sign."""
    return bytes.fromhex(codes.replace("%", "")).decode(errors="replace")


def _joined(text: str) -> str:
    """The text with surrogate pairs combined into characters."""
    if text.isascii():
        return text
    return _PAIR.sub(
        lambda match: match[0].encode("utf-16", "surrogatepass").decode("utf-16"), text
    )


def _char(digits: str, base: int) -> str:
    """The character with a number; empty if there is none."""
    code = int(digits, base)
    return chr(code) if code <= sys.maxunicode else ""


def _unquoted_printable(text: str) -> str:
    """The text with quoted-printable decoded and encoded words of mail headers joined."""
    if "=?" in text:
        text = _WORD.sub("", text)
    # a soft line break has no digits: it becomes NUL, which is removed
    return _QUOTED.sub(lambda match: _char(match[1] or "0", 16), text).replace("\0", "")


def _plain_letters(text: str) -> str:
    """The text without invisible characters, and with letters of any width and style as ASCII."""
    return _NOT_ASCII.sub(lambda match: "".join([_plain_letter(char) for char in match[0]]), text)


@lru_cache(maxsize=RUNS_KEPT)
def _plain_letter(char: str) -> str:
    """The ASCII equivalent of a character; empty if it is invisible; itself if there is none."""
    if unicodedata.category(char) in ("Cf", "Mn"):
        return ""
    plain = unicodedata.normalize("NFKC", char)
    return plain if plain.isascii() else char


_UNDO = (
    ("\0", lambda text: text.replace("\0", "")),  # UTF-16 read as UTF-8
    ("=", _unquoted_printable),
    ("<", lambda text: _TAG.sub("", text)),
    ("\x1b", lambda text: _TAG.sub("", text)),
    ('"1":', lambda text: _PLACE.sub("", text)),  # an array of bytes or characters as an object
)
"""What a text in some encoding contains, and how to decode that encoding."""

# --- runs of base64, hex and the like -------------------------------------------------------------


def coded_runs(piece: int) -> re.Pattern[str]:
    """Matches runs long enough to contain ``piece`` characters as base64 or hex."""
    length = -(-piece * 4 // 3)  # base64 makes four characters of three, rounded up
    return re.compile(f"[{_CODED}]{{{length},}}")


def broken_runs(text: str) -> Iterator[str]:
    """Runs broken by white space, joined, because base64 and hex are often split into lines."""
    if not _BREAK.search(text):
        return
    for match in _BROKEN_RUN.finditer(text):
        yield "".join(match[0].replace("=", "").split())


def decoded(run: str, piece: int, spend: Spend = _freely) -> Iterator[str]:
    """The texts that a run may encode, with at least ``piece`` readable characters.

    It is decoded as base64 in either alphabet, as hex and as base32 in three alphabets, each from
    every possible start, and as base58. Compressed data is unpacked; ``spend`` is called with the
    number of bytes.
    """
    texts = _of_short_run(run, piece) if len(run) <= SHORT else None
    if texts is not None:
        yield from texts
        return
    for raw in _bytes_of(run, piece):
        yield from _texts(raw, piece, spend)


@lru_cache(maxsize=RUNS_KEPT)
def _of_short_run(run: str, piece: int) -> tuple[str, ...] | None:
    """The texts that a short run may encode; None if it may be compressed data.

    The ids of a target are such runs, and recur in many responses.
    """
    found = []
    for raw in _bytes_of(run, piece):
        if may_hold_box(raw):
            return None
        text = readable(raw, piece)
        if text:
            found.append(text)
    return tuple(found)


def _texts(raw: bytes, piece: int, spend: Spend = _freely) -> Iterator[str]:
    """The texts in some bytes, as they are and unpacked."""
    text = readable(raw, piece)
    if text:
        yield text
    for inside in unpacked(raw):
        spend(len(inside))
        yield readable(inside, piece)


def _bytes_of(run: str, piece: int) -> Iterator[bytes]:
    """The bytes of a run as base64 in four alignments, as hex in two, as base32 and as base58."""
    plain = run.translate(_STANDARD)
    for start in range(4):
        part = plain[start:]
        yield base64.b64decode(part + "A" * (-len(part) % 4))  # filled up to groups of four
    for digits in re.findall(f"[0-9a-fA-F]{{{2 * piece},}}", run):
        for start in (0, 1):
            even_length = (len(digits) - start) // 2 * 2
            yield bytes.fromhex(digits[start : start + even_length])
    shortest = -(-piece * 4 // 3)  # as in coded_runs
    for part in re.findall(f"[0-9A-Za-z]{{{shortest},}}", run):
        yield from _of_32(part, piece)
        is_base58 = set("0OIl").isdisjoint(part)
        if is_base58 and len(part) <= LONGEST_58:
            yield _of_58(part)


_DIGITS_32 = string.digits + string.ascii_lowercase[:22]
_ALPHABETS_32 = (
    string.ascii_lowercase + "234567",
    _DIGITS_32,
    "0123456789abcdefghjkmnpqrstvwxyz",
)
"""The base32 alphabets of RFC 4648 (standard and extended hex) and of Crockford."""
_FROM_32 = tuple(str.maketrans(letters, _DIGITS_32) for letters in _ALPHABETS_32)
_SETS_32 = tuple(frozenset(letters) for letters in _ALPHABETS_32)
_DIGITS_58 = {
    char: value
    for value, char in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
}


def _of_32(run: str, piece: int) -> Iterator[bytes]:
    """The bytes of a run as base32, from each bit at which a byte may start.

    Nothing for a run too short for ``piece`` characters, or with letters in both cases.
    """
    if len(run) * 5 < piece * 8:
        return
    if run not in (run.lower(), run.upper()):
        return
    run = run.lower()
    used = set(run)
    for letters, digits in zip(_SETS_32, _FROM_32, strict=True):
        if used <= letters:
            number = int(run.translate(digits), 32)
            for shift in range(8):
                yield (number >> shift).to_bytes(len(run) * 5 // 8 + 1, "big")


def _of_58(run: str) -> bytes:
    """The bytes of a run as base58 in the Bitcoin alphabet."""
    number = 0
    for char in run:
        number = number * 58 + _DIGITS_58[char]
    return number.to_bytes(len(run), "big").lstrip(b"\0")


# --- bytes ----------------------------------------------------------------------------------------

_PRINTABLE = bytes((*range(0x20, 0x7F), *b"\t\r\n"))
_LINES = bytes(code if code in _PRINTABLE else 0x0A for code in range(256))


def readable(raw: bytes, piece: int) -> str:
    """The readable text in some bytes: all of it if nearly every byte is a character.

    Otherwise the stretches of at least ``piece`` readable characters, one per line. Zero bytes are
    skipped, so that UTF-16 is readable, too.
    """
    raw = raw.replace(b"\0", b"")
    unprintable = raw.translate(None, _PRINTABLE)
    if len(unprintable) * _MOSTLY <= len(raw):
        return raw.translate(_LINES).decode("ascii")
    stretches = re.findall(b"[\x20-\x7e]{%d,}" % piece, raw)
    return b"\n".join(stretches).decode("ascii")


def readings(raw: bytes) -> Iterator[str]:
    """The readable texts in bytes that are not UTF-8: as they are, and unpacked."""
    yield from _texts(raw, _STRETCH)
    yield readable(inflated(raw), _STRETCH)
