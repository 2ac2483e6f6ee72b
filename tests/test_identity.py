"""How the suite identifies itself: by name, or with the headers of an ordinary client."""

from __future__ import annotations

import gzip
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests

from conformance.log.evidence import Recorder
from conformance.model import ANNOUNCED, PLAIN, Case, Effect, Role
from conformance.report import ctrf, har, html, junit
from conformance.run import members
from conformance.server.application import Application
from conformance.server.messages import Reply, Request
from conformance.target import Target
from conformance.transport.carrier import Label
from conformance.transport.clients import CLIENTS, client_of
from conformance.transport.headers import all_headers
from conformance.transport.http import HttpWire
from conformance.transport.message import Message
from conformance.transport.sender import Sender
from tests import report_example as example
from tests import servers
from tests.faults import harness
from tests.support import contracts
from tests.support.contracts import embedded, real

CASE = Case("one[api]", "one", "*", "", (), Effect.WRITE, 1)
KEY = "kc_live_" + "k3Y" * 14
AUTHORIZED = (("Authorization", "Bearer {key:full}"),)
JSON_TYPE = (("Content-Type", "application/json"),)


@contextmanager
def recorder() -> Iterator[tuple[str, list[str]]]:
    """A server that keeps the head of each request, and answers it; with its address."""
    heads: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            for connection, sent in servers.connections(listening):
                head = b"".join(iter(sent.readline, b"\r\n"))
                heads.append(head.decode().removesuffix("\r\n"))
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
                )

        Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1", heads


def target(url: str, identity: str) -> Target:
    """A target at an address that takes writes."""
    declaration = replace(
        embedded().declaration,
        url=url,
        identity=identity,
        allow=frozenset({Effect.READ, Effect.WRITE}),
    )
    return Target(declaration, {"full": KEY})


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("alone", [False, True], ids=["kept", "alone"])
def test_a_plain_request_is_that_of_an_ordinary_client(method: str, alone: bool) -> None:
    """Byte for byte the head is what requests sends by default, as the official client does."""
    body = json.dumps({"name": "x"}).encode() if method == "POST" else None
    headers = (*AUTHORIZED, *(JSON_TYPE if body else ()))
    message = Message(method, "/agents", (), headers, body, raw_target="/agents" if alone else None)
    label = Label(CASE, 1, "list_agents", Role.PROBE, "full")
    with recorder() as (url, heads):
        sender = Sender(real(), target(url, PLAIN), HttpWire(5), Recorder(None), seed=0)
        sender.send(message, label)
        own = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        sent = {"name": "x"} if body else None
        requests.request(method, f"{url}/agents", headers=own, json=sent, timeout=5)
    assert heads[0] == heads[1]


RECORDED = {
    "official": (
        "Host: H|User-Agent: A|Accept-Encoding: gzip, deflate|Accept: */*|Connection: keep-alive"
        "|Authorization: K|Content-Type: application/json|Content-Length: 13"
    ),
    "python-requests": (
        "Host: H|User-Agent: A|Accept-Encoding: gzip, deflate|Accept: */*|Connection: keep-alive"
        "|Authorization: K|Content-Length: 13|Content-Type: application/json"
    ),
    "node": (
        "host: H|connection: keep-alive|Authorization: K|Content-Type: application/json"
        "|accept: */*|accept-language: *|sec-fetch-mode: cors|user-agent: A"
        "|accept-encoding: gzip, deflate|content-length: 13"
    ),
    "python-httpx": (
        "Host: H|Accept: */*|Accept-Encoding: gzip, deflate|Connection: keep-alive|User-Agent: A"
        "|Authorization: K|Content-Length: 13|Content-Type: application/json"
    ),
    "curl": (
        "Host: H|User-Agent: A|Accept: */*|Authorization: K"
        "|Content-Type: application/json|Content-Length: 13"
    ),
    "Python": (
        "Host: H|Authorization: K|Accept: */*|Accept-Encoding: gzip, deflate|User-Agent: A"
        "|Content-Length: 13|Content-Type: application/json"
    ),
    "Go-http-client": (
        "Host: H|User-Agent: A|Content-Length: 13|Authorization: K"
        "|Content-Type: application/json|Accept-Encoding: gzip"
    ),
}
"""The head of a POST as each client sends it, by the name in its User-Agent."""


@pytest.mark.parametrize("seed", range(len(CLIENTS)))
def test_the_seed_chooses_the_client(seed: int) -> None:
    """Byte for byte the head of a write is the one recorded from that client."""
    message = Message("POST", "/agents", (), (*JSON_TYPE, *AUTHORIZED), b'{"name": "x"}')
    with recorder() as (url, heads):
        sender = Sender(real(), target(url, PLAIN), HttpWire(5), Recorder(None), seed=seed)
        sender.send(message, Label(CASE, 1, "list_agents", Role.PROBE, "full"))
    agent, host = CLIENTS[seed].agent, url.split("/")[2]
    recorded = RECORDED["official" if seed == 0 else agent.partition("/")[0].partition(" ")[0]]
    named = recorded.replace(": H|", f": {host}|").replace(": K|", f": Bearer {KEY}|")
    expected = re.sub(r"(?i)(user-agent: )A\b", lambda found: found[1] + agent, named)
    assert heads[0].splitlines()[1:] == expected.split("|")


