"""What the sender repeats, overlaps, and sends unchanged."""

from __future__ import annotations

import gc
import json
import socket
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from conformance.log.evidence import Recorder
from conformance.model import Case, Effect, KeyName, Role, Trigger
from conformance.model.placeholder import Placeholder
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.knowledge import Knowledge
from conformance.scenarios.client.memory import Memory
from conformance.scenarios.client.renewal import WAITS, Renewal
from conformance.scenarios.odd.odd_ways import odd_ways
from conformance.transport.carrier import Label
from conformance.transport.http import HttpWire
from conformance.transport.message import Message, encoded, json_bytes
from conformance.transport.sender import Sender
from conformance.transport.wire import Loss, WireFailure, WireRequest, WireResponse
from tests import servers
from tests.support.contracts import embedded, real

CASE = Case("one[api]", "one", "*", "", (), Effect.READ, 1)
LIST = Message("GET", "/calls")


class Answering:
    """A wire that answers by a function and keeps the requests."""

    def __init__(
        self, answer: Callable[[WireRequest], tuple[int, tuple[tuple[str, str], ...]]]
    ) -> None:
        self.sent: list[WireRequest] = []
        self._answer = answer

    def send(self, request: WireRequest) -> WireResponse:
        self.sent.append(request)
        status, headers = self._answer(request)
        return WireResponse(status, headers, b"{}")


def sender(wire: Answering, waits: list[float] | None = None) -> Sender:
    """A sender over a wire that notes its waits and does not wait."""
    noted = waits if waits is not None else []
    return Sender(real(), embedded(), wire, Recorder(None), seed=0, sleep=noted.append)


def test_the_request_after_several_at_once_keeps_the_rate() -> None:
    """A limit of the server sees no more requests in any minute than the target file allows."""
    waits: list[float] = []
    slow = replace(embedded(), rate=1.0)
    sending = Sender(
        real(), slow, Answering(statuses(200)), Recorder(None), seed=0, sleep=waits.append
    )
    sending.together([(LIST, label())] * 4)
    before = len(waits)
    sending.send(LIST, label())
    assert sum(waits[before:]) > 3


def label(role: Role = Role.PROBE) -> Label:
    """The label of a request."""
    return Label(CASE, 1, "list_calls", role, "full")


def statuses(*codes: int) -> Callable[[WireRequest], tuple[int, tuple[tuple[str, str], ...]]]:
    """Answers with one status after the other, and the last one for ever."""
    left = [*codes]
    return lambda _request: (left.pop(0) if len(left) > 1 else left[0], ())


class Ending(Answering):
    """A wire whose first response is lost."""

    def __init__(self, loss: Loss) -> None:
        super().__init__(statuses(200))
        self._loss = loss

    def send(self, request: WireRequest) -> WireResponse:
        if not self.sent:
            self.sent.append(request)
            raise WireFailure("it is lost", self._loss)
        return super().send(request)


def test_an_odd_target_is_short_enough_for_any_server() -> None:
    """A server need not read more than 8,000 characters, and may reject them without JSON."""
    for operation in real().operations.values():
        for way in odd_ways(operation):
            values = {parameter.name: "text" for parameter in operation.parameters}
            assert len(encoded(way.make(values))) < 8_000, (operation.id, way.name)


def test_a_body_has_letters_in_both_forms() -> None:
    """Some clients escape what is not ASCII, some send it as UTF-8. A server has to read both."""
    text = "Zoë Łukasz 東京 🎉 \ud800"
    sent = json_bytes({"text": text})
    assert json.loads(sent) == {"text": text}
    assert "ë".encode() in sent
    assert b"\\u0141" in sent
    assert b"\\ud800" in sent
    assert json_bytes({"text": "plain"}) == b'{"text": "plain"}'


@pytest.mark.parametrize("loss", [Loss.CLOSED, Loss.SILENT, Loss.BROKEN])
@pytest.mark.parametrize(
    ("method", "times"), [("GET", 2), ("POST", 1), ("PATCH", 1), ("DELETE", 1)]
)
def test_what_may_have_been_carried_out_is_not_sent_again(
    method: str, times: int, loss: Loss
) -> None:
    """A read whose answer is lost is repeated, a write never."""
    wire = Ending(loss)
    exchange = sender(wire).send(Message(method, "/agents"), label())
    assert len(wire.sent) == times
    assert (exchange.response is not None) == (times == 2)


