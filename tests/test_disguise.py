"""As an ordinary client, a run shows no request that betrays the suite without need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from conformance.model import PLAIN
from conformance.server.declaration import declaration
from tests import disguise, servers
from tests.disguise import Sent, Tell

kaicalls = pytest.importorskip("kaicalls")

SEED = 7
"""A seed that chooses the headers of the official Python client."""
CLEAN: dict[str, Any] = {
    "method": "POST",
    "url": "https://api.test/agents",
    "headers": [
        ["Host", "api.test"],
        ["User-Agent", "curl/8.14.1"],
        ["Accept", "*/*"],
        ["Authorization", "Bearer x"],
        ["Content-Type", "application/json"],
        ["Content-Length", "20"],
    ],
    "body": {"text": '{"name": "Front desk"}'},
}


class Recording(HTTPAdapter):
    """Keeps what the official client sends."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Sent] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **named: Any) -> Any:
        """Keep a request as the log of a run would have it."""
        headers = [["Host", ""], *([name, value] for name, value in request.headers.items())]
        text = request.body.decode() if isinstance(request.body, bytes) else request.body
        self.sent.append(
            {
                "method": request.method,
                "url": request.url,
                "headers": headers,
                "body": {"text": text or ""},
            }
        )
        return super().send(request, *args, **named)


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Sent], list[Sent]]]:
    """The requests of a quick plain run, and those of the official client to the same server."""
    directory, app = tmp_path_factory.mktemp("plain"), servers.faulty()
    with servers.serving(app) as origin:
        path = servers.target_file(app, origin, directory / "t.yaml", identity=PLAIN)
        options = ("--target", path, "--depth", "quick", "--seed", f"{SEED}")
        outcome = servers.command("run", *options, cwd=directory)
        assert outcome.code == 0, outcome.said
        yield _of_run(directory), _honest(origin, declaration(app, origin))


def _of_run(directory: Path) -> list[Sent]:
    lines = servers.lines_of(servers.run_of(directory))
    return [line["request"] for line in lines if "request" in line]


def _honest(origin: str, target: dict[str, Any]) -> list[Sent]:
    """What an ordinary program sends with the official client."""
    session, recording = requests.Session(), Recording()
    session.mount("http://", recording)
    kai = kaicalls.KaiCalls(api_key=target["keys"]["full"], base_url=origin, session=session)
    business, number = target["businesses"]["main"], target["phone_numbers"][0]
    agent = kai.agents.create(business_id=business, name="Ada", system_prompt="Be kind")
    kai.agents.update(agent.id, name="Grace")
    kai.agents.get(agent.id)
    kai.calls.create(agent_id=agent.id, to=number, name="Sam")
    kai.calls.list(limit=5)
    kai.webhooks.delete(kai.webhooks.create("https://hooks.acme.dev/kai").id)
    account = {"business_name": "Acme", "email": "ada@acme.dev", "base_url": origin}
    kaicalls.signup(**account, session=session)
    return recording.sent


@pytest.mark.parametrize(
    ("change", "tell"),
    [
        ({}, None),
        ({"body": {"text": '{"name": "Sample 0123456789ab"}'}}, Tell.SAMPLE),
        ({"body": {"text": '{"name": "Mills Oakford, Emma Reyes 48172"}'}}, Tell.FORM),
        ({"body": {"text": '{"to": "+13035550142"}'}}, Tell.FICTION),
        ({"body": {"text": '{"email": "ada@example.com"}'}}, Tell.RESERVED),
        ({"headers": [*CLEAN["headers"], ["X-Real-IP", "127.0.0.1"]]}, Tell.PROBE),
        ({"headers": CLEAN["headers"][::-1]}, Tell.HEADERS),
        ({"headers": [["User-Agent", "conformance-suite/1"]]}, Tell.HEADERS),
    ],
)
def test_the_detector(change: dict[str, Any], tell: Tell | None) -> None:
    """It recognizes what the suite sends, and nothing that an ordinary client sends."""
    assert disguise.tells({**CLEAN, **change}) == ({tell} if tell else set())


def test_no_request_betrays_the_suite_without_need(sent: tuple[list[Sent], list[Sent]]) -> None:
    """What remains is safety, what recognizes objects, and headers that are probes."""
    ours, honest = sent
    assert [each for each in ours if disguise.betrayed([each])] == []
    assert disguise.counted(ours)[Tell.PROBE] <= 16
    assert disguise.betrayed(honest) == 0


def test_the_first_requests_are_mixed(sent: tuple[list[Sent], list[Sent]]) -> None:
    """The seed draws them; they were ten times the same."""
    assert len(disguise.opening(sent[0])) >= 5


def test_only_probes_differ_from_the_official_client(sent: tuple[list[Sent], list[Sent]]) -> None:
    """Headers that it never sends in that order are probes, or belong to a write without a body."""
    ours, honest = sent
    plain = [each for each in ours if Tell.PROBE not in disguise.tells(each)]
    unusual = disguise.only_in(plain, honest)
    orders = {trait: count for trait, count in unusual.items() if trait.startswith("headers")}
    assert sum(orders.values()) <= 0.06 * len(ours), orders
