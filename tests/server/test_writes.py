"""Created and changed objects."""

from __future__ import annotations

from conformance.model import Contract
from conformance.server import application
from conformance.server.moments import Clock, render
from tests.server.sandbox import Api


def test_a_created_call_is_read_and_listed(api: Api) -> None:
    """A new call is answered with 201, can be read, and stands first in the list."""
    answer = api.send(
        "POST",
        "/calls",
        json={"agent_id": api.agent(), "to": "+12025550100", "name": "Sam", "strange": 1},
    )
    assert answer.status_code == 201
    made = answer.json or {}
    assert made["status"] == "queued"
    assert "strange" not in made
    assert api.get("/calls", id=made["id"]).json == made
    assert (api.get("/calls", limit=1).json or {})["calls"] == [made]
    assert len(api.walk("/calls", "calls", limit=100)) == 351


def test_an_agent_is_created_and_changed(api: Api) -> None:
    """A new agent has the values of the request; an update changes only the given member."""
    main = api.target["businesses"]["main"]
    sent = {
        "business_id": main,
        "name": "Zoë",
        "system_prompt": "Be kind",
        "voice": {"voiceId": "calm"},
    }
    made = api.send("POST", "/agents", json=sent).json or {}
    assert (made["name"], made["voice"], made["business_id"]) == ("Zoë", {"voiceId": "calm"}, main)
    changed = api.send(
        "PATCH", "/agents", json={"id": made["id"], "name": "New", "max_duration": 5}
    )
    assert (changed.status_code, changed.json) == (200, {"id": made["id"], "updated": True})
    assert api.get("/agents", id=made["id"]).json == {**made, "name": "New"}


def test_new_objects_never_share_a_time(contract: Contract) -> None:
    """Objects created in the same instant get different times, in the answer and in the list."""
    api = Api(application(contract, clock=Clock(lambda: 1_800_000_000_000_000_000)))
    sent = {"agent_id": api.agent(), "to": "+12025550100"}
    made = [(api.send("POST", "/calls", json=sent).json or {})["created_at"] for _ in range(20)]
    assert made == [render(1_800_000_000_000_000 + index) for index in range(20)]
    assert [call["created_at"] for call in api.walk("/calls", "calls", limit=3)[:20]] == made[::-1]