@pytest.mark.parametrize("status", [502, 504])
@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("POST", 1), ("DELETE", 1)])
def test_what_a_proxy_answers_may_have_been_carried_out(
    method: str, times: int, status: int
) -> None:
    """The application behind the proxy may have done what a write asked for."""
    wire = Answering(statuses(status))
    sender(wire).send(Message(method, "/agents"), label())
    assert len(wire.sent) == times


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_nobody_could_take_is_sent_again(method: str) -> None:
    """503 says that the request was not carried out."""
    wire = Answering(statuses(503, 200))
    assert sender(wire).send(Message(method, "/agents"), label()).ok
    assert len(wire.sent) == 2


def test_a_write_that_did_not_arrive_is_sent_again() -> None:
    """Without a connection it was not carried out: the run waits until the target is back."""
    wire = Answering(statuses(200))
    waits: list[float] = []
    sending = sender(wire, waits)
    sending.send(LIST, label())
    away = [WireFailure("refused", Loss.UNREACHABLE)] * 3
    answer = wire.send

    def send(request: WireRequest) -> WireResponse:
        if away:
            raise away.pop()
        return answer(request)

    wire.send = send  # type: ignore[method-assign]
    exchange = sending.send(Message("POST", "/agents"), label())
    assert exchange.ok
    assert exchange.role is Role.PROBE
    assert waits == [0.2, 0.5, 1.0]


def test_a_costly_request_goes_over_a_connection_of_its_own() -> None:
    """It cannot meet the end of a kept connection and leave open whether a call was placed."""
    for effect in (Effect.WRITE, Effect.SPEND):
        wire = Answering(statuses(200))
        sender(wire).send(
            Message("POST", "/calls"), replace(label(), case=replace(CASE, effect=effect))
        )
        assert [request.own_connection for request in wire.sent] == [effect is Effect.SPEND]


class Telling(Answering):
    """A wire whose answers all show the key that the last request is handed."""

    def send(self, request: WireRequest) -> WireResponse:
        self.sent.append(request)
        body = (
            b'{"api_key": "kc_live_abcdefghijklmnopqrst"}'
            if "last" in request.url
            else b'{"debug": "abcdefghijklmnopqrst"}'
        )
        return WireResponse(201, (("Content-Type", "application/json"),), body)


def test_a_secret_of_one_answer_is_taken_out_of_all() -> None:
    """Of overlapping answers, the first may show what only the last one names as a key."""
    messages = [Message("POST", "/signup", (("place", place),)) for place in ("first", "last")]
    told = [Label(CASE, 1, "sign_up", Role.PROBE, None) for _ in messages]
    exchanges = sender(Telling(statuses(201))).together(zip(messages, told, strict=True))
    shown = [
        exchange.response.body.text or "" for exchange in exchanges if exchange.response is not None
    ]
    assert len(shown) == 2
    assert not any("abcdefghijklmnopqrst" in text for text in shown)


def test_an_object_that_was_not_found_is_asked_for_again() -> None:
    """404 for an object that should be there is logged as a retry; a new message replaces it."""
    wire = Answering(statuses(404, 200))
    other = Message("GET", "/calls", (("id", "other"),))
    exchange = sender(wire).send(LIST, label(), again=lambda: other)
    assert (exchange.role, exchange.response and exchange.response.status) == ("probe", 200)
    assert ["other" in request.url for request in wire.sent] == [False, True]


def test_the_third_404_is_the_answer() -> None:
    """An object that is not found three times in a row is not there."""
    wire = Answering(statuses(404))
    exchange = sender(wire).send(LIST, label(), again=lambda: LIST)
    assert (exchange.role, exchange.response and exchange.response.status) == ("probe", 404)
    assert len(wire.sent) == 3


