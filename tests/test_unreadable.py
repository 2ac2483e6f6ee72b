"""Objects into which a run wrote what many clients refuse to read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.base.values import texts_in
from conformance.model import Exchange
from conformance.reading import CLEAN, sent_members
from conformance.server import application, intake
from tests.faults import harness
from tests.faults.faults import FAULTS
from tests.support import contracts

HALF = re.compile("[\ud800-\udfff]")


def has_half(members: Mapping[str, Any]) -> bool:
    """Whether any text of an object has half a character."""
    return any(HALF.search(text) for text in texts_in(members.values()))


def test_a_run_leaves_no_half_characters_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that stores them gets another text at the end, without being judged for it."""
    monkeypatch.setattr(intake, "_is_storable", lambda _value: True)
    loaded = contracts.real()
    app = application(loaded)
    aim = harness.Aim(operations=("create_lead", "update_agent"), scenarios=("odd-request",))
    run = harness.run(loaded, app, aim=aim)
    stored = [each for each in run.exchanges if each.ok and has_half(sent_members(each))]
    assert {each.operation for each in stored} == {"create_lead", "update_agent"}
    changed = [each for each in run.exchanges if each.case == CLEAN.id and each.ok]
    assert not any(has_half(sent_members(each)) for each in changed)
    # both operations return the id
    assert {sent_members(each)["id"] for each in changed} == {each.json["id"] for each in stored}


def test_a_run_leaves_no_infinite_numbers_behind() -> None:
    """A server that returns them is blamed, and gets other metadata at the end."""
    loaded = contracts.real()
    app = FAULTS["infinity-stored"].make(loaded)
    aim = harness.Aim(operations=("update_workspace",), scenarios=("odd-request",))
    run = harness.run(loaded, app, aim=aim)
    stored = [each for each in run.exchanges if each.ok and "1e999" in body_of(each)]
    changed = [each for each in run.exchanges if each.case == CLEAN.id and each.ok]
    assert stored
    assert {sent_members(each)["id"] for each in stored} <= {
        sent_members(each)["id"] for each in changed if "metadata" in sent_members(each)
    }


def body_of(exchange: Exchange) -> str:
    """The body of a request; empty without one."""
    return exchange.request.body.kept if exchange.request.body else ""
