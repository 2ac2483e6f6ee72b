"""What a new server holds."""

from __future__ import annotations

import itertools
from collections import Counter

from jsonschema import Draft202012Validator

from conformance.base.values import instant
from conformance.model import Contract
from conformance.server import application
from tests.server.sandbox import Api


def test_the_main_business_has_350_calls_and_130_agents(api: Api) -> None:
    """The other one has 60 calls and 12 agents, and the empty one has none."""
    for key, calls, agents in (("full", 350, 130), ("other", 60, 12), ("empty", 0, 0)):
        assert len(api.walk("/calls", "calls", key)) == calls
        assert len(api.walk("/agents", "agents", key)) == agents


def test_seeded_calls_have_distinct_times_newest_first(api: Api) -> None:
    """No two calls share a created_at, and the list starts with the newest."""
    times = [instant(call["created_at"]) or 0 for call in api.walk("/calls", "calls", limit=100)]
    assert times == sorted(set(times), reverse=True)


def times_of_calls(api: Api) -> list[str]:
    """The created_at of every call of the main business."""
    return [call["created_at"] for call in api.walk("/calls", "calls", limit=100)]


def test_some_neighbours_differ_only_in_fractions_of_a_second(api: Api) -> None:
    """The newest 15 calls and those below have such neighbours; all others are over 1.1 s apart."""
    times = [instant(text) or 0 for text in times_of_calls(api)]
    gaps = [float(newer - older) for newer, older in itertools.pairwise(times)]
    for part in (gaps[:14], gaps[30:]):
        assert any(gap < 0.00001 for gap in part)
        assert any(0.001 < gap < 1 for gap in part)
    assert all(gap < 1 or gap > 1.1 for gap in gaps)


def test_times_have_a_fraction_of_0_3_or_6_digits(api: Api) -> None:
    """All three forms occur, and most times are whole seconds."""
    widths = Counter(len(text) for text in times_of_calls(api))
    assert set(widths) == {
        len("2026-04-17T12:00:00Z"),
        len("2026-04-17T12:00:00.123Z"),
        len("2026-04-17T12:00:00.123456Z"),
    }
    assert widths[20] > 200


def test_agents_have_many_and_few_calls(api: Api) -> None:
    """At least three agents have 30 calls or more, and one has at most 5. Statuses vary, too."""
    calls = api.walk("/calls", "calls", limit=100)
    agents = Counter(call["agent_id"] for call in calls)
    assert sum(count >= 30 for count in agents.values()) >= 3
    assert any(count <= 5 for count in agents.values())
    assert set(agents) <= {agent["id"] for agent in api.walk("/agents", "agents")}
    assert len({call["status"] for call in calls}) >= 3


def test_the_same_seed_gives_the_same_server(contract: Contract, api: Api) -> None:
    """Ids, keys and data depend on the seed alone, and another seed gives other ones."""
    again, other = Api(application(contract)), Api(application(contract, 1))
    assert again.target == api.target
    assert again.get("/calls").json == api.get("/calls").json
    assert not set(other.keys.values()) & set(api.keys.values())
    assert not {c["id"] for c in other.walk("/calls", "calls")} & {
        c["id"] for c in api.walk("/calls", "calls")
    }


def test_keys_look_like_keys(api: Api) -> None:
    """A key is its prefix and 44 characters."""
    for name, key in api.keys.items():
        prefix = "kc_test_" if name == "test" else "kc_live_"
        assert key.startswith(prefix)
        assert len(key) == len(prefix) + 44


def test_seeded_objects_match_their_schema(contract: Contract, api: Api) -> None:
    """Seeded calls and agents are valid against the schemas of the contract."""
    for operation, path in (("list_calls", "/calls"), ("list_agents", "/agents")):
        schema = contract.operations[operation].schema
        assert not list(
            Draft202012Validator(dict(schema)).iter_errors(api.get(path, limit=100).json)
        )