def test_404_is_an_answer_if_no_object_is_expected() -> None:
    """A request that may find nothing is not repeated."""
    wire = Answering(statuses(404))
    assert sender(wire).send(LIST, label()).role == "probe"
    assert len(wire.sent) == 1


def test_overlapping_requests_are_under_way_at_the_same_time() -> None:
    """All are sent before the first is answered; the log holds them in order."""
    meeting = threading.Barrier(4, timeout=60)

    def answer(request: WireRequest) -> tuple[int, tuple[tuple[str, str], ...]]:
        meeting.wait()
        return 200, ()

    wire = Answering(answer)
    sending = sender(wire)
    messages = [Message("GET", "/calls", (("limit", str(number)),)) for number in range(4)]
    exchanges = sending.together((message, label()) for message in messages)
    assert [exchange.request.url[-1] for exchange in exchanges] == ["0", "1", "2", "3"]
    assert all(request.own_connection for request in wire.sent)


def test_a_limited_request_among_overlapping_ones_is_sent_again() -> None:
    """A 429 in the middle is logged as a retry, and the request is sent again by itself."""
    exchanges = sender(Answering(statuses(200, 429, 200))).together(
        [(LIST, label()), (LIST, label())]
    )
    assert [
        (exchange.role, exchange.response and exchange.response.status) for exchange in exchanges
    ] == [("probe", 200)] * 2


def test_a_long_wait_is_not_begun_if_no_other_address_is_left() -> None:
    """A limit of an hour is the answer at once: no run waits that long."""
    waits: list[float] = []
    alone = embedded()
    few = Sender(
        real(),
        replace(alone, declaration=replace(alone.declaration, addresses=())),
        Answering(lambda _request: (429, (("Retry-After", "3600"),))),
        Recorder(None),
        seed=0,
        sleep=waits.append,
    )
    exchange = few.send(LIST, label())
    assert exchange.role == "probe"
    assert waits == []


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket that waits for one request."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


@pytest.mark.parametrize(
    "target", ["/api/%zz", "/api?limit=%", "/x/../api", "//api", "/api?&&=&%e0"]
)
def test_an_improper_target_goes_out_as_it_is(listening: socket.socket, target: str) -> None:
    """Nothing repairs a broken percent sign or removes ``..`` before the server sees it."""

    def serve() -> bytes:
        connection, _ = listening.accept()
        with connection:
            first = connection.makefile("rb").readline()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        return first

    with ThreadPoolExecutor(1) as pool:
        line = pool.submit(serve)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}{target}"
        assert HttpWire(60).send(WireRequest("GET", url, (), None, verbatim=True)).body == b"{}"
        assert line.result().split()[1].decode() == target


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize("body", [None, b"{}"])
@pytest.mark.parametrize("effect", [Effect.WRITE, Effect.SPEND], ids=["kept", "of its own"])
def test_the_log_holds_the_headers_that_went_out(
    listening: socket.socket, method: str, body: bytes | None, effect: Effect
) -> None:
    """The connection adds none of its own, a cookie of an earlier answer included."""
    heads, logged = sent_and_logged(listening, Message(method, "/agents", body=body), effect)
    assert heads == logged


