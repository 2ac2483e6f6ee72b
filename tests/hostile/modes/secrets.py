"""Servers that show the key of a request, in many spellings."""

from __future__ import annotations

import base64
import codecs
import gzip
import json
import zlib
from collections.abc import Callable

from tests.hostile.base import ERRORS, SUCCESSES, Mode, Right, Spoil, add
from tests.hostile.front import Asked, Line

SHOWN = Right((0, 1), may=("envelope-message-human", "key-secret"), incomplete=False)
"""A key that is shown may be blamed, and nothing else is."""


def _joined(mark: str, size: int = 1) -> Callable[[str], str]:
    def spelt(key: str) -> str:
        return mark.join(key[start : start + size] for start in range(0, len(key), size))

    return spelt


def _hex(mark: str) -> Callable[[str], str]:
    return lambda key: key.encode().hex(mark) if mark else key.encode().hex()


def _codes(form: str) -> Callable[[str], str]:
    return lambda key: "".join(form % ord(letter) for letter in key)


def _coded(pack: Callable[[bytes], bytes]) -> Callable[[str], str]:
    return lambda key: base64.b64encode(pack(key.encode())).decode()


SPELLINGS: dict[str, tuple[str, Callable[[str], str]]] = {
    "plain": ("as it is", str),
    "base64": ("in base64", _coded(bytes)),
    "base64-twice": ("in base64 of base64", _coded(base64.b64encode)),
    "base32": ("in base32", lambda key: base64.b32encode(key.encode()).decode()),
    "hex": ("in hexadecimal digits", _hex("")),
    "hex-dump": ("as a hex dump", _hex(" ")),
    "hex-colons": ("in hexadecimal digits with colons", _hex(":")),
    "buffer": (
        "as a Buffer of Node",
        lambda key: json.dumps({"type": "Buffer", "data": list(key.encode())}),
    ),
    "small-numbers": (
        "as a list of numbers",
        lambda key: ",".join(str(byte) for byte in key.encode()),
    ),
    "octal": ("in octal escapes", _codes("\\%03o")),
    "braces": ("in brace escapes", _codes("\\u{%x}")),
    "entities": ("in entities of HTML", _codes("&#%d;")),
    "percent": ("in percent codes", _codes("%%%02X")),
    "quoted-printable": ("in quoted-printable", _codes("=%02X")),
    "soft-hyphens": ("with soft hyphens", _joined("\u00ad", 4)),
    "zero-width": ("with characters of no width", _joined("\u200b", 4)),
    "spaces": ("with spaces", _joined(" ")),
    "line-ends": ("with line ends", _joined("\n", 10)),
    "tags": ("with tags of HTML", _joined("<wbr>", 4)),
    "gzip": ("compressed, in base64", _coded(gzip.compress)),
    "zlib-hex": (
        "compressed, in hexadecimal digits",
        lambda key: zlib.compress(key.encode()).hex(),
    ),
    "reversed": ("backwards", lambda key: key[::-1]),
    "rot13": ("in ROT13", lambda key: codecs.encode(key, "rot13")),
}
"""Spellings of a key: in words, and as a function."""


def _shows(spell: Callable[[str], str]) -> Spoil:
    def spoil(line: Line, asked: Asked) -> None:
        key = asked.header("Authorization").removeprefix("Bearer ")
        if not key.startswith("kc_"):
            line.send(asked.answer())
            return
        text = spell(key)
        header = text.encode("ascii", "ignore").decode().replace("\n", " ")
        answer = asked.answer().adding(debug={"from": text, "log": f"key={text};"})
        line.send(answer.having(X_Debug=f"key {header}"))

    return spoil


def _forms(spell: Callable[[str], str]) -> Callable[[str], list[str]]:
    def forms(key: str) -> list[str]:
        text = spell(key)
        return [text, json.dumps(text)[1:-1], json.dumps(json.dumps(text)[1:-1])[1:-1]]

    return forms


for _name, (_words, _spell) in SPELLINGS.items():
    _does = f"Each success shows the key of the request {_words}."
    add(Mode(f"key-{_name}", _does, SUCCESSES, SHOWN, _shows(_spell), forms=_forms(_spell)))


def _secrets(number: int) -> list[str]:
    return [f"kc_live_{number:04d}{index:04d}" + "sEcReT7x" * 5 for index in range(900)]


def _many(line: Line, asked: Asked) -> None:
    line.send(asked.answer().adding(keys=_secrets(asked.number)))


add(Mode("secrets-900", "Each success shows 900 new keys.", SUCCESSES, SHOWN, _many))


def _in_message(line: Line, asked: Asked) -> None:
    key = asked.header("Authorization")
    line.send(asked.answer().saying(f"No access with the header {key}."))


add(
    Mode(
        "key-in-messages",
        "The message of each error quotes the header with the key.",
        ERRORS,
        Right((1,), may=("envelope-message-human", "envelope-unrouted"), incomplete=False),
        _in_message,
    )
)
