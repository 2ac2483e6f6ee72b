"""From an address alone to the profile ``full``, by following the advice of the suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.base.options import Choice
from conformance.checks import RULES
from conformance.judging import verdict
from conformance.log.evidence import Log
from conformance.model import Cell, ReasonKind, Verdict
from conformance.run.planning import Prepared, prepare
from conformance.server.declaration import declaration
from conformance.target import from_file
from tests import servers
from tests.servers import command, no_traceback, run_of
from tests.support.contracts import real

FULL = real().profiles["full"]
STEPS = 10
"""The most target files that it takes. Each gives everything that the one before asked for."""

Members = dict[str, Any]


def planned(members: Members, directory: Path) -> Prepared:
    """The plan for a target file with some members."""
    file = directory / "walk.yaml"
    file.write_text(yaml.safe_dump(members), encoding="utf-8")
    return prepare(real(), from_file(real(), file), Choice())


def wanting(prepared: Prepared) -> dict[str, list[str]]:
    """The scored cells that a plan leaves untested, and cases that lack something, by place."""
    cells = verdict.cells(
        prepared.contract,
        prepared.target.declaration,
        RULES,
        prepared.plan.cases,
        Log(),
        today=verdict.ANY_DAY,
    )
    wanted: dict[str, list[str]] = {}
    for cell in cells:
        if FULL.reason(cell.clause, cell.operation) is None:
            assert cell.verdict is Verdict.UNTESTED  # nothing has run
            for place in places(cell, prepared):
                wanted.setdefault(place, []).append(cell.name)
    for case in prepared.plan.runnable:
        for place in case.wants:
            wanted.setdefault(place, []).append(case.id)
    return wanted


def places(cell: Cell, prepared: Prepared) -> Iterator[str]:
    """Where the target file has to give something for a cell: each reason says it as data."""
    for reason in cell.reasons:
        if reason.kind is ReasonKind.PROVIDE:
            assert reason.place, f"{cell.name}: {reason.text}"
            yield reason.place
        else:
            assert reason.kind is ReasonKind.NOT_RUN, f"{cell.name}: {reason.text}"
    for rule in prepared.contract.clauses[cell.clause].rules:
        place = RULES[rule].place
        if place and not _is_given(place, cell.operation, prepared):
            yield place


def _is_given(place: str, operation: str, prepared: Prepared) -> bool:
    """Whether the target file gives what a rule may need, such as ``keys: expired``."""
    target = prepared.target.declaration
    member, _, part = place.partition(": ")
    if member == "maximum":
        return operation in target.maximum
    return part in getattr(target, member)


def given(members: Members, place: str, offered: Members) -> Members:
    """The target file with what one place asks for, from everything that the server offers."""
    member, _, part = place.partition(": ")
    if not part:
        return members | {member: offered[member]}
    if member == "allow":
        return members | {"allow": [*members.get("allow", []), part]}
    if member == "triggers":
        recipes = [each for each in offered["triggers"] if _provokes(each, part)]
        assert recipes, place
        known = members.get("triggers", [])
        return members | {"triggers": [*known, *[each for each in recipes if each not in known]]}
    return members | {member: members.get(member, {}) | {part: offered[member][part]}}


def _provokes(recipe: Members, part: str) -> bool:
    """Whether a recipe is for a code, or for a code at an operation."""
    return part in (recipe["code"], f"{recipe['code']} at {recipe['operation']}")


def walked(offered: Members, directory: Path) -> Members:
    """The target file at the end of the walk, which begins with an address."""
    members: Members = {"url": offered["url"]}
    for _ in range(STEPS):
        wanted = wanting(planned(members, directory))
        if not wanted:
            return members | {"identity": FULL.identity}
        for place in wanted:
            members = given(members, place, offered)
    raise AssertionError(f"there is no end: {list(wanted)}")


def test_the_advice_leads_from_an_address_to_every_scored_cell(tmp_path: Path) -> None:
    """Each scored cell of ``full`` says how to provide for it, until none is left."""
    app = servers.faulty()
    offered = declaration(app, f"http://127.0.0.1:1{app.contract.base_path}")
    members = walked(offered, tmp_path)
    assert {"keys", "scoped_keys", "businesses", "triggers", "clock", "maximum"} <= members.keys()
    assert sorted(members["allow"]) == ["flood", "spend", "write"]
    prepared = planned(members, tmp_path)
    assert not [case.id for case in prepared.plan.cases if case.gap or case.lacks]


@pytest.mark.long
def test_who_follows_the_advice_meets_every_profile(tmp_path: Path) -> None:
    """A run by the file at the end of the walk meets ``core`` and ``full``."""
    app = servers.faulty()
    with servers.serving(app) as origin:
        offered = declaration(app, f"{origin}{app.contract.base_path}")
        members = walked(offered, tmp_path)
        (tmp_path / "end.yaml").write_text(yaml.safe_dump(members), encoding="utf-8")
        ran = command("run", "--target", "end.yaml", cwd=tmp_path)
    assert ran.code == 0, ran.said
    told = command("profiles", "--of", run_of(tmp_path), cwd=tmp_path)
    no_traceback(told)
    assert (told.code, told.out) == (0, "core@1: met\n\nfull@1: met\n"), told.said