def test_over_tls_the_client_is_one_of_python() -> None:
    """The handshake is that of Python, so no header may say otherwise."""
    declaration = target("https://api.example.com/v1", PLAIN).declaration
    assert all(client_of(declaration, seed).is_python for seed in range(12))


def test_an_announced_request_says_who_asks() -> None:
    """By default the User-Agent names the suite."""
    with recorder() as (url, heads):
        sender = Sender(real(), target(url, ANNOUNCED), HttpWire(5), Recorder(None), seed=0)
        sender.send(Message("GET", "/calls"), Label(CASE, 1, "list_calls", Role.PROBE, None))
    assert "User-Agent: conformance-suite/" in heads[0]


@pytest.mark.parametrize("identity", [ANNOUNCED, PLAIN])
def test_a_header_of_the_message_replaces_the_usual_one(identity: str) -> None:
    """What a scenario sends on purpose goes out once, as it is."""
    message = Message("GET", "/calls", headers=(("user-agent", "curl/8"), ("ACCEPT", "text/html")))
    client = client_of(target("http://127.0.0.1:9/api/v1", identity).declaration, seed=0)
    headers = all_headers(message, client, "127.0.0.1:9")
    names = [name.lower() for name, _ in headers]
    assert len(names) == len(set(names))
    assert ("user-agent", "curl/8") in headers


class Kind(Application):
    """A server that keeps the contract only for a client that is the suite."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        """Everybody else gets 200 for every refusal."""
        reply, body = super().answer(request)
        known = "conformance" in (request.header("User-Agent") or "")
        return (reply if known else replace(reply, status=200)), body


class Squeezing(Application):
    """A server that compresses every body if the client takes that."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        """Compress the body."""
        reply, body = super().answer(request)
        if "gzip" in (request.header("Accept-Encoding") or ""):
            return replace(reply, headers=(*reply.headers, ("Content-Encoding", "gzip"))), (
                gzip.compress(body)
            )
        return reply, body


def judged(kind: type[Application], identity: str, **more: Any) -> dict[str, int]:
    """The counts of the cells of the clause of 404 on a server."""
    loaded = contracts.real()
    app = servers.faulty(kind)
    aim = harness.Aim(("status-404",), operations=("read_call", "read_agent"))
    run = harness.run(loaded, app, aim=aim, changes={"identity": identity}, **more)
    return {name: count for name, count in run.counts.items() if name in ("failed", "passed")}


def test_a_server_that_knows_the_suite_is_caught() -> None:
    """Announced, the suite is treated kindly and finds nothing; as a plain client it does."""
    kindly = judged(Kind, ANNOUNCED)
    assert not kindly["failed"]
    assert kindly["passed"]
    assert judged(Kind, PLAIN)["failed"]


def test_a_compressed_answer_is_read() -> None:
    """A plain client takes gzip, and what comes compressed is judged like any answer."""
    found = judged(Squeezing, PLAIN, socket=True)
    assert not found["failed"]
    assert found["passed"]


def test_the_reports_say_as_whom_the_suite_asked(tmp_path: Path) -> None:
    """Every format that names the target says whether the suite gave its name."""
    run = example.passing()
    for identity in (ANNOUNCED, PLAIN):
        told = replace(run, target=replace(run.target, identity=identity))
        says = f"identity {identity}"
        assert says in html.render(told).partition("<nav")[0]
        extra = ctrf.document(told)["results"]["environment"]["extra"]
        assert extra["identity"] == identity
        junit.write(told, tmp_path / "junit.xml")
        for suite in ET.parse(tmp_path / "junit.xml").iter("testsuite"):
            values = {p.get("name"): p.get("value") for p in suite.findall("./properties/property")}
            assert values["identity"] == identity
        har.write(told, told.exchanges, tmp_path / har.NAME)
        log = json.loads((tmp_path / "evidence.har").read_text(encoding="utf-8"))["log"]
        assert f"Client: {identity}" in log["comment"]
        assert members.to_json(told, None)["target"].get("identity", ANNOUNCED) == identity


def test_nothing_that_a_plain_run_sends_names_the_suite(tmp_path: Path) -> None:
    """No path, no header and no value of a created object says who asks."""
    app = servers.faulty()
    with servers.serving(app) as origin:
        path = servers.target_file(app, origin, tmp_path / "t.yaml", identity=PLAIN)
        outcome = servers.command("run", "--target", path, "--depth", "quick", cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    assert outcome.out.splitlines()[0].endswith(", as an ordinary client")
    sent = [line["request"] for line in servers.lines_of(servers.run_of(tmp_path))]
    assert any("body" in request for request in sent)
    assert not [request for request in sent if "conformance" in json.dumps(request).lower()]
