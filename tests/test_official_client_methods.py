"""Every method of the official Python client works against the reference server, over HTTP."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.test_official_client import Running, start

kaicalls = pytest.importorskip("kaicalls")

Call = Callable[[Any, Any], Any]
"""From the client and the facts of the server to what the method answers."""


class Facts:
    """Ids that the server shows, asked for with the client itself."""

    def __init__(self, kai: Any, target: dict[str, Any]) -> None:
        self.business = target["businesses"]["main"]
        self.phone = target["phone_numbers"][0]
        self.agent = kai.agents.list().agents[0].id
        self.call = kai.calls.list(limit=1).calls[0].id
        self.lead = kai.leads.list(limit=1).leads[0].id
        self.eval = kai.evals.list().evals[0].id
        self.event = kai.events.list(limit=1).events[0].id
        self.workspace = kai.workspaces.create(name="Made for the test").id
        self.webhook = kai.webhooks.create("https://example.com/hook").id
        self.run = kai.communication_runs.create(
            {"business_id": self.business}, idempotency_key="facts"
        ).id


METHODS: dict[str, Call] = {
    "calls.create": lambda k, f: k.calls.create(agent_id=f.agent, to=f.phone),
    "calls.get": lambda k, f: k.calls.get(f.call),
    "calls.list": lambda k, f: k.calls.list(limit=3, agent_id=f.agent, status="completed"),
    "calls.wait": lambda k, f: k.calls.wait(f.call, interval=0.01, timeout=1),
    "recordings.get": lambda k, f: k.recordings.get(f.call),
    "agents.list": lambda k, f: k.agents.list(),
    "agents.get": lambda k, f: k.agents.get(f.agent),
    "agents.create": lambda k, f: k.agents.create(
        business_id=f.business, name="Ada", system_prompt="Be kind"
    ),
    "agents.update": lambda k, f: k.agents.update(f.agent, sms_prompt="Be brief"),
    "agents.versions": lambda k, f: (
        k.agents.versions(f.agent, limit=2) and k.agents.versions(f.agent, version=1)
    ),
    "leads.list": lambda k, f: k.leads.list(
        status=["new", "won"], score_gte=10, created_before="2027-01-01T00:00:00Z", limit=5
    ),
    "leads.get": lambda k, f: k.leads.get(f.lead),
    "leads.create": lambda k, f: k.leads.create(
        f.business, name="Sam Doe", email="sam@example.com"
    ),
    "leads.update": lambda k, f: k.leads.update(f.lead, notes="Called"),
    "leads.audit": lambda k, f: k.leads.audit(window_hours=24),
    "sms.send": lambda k, f: k.sms.send(to=f.phone, from_agent_id=f.agent, message="Hello"),
    "sms.update_prompt": lambda k, f: k.sms.update_prompt(f.agent, "Be brief", reason="test"),
    "sms.conversations": lambda k, f: (
        k.sms.conversations(limit=1)
        and k.sms.conversations(id=k.sms.conversations(limit=1).conversations[0].id)
    ),
    "sms.messages": lambda k, f: k.sms.messages(direction="inbound", limit=2),
    "transcripts.list": lambda k, f: k.transcripts.list(limit=2, days=30),
    "phone_numbers.list": lambda k, f: k.phone_numbers.list(
        phone_number=k.phone_numbers.list(business_id=f.business).numbers[0].phone_number
    ),
    "phone_numbers.available": lambda k, f: k.phone_numbers.available(country="US", limit=2),
    "phone_numbers.assign": lambda k, f: k.phone_numbers.assign(
        k.phone_numbers.available().available_numbers[0].phone_number
    ),
    "phone_numbers.release": lambda k, f: k.phone_numbers.release(
        k.phone_numbers.list().numbers[0].phone_number
    ),
    "workspaces.list": lambda k, f: k.workspaces.list(),
    "workspaces.get": lambda k, f: k.workspaces.get(f.workspace),
    "workspaces.create": lambda k, f: k.workspaces.create(
        name="Another", metadata={"team": "front"}
    ),
    "workspaces.update": lambda k, f: (
        k.workspaces.update(f.workspace, name="Renamed")
        and k.workspaces.update(f.workspace, action="pause")
    ),
    "webhooks.list": lambda k, f: k.webhooks.list(business_id=f.business),
    "webhooks.create": lambda k, f: (
        k.webhooks.create("https://example.com/two")
        and k.webhooks.create("https://example.com/three", id=f.webhook)
    ),
    "webhooks.test": lambda k, f: k.webhooks.test(f.webhook, data={"any": "thing"}),
    "webhooks.rotate_secret": lambda k, f: k.webhooks.rotate_secret(f.webhook),
    "webhooks.delete": lambda k, f: k.webhooks.delete(
        k.webhooks.create("https://example.com/four").id
    ),
    "analytics.dashboard": lambda k, f: k.analytics.dashboard(days=7),
    "analytics.calls": lambda k, f: k.analytics.calls(days=7, group_by="day", agent_id=f.agent),
    "analytics.funnel": lambda k, f: k.analytics.funnel(source="website"),
    "analytics.agents": lambda k, f: k.analytics.agents(agent_id=f.agent),
    "analytics.weekly": lambda k, f: k.analytics.weekly(),
    "analytics.businesses": lambda k, f: k.analytics.businesses(days=7),
    "evals.create": lambda k, f: k.evals.create(
        f.agent, f.business, "Greets", [{"role": "user", "content": "Hello"}]
    ),
    "evals.list": lambda k, f: k.evals.list(agent_id=f.agent),
    "evals.get": lambda k, f: k.evals.get(f.eval),
    "evals.update": lambda k, f: k.evals.update(f.eval, description="Better"),
    "evals.run": lambda k, f: (
        k.evals.run(eval_id=f.eval, wait=True) and k.evals.run(agent_id=f.agent)
    ),
    "evals.get_run": lambda k, f: (
        k.evals.get_run(run_id=k.evals.run(eval_id=f.eval).run_id)
        and k.evals.get_run(agent_id=f.agent)
    ),
    "evals.delete": lambda k, f: k.evals.delete(
        k.evals.create(f.agent, f.business, "Gone", [{"role": "user", "content": "Hello"}]).id
    ),
    "events.list": lambda k, f: k.events.list(
        event_type="call.completed", from_="2026-01-01T00:00:00Z", limit=2
    ),
    "events.deliveries": lambda k, f: k.events.deliveries(status="succeeded", limit=2),
    "events.replay": lambda k, f: (
        k.events.replay(event_id=f.event)
        and k.events.replay(event_ids=[f.event])
        and k.events.replay(filter={"status": "failed"})
    ),
    "events.backfill": lambda k, f: k.events.backfill(
        "2026-04-01T00:00:00Z", "2026-04-01T01:00:00Z"
    ),
    "communication_runs.validate": lambda k, f: k.communication_runs.validate(
        {"business_id": f.business}
    ),
    "communication_runs.preview": lambda k, f: k.communication_runs.preview(
        {"business_id": f.business}
    ),
    "communication_runs.create": lambda k, f: k.communication_runs.create(
        {"business_id": f.business}, "one key"
    ),
    "communication_runs.list": lambda k, f: (
        k.communication_runs.list(limit=2)
        and k.communication_runs.list(id=f.run)
        and k.communication_runs.list(
            external_ref=k.communication_runs.list(limit=2).runs[1].external_ref
        )
    ),
    "communication_runs.pause": lambda k, f: k.communication_runs.pause(f.run),
    "communication_runs.cancel": lambda k, f: k.communication_runs.cancel(f.run),
    "communication_runs.jobs": lambda k, f: k.communication_runs.jobs(channel="sms", limit=2),
    "communication_runs.attempts": lambda k, f: k.communication_runs.attempts(limit=2),
    "discovery.capabilities": lambda k, f: k.discovery.capabilities(business_id=f.business),
    "discovery.openapi": lambda k, f: k.discovery.openapi(),
    "discovery.schemas": lambda k, f: k.discovery.schemas(name="Call"),
    "discovery.health": lambda k, f: k.discovery.health(),
    "account.balance": lambda k, f: k.account.balance(),
    "account.usage": lambda k, f: k.account.usage(start="2026-01-01T00:00:00Z", limit=2),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running server."""
    running = start(tmp_path_factory.mktemp("server"))
    yield running
    running.process.terminate()
    running.process.wait(10)


