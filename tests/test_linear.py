"""A target cannot slow the suite down: every pattern and every reader of its texts is linear."""

from __future__ import annotations

import ast
import base64
import gzip
import importlib
import re
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conformance.base.values import instant, respelled, without_entities, zoned
from conformance.judging.leaks import inside_shown, visible_text
from conformance.judging.outcomes import JudgeContext
from conformance.model import Body, Response
from conformance.reading.items import is_hexadecimal, is_named
from conformance.reading.writes import same
from conformance.scenarios.client.ids import unknown_id
from conformance.transport.redaction import boxes, log, search
from conformance.transport.redaction.encodings import coded_runs, decoded_once, readings
from conformance.transport.redaction.log import LogRedactor
from conformance.transport.redaction.secrets import WITHHELD, SecretStore
from conformance.transport.wire import WireResponse
from tests.support.contracts import TARGET, real
from tests.test_redact import KEY, PREFIXES

CONTEXT = JudgeContext(real(), TARGET, None)
PACKAGE = Path(__file__).parent.parent / "conformance"
SMALL, GROWTH = 500, 8
"""The characters of an attack, and how many times as many it is tried with."""
MOST = 24
"""How much longer the large attack may take. In the square of its length it would take 64 times."""
UNSEEN = 0.004
"""Seconds of a large attack below which it is quick enough, whatever the ratio."""

METHODS = ("search", "match", "fullmatch", "sub", "split", "findall", "finditer")
CALLS = ("compile", *METHODS)

MADE: dict[tuple[str, str], Iterable[str | bytes]] = {
    ("transport/redaction/encodings", "coded_runs"): [coded_runs(4).pattern],
    ("transport/redaction/encodings", "_bytes_of"): ["[0-9a-fA-F]{20,}", "[0-9A-Za-z]{14,}"],
    ("transport/redaction/encodings", "readable"): [b"[\x20-\x7e]{10,}"],
    ("transport/redaction/log", "_pattern_of_members"): [log._pattern_of_members(["key"]).pattern],
    ("transport/redaction/log", "_pattern_of_keys"): [log._pattern_of_keys(PREFIXES).pattern],
    # of schemas of the suite
    ("base/yaml_file", "_unknown_member"): [],
    # of words of the suite and of the contract, with repetitions of a fixed length
    ("reading/marks", "without_place"): [],
    ("reading/marks", "_has_mark_of"): [],
    # of the contract
    ("report/rerun", "is_embedded"): [],
    # of the contract, for the reference server
    ("server/application", "_key_form"): [],
    ("server/intake", "_pattern"): [],
    ("server/routing", "_template"): [],
}
"""The patterns that are made while a run goes on, by module and function."""

UNITS = (
    *"\\%&<{\"'aA1 \n\t!.-_/+=:;,~0xZ",
    *(
        "a!",
        "1!",
        "a.",
        "a ",
        "1 ",
        " \n",
        "\r\n",
        "\\\\u",
        "%u",
        "\\x",
        "U+",
        "=\n",
        "=?",
        "?=",
        '\\"',
        '"a',
    ),
    *(
        "SELECT ",
        "SELECT FROM",
        "UPDATE ",
        "at ",
        "\nat ",
        "\n at ",
        "at a(",
        'File "',
        "/a",
        "-/a",
        "/a.",
        " /a",
    ),
    *(
        "sk-",
        "eyJ",
        "eyJ-",
        "Bearer ",
        "A.",
        "\n at A.",
        "10.1.",
        "C:\\",
        'relation "',
        "application/",
        "+json",
    ),
    *(
        "{key:",
        "{key:a",
        "kc_live_",
        '"key":"',
        '"key" ',
        '\\"key\\":\\"',
        "<a",
        "<a>",
        "&#",
        "&#1",
        "&a",
        "\x1b[",
    ),
    *(
        "6b ",
        "107, ",
        "0x6b,",
        "0x",
        "1 , ",
        "00000000: 6b6b ",
        "\n0000 6b",
        '"1": ',
        "aaaa ",
        "aaaa=\n",
        "2020-01-01T",
    ),
    *(KEY[8:20], f"{KEY[8:20]} ", "%25", "&amp;", "\\u0061", "a\0", "QUFB", "7a"),
    *("//a@", "[", "](", "...", "**", "é", "\u0301\u0323", "\u00ad", "\0", "BZh9", "x\x01"),
)
"""What attacks are made of: each is repeated, with a beginning and an end."""
AROUND = (("", ""), ('"', "\\"), ("", "!"), ('"', "\n"), ("a", "1"), ("\n at ", " "))


Attack = tuple[str, str, str]
"""A beginning, what is repeated, and an end."""