KEY = Placeholder.of_identity("full")
WAYS = {
    "plain": Message("GET", "", raw_target="/api/v1/agents/%zz"),
    "misplaced": Message("GET", "/agents", (("key", f"{KEY}"),), misplaced=True),
    "misplaced in a header": Message("GET", "/agents", (), (("X-Key", f"{KEY}"),), misplaced=True),
    "key in its place": Message("GET", "/agents", (), (("Authorization", f"Bearer {KEY}"),)),
    "headers of its own": Message("GET", "/agents", (), (("accept", "*/*"), ("X-A", "1"))),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("effect", [Effect.READ, Effect.SPEND], ids=["kept", "of its own"])
def test_odd_requests_are_logged_as_they_went_out(
    listening: socket.socket, way: str, effect: Effect
) -> None:
    """The same headers went out as the log holds, with the key where it has a placeholder."""
    heads, logged = sent_and_logged(listening, WAYS[way], effect)
    key = embedded().keys["full"]
    assert heads == [[line.replace(str(KEY), key) for line in head] for head in logged]


def sent_and_logged(
    listening: socket.socket, message: Message, effect: Effect
) -> tuple[list[list[str]], list[list[str]]]:
    """The headers of a message that is sent twice: as they arrived, and as the log holds them."""
    origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    heads: list[list[str]] = []
    with recording(listening, heads):
        given = replace(embedded(), declaration=replace(embedded().declaration, url=origin))
        to_server = Sender(real(), given, HttpWire(60), Recorder(None), seed=0)
        written = replace(label(), case=replace(CASE, effect=effect))
        sent = [to_server.send(message, written) for _ in range(2)]
    logged = [sorted(f"{name}: {value}" for name, value in each.request.headers) for each in sent]
    return [sorted(head) for head in heads], logged


@contextmanager
def recording(listening: socket.socket, heads: list[list[str]]) -> Iterator[None]:
    """Answer every request with a cookie, and keep the headers of each."""

    def serve() -> None:
        for connection, lines in servers.connections(listening):
            while lines.readline():
                head = [line.decode().strip() for line in iter(lines.readline, b"\r\n")]
                heads.append(head)
                sizes = [line.split(": ")[1] for line in head if "Content-Length" in line]
                lines.read(int(sizes[0]) if sizes else 0)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
                )

    threading.Thread(target=serve, daemon=True).start()
    yield


ALWAYS = Trigger("payment_required", "sign_up", payment="proof", payment_header="X-PAYMENT")
"""A trigger of a target that wants payment for any input."""


@pytest.mark.parametrize(
    ("scenario", "trigger", "proof"),
    [
        ("one", ALWAYS, "proof"),
        ("one", replace(ALWAYS, input={"plan_id": "paid"}), None),
        ("trigger", ALWAYS, None),
    ],
    ids=["for any input", "for one input", "in a trigger"],
)
def test_each_sign_up_is_paid_for_if_the_target_always_wants_it(
    scenario: str, trigger: Trigger, proof: str | None
) -> None:
    """Except in the triggers, which send requests with and without a proof themselves."""
    wire, target = Answering(statuses(200)), embedded()
    target = replace(target, declaration=replace(target.declaration, triggers=(trigger,)))
    case = replace(CASE, scenario=scenario, effect=Effect.SPEND)
    client = Client(Sender(real(), target, wire, Recorder(None), seed=0), case, 1, Memory(), seed=0)
    for name in ("sign_up", "list_calls"):
        client.send(real().operations[name], {})
    sent = [dict(request.headers).get("X-PAYMENT") for request in wire.sent]
    assert sent == [proof, None]


def test_a_client_is_gone_with_its_case() -> None:
    """Nothing that it is composed of holds it, so the bodies that it saw take no memory later."""
    gc.disable()
    try:
        client = Client(sender(Answering(statuses(200))), CASE, 1, Memory(), seed=0)
        client.valid(real().operations["create_eval"])
        gone = weakref.ref(client)
        del client
        assert gone() is None
    finally:
        gc.enable()


class Pool(Knowledge):
    """Knowledge of a pool that had two numbers, of which one is left."""

    def __init__(self) -> None:
        self.contract = real()

    def once(self, place: Any, find: Callable[[], Any], provisional: Any = None) -> Any:
        return find()

    def listed(self, kind: str, key: str = KeyName.FULL) -> list[Any]:
        return [{"phone_number": "+12025550101"}, {"phone_number": "+12025550102"}]

    def request_items(self, kind: str, key: str = KeyName.FULL) -> list[Any]:
        return [{"phone_number": "+12025550101"}]


def test_what_is_gone_from_a_pool_is_replaced_by_what_is_left() -> None:
    """Also if the run has named all that is left before, in requests that were refused."""
    memory = Memory()
    memory.used["available_number"] = ["+12025550101", "+12025550102"]
    memory.waits["available_number"] = WAITS
    operation = real().operations["assign_phone_number"]
    sending: Any = None  # nothing is sent, and nothing is waited for
    renewed = Renewal(sending, memory, Pool()).renewer(operation, {"phone_number": "+12025550102"})
    assert renewed is not None
    assert renewed() == {"phone_number": "+12025550101"}
