"""A broken contract: every fault is reported with file and line, all at once, as a SpecError."""

from __future__ import annotations

import copy
import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance import contract
from conformance.base.errors import SpecError
from conformance.checks import RULES
from tests.support.contracts import TOY, real, toy

KNOWN = frozenset(RULES)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A copy of the real contract."""
    return Path(shutil.copytree(contract.packaged(), tmp_path / "spec"))


def faults_of(directory: Path) -> list[str]:
    """The faults of a contract; empty if it loads."""
    try:
        contract.load(directory, KNOWN)
    except SpecError as error:
        return error.faults
    return []


def change(spec: Path, name: str, old: str, new: str, place: int = 1) -> int:
    """Replace a text in the n-th line that holds it. Returns the number of the line."""
    path = spec / name
    lines = path.read_text(encoding="utf-8").split("\n")
    at = [number for number, line in enumerate(lines) if old in line][place - 1]
    lines[at] = lines[at].replace(old, new, 1)
    path.write_text("\n".join(lines), encoding="utf-8")
    return at + 1


def test_the_copy_is_a_contract(spec: Path) -> None:
    """Without a typo the copy loads and is the same contract, digest included."""
    assert contract.load(spec, KNOWN) == real()


PARSED = ("openapi.yaml", "errors.yaml", "page.yaml", "open.yaml", "clauses/keys.yaml")


@pytest.mark.parametrize("name", PARSED)
def test_the_digest_covers_every_byte(spec: Path, name: str) -> None:
    """One more byte in any file that is read gives another digest, and another contract."""
    with (spec / name).open("a", encoding="utf-8") as file:
        file.write("#")
    changed = contract.load(spec, KNOWN)
    assert changed.digest != real().digest
    assert (changed.packaged, real().packaged, toy().packaged) == (False, True, False)


def test_the_digest_covers_names_and_lengths() -> None:
    """What moves from one file into the next, or into its name, changes the digest."""
    apart = [{"a": "bc", "d": "e"}, {"a": "b", "d": "ce"}, {"ab": "c", "d": "e"}, {"a": "bcde"}]
    assert len({contract.digest_of(files) for files in apart}) == len(apart)


@pytest.mark.parametrize("name", [*PARSED, "clauses"])
def test_a_symlink_is_refused(spec: Path, tmp_path: Path, name: str) -> None:
    """A file or the folder of the clauses must not be a link to another place."""
    elsewhere = tmp_path / "elsewhere"
    (spec / name).rename(elsewhere)
    (spec / name).symlink_to(elsewhere)
    assert faults_of(spec) == [f"{name}:1: this is a link; a contract must contain its files"]


def test_a_pipe_is_refused(spec: Path) -> None:
    """Only regular files are read: a pipe would never end."""
    (spec / "errors.yaml").unlink()
    os.mkfifo(spec / "errors.yaml")
    assert faults_of(spec) == ["errors.yaml:1: this is not a regular file"]


def test_the_folder_itself_may_be_a_link(spec: Path, tmp_path: Path) -> None:
    """--spec may name a link: its files are those of the folder behind it."""
    (tmp_path / "link").symlink_to(spec)
    assert contract.load(tmp_path / "link", KNOWN) == real()


CLAUSES, ENVELOPE = "clauses/keys.yaml", "clauses/envelope.yaml"
TYPOS: dict[str, tuple[str, str, str, int, str]] = {
    "unknown rule": (CLAUSES, "auth.expired", "auth.expird", 0, "no rule auth.expird"),
    "unknown source": (
        CLAUSES,
        "troubleshooting.401-prefix",
        "troubleshooting.401-prefx",
        0,
        "no entry troubleshooting.401-prefx",
    ),
    "clause id twice": (
        CLAUSES,
        "id: key-header",
        "id: key-prefixes",
        0,
        "key-prefixes appears twice",
    ),
    "key twice": (CLAUSES, "level: MUST", "id: again", 0, "the key id appears twice"),
    "wrong level": (CLAUSES, "level: MUST", "level: MAY", 0, "MAY"),
    "wrong basis": (CLAUSES, "basis: stated", "basis: guessed", 0, "guessed"),
    "derived without because": (CLAUSES, "basis: stated", "basis: derived", -3, "because"),
    "no place in the order": (CLAUSES, "order: 2", "order: second", 0, "second"),
    "unknown word of a template": (
        ENVELOPE,
        "and code {code}",
        "and code {cod}",
        -2,
        "no member cod",
    ),
    "template without for_each": (ENVELOPE, "  - for_each: code", "  -", 1, "for_each"),
    "rules by role without for_each": (
        CLAUSES,
        "    verified_by: [auth.expired]",
        "    verified_by: [auth.expired]\n    verified_by_role: {}",
        -5,
        "for_each",
    ),
    "unknown rule of a role": (
        ENVELOPE,
        "forbidden: [scope.refused]",
        "forbidden: [scope.refusd]",
        0,
        "no rule scope.refusd",
    ),
    "role without rules": (
        ENVELOPE,
        "      rate_limited:",
        "      rate_limted:",
        -7,
        "there are no rules for the role rate_limited of rate_limit_exceeded",
    ),
    "unknown member of a clause": (
        CLAUSES,
        "basis: stated",
        "basis: stated\n    bases: x",
        1,
        "bases",
    ),
    "no rule and no reason": (
        CLAUSES,
        "verified_by: [auth.prefixes, account.prefix]",
        "verified_by: []",
        -5,
        "uncovered",
    ),
    "unknown code of a clause": (
        "clauses/requests.yaml",
        "about: {status: 404}",
        "about: {code: forbiden}",
        0,
        "no code forbiden",
    ),
    "unknown x-conformance word": ("openapi.yaml", "effect: write", "efect: write", 0, "efect"),
    "wrong x-conformance word": ("openapi.yaml", "action: fetch", "action: invent", 0, "invent"),
    "$ref to nothing": (
        "openapi.yaml",
        "{$ref: '#/components/responses/NotFound'}",
        "{$ref: '#/components/responses/NotFund'}",
        0,
        "points to nothing",
    ),
    "mode without schema": (
        "openapi.yaml",
        "            schema: '#/components/schemas/CallList'",
        "            collection2: calls",
        -4,
        "schema",
    ),
    "schema of a mode to nothing": (
        "openapi.yaml",
        "schema: '#/components/schemas/CallList'",
        "schema: '#/components/schemas/CalList'",
        -4,
        "CalList",
    ),
    "parameter of when missing": (
        "openapi.yaml",
        "when: id",
        "when: ident",
        0,
        "no parameter or member ident",
    ),
    "provokes an unknown code": (
        "openapi.yaml",
        "provokes: [vapi_error]",
        "provokes: [vapi_eror]",
        0,
        "no code vapi_eror",
    ),
    "operation twice": (
        "openapi.yaml",
        "id: create_agent",
        "id: create_call",
        0,
        "create_call appears twice",
    ),
    "status that is no number": ("openapi.yaml", "statuses: [200", "statuses: [2OO", 0, "2OO"),
    "code twice": (
        "errors.yaml",
        "code: not_found",
        "code: forbidden",
        0,
        "forbidden appears twice",
    ),
    "date for a number": ("errors.yaml", "status: 404", "status: 2026-04-17", 0, "2026-04-17"),
    "unknown role": ("errors.yaml", "role: forbidden", "role: forbiden", 0, "forbiden"),
    "code without when": (
        "errors.yaml",
        "  when: Requests over",
        "  also: Requests over",
        -4,
        "when",
    ),
    "entry twice": (
        "page.yaml",
        "id: statuses.201",
        "id: statuses.200",
        0,
        "statuses.200 appears twice",
    ),
    "entry uncovered": (
        "page.yaml",
        "place: sentence 1, normative: false",
        "place: sentence 1, normative: true",
        0,
        "intro is normative",
    ),
    "wrong address": (
        "page.yaml",
        "page: https://kaicalls.com/docs/api/errors",
        "page: kaicalls com",
        0,
        "does not match",
    ),
    "wrong number of a question": ("open.yaml", "id: D1,", "id: Q1,", 0, "Q1"),
}


@pytest.mark.parametrize("typo", TYPOS)
def test_a_typo_is_reported_with_its_line(spec: Path, typo: str) -> None:
    """The first fault is in the file of the typo. One fault names its line and what is wrong."""
    name, old, new, shift, says = TYPOS[typo]
    line = change(spec, name, old, new)
    faults = faults_of(spec)
    assert faults, "the typo was not noticed"
    assert all(re.match(r"[\w./-]+:[0-9]+: .", fault) for fault in faults), faults
    wanted = f"{name}:{line + shift}: "
    assert any(fault.startswith(wanted) and says in fault for fault in faults), faults
    assert faults[0].startswith(f"{name}:"), faults


def _circle(spec: Path) -> str:
    line = change(
        spec,
        "openapi.yaml",
        "conversation_id: {type: [string, 'null']}",
        "conversation_id: {$ref: '#/components/schemas/Call'}",
    )
    return f"openapi.yaml:{line}: "


def _no_modes(spec: Path) -> str:
    path = spec / "openapi.yaml"
    path.write_text(
        path.read_text().replace("\n      x-conformance:\n", "\n      x-confromance:\n", 1)
    )
    line = next(
        number for number, text in enumerate(path.read_text().split("\n"), 1) if text == "    get:"
    )
    return f"openapi.yaml:{line}: "


def _missing(name: str) -> Callable[[Path], str]:
    def plant(spec: Path) -> str:
        (spec / name).unlink()
        return f"{name}:1: "

    return plant


def _written(name: str, content: bytes, line: int = 1) -> Callable[[Path], str]:
    def plant(spec: Path) -> str:
        (spec / name).write_bytes(content)
        return f"{name}:{line}: "

    return plant


def _tab(spec: Path) -> str:
    line = change(spec, "errors.yaml", "- code: forbidden", "\t- code: forbidden")
    return f"errors.yaml:{line}: "


def _no_clauses(spec: Path) -> str:
    shutil.rmtree(spec / "clauses")
    return "clauses:1: "


def _no_name_of_an_area(spec: Path) -> str:
    (spec / "clauses" / "9.yaml").write_text(
        (spec / CLAUSES).read_text().replace("- id: ", "- id: x-")
    )
    return "clauses/9.yaml:1: "


PLANTS: dict[str, Callable[[Path], str]] = {
    "circular $ref": _circle,
    "operation without modes": _no_modes,
    "tab": _tab,
    "no clauses": _no_clauses,
    "a file whose name names no area": _no_name_of_an_area,
    **{f"missing {name}": _missing(name) for name in ("openapi.yaml", "errors.yaml", "page.yaml")},
    **{
        f"empty {name}": _written(name, b"")
        for name in ("openapi.yaml", "errors.yaml", "page.yaml", "open.yaml", CLAUSES)
    },
    **{
        f"{name} in Latin-1": _written(name, b"# \xe9\n")
        for name in ("openapi.yaml", "errors.yaml", "page.yaml", CLAUSES)
    },
    **{
        f"{name} is a list": _written(name, b"[1]\n")
        for name in ("openapi.yaml", "page.yaml", "open.yaml", CLAUSES)
    },
    "two documents": _written("errors.yaml", b"- {}\n---\n- {}\n", 2),
    "control character": _written("errors.yaml", b"- \x00\n"),
    "no OpenAPI document": _written("openapi.yaml", b"openapi: 3.1.0\n"),
    "document without title": _written(
        "openapi.yaml", b"info: {version: '1'}\npaths: {}\nx-conformance: {}\n", 3
    ),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_broken_file_is_a_fault_of_that_file(spec: Path, plant: str) -> None:
    """A file that is missing, empty, not text or not YAML is a fault of that file."""
    wanted = PLANTS[plant](spec)
    faults = faults_of(spec)
    assert any(fault.startswith(wanted) for fault in faults), faults


@pytest.mark.parametrize("member", ["title", "version"])
def test_the_document_names_itself(spec: Path, member: str) -> None:
    """A document without a title or a version is a fault, because every report shows them."""
    line = change(spec, "openapi.yaml", f"  {member}: ", f"  x-{member}: ")
    assert line < 5
    assert any(fault.startswith("openapi.yaml:") and member in fault for fault in faults_of(spec))


def test_a_date_in_a_text_is_text(spec: Path) -> None:
    """A timestamp without quotes is read as text, because JSON has no dates."""
    change(spec, "openapi.yaml", "example: '2026-04-17T12:00:00Z'", "example: 2026-04-17T12:00:00Z")
    loaded = contract.load(spec, KNOWN)
    assert loaded.document["components"]["parameters"]["After"]["example"] == "2026-04-17T12:00:00Z"


def test_no_directory_is_a_fault(tmp_path: Path) -> None:
    """A directory that does not exist, or is a file, is one clear fault."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(SpecError, match="no such directory"):
            contract.load(path)