TRIES = 10
"""How often a pattern that must be noticed is tried."""

ATTACKS = [(start, unit, end) for unit in dict.fromkeys(UNITS) for start, end in AROUND]
FEWER = [(start, unit, end) for start, unit, end in ATTACKS if (start, end) in AROUND[:2]]
"""The attacks on whole functions, whose patterns are tried with all of them."""


def _seconds(work: Callable[[Any], object], attack: Attack, size: int) -> float:
    """The CPU seconds for an attack of a size, the best of three."""
    start, unit, end = attack
    text = start + unit * (size // len(unit)) + end
    best = float("inf")
    for _ in range(3):
        before = time.thread_time()
        work(text)
        best = min(best, time.thread_time() - before)
        if best < UNSEEN:
            break
    return best


def superlinear(
    work: Callable[[Any], object], attacks: Iterable[Attack] = tuple(ATTACKS)
) -> Iterator[str]:
    """The attacks that take more than MOST times as long at GROWTH times the size."""
    for attack in attacks:
        large = _seconds(work, attack, SMALL * GROWTH)
        if large < UNSEEN:
            continue
        ratio = large / max(_seconds(work, attack, SMALL), 1e-6)
        if ratio > MOST:
            yield f"{attack}: {ratio:.0f} times as long"


# --- patterns -------------------------------------------------------------------------------------


@cache
def _texts() -> dict[str, str]:
    """The modules of the package by their paths without the ending."""
    return {
        str(path.relative_to(PACKAGE).with_suffix("")): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
    }


@cache
def _calls() -> list[tuple[str, str, ast.Call]]:
    """The calls of functions of ``re`` that take a pattern: module, function, call."""
    trees = {
        module: ast.parse(text)
        for module, text in _texts().items()
        if re.search(r"\bimport re\b", text)
    }
    return [
        (module, function.name, call)
        for module, tree in trees.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for call in _calls_of_re(function)
    ]


def _calls_of_re(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=name)) if name in CALLS:
                yield node


def _written() -> Iterator[tuple[str, str, str | bytes]]:
    """The patterns that stand in a call: where, the method that is called, the pattern."""
    for module, function, call in _calls():
        method = ast.unparse(call.func).removeprefix("re.")
        pattern = call.args[0]
        if method == "compile" or not isinstance(pattern, ast.Constant):
            continue
        assert isinstance(pattern.value, str | bytes)
        yield f"{module}.{function}", method, pattern.value


def _made() -> set[tuple[str, str]]:
    """Where patterns are made while a run goes on: module and function."""
    return {
        (module, function)
        for module, function, call in _calls()
        if not isinstance(call.args[0], ast.Constant) or ast.unparse(call.func) == "re.compile"
    }


def _compiled() -> Iterator[tuple[str, str, str | bytes, int]]:
    """The patterns that modules hold: where, the method that is called, the pattern, its flags."""
    for module, text in _texts().items():
        if module == "__main__":
            continue
        parts = module.removesuffix("/__init__").replace("/", ".")
        names = vars(importlib.import_module(f"conformance.{parts}".removesuffix(".__init__")))
        for name, value in names.items():
            for pattern in _patterns_in(value):
                used = re.findall(rf"\b{name}\.({'|'.join(METHODS)})\(", text)
                for method in dict.fromkeys(used or ["finditer"]):
                    yield f"{module}.{name}", method, pattern.pattern, pattern.flags


