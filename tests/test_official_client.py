"""The official Python client works unchanged against the reference server, over HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

kaicalls = pytest.importorskip("kaicalls")


@dataclass
class Running:
    """A server process, the target file that it wrote, and the lines that it printed."""

    process: subprocess.Popen[str]
    target: dict[str, Any]
    lines: list[str]
    log: Path

    @property
    def origin(self) -> str:
        """What the client calls its base address."""
        return str(self.target["url"]).removesuffix("/api/v1")

    def client(self, role: str = "full") -> Any:
        """The official client with the key of a role."""
        return kaicalls.KaiCalls(api_key=self.target["keys"][role], base_url=self.origin)


def start(directory: Path, *arguments: str) -> Running:
    """Start a server, and wait until it says that it is ready."""
    target, log = directory / "target.yaml", directory / "log.jsonl"
    command = [
        sys.executable,
        "-m",
        "conformance",
        "serve",
        "--target-out",
        str(target),
        "--log",
        str(log),
        *arguments,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith("ready "):
            return Running(process, yaml.safe_load(target.read_text()), lines, log)
    _, errors = process.communicate(timeout=10)
    raise AssertionError(errors)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running server."""
    running = start(tmp_path_factory.mktemp("server"))
    yield running
    running.process.terminate()
    assert running.process.wait(10) == 0


def failure(call: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[int, str]:
    """Status and code of the error that a call of the client ends in."""
    with pytest.raises(kaicalls.KaiCallsError) as caught:
        call(*arguments, **named)
    return caught.value.status, caught.value.code


def test_agents_are_listed_and_read(server: Running) -> None:
    """The client lists agents and reads one."""
    agents = server.client().agents.list().agents
    assert len(agents) == 20
    assert server.client().agents.get(agents[0].id) == agents[0]


def test_calls_are_walked_to_the_end(server: Running) -> None:
    """A walk by the cursor gives all calls, each once."""
    kai, found, after = server.client("read_only"), [], None
    while True:
        page = kai.calls.list(limit=25, after=after)
        found += [call.id for call in page.calls]
        if not page.has_more:
            break
        after = page.calls[-1].created_at
    assert len(found) == len(set(found)) >= 350


def test_a_call_is_placed_and_read_back(server: Running) -> None:
    """A call is created and found again, by id and as the newest."""
    kai = server.client()
    agent = kai.agents.list().agents[0].id
    call = kai.calls.create(
        agent_id=agent, to=server.target["phone_numbers"][0], name="Sam", max_duration=300
    )
    assert call.status == "queued"
    assert kai.calls.get(call.id) == call
    assert kai.calls.list(limit=1, agent_id=agent, status="queued").calls[0].id == call.id


def test_an_agent_is_created_and_updated(server: Running) -> None:
    """An agent is created, changed, and read back as changed."""
    kai = server.client()
    agent = kai.agents.create(
        business_id=server.target["businesses"]["main"], name="Ada", system_prompt="Be kind"
    )
    assert kai.agents.update(agent.id, name="Grace", first_message="Hello").updated is True
    assert (kai.agents.get(agent.id).name, kai.agents.get(agent.id).first_message) == (
        "Grace",
        "Hello",
    )


def test_refusals_reach_the_client(server: Running) -> None:
    """Status and code of each kind of refusal arrive in the client's own exception."""
    kai = server.client()
    agent = kai.agents.list().agents[0].id
    bad = kaicalls.KaiCalls(api_key="kc_live_unknown", base_url=server.origin)
    assert failure(bad.calls.list) == (401, "unauthorized")
    assert failure(server.client("no_scope").calls.list) == (403, "forbidden")
    assert failure(kai.calls.get, "unknown") == (404, "not_found")
    assert failure(server.client("other").agents.get, agent) == (404, "not_found")
    assert failure(kai.calls.create, agent_id=agent, to="letters") == (400, "invalid_request")
    assert failure(kai.calls.list, limit=0) == (400, "invalid_request")
    assert failure(kai.calls.create, agent_id=agent, to=None) == (400, "bad_request")
    assert failure(kai.calls.create, agent_id=agent, to="+12025550190") == (500, "call_failed")


def test_sign_up_until_the_limit(server: Running) -> None:
    """Five sign-ups give keys that work, the sixth is refused; the clock brings them back."""
    account = {"business_name": "Test", "email": "test@example.com", "base_url": server.origin}
    made = [kaicalls.signup(**account) for _ in range(5)]
    assert len({account.api_key for account in made}) == 5
    new = kaicalls.KaiCalls(api_key=made[0].api_key, base_url=server.origin)
    assert [agent.id for agent in new.agents.list().agents] == [made[0].agent_id]
    assert failure(kaicalls.signup, **account) == (429, "rate_limit_exceeded")
    clock = server.target["clock"]
    moved = requests.request(
        clock["method"], server.origin + clock["path"], json={clock["member"]: 3600}, timeout=5
    )
    assert moved.status_code == 200
    assert kaicalls.signup(**account).api_key


def test_what_the_server_prints_and_logs(server: Running) -> None:
    """Each identity has a line and the last says ready; the log has a line per request, no key."""
    server.client().agents.list()
    keys = {**server.target["keys"], **server.target["scoped_keys"]}
    assert server.lines == [
        *(f"{role} {key}" for role, key in keys.items()),
        f"ready {server.target['url']}",
    ]
    text = server.log.read_text()
    assert json.loads(text.splitlines()[-1])["role"] == "full"
    assert not any(key in text for key in keys.values())


def test_refusals_of_the_http_layer_keep_to_the_envelope(server: Running) -> None:
    """A request that never reaches the application gets the envelope; no product is named."""
    response = requests.get(
        server.target["url"] + "/calls", headers={"X-Long": "x" * 300_000}, timeout=5
    )
    assert response.json()["error"]["code"] == "invalid_request"
    assert response.headers["Server"] == "sandbox"


def test_a_taken_port_is_told(server: Running, tmp_path: Path) -> None:
    """A second server on the port ends with the code for usage and a message."""
    port = server.origin.rpartition(":")[2]
    command = [
        sys.executable,
        "-m",
        "conformance",
        "serve",
        "--port",
        port,
        "--target-out",
        str(tmp_path / "t.yaml"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert port in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "t.yaml").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """Either signal ends the process at once, with exit code 0 and nothing on standard error."""
    running = start(tmp_path, "--database", str(tmp_path / "data.sqlite"))
    assert len(running.client().calls.list(limit=100).calls) == 100
    running.process.send_signal(number)
    _, errors = running.process.communicate(timeout=10)
    assert (running.process.returncode, errors) == (0, "")
