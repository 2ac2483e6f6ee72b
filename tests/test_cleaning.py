"""A run removes what it created at its end; `clean` removes what a run left behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from conformance.command.cleaning import note_left
from conformance.model import Exchange
from conformance.reading import CLEAN, made_by, worked_on
from conformance.server.application import Application
from tests import report_example
from tests.servers import Command, command, faulty, run_of, serving, target_file
from tests.support import contracts
from tests.support.exchanges import answer

REMOVABLE = {"webhook", "eval", "phone_number"}
"""Kinds of objects that the API can delete."""


@dataclass(frozen=True)
class Server:
    """A running server, and its target file."""

    app: Application
    file: Path

    def held(self, kind: str) -> set[str]:
        """The ids of the objects of a kind."""
        rows = self.app.store._base.execute("SELECT id FROM objects WHERE kind = ?", (kind,))
        return {name for (name,) in rows}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The reference server."""
    app = faulty()
    with serving(app) as origin:
        yield Server(app, target_file(app, origin, tmp_path / "t.yaml"))


@pytest.mark.long
def test_a_run_leaves_nothing_that_it_can_remove(server: Server, tmp_path: Path) -> None:
    """Webhooks, evals and numbers are as before; the rest is reported, and listed by `clean`."""
    before = {kind: server.held(kind) for kind in REMOVABLE}
    outcome = command("run", "--target", server.file, "--area", "writes", cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    assert {kind: server.held(kind) for kind in REMOVABLE} == before
    assert "Note: the run left objects on the target: " in outcome.err
    listed = command("clean", run_of(tmp_path), cwd=tmp_path)
    assert listed.code == 3
    assert "\nThis API cannot remove " in listed.out
    kinds = {line.partition(" (")[0] for line in listed.out.splitlines()}
    assert {"agent", "lead"} <= kinds
    assert kinds.isdisjoint(REMOVABLE)


@pytest.mark.long
def test_what_a_killed_run_left_is_removed_by_clean(server: Server, tmp_path: Path) -> None:
    """`clean` lists it, and removes it from the named target and no other."""
    before = {kind: server.held(kind) for kind in REMOVABLE}
    running = Command("run", "--target", server.file, "--area", "writes", cwd=tmp_path)
    while len(server.held("webhook") - before["webhook"]) < 3:
        assert running.process.poll() is None
    running.process.send_signal(signal.SIGKILL)
    running.end()
    (run,) = (tmp_path / "reports").glob("2*")
    assert command("clean", run, cwd=tmp_path).code == 3
    other = tmp_path / "other.yaml"
    other.write_text(server.file.read_text().replace("127.0.0.1:", "localhost:"))
    refused = command("clean", run, "--target", other, cwd=tmp_path)
    assert (refused.code, "Specify the target that it was sent to" in refused.err) == (2, True)
    cleaned = command("clean", run, "--target", server.file, cwd=tmp_path)
    assert cleaned.code == 3, cleaned.said  # because of agents and leads
    assert "Not removed: the target" not in cleaned.out
    left = server.held("webhook") - before["webhook"]
    assert len(left) <= 1  # the answer to the last request was never seen


def test_an_object_seen_before_its_creation_was_not_created_by_the_run() -> None:
    """A server may respond to a creation with the id of another user's object."""
    contract = contracts.real()
    listed = {"scenarios": [{"id": "e1"}], "has_more": False}
    page = answer(200, listed, operation="list_evals")
    assert made_by(contract, [page, _created("e1"), _created("e2")]) == _made("e2")


def test_what_was_removed_is_not_left() -> None:
    """Its deletion names it, in the URL or in the body, and was accepted."""
    contract = contracts.real()
    gone = answer(200, {"deleted": True}, operation="delete_eval", query={"id": "e1"})
    refused = answer(404, {}, operation="delete_eval", query={"id": "e2"})
    assert made_by(contract, [_created("e1"), _created("e2"), gone, refused]) == _made("e2")


def test_an_object_that_a_removal_does_not_find_is_not_left() -> None:
    """A killed run may have deleted it without receiving the response."""
    contract = contracts.real()
    lost = answer(404, {}, operation="delete_eval", query={"id": "e1"}, case=CLEAN.id)
    assert made_by(contract, [_created("e1"), _created("e2"), lost]) == _made("e2")


def test_an_object_that_is_removed_and_created_again_is_left() -> None:
    """A released number may be taken again."""
    contract = contracts.real()
    gone = answer(200, {"deleted": True}, operation="delete_eval", query={"id": "e1"})
    assert made_by(contract, [_created("e1"), gone, _created("e1")]) == _made("e1")


def test_modified_pre_existing_objects_are_reported() -> None:
    """A server may let a run change an object of another business, which it had only listed."""
    contract = contracts.real()
    page = answer(200, {"scenarios": [{"id": "e1"}, {"id": "e3"}]}, operation="list_evals")
    changes = [
        answer(status, {"id": name}, operation="update_eval", query={"id": name})
        for status, name in [(200, "e1"), (200, "e2"), (404, "e3")]
    ]
    assert worked_on(contract, [page, _created("e2"), *changes]) == _made("e1")


def test_a_note_does_not_say_that_work_on_an_object_modified_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An event that was replayed is as it was before."""
    page = answer(200, {"events": [{"id": "v1"}]}, operation="list_events")
    replayed = answer(200, {}, operation="replay_event", query={"event_id": "v1"})
    run = replace(report_example.passing(), exchanges=(page, replayed))
    note_left(run, Path("reports/latest"))
    assert "the run changed or acted on pre-existing objects: 1 event;" in capsys.readouterr().err


def _created(name: str) -> Exchange:
    return answer(201, {"id": name}, operation="create_eval")


def _made(name: str) -> list[object]:
    return list(made_by(contracts.real(), [_created(name)]))