def test_without_the_rules_of_an_engine_no_rule_is_unknown(spec: Path) -> None:
    """Without the rules of an engine, as in the reference server, any rule id is accepted."""
    change(spec, CLAUSES, "[auth.expired]", "[auth.unheard-of]")
    assert contract.load(spec).clauses["key-expired"].rules == ("auth.unheard-of",)


TOGETHER = (
    "unknown rule",
    "entry twice",
    "code twice",
    "unknown x-conformance word",
    "wrong number of a question",
    "unknown code of a clause",
)


def test_all_typos_are_reported_at_once(spec: Path) -> None:
    """Six typos in six files give six faults in one load."""
    lines = {typo: change(spec, *TYPOS[typo][:3]) for typo in TOGETHER}
    faults = faults_of(spec)
    for typo, line in lines.items():
        name, _, _, shift, says = TYPOS[typo]
        assert any(
            fault.startswith(f"{name}:{line + shift}: ") and says in fault for fault in faults
        ), (typo, faults)


@pytest.mark.parametrize(
    "other", ["unknown rule", "parameter of when missing", "operation twice", "code twice"]
)
def test_a_typo_of_one_file_does_not_hide_one_of_another(spec: Path, other: str) -> None:
    """The loader checks on after a fault: typos in three files are all reported."""
    lines = {
        typo: change(spec, *TYPOS[typo][:3])
        for typo in ("unknown source", other, "provokes an unknown code")
    }
    faults = faults_of(spec)
    for typo in lines:
        says = TYPOS[typo][4]
        assert any(says in fault for fault in faults), (typo, faults)