def _patterns_in(value: Any) -> Iterator[re.Pattern[Any]]:
    """The patterns in a value: itself, or those in a tuple, list or mapping."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _patterns_in(each)
    elif type(value) is dict:
        yield from _patterns_in(list(value.values()))


def _all_patterns() -> dict[str, tuple[str, str | bytes, int]]:
    found: dict[str, tuple[str, str | bytes, int]] = {}
    for where, method, pattern, flags in _compiled():
        found[f"{where} {method} {len(found)}"] = (method, pattern, flags)
    for where, method, pattern in _written():
        found[f"{where} {method} {len(found)}"] = (method, pattern, 0)
    for (module, function), patterns in MADE.items():
        for pattern in patterns:
            found[f"{module}.{function} {len(found)}"] = ("finditer", pattern, 0)
    return found


PATTERNS = _all_patterns()


def test_every_pattern_is_found() -> None:
    """A pattern that is made during a run is listed above; others are found by themselves."""
    assert _made() == set(MADE)
    assert len(PATTERNS) > 60


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_is_linear(name: str) -> None:
    """Eight times as long an input takes hardly more than eight times as long."""
    method, pattern, flags = PATTERNS[name]
    compiled: Any = re.compile(pattern, flags)

    def work(text: str) -> None:
        coded: Any = text.encode() if isinstance(pattern, bytes) else text
        if method == "sub":
            compiled.sub(type(pattern)(), coded)
        else:
            found = getattr(compiled, method)(coded)
            if method == "finditer":
                list(found)

    assert list(superlinear(work)) == []


@pytest.mark.parametrize(
    ("pattern", "unit"),
    [(r"[\\%]+u(....)", "%"), (r"\bSELECT\b.+\bFROM\b", "SELECT "), (r"[A-Za-z0-9]*$", "a")],
)
def test_a_pattern_in_the_square_is_noticed(pattern: str, unit: str) -> None:
    """The test of patterns finds what the suite once had.

    Other work on the machine may hide it now and then, but not in most of the tries.
    """
    attack = ("", unit * 10, "!")
    noticed = list(superlinear(re.compile(pattern).search, [attack] * TRIES))
    assert len(noticed) > TRIES // 2


# --- functions ------------------------------------------------------------------------------------


def _store() -> SecretStore:
    return SecretStore({"full": KEY}, PREFIXES)


def _response(text: str) -> Response:
    return Response(500, (), Body(text=text))


def _redact(text: str) -> None:
    _store().redact(text)


def _learn(text: str) -> None:
    received = WireResponse(200, (("Content-Type", "text/html"),), text.encode())
    LogRedactor(real(), SecretStore({}, PREFIXES)).learn(received)


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "redact": _redact,
    "learn": _learn,
    "readings": lambda text: list(readings(text.encode("utf-16") + b"\xff")),
    "decoded_once": lambda text: list(decoded_once(text, 10)),
    "visible_text": lambda text: visible_text(_response(text)),
    "inside_shown": lambda text: inside_shown(CONTEXT, _response(text), text),
    "without_entities": without_entities,
    "unknown_id": lambda text: unknown_id(1, text),
    "is_named": lambda text: is_named(text, text, is_own=True),
    "is_hexadecimal": is_hexadecimal,
    "same": lambda text: same(text, text + " "),
    "instant": instant,
    "zoned": zoned,
    "respelled": lambda text: respelled(text, 60),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_reader_is_linear(name: str) -> None:
    """What reads texts of the target takes time in proportion to their length."""
    assert list(superlinear(FUNCTIONS[name], FEWER)) == []


# --- large bodies ---------------------------------------------------------------------------------

MEGABYTE = 1 << 20
ITEM = '{"id": "655a9d7f-b430-4fcf-8477-1f19e2c58d10", "name": "a \\u00e9 50% &amp;", "at": 12},\n'
LARGE: dict[str, str] = {
    "items of a list": ITEM,
    "one letter": "A",
    "hex": "9c3f",
    "base64 of base64": base64.b64encode(base64.b64encode(b"hello world. " * 30)).decode(),
    "base32": "mfrgg2df",
    "backslashes": "\\",
    "words": "a ",
    "hex with spaces": "6b ",
    "decimal numbers": "107, ",
    "rows of a dump": "00000000: 6b63 5f6c 6976 655f 5a71 3757 6d32 5876  aaaaaaaaaaaaaaaa\n",
    "pieces of a key": f"{KEY[8:20]} ",
    "whole keys": KEY,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_body_is_searched_in_time(name: str) -> None:
    """Two megabytes take hardly more than eight times as long as a quarter of one."""

    def seconds(size: int) -> float:
        body = (LARGE[name] * (size // len(LARGE[name]))).encode()
        received = WireResponse(200, (), body)
        redactor = LogRedactor(real(), _store())
        before = time.thread_time()
        redactor.learn(received)
        redactor.response(received, None)
        return time.thread_time() - before

    small = min(seconds(MEGABYTE // 4) for _ in range(2))
    assert seconds(2 * MEGABYTE) < MOST * max(small, UNSEEN)


def test_what_cannot_be_searched_in_time_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty bombs in one text are not all unpacked, also if they hold nothing readable."""
    unpacked: list[int] = []
    inflate = boxes._UNDO["gzip"]

    def counted(raw: bytes, most: int) -> bytes:
        inside = inflate(raw, most)
        unpacked.append(len(inside))
        return inside

    monkeypatch.setitem(boxes._UNDO, "gzip", counted)
    bombs = [base64.b64encode(gzip.compress(bytes(3_000_000 + n))).decode() for n in range(40)]
    text = " , ".join(bombs)
    assert _store().redact(text) == WITHHELD
    assert sum(unpacked) < search.WORK + search.WORK_EACH * len(text) + 2 * boxes.UNPACKED