@pytest.fixture(scope="module")
def facts(server: Running) -> Facts:
    """What the calls are made with."""
    return Facts(server.client(), server.target)


def methods(kai: Any) -> set[str]:
    """The public methods of the parts of a client."""
    parts = {name: part for name, part in vars(kai).items() if not name.startswith("_")}
    return {
        f"{name}.{method}"
        for name, part in parts.items()
        for method, _ in inspect.getmembers(part, inspect.ismethod)
        if method[0] != "_"
    }


def test_no_method_is_left_out(server: Running) -> None:
    """The table names every public method that the client has, and no other."""
    assert set(METHODS) == methods(server.client())


@pytest.mark.parametrize("name", METHODS)
def test_method(server: Running, facts: Facts, name: str) -> None:
    """The method raises no error and gives an object."""
    assert isinstance(METHODS[name](server.client(), facts), dict)


def test_a_secret_is_shown_once(server: Running, facts: Facts) -> None:
    """The answer to a subscription shows its secret; later answers mask it."""
    kai = server.client()
    made = kai.webhooks.create("https://example.com/secret")
    listed = next(hook for hook in kai.webhooks.list().webhooks if hook.id == made.id)
    assert made.webhook_secret.endswith(listed.webhook_secret_masked[-4:])
    assert made.webhook_secret not in str(kai.webhooks.list())
    assert kai.webhooks.rotate_secret(made.id).webhook_secret != made.webhook_secret


def test_a_repetition_gives_the_first_run(server: Running, facts: Facts) -> None:
    """The same Idempotency-Key gives the same run; another key gives another."""
    kai = server.client()
    body = {"business_id": facts.business}
    first, second, third = (
        kai.communication_runs.create(body, key).id for key in ("same", "same", "other")
    )
    assert first == second != third


def test_statuses_are_joined_by_commas(server: Running) -> None:
    """A list of leads by two statuses holds both and no third."""
    found = server.client().leads.list(status=["won", "lost"], limit=100).leads
    assert {lead.status for lead in found} == {"won", "lost"}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"message": "blocked content trigger"}, 400, "content_blocked"),
        ({"to": "+12025550194"}, 400, "number_opted_out"),
        ({"to": "+12025550192"}, 400, "number_on_dnc"),
        ({"to": "+12025550193"}, 400, "tcpa_violation"),
        ({"to": "+12025550195"}, 500, "sms_send_failed"),
    ],
)
def test_a_refused_text_is_not_sent(
    server: Running, facts: Facts, change: dict[str, str], status: int, code: str
) -> None:
    """Each refusal of a text has its own code, and no text is listed for it."""
    kai = server.client()
    before = [message.id for message in kai.sms.messages(limit=5).messages]
    with pytest.raises(kaicalls.KaiCallsError) as caught:
        kai.sms.send(
            **{"to": facts.phone, "from_agent_id": facts.agent, "message": "Hello"} | change
        )
    assert (caught.value.status, caught.value.code) == (status, code)
    assert [message.id for message in kai.sms.messages(limit=5).messages] == before