# --- no other exception ---------------------------------------------------------------------------

FILES = ("openapi.yaml", "errors.yaml", "page.yaml", "clauses/desk.yaml", "clauses/faults.yaml")


@pytest.mark.parametrize("name", FILES)
def test_corrupt_bytes_give_a_contract_or_faults(tmp_path: Path, name: str) -> None:
    """A file with bytes changed, cut or doubled at random either loads or raises SpecError."""
    spec = Path(shutil.copytree(TOY, tmp_path / "spec"))
    whole = (spec / name).read_bytes()
    chance = random.Random(f"corrupt {name}")
    for _ in range(6):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            at, to = sorted(chance.randrange(len(broken)) for _ in range(2))
            kind = chance.randrange(5)
            if kind == 0:
                broken[at] = chance.randrange(256)
            elif kind == 1:
                broken[at] = ord(chance.choice("{}[]:,-#&*!|>'\"%@` \n\t0aA~"))
            elif kind == 2:
                del broken[at : min(to, at + 40)]
            elif kind == 3:
                broken[at:at] = broken[at : min(to, at + 40)]
            else:
                del broken[to:]
        (spec / name).write_bytes(bytes(broken))
        faults_of(spec)


def _places(value: object, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a document."""
    members: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        members = list(value.items())
    elif isinstance(value, list):
        members = list(enumerate(value))
    return [place, *(found for key, member in members for found in _places(member, (*place, key)))]


@pytest.mark.parametrize("part", range(4))
def test_values_of_another_type_give_a_contract_or_faults(tmp_path: Path, part: int) -> None:
    """A value of another type anywhere in the OpenAPI document causes no crash."""
    spec = Path(shutil.copytree(TOY, tmp_path / "spec"))
    whole = dict(toy().document)
    chance = random.Random(part)
    places = [place for place in _places(whole) if place]
    crashes = []
    for place in [
        *chance.sample([one for one in places if len(one) <= 4], 7),
        *chance.sample(places, 7),
    ]:
        document: Any = copy.deepcopy(whole)
        owner = document
        for key in place[:-1]:
            owner = owner[key]
        value = chance.choice([None, 7, "text", [], {}, [None], {"$ref": 1}, True, ...])
        if value is ...:
            del owner[place[-1]]
        else:
            owner[place[-1]] = value
        (spec / "openapi.yaml").write_text(json.dumps(document))  # JSON is YAML
        try:
            faults_of(spec)
        except Exception as error:
            crashes.append(f"{place} = {value}: {error!r}")
    assert crashes == []
