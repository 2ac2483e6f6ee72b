"""Objects and ids of another business."""

from __future__ import annotations

from tests.server.sandbox import Api, refused


def test_objects_of_another_business_are_out_of_reach(api: Api) -> None:
    """A foreign id is 404 in reads, changes and references; as a filter it gives an empty list."""
    foreign = api.agent("other")
    assert refused(api.get("/agents", id=foreign), 404, "not_found")
    assert refused(
        api.send("PATCH", "/agents", json={"id": foreign, "name": "Mine"}), 404, "not_found"
    )
    assert refused(
        api.send("POST", "/calls", json={"agent_id": foreign, "to": "+12025550100"}),
        404,
        "not_found",
    )
    assert api.get("/calls", agent_id=foreign).json == {"calls": [], "has_more": False}
    assert (api.get("/agents", "other", id=foreign).json or {})["name"] != "Mine"


def test_a_foreign_business_id_is_forbidden(api: Api) -> None:
    """A foreign or unknown business id is 403 in a query and in a body; the own one is accepted."""
    other, main = api.target["businesses"]["other"], api.target["businesses"]["main"]
    agent = {"name": "A", "system_prompt": "B"}
    for business in (other, "unknown"):
        assert refused(api.get("/calls", business_id=business), 403, "forbidden")
        assert refused(
            api.send("POST", "/agents", json={**agent, "business_id": business}), 403, "forbidden"
        )
    assert len(api.walk("/calls", "calls", business_id=main, limit=100)) == 350
    assert len(api.walk("/agents", "agents", "other")) == 12
