"""Nights that look at the OpenAPI document of the target, and leave metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conformance.drift.change import Change, Drift, Kind, drift_of
from conformance.nightly import drifting, state_file
from conformance.nightly.notices import LONGEST
from conformance.nightly.state import State
from conformance.server.application import Application
from conformance.server.messages import Reply, Request
from tests import servers
from tests.servers import Outcome

pytestmark = pytest.mark.long

BREAKING = Change("POST /calls", Kind.NARROWER, True, "request body, member mood", "must be sent")
MORE = Change("GET /calls", Kind.NARROWER, True, "request body, member mood", "must be sent")
HARMLESS = Change("GET /more", Kind.NEW, False, "operation", "is new")


def said(before: Drift | None, *changes: Change) -> str:
    """What a night says about a drift after another one."""
    known = None if before is None else drifting.ids_of(before)
    return str(drifting.notice(known, drift_of(changes)) or "")


def test_a_drift_is_announced_when_it_comes_changes_and_goes() -> None:
    """The nights between say nothing of it."""
    none, one = drift_of([]), drift_of([BREAKING])
    came = (
        "Drift: 1 new difference, 1 of which breaks clients: "
        "request body, member mood must be sent, 1 operation"
    )
    assert said(none) == ""
    assert said(none, BREAKING) == came
    assert said(one, BREAKING) == ""
    assert said(one) == "Drift: 1 difference gone"
    assert said(one, HARMLESS) == (
        "Drift: 1 new difference, 0 of which break clients: operation is new, 1 operation; "
        "1 difference gone"
    )


def test_a_change_that_spreads_is_another_change() -> None:
    """One more operation breaks clients, so somebody should know."""
    assert "2 operations; 1 difference gone" in said(drift_of([BREAKING]), BREAKING, MORE)


def test_the_first_night_announces_only_what_breaks_clients() -> None:
    """A server may always have had more than the contract."""
    assert said(None, HARMLESS) == ""
    assert "1 of which breaks clients" in said(None, HARMLESS, BREAKING)
    assert "1 of which breaks clients" in said(None, BREAKING)


def test_what_is_remembered_and_said_is_bounded(tmp_path: Path) -> None:
    """A document may differ everywhere, and have long names."""
    name = "x" * 5_000
    found = drift_of(
        Change("GET /x", Kind.NEW, False, f"{n} {name}", "is new") for n in range(4000)
    )
    assert len(drifting.ids_of(found)) == drifting.MOST
    assert len(str(drifting.notice((), found))) == LONGEST
    state = State("https://host", "full", drift=drifting.ids_of(found))
    state_file.write(state, tmp_path)
    assert state_file.read(tmp_path) == state


class Drifting(Application):
    """The reference server, which can publish a document that breaks clients, or none."""

    state = ""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        """The response, with the document as ``state`` says."""
        reply, body = super().answer(request)
        if not request.path.endswith("/openapi.json") or not self.state:
            return reply, body
        if self.state == "none":
            return reply, b"{}"
        document = json.loads(body)
        document["components"]["schemas"]["NewCall"]["required"].append("mood")
        return reply, json.dumps(document).encode()


def spent(target: Path, *more: str) -> tuple[Outcome, Any]:
    """A night, and the lines of its page."""
    words = ("nightly", "--target", target, "--clause", "status-401", *more)
    outcome = servers.command(*words, cwd=target.parent)
    page = (target.parent / "reports" / "nightly.md").read_text(encoding="utf-8")
    return outcome, [line for line in page.splitlines() if "Drift" in line]


def metrics(path: Path) -> dict[tuple[str, ...], float]:
    """The values in a file of metrics, by name and labels."""
    families = text_string_to_metric_families(path.read_text(encoding="utf-8"))
    return {
        (sample.name.removeprefix("conformance_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_each_night_looks_at_the_document_and_leaves_metrics(tmp_path: Path) -> None:
    """A drift is announced once; a document that cannot be had changes nothing."""
    app, file = servers.faulty(Drifting), tmp_path / "x.prom"
    assert isinstance(app, Drifting)
    with servers.serving(app) as origin:
        target = servers.target_file(app, origin, tmp_path / "t.yaml", only=["list_agents"])
        nights = []
        for state in ("", "drifts", "none", "drifts"):
            app.state = state
            outcome, lines = spent(target, "--metrics", str(file))
            assert outcome.code == 0, outcome.said
            drifted = [value for name, value in metrics(file).items() if "drift_changes" in name]
            nights.append((len(lines), sum(drifted)))
    assert nights == [(0, 0), (1, 1), (0, 0), (0, 1)]
    found = metrics(file)
    (good,) = [each for each in found if each[0] == "last_good_timestamp_seconds"]
    assert found[good] == found["finished_timestamp_seconds", *good[1:]]
    assert found["verdict", *good[1:], "conforms"] == 1


def test_a_night_that_cannot_be_judged_leaves_metrics(tmp_path: Path) -> None:
    """The verdict says so, and the last good night is missing because there was none."""
    (tmp_path / "key").write_text("kc_live_0123456789abcdef0123456789abcdef\n")
    down = ("--url", "http://127.0.0.1:1/api/v1", "--max-seconds", "1")
    words = ("nightly", *down, "--key-file", tmp_path / "key")
    found = servers.command(*words, "--metrics", "x.prom", cwd=tmp_path)
    assert found.code == 3
    said = metrics(tmp_path / "x.prom")
    assert said["verdict", "127.0.0.1:1", "not judged"] == 1
    assert not any("last_good" in name for name, *_ in said)
    found = servers.command(*words, "--metrics", "missing/x.prom", cwd=tmp_path)
    assert (found.code, "its directory is missing" in found.err) == (2, True)
