"""Nights: a month of them on one server, what each must say, and what the state must survive."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import apprise
import pytest
import yaml

from conformance.base.errors import UsageError
from conformance.base.text import amount
from conformance.certify import bundle, statement
from conformance.command import cli
from conformance.log import convert, schemas
from conformance.model import Verdict, Waiver
from conformance.nightly import (
    channels,
    dates,
    describing,
    facts,
    lock,
    losses,
    outcome,
    services,
    silence,
    state_file,
    transitions,
    watching,
)
from conformance.nightly.bundles import certificate_in
from conformance.nightly.dates import Certificate
from conformance.nightly.facts import Night, Seen
from conformance.nightly.notices import Kind, Message, Notice, Tone, message
from conformance.nightly.state import Good, Place, State
from conformance.report import rerun
from conformance.server.application import Application
from conformance.server.messages import Refusal, Reply, Request
from tests import month, servers
from tests import report_example as example
from tests.faults.base import altered

OPERATIONS = ["list_agents", "read_agent", "create_agent", "update_agent"]
SELECTION = ("--clause", "status-401", "--clause", "status-404")
REUSING = "changed-resource"
"""A clause whose cases work on objects of earlier nights."""
DEAD = ("expired", "revoked")
"""Roles of keys that do not work any more."""
DATE = "20[0-9]{2}-[0-9]{2}-[0-9]{2}"
SECRET = "s3cr3t-of-the-channel"


# --- a server with switches, and a channel --------------------------------------------------------


class Switched(Application):
    """The reference server, whose faults can be switched on and off while it runs.

    ``on`` names the faults. ``hung`` is set once a request hangs, until ``released`` is set.
    """

    on: set[str]
    hung: Event
    released: Event

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        if "hangs" in self.on:
            self.hung.set()
            self.released.wait(60)
        if "locked" in self.on:
            reply = self.refused(request, Refusal("unauthenticated"))
            return reply, self.encode(reply)
        if f"500 {self.named(request)}" in self.on:
            reply = self.refused(request, Refusal("internal"))
            return reply, self.encode(reply)
        return super().answer(request)

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        operation = self.named(request)
        if "keys" in self.on and reply.status == 401 and operation == "read_agent":
            return altered(reply, 403, code="forbidden")
        if "silent" in self.on and reply.status == 404 and operation == "update_agent":
            return altered(reply, message="")
        return reply

    def named(self, request: Request) -> str:
        """The id of the operation of a request; empty for an unknown route."""
        try:
            return self.route(request)[0].id
        except Refusal:
            return ""


def switched(*on: str) -> Switched:
    """A server with some faults on."""
    app = servers.faulty(Switched)
    assert isinstance(app, Switched)
    app.on, app.hung, app.released = set(on), Event(), Event()
    return app


@dataclass
class Channel:
    """A real HTTP server that Apprise sends to, and that can be down."""

    received: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0
    server: ThreadingHTTPServer | None = None

    @property
    def address(self) -> str:
        """Its address for Apprise, with a secret."""
        return f"json://user:{SECRET}@127.0.0.1:{self.port}/{SECRET}"

    def up(self) -> None:
        """Listen, on the same port as before."""
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self) -> None:
        """Stop listening."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@pytest.fixture
def channel() -> Iterator[Channel]:
    """A channel that is up."""
    it = Channel()
    it.up()
    yield it
    it.down()


class Nights:
    """A process that spends nights at given moments, and another one once it was killed."""

    def __init__(
        self, directory: Path, target: Path, channel: Channel, selection: Sequence[str] = SELECTION
    ) -> None:
        self.directory, self.target, self.channel = directory, target, channel
        self.selection = selection
        self.said = directory / "said.txt"
        self.process = self._started()

    def _started(self) -> subprocess.Popen[str]:
        env = servers._environment({"CONFORMANCE_NOTIFY": self.channel.address})
        with self.said.open("a") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.nights"],
                cwd=self.directory,
                env=env | {"PYTHONPATH": servers.before_path(Path(__file__).parent.parent)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def begin(self, night: month.Spent, *, fewer_keys: bool = False) -> None:
        """Begin a night, perhaps with a target file that lacks keys."""
        target = without_dead_keys(self.target) if fewer_keys else self.target
        arguments = ["nightly", "--target", str(target), *self.selection, "--keep", "1"]
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([night.at.isoformat(), arguments]) + "\n")
        self.process.stdin.flush()

    def end(self) -> int:
        """The exit code of the night that began last."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.said.read_text()
        return int(line)

    def kill(self) -> None:
        """Kill the process in the middle of a night, and start another one."""
        self.process.kill()
        self.process.wait()
        self.process = self._started()

    def close(self) -> None:
        """Stop the process."""
        self.process.kill()
        self.process.wait()


def without_dead_keys(target: Path) -> Path:
    """A target file without the keys that have expired or were revoked."""
    told = yaml.safe_load(target.read_text(encoding="utf-8"))
    told["keys"] = {role: key for role, key in told["keys"].items() if role not in DEAD}
    path = target.with_name("fewer.yaml")
    path.write_text(yaml.safe_dump(told), encoding="utf-8")
    path.chmod(0o600)
    return path


@contextmanager
def serving(
    app: Application, directory: Path, only: Sequence[str] = OPERATIONS, **more: Any
) -> Iterator[Path]:
    """Serve an application, and write its target file with the operations of these tests."""
    more["only"] = list(only)
    with servers.serving(app) as origin:
        path = servers.target_file(app, origin, directory / "target.yaml", **more)
        path.chmod(0o600)
        yield path


# --- a month --------------------------------------------------------------------------------------

SWITCHES: dict[month.Event, tuple[set[str], set[str]]] = {
    month.Event.BROKEN: ({"keys"}, set()),
    month.Event.UNHEARD: ({"keys"}, set()),
    month.Event.REPAIRED: (set(), {"keys"}),
    month.Event.DEAF: (set(), {"keys"}),
    month.Event.LOCKED: ({"locked"}, set()),
    month.Event.UNLOCKED: (set(), {"locked"}),
}
"""The faults that come, and those that go, with what happens in a night."""
WAIVER = {
    "clause": month.WAIVED,
    "operations": ["update_agent"],
    "statement": "known since May",
    "owner": "Ann",
    "ticket": "X-1",
    "expires": month.ENDS.isoformat(),
}


def spend(night: month.Spent, nights: Nights, app: Switched) -> int | None:
    """Spend a night as it happens; returns its exit code, None if it did not end."""
    come, gone = SWITCHES.get(night.event, (set(), set()))
    app.on = (app.on | come) - gone
    if night.event is month.Event.ABSENT:
        return None
    if night.event is month.Event.UNHEARD:
        nights.channel.down()
    if night.event is month.Event.HEARD:
        nights.channel.up()
    if night.event is month.Event.KILLED:
        app.on.add("hangs")
        nights.begin(night)
        assert app.hung.wait(30)
        nights.kill()
        app.on.remove("hangs")
        app.released.set()
        return None
    nights.begin(night, fewer_keys=night.event is month.Event.THINNER)
    return nights.end()


def notices_in(directory: Path, address: str) -> tuple[str, ...]:
    """The notices on the page of the last night."""
    page = (directory / outcome.PAGE).read_text(encoding="utf-8").replace(address, month.ADDRESS)
    lines, _, _ = page.partition("Reported before")
    return tuple(line[2:].strip("`") for line in lines.splitlines() if line.startswith("- "))


@pytest.mark.long
def test_a_month_of_nights(tmp_path: Path, channel: Channel) -> None:
    """Each night has its exit code and exactly its notices, and each message arrives once.

    One process spends night after night, with the clock passed in, on one server that keeps what it
    was given. Only the last good night and the last one are left, and no file has a secret.
    """
    app, seen, arrived, reports = switched("silent"), [], [], tmp_path / "reports"
    with serving(app, tmp_path, waivers=[WAIVER]) as target:
        address = yaml.safe_load(target.read_text())["url"]
        nights = Nights(tmp_path, target, channel)
        try:
            for night in month.NIGHTS:
                code = spend(night, nights, app)
                notices = () if code is None else notices_in(reports, address)
                seen.append(month.Spent(night.day, night.event, code, notices))
                arrived.append(len(channel.received))
        finally:
            nights.close()
    assert tuple(seen) == month.NIGHTS
    assert [each["title"].replace(address, month.ADDRESS) for each in channel.received] == [
        title_of(night) for night in month.NIGHTS if night.notices
    ]
    assert arrived[14:18] == [arrived[14], arrived[14], arrived[14], arrived[14] + 2]
    kept = sorted(path.name[:10] for path in reports.glob("2026-*"))
    assert kept == ["2026-11-28", "2026-11-30"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and holds(path, SECRET)]


def weekly(directory: Path, channel: Channel, faults: Sequence[str]) -> list[tuple[int, list[str]]]:
    """The exit code and the notices of nights with faults: initials of lists that return 500."""
    app, seen = switched(), []
    with serving(app, directory, ["list_leads", "list_webhooks", "list_events"]) as target:
        nights = Nights(directory, target, channel, ())
        address = yaml.safe_load(target.read_text())["url"]
        try:
            for day, broken in enumerate(faults, 1):
                app.on = {f"500 {LISTS[letter]}" for letter in broken}
                nights.begin(month.Spent(day))
                code = nights.end()
                seen.append((code, list(notices_in(directory / "reports", address))))
        finally:
            nights.close()
    return seen


LISTS = {"l": "list_leads", "w": "list_webhooks", "e": "list_events"}


@pytest.mark.long
def test_a_fault_that_joins_an_open_cause_is_a_notice(tmp_path: Path, channel: Channel) -> None:
    """Each operation is new, fixed or unstable by itself, although the cause keeps its id."""
    leads, webhooks = (f"GET /{name} fails on valid requests" for name in ("leads", "webhooks"))
    fails = "The server fails on valid requests"
    assert weekly(tmp_path, channel, ["", "l", "lw", "w", "l", "w", "we"]) == [
        (0, []),
        (1, [f"New: {leads}, 1 operation"]),
        (1, [f"Wider: {fails}, now also GET /webhooks (2 operations, 1 the night before)"]),
        (1, [f"Narrower: {webhooks}: GET /leads (list_leads) is fixed, 1 operation left"]),
        (
            1,
            [
                f"Unstable: {leads}, 1 operation, came and went within 5 nights",
                f"Narrower: {leads}: GET /webhooks is fixed, 1 operation left",
            ],
        ),
        (1, [f"Unstable: {webhooks}, 1 operation, came and went within 6 nights"]),
        (1, [f"Wider: {fails}, now also GET /events (2 operations, 1 the night before)"]),
    ]
    new, wider = channel.received[:2]
    assert new["message"].splitlines()[:6] == [
        "Cause 1: GET /leads fails on valid requests",
        "Request: GET /api/v1/leads with the key empty",
        "Expected: 200 with an empty list",
        "Actual: 500",
        "Operations: GET /leads (list_leads)",
        "28 cells are blocked by this cause.",
    ]
    assert wider["message"].splitlines()[1:5] == [
        "Request: GET /api/v1/webhooks?business_id=… with the key empty",
        "Expected: 200 with an empty list",
        "Actual: 500",
        "Operations: GET /leads (list_leads), GET /webhooks",
    ]
    assert "accept-less" not in new["message"]


def title_of(night: month.Spent) -> str:
    """The title of the message of a night."""
    more = len(night.notices) - 1
    return night.notices[0] + (f", and {amount(more, 'more notice')}" if more else "")


def holds(path: Path, text: str) -> bool:
    """Whether a file contains a text."""
    return text.encode() in path.read_bytes()


# --- what changed, without a run ------------------------------------------------------------------

KNOWN = State(target="https://host", scope="full", name="staging")
PASSING = {"a[x]": Verdict.PASSED, "a[y]": Verdict.PASSED, "b[x]": Verdict.PASSED}
CAUSE = Seen("cause-1", "Pages lose items, 21 operations", 1, "a[x]", ("cause-1x", "cause-1y"))


def night(*causes: Seen, **facts: Any) -> Night:
    """A night with some causes, whose main cells failed."""
    failed = {seen.cell: Verdict.FAILED for seen in causes}
    given = {"judged": 3, "red": bool(causes), "verdicts": PASSING | failed, **facts}
    return Night(run="2026-11-01T03-15-00Z", causes=causes, **given)


def spent(*nights: Night, state: State = KNOWN) -> tuple[State, list[str]]:
    """The state after some nights, and the notices of the last one."""
    notices: tuple[Notice, ...] = ()
    for each in nights:
        step = transitions.step(state, each, PASSING)
        state, notices = step.state, step.notices
    return state, [str(notice) for notice in notices]


def test_a_cause_is_new_once_and_fixed_once() -> None:
    """The nights between say nothing of it."""
    assert spent(night(), night(CAUSE))[1] == ["New: Pages lose items, 21 operations"]
    assert spent(night(), night(CAUSE), night(CAUSE))[1] == []
    assert spent(night(CAUSE), night())[1] == ["Fixed: Pages lose items, 21 operations"]
    assert spent(night(CAUSE), night(), night())[1] == []


def reaching(*names: str) -> Seen:
    """A cause in some operations, with the id that it has if these are several."""
    parts = {f"part-{name}": Place(f"GET /{name}", f"a[{name}]") for name in names}
    own = f"part-{names[0]}" if len(names) == 1 else "whole"
    words = f"Reads return 500, {amount(len(names), 'operation')}"
    cell = f"a[{names[0]}]"
    return Seen(own, words, 1, cell, tuple(parts), title="Reads return 500", places=parts)


def reached(*names: str, **given: Any) -> Night:
    """A night with that cause, whose other cells passed."""
    passed = {f"a[{name}]": Verdict.PASSED for name in "xyz"}
    failed = {f"a[{name}]": Verdict.FAILED for name in names}
    return night(*([reaching(*names)] if names else []), verdicts=passed | failed | given)


def test_a_cause_that_reaches_further_is_a_notice() -> None:
    """So is one that is fixed in part; it is neither new nor fixed as a whole."""
    wider = "Wider: Reads return 500, now also GET /y, GET /z (3 operations, 1 the night before)"
    narrower = "Narrower: Reads return 500: GET /x, GET /y are fixed, 1 operation left"
    assert spent(reached("x"), reached("x", "y", "z"))[1] == [wider]
    assert spent(reached("x", "y", "z"), reached("z"))[1] == [narrower]
    assert spent(reached("x", "y"), reached("x", "y"))[1] == []
    assert spent(reached("x", "y"), reached("y", "z"))[1] == [
        "Wider: Reads return 500, now also GET /z (2 operations, 2 the night before)",
        "Narrower: Reads return 500: GET /x is fixed, 2 operations left",
    ]


def test_a_cause_that_moves_is_fixed_in_one_place_and_new_in_the_other() -> None:
    """Its id may even be the same, because that of several operations does not name them."""
    assert spent(reached("x"), reached("y"))[1] == [
        "New: Reads return 500, 1 operation",
        "Fixed: Reads return 500, 1 operation",
    ]


@pytest.mark.parametrize("verdict", [Verdict.UNTESTED, Verdict.ERROR, Verdict.INAPPLICABLE])
def test_an_operation_that_was_not_judged_is_not_fixed(verdict: Verdict) -> None:
    """It stays open, is no news when it is seen again, and is fixed once it has passed."""
    state, notices = spent(reached("x", "y"), reached("x", **{"a[y]": verdict}))
    notices = [text for text in notices if not text.startswith("Newly untested")]
    assert (notices, state.open["whole"].parts) == ([], ("part-x", "part-y"))
    assert spent(reached("x", "y"), state=state)[1] == []
    narrower = "Narrower: Reads return 500: GET /y is fixed, 1 operation left"
    assert spent(reached("x"), state=state)[1] == [narrower]
    left, notices = spent(reached(**{"a[y]": verdict}), state=state)
    narrower = "Narrower: Reads return 500: GET /x is fixed, 1 operation left"
    assert (notices, left.open["whole"].parts) == ([narrower], ("part-y",))
    assert spent(reached(), state=left)[1] == ["Fixed: Reads return 500, 1 operation"]


def test_an_operation_is_unstable_by_itself() -> None:
    """The others of its cause are not, and a fault that joins them later is no chance."""
    flapping = [reached("x"), reached("x", "y"), reached("x"), reached("x", "y")]
    state, notices = spent(*flapping)
    assert notices == ["Unstable: Reads return 500: GET /y, came and went within 4 nights"]
    assert spent(reached("x"), reached("x", "y"), state=state)[1] == []
    wider = "Wider: Reads return 500, now also GET /z (3 operations, 2 the night before)"
    assert spent(reached("x", "y", "z"), state=state)[1] == [wider]
    assert spent(*[reached("x", "y")] * 6, state=state)[1] == []
    settled = spent(*[reached("x", "y")] * 7, state=state)[1]
    assert settled == ["New: Reads return 500: GET /y, no longer unstable"]


def test_operations_that_flap_together_are_one_notice() -> None:
    """However many they are."""
    quiet, loud = reached("x"), reached("x", "y", "z")
    unstable = "Unstable: Reads return 500: GET /y, GET /z, came and went within 4 nights"
    assert spent(quiet, loud, quiet, loud)[1] == [unstable]


def test_a_cause_that_splits_is_not_new() -> None:
    """Nor are its parts in later nights, nor the whole that they join again."""
    parts = [replace(CAUSE, id=name, parts=(name,)) for name in ("cause-1x", "cause-1y")]
    state, notices = spent(night(CAUSE), night(*parts))
    assert (notices, len(state.open)) == ([], 2)
    assert spent(night(*parts), state=state)[1] == []
    assert spent(night(CAUSE), state=state)[1] == []


@pytest.mark.parametrize(
    "later",
    [
        night(stopped="The target is down."),
        night(verdicts={**PASSING, "a[x]": Verdict.UNTESTED}),
        night(verdicts={}),
        night(judged=2, verdicts={**PASSING, "b[x]": Verdict.UNTESTED}),
    ],
)
def test_nothing_is_fixed_that_nobody_looked_at(later: Night) -> None:
    """Neither in a night that broke off, nor in a thinner one, nor if its cell was not judged."""
    state, notices = spent(night(CAUSE), later)
    assert not [text for text in notices if text.startswith("Fixed")]
    assert list(state.open) == ["cause-1"]


def test_a_cause_whose_cell_is_still_broken_is_neither_fixed_nor_open() -> None:
    """It has become part of another cause, or was waived."""
    state, notices = spent(night(CAUSE), night(verdicts={**PASSING, "a[x]": Verdict.WAIVED}))
    assert (notices, state.open) == ([], {})


@pytest.mark.parametrize(
    ("later", "moves"),
    [
        (night(), True),
        (night(judged=4), True),
        (night(judged=9, verdicts=PASSING | {"a[x]": Verdict.UNTESTED}), False),
        (night(judged=9, verdicts=PASSING | {"a[x]": Verdict.INAPPLICABLE}), False),
        (night(judged=2, verdicts=PASSING | {"a[x]": Verdict.EXCLUDED}), True),
        (night(judged=2, verdicts={"a[x]": Verdict.PASSED, "b[x]": Verdict.WARNED}), True),
        (
            night(
                judged=2,
                verdicts=PASSING | {"a[x]": Verdict.UNTESTED},
                unselected=frozenset({"a[x]"}),
            ),
            True,
        ),
        (night(CAUSE), False),
        (night(stopped="The run was stopped by a signal."), False),
        (night(errors=1), False),
    ],
)
def test_the_last_good_night_moves_only_to_a_good_one(later: Night, moves: bool) -> None:
    """A red, interrupted or thinner night does not replace it, nor one with lost connections.

    A thinner night lacks a cell that was judged, however many others it judges. A cell that the
    contract lacks, or that a challenge excludes, is not lacking; one that the file declares is.
    Nor is one that was judged in passing, although the selection leaves it out.
    """
    before = spent(night())[0]
    later = replace(later, run="2026-11-02T03-15-00Z")
    good = spent(later, state=before)[0].good
    assert good is not None
    assert (good.run == later.run) is moves


def test_a_thinner_night_can_be_accepted() -> None:
    """Then it is the last good one, and what it judges is enough from now on."""
    before = replace(spent(night())[0], good=Good("2026-10-31T03-15-00Z", 3))
    thinner = night(judged=2, verdicts=PASSING | {"a[x]": Verdict.UNTESTED})
    assert transitions.step(before, thinner, PASSING).state.good == before.good
    after = transitions.step(before, thinner, PASSING, accept=True).state
    assert after.good == Good("2026-11-01T03-15-00Z", 2)
    red = transitions.step(before, night(CAUSE, judged=2), PASSING, accept=True).state
    assert red.good == before.good


def test_a_thinner_night_says_what_is_not_judged_and_why() -> None:
    """Since when, by clause and reason, what the first look found, and the way out."""
    lost = PASSING | {"a[x]": Verdict.UNTESTED, "a[y]": Verdict.UNTESTED, "b[x]": Verdict.ERROR}
    reasons = {"a[x]": "keys: other is missing", "a[y]": "keys: other is missing"}
    later = night(judged=9, verdicts=lost, reasons=reasons)
    good = Good("2026-10-31T03-15-00Z", 3)
    assert losses.details(good, PASSING, later) == (
        "No longer judged, unlike in the last good night, 2026-10-31T03-15-00Z:",
        "a (2 cells): keys: other is missing",
        "b (1 cell): the report says why",
        losses.WAY_OUT,
    )
    assert losses.details(good, PASSING, night()) == ()
    assert losses.details(good, PASSING, replace(later, stopped="It is down.")) == ()
    assert "9 cells are judged, and 10 then" in losses.details(Good("x", 10), {}, later)[1]


def test_cells_that_are_newly_untested_are_named_by_clause_once() -> None:
    """A cell that the target file now excludes is not among them."""
    less = {"a[x]": Verdict.UNTESTED, "a[y]": Verdict.ERROR, "b[x]": Verdict.INAPPLICABLE}
    state, notices = spent(night(), night(judged=1, verdicts=less))
    judged_less = "Judged less: 1 cell, and 3 the night before"
    assert notices == [judged_less, "Newly untested: a (2 cells)"]
    again, notices = spent(night(judged=1, verdicts=less), state=state)
    assert (notices, again.lost) == ([], ("a",))


def test_a_night_that_is_not_judged_is_announced_once() -> None:
    """So is its end, with the number of nights without a judgement."""
    down = night(stopped="The target is down.", judged=0, verdicts={})
    assert spent(night(), down)[1] == ["Not judged: The target is down."]
    assert spent(night(), down, down)[1] == []
    assert spent(night(), down, down, night())[1] == [
        "Judged again: 3 cells, after 2 nights not judged"
    ]


def test_an_unstable_cause_is_announced_once_until_it_settles() -> None:
    """It is not new and fixed every night; after ten nights without a change, it is what it is."""
    shifting = [night(), night(CAUSE), night(), night(CAUSE)]
    unstable = "Unstable: Pages lose items, 21 operations, came and went within 4 nights"
    assert spent(*shifting)[1] == [unstable]
    assert spent(*shifting, night(), night(CAUSE))[1] == []
    settled = "New: Pages lose items, 21 operations, no longer unstable"
    later = [spent(*shifting, *[night(CAUSE)] * count)[1] for count in range(1, 12)]
    assert [notices for notices in later if notices] == [[settled]]


def test_texts_of_a_target_are_inert_and_short() -> None:
    """A notice shows no control sequences, and has at most 300 characters."""
    text = str(Notice(Kind.STOPPED, f"\x1b[31m{'x' * 1_000}"))
    assert (text[:20], len(text)) == ("Not judged: \\x1b[31m", 300)


def test_texts_of_a_target_mention_nobody() -> None:
    """In a chat, they could call everybody, or hide where a link leads."""
    text = str(Notice(Kind.DRIFT, "@everyone <!channel> <b> [x](https://example.com)"))
    assert text == "Drift: @ everyone < !channel> < b> [x] (https://example.com)"
    assert losses.shortened(["keys: other: @everyone"]) == ["keys: other: @ everyone"]


def test_a_message_lists_the_worst_first() -> None:
    """Its title is the first notice; beyond twenty, it counts the others."""
    fixed = [Notice(Kind.FIXED, f"{number}") for number in range(30)]
    found = message([*fixed, Notice(Kind.NEW, "Pages lose items")], ["Target: https://host"])
    assert found.title == "New: Pages lose items, and 30 more notices"
    assert found.tone is Tone.FAILURE
    assert found.body.splitlines()[-3:] == ["and 11 more", "", "Target: https://host"]
    assert message(fixed, []).tone is Tone.INFO


def test_a_message_does_not_repeat_its_title() -> None:
    """The other notices follow, or the details if there is only one."""
    new, fixed = Notice(Kind.NEW, "Pages lose items"), Notice(Kind.FIXED, "Calls vanish")
    assert message([new], ["Target: x"]).body == "Target: x"
    assert message([new, fixed], ["Target: x"]).body == "Fixed: Calls vanish\n\nTarget: x"


def concluded(*notices: Notice, **facts: Any) -> outcome.Outcome:
    """The outcome of a night with some notices that judged everything."""
    step = transitions.step(KNOWN, night(), PASSING)
    given = {
        "judged_all": True,
        "counts": {"passed": 3},
        "causes": 0,
        "target": "Dialler, https://h",
    }
    return outcome.Outcome(step, notices, (), **{**given, **facts})


def test_the_first_line_fits_what_follows() -> None:
    """Nothing is new only if there is no notice, and nothing is missing or waits."""
    due = Notice(Kind.WAIVER, "in 3 days")
    assert concluded().headline == "Nothing is new."
    assert concluded(due).headline == "1 notice, and no new cause."
    assert concluded(Notice(Kind.NEW, "x"), due).headline == "Something is new."
    assert concluded(due, unsent=1).headline == "Not everything could be sent."
    assert concluded(judged_all=False).headline == "Not everything could be judged."
    thinner = concluded(judged_all=False, less=["No longer judged:"])
    assert thinner.headline == "Less is judged than in the last good night."


def test_page_and_message_say_why_less_is_judged(tmp_path: Path) -> None:
    """With what is wrong in the target file, also when cells are only newly untested."""
    lost, wrong = "a (2 cells): keys: other is missing", "keys: other: The server rejects the key."
    thinner = concluded(
        judged_all=False, less=[lost], setup=[wrong], place="x", page="/srv/report.html"
    )
    untested = concluded(Notice(Kind.UNTESTED, "a (2 cells)"), setup=[wrong])
    for found, expected in ((thinner, [lost, wrong]), (untested, [wrong])):
        outcome.write(found, tmp_path)
        page = (tmp_path / outcome.PAGE).read_text(encoding="utf-8")
        body = message([Notice(Kind.LESS, "")], found.details).body
        for text in ("Dialler, https://h", *expected):
            assert text in page
            assert text in body
    assert "/srv/report.html" in "\n".join(thinner.details)
    assert not concluded(setup=[wrong]).reasons


def test_the_command_of_a_notice_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes to the directory of the night first, and finds the program that ran it."""
    (tmp_path / "a b").mkdir()
    monkeypatch.chdir(tmp_path / "a b")
    run = example.failing()
    words = rerun.command(run, "3").removeprefix(rerun.PROGRAM)
    installed = tmp_path / "bin" / rerun.PROGRAM
    installed.parent.mkdir()
    installed.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(installed)])
    for path, program in (
        ("/usr/bin", str(installed)),
        (str(installed.parent), rerun.PROGRAM),
    ):
        monkeypatch.setenv("PATH", path)
        assert rerun.pasted(run, "3") == f"cd '{tmp_path}/a b' && {program}{words} --yes"


def test_the_command_of_a_notice_works_in_another_shell(tmp_path: Path) -> None:
    """Without a terminal, and without the program on its path. Once it is fixed, it exits 0."""
    app = switched("keys")
    with serving(app, tmp_path) as target:
        words = ("nightly", "--target", target, *SELECTION)
        found = servers.Command(*words, cwd=tmp_path).end()
        lines = [line.strip() for line in found.out.splitlines()]
        (line,) = [line for line in lines if line.startswith("cd ")]
        codes = []
        for on in ({"keys"}, set()):
            app.on = on
            env = {"PYTHONPATH": servers.before_path(Path(__file__).parent.parent)}
            again = subprocess.run(
                ["/bin/sh", "-c", line], env=env, stdin=subprocess.DEVNULL, check=False
            )
            codes.append(again.returncode)
    assert (found.code, codes) == (1, [1, 0])


def test_a_doubt_about_a_cause_is_told() -> None:
    """Somebody who is called at night should know that the target may not be to blame."""
    run = example.failing()
    doubted = replace(run.causes[0], doubt="perhaps never revoked", verdict=Verdict.FAILED)
    (seen,) = facts.night_of(replace(run, causes=(doubted,)), "x").causes
    assert seen.words.endswith(" (not certain: perhaps never revoked)")


def test_an_open_cause_is_repeated_once_the_target_can_be_judged_again() -> None:
    """Otherwise the only message after an outage would sound as if all were well."""
    down = night(stopped="The target is down.", judged=0, verdicts={})
    state, notices = spent(night(CAUSE), down, night(CAUSE))
    assert sorted(notices) == [
        "Judged again: 3 cells, after 1 night not judged",
        "Still broken: Pages lose items, 21 operations",
    ]
    step = transitions.step(spent(night(CAUSE), down)[0], night(CAUSE), PASSING)
    sent = message(step.notices, [])
    more = "Still broken: Pages lose items, 21 operations, and 1 more notice"
    assert (sent.title, sent.tone) == (more, Tone.WARNING)
    assert spent(night(CAUSE), state=state)[1] == []
    assert "Still" not in "".join(spent(down, night(CAUSE))[1])


def test_many_open_causes_are_repeated_in_four_notices() -> None:
    """The others are counted."""
    causes = [
        replace(CAUSE, id=name, parts=(name,), cell=f"{name}[x]", words=name) for name in "cdefg"
    ]
    down = night(stopped="The target is down.", judged=0, verdicts={})
    notices = spent(night(*causes), down, night(*causes))[1]
    assert [text for text in notices if text.startswith("Still")] == [
        *(f"Still broken: {name}" for name in "cde"),
        "Still broken: 2 more causes",
    ]


def test_cells_that_a_cause_blocks_are_a_consequence() -> None:
    """They are neither newly untested nor a reason to judge less, unlike those of a missing key."""
    lost = {"a[y]": Verdict.UNTESTED, "b[x]": Verdict.UNTESTED}
    blocking = replace(CAUSE, blocks=frozenset({"a[y]"}), spoils=frozenset({"b[x]"}))
    verdicts = PASSING | {"a[x]": Verdict.FAILED} | lost
    later = night(blocking, judged=1, verdicts=verdicts)
    good = Good("2026-10-31T03-15-00Z", 3)
    assert spent(night(), later)[1] == ["New: Pages lose items, 21 operations"]
    assert losses.details(good, PASSING, later) == ()
    only_blocked = replace(later, causes=(replace(blocking, spoils=frozenset()),))
    assert "Newly untested: b (1 cell)" in spent(night(), only_blocked)[1]
    assert losses.details(good, PASSING, only_blocked)[1:] == (
        "b (1 cell): the report says why",
        losses.WAY_OUT,
    )
    limited = replace(only_blocked, limited=frozenset({"b[x]"}))
    assert losses.WAY_OUT not in losses.details(good, PASSING, limited)


def test_a_title_without_a_route_names_the_plainest_one() -> None:
    """One that names it already does not repeat it."""
    run = example.failing()
    cause = replace(run.causes[0], verdict=Verdict.FAILED)
    operation = run.contract.operations[cause.finding.operation]
    route = f"{operation.method} {operation.path}"
    for title, is_added in (("Pages lose items", True), (f"{route} loses items", False)):
        (seen,) = facts.night_of(replace(run, causes=(replace(cause, title=title),)), "x").causes
        assert (seen.words.count(route), seen.words.endswith(f"{route})")) == (1, is_added)


def test_the_request_of_a_cause_shows_no_values_of_its_query() -> None:
    """They may be secrets; and whatever a target said is short and mentions nobody."""
    run = example.failing()
    cause = run.causes[0]
    finding = replace(cause.finding, actual=f"@everyone {'x' * 1_000}", where="/data")
    named = cause.exchanges[0]
    secret = [
        replace(each, request=replace(each.request, url="https://h/api/v1/a?token=s3cr3t&x="))
        for each in run.exchanges
    ]
    changed = replace(run, causes=(replace(cause, finding=finding),), exchanges=tuple(secret))
    lines = describing.described(changed, [describing.Subject(1, ("GET /a",))])
    text = "\n".join(lines)
    assert named
    assert "/api/v1/a?token=…&x=…" in text
    assert "s3cr3t" not in text
    assert "Actual: @ everyone" in text
    assert max(len(line) for line in lines) <= 300


def test_many_new_causes_are_counted() -> None:
    """The first three are described."""
    run = example.failing()
    subjects = [describing.Subject(1, ("GET /a",))] * 5
    assert describing.described(run, subjects)[-1] == "and 2 more causes, see the report"


RAW = "No usable response from https://h: ConnectionRefusedError: [Errno 111] refused. Check it."


def test_what_a_library_said_is_not_in_a_title() -> None:
    """It is in the body, and on the page."""
    step = transitions.step(KNOWN, night(stopped=RAW, judged=0, verdicts={}), {})
    assert [str(each) for each in step.notices] == ["Not judged: No usable response from https://h"]
    assert transitions.in_full(RAW) == RAW
    assert transitions.in_full("The target is down.") == ""
    assert RAW in concluded(stopped=RAW).details


def test_the_headline_of_a_first_night_and_of_an_old_fault() -> None:
    """A first night has nothing to compare with, and an old fault is not new."""
    later = "Later nights are compared with it."
    assert concluded(is_first=True).headline == (
        f"First night: 3 cells judged, nothing wrong. {later}"
    )
    first = transitions.step(KNOWN, night(CAUSE), PASSING)
    second = transitions.step(first.state, night(CAUSE), PASSING)
    red = {"passed": 2, "failed": 1}
    found = outcome.Outcome(first, first.notices, (CAUSE,), True, red, 1, "x", is_first=True)
    assert found.headline == f"First night: 3 cells judged, 1 cause found. {later}"
    assert replace(found, is_first=False).headline == "Something is new."
    again = outcome.Outcome(second, second.notices, (CAUSE,), True, red, 1, "x")
    assert again.headline == (
        "Still broken: 1 cause, reported before. Nothing new since last night."
    )
    assert concluded(judged_all=False, counts={"untested": 3}).headline == (
        "Nothing could be judged."
    )


# --- dates and silence ----------------------------------------------------------------------------


def waiver_until(day: date) -> Waiver:
    """A waiver that ends after a day."""
    return Waiver("a", (), "known since May", "Ann", "X-1", day)


def test_each_stage_of_a_date_is_announced_once() -> None:
    """30, 14 and 3 days before, or on the first night after that; once it has ended, no more."""
    ends, announced = date(2026, 12, 31), []
    said: tuple[str, ...] = ()
    for days in (45, 31, 30, 29, 15, 13, 12, 3, 2, 0, -1, -5):
        today = ends - timedelta(days=days)
        notices, said = dates.due([waiver_until(ends)], [], today, said)
        announced += [str(notice) for notice in notices]
    assert announced == [
        "Waiver due: in 30 days, a, Ann, X-1",
        "Waiver due: in 13 days, a, Ann, X-1",
        "Waiver due: in 3 days, a, Ann, X-1",
    ]
    assert said == ()


def test_a_certificate_is_announced_even_once_it_has_ended() -> None:
    """Another certificate of the same product has announcements of its own."""
    ends, announced = date(2026, 12, 31), []
    said: tuple[str, ...] = ()
    for days in (40, 30, 2, -1, -2):
        certificate = Certificate("Dialler 2.3", ends, "ab" * 32)
        notices, said = dates.due([], [certificate], ends - timedelta(days=days), said)
        announced += [str(notice) for notice in notices]
    assert announced == [
        "Certificate due: in 30 days, Dialler 2.3",
        "Certificate due: in 2 days, Dialler 2.3",
        "Certificate due: ended 1 day ago, Dialler 2.3",
    ]
    renewed = Certificate("Dialler 2.3", ends, "cd" * 32)
    assert dates.due([], [renewed], ends, said)[0]


NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
AGE = timedelta(hours=26)


@pytest.mark.parametrize(
    ("began", "ended", "alone", "words"),
    [
        ("2026-11-02T03:15:00+00:00", "2026-11-02T03:40:00+00:00", True, None),
        ("2026-11-01T10:00:00+00:00", "2026-11-01T10:30:00+00:00", True, None),
        ("2026-11-01T03:15:00+00:00", "2026-11-01T03:40:00+00:00", True, "no night since"),
        ("2026-11-02T03:15:00+00:00", "2026-11-01T13:00:00+00:00", True, "did not end"),
        ("2026-11-02T03:15:00+00:00", "2026-11-01T13:00:00+00:00", False, None),
        ("2026-11-02T03:15:00+00:00", "2026-11-01T03:00:00+00:00", False, "did not end"),
        ("2026-11-02T11:00:00+00:00", "", False, None),
        ("2036-11-02T03:15:00+00:00", "2036-11-02T03:40:00+00:00", False, "no night since"),
        ("", "", False, "no night has arrived yet"),
    ],
)
def test_a_silence_is_noticed(began: str, ended: str, alone: bool, words: str | None) -> None:
    """A night may still run, unless the lock is held; then one that did not end is missing."""
    state = replace(KNOWN, began=began, ended=ended)
    notice = silence.missed(state, NOON, AGE, none_running=alone)
    assert (notice is None) is (words is None)
    assert notice is None or str(words) in notice.words
    told = silence.mark_of(state)
    assert silence.missed(state, NOON, AGE, told, none_running=alone) is None


# --- channels -------------------------------------------------------------------------------------


def messages(*titles: str, to: tuple[str, ...] = ("one", "two")) -> tuple[Message, ...]:
    """Messages for two channels."""
    return tuple(Message(title, "", Tone.WARNING, to) for title in titles)


def test_each_channel_gets_each_message_once() -> None:
    """One that fails gets nothing more; the state is saved after each delivery."""
    got: list[str] = []
    saved: list[tuple[Message, ...]] = []

    def take(sent: Message) -> bool:
        got.append(sent.title)
        return True

    works = channels.Channel("one", take)
    fails = channels.Channel("two", lambda _: False)
    left = channels.deliver_all(messages("a", "b"), [works, fails], saved.append)
    assert got == ["a", "b"]
    assert left == messages("a", "b", to=("two",))
    assert saved == [(*messages("a", to=("two",)), *messages("b")), left]


def test_a_message_that_is_always_rejected_holds_up_no_other() -> None:
    """It is given up after three nights in which the channel took others."""
    got: list[str] = []

    def take(sent: Message) -> bool:
        if sent.title != "too long":
            got.append(sent.title)
        return sent.title != "too long"

    one = channels.Channel("one", take)
    waiting = messages("too long", to=("one",))
    for title in ("a", "b", "c"):
        assert waiting
        waiting = (*waiting, *messages(title, to=("one",)))
        waiting = channels.deliver_all(waiting, [one], lambda _: None)
    assert (got, waiting) == (["a", "b", "c"], ())


def test_a_night_counts_once_however_many_channels_reject_a_message() -> None:
    """Each of them has three nights to take it."""
    picky = [channels.Channel(name, lambda sent: sent.title == "a") for name in ("one", "two")]
    waiting = messages("too long")
    for night in (1, 2):
        waiting = channels.deliver_all((*waiting, *messages("a")), picky, lambda _: None)
        assert [each.rejected for each in waiting] == [night]
    assert channels.deliver_all((*waiting, *messages("a")), picky, lambda _: None) == ()


def test_a_channel_that_is_down_loses_nothing() -> None:
    """After two failures in a row it gets nothing more that night, and no message is given up."""
    tried: list[str] = []

    def fail(sent: Message) -> bool:
        tried.append(sent.title)
        return False

    waiting = messages("a", "b", "c", to=("one",))
    for _ in range(5):
        assert channels.deliver_all(waiting, [channels.Channel("one", fail)], print) == waiting
    assert tried == ["a", "b"] * 5


def test_a_channel_that_is_no_longer_configured_gets_nothing() -> None:
    """Its messages are dropped, and of all others the newest thirty are kept."""
    one = channels.Channel("one", lambda _: True)
    assert channels.waiting_for(messages("a"), [one]) == messages("a", to=("one",))
    assert channels.waiting_for(messages("a", to=("two",)), [one]) == ()
    many = messages(*(f"{number}" for number in range(40)))
    assert channels.waiting_for(many, [one])[0].title == "10"


def test_a_channel_has_the_same_name_each_night(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise writes some lists of an address in any order; what waits would never be sent."""
    names = []
    for copies in ("cc=a%2Cb&bcc=c", "bcc=c&cc=b%2Ca"):
        service = SimpleNamespace(url=lambda copies=copies: f"mailto://u:p@example.com/?{copies}")
        monkeypatch.setattr(
            apprise.Apprise, "instantiate", lambda *_, service=service, **__: service
        )
        names += [channel.name for channel in services.opened(["mailto://"], None)]
    assert names[0] == names[1]


# --- the command ----------------------------------------------------------------------------------


def test_mistakes_are_one_message(tmp_path: Path) -> None:
    """Neither a target nor a shard, and an address is never quoted."""
    secret = {"CONFORMANCE_NOTIFY": f"{SECRET}://host"}
    for words, env, said in (
        ((), {}, "nightly needs a target: add --target or --url."),
        (("--url", "http://h", "--shard", "1/2"), {}, "--shard cannot be used with nightly"),
        (
            ("--url", "http://h"),
            secret,
            "CONFORMANCE_NOTIFY: Apprise does not understand address 1. https://appriseit.com/",
        ),
        (
            ("--url", "http://h"),
            {"CONFORMANCE_NOTIFY": f"https://h/{SECRET}"},
            "address 1. Write a webhook https://host/path as jsons://host/path.",
        ),
    ):
        found = servers.command("nightly", *words, cwd=tmp_path, env=env)
        assert (found.code, said in found.err, SECRET in found.said) == (2, True, False)
    assert not list(tmp_path.iterdir())


def test_without_apprise_the_message_says_what_to_install(tmp_path: Path) -> None:
    """Nothing is sent to the target."""
    hidden = "import sys\nsys.modules['apprise'] = None\n"
    env = servers.beginning_with(hidden, tmp_path) | {"CONFORMANCE_NOTIFY": "json://127.0.0.1/"}
    found = servers.command("nightly", "--url", "http://127.0.0.1:1/", cwd=tmp_path, env=env)
    assert (found.code, "pip install 'kaicalls-conformance[notify]'" in found.err) == (2, True)


BROKEN_STATES = [
    "",
    "[]",
    "{",
    json.dumps({"format": 2}),
    "[" * 10_000,
    '{"format": 1, "format": 1}',
    json.dumps(convert.to_json(KNOWN) | {"good": {"run": "../../etc", "judged": 1}}),
    json.dumps(convert.to_json(KNOWN) | {"began": "yesterday"}),
    json.dumps(convert.to_json(KNOWN) | {"ended": "0000-11-01T03:40:00Z"}),
    json.dumps(convert.to_json(KNOWN) | {"ended": "2026-11-01t03:40:00z"}),
    json.dumps(convert.to_json(KNOWN) | {"unsent": [{"title": "x"}]}),
]


@pytest.mark.parametrize("text", BROKEN_STATES)
def test_a_broken_state_says_how_to_fix_it(tmp_path: Path, text: str) -> None:
    """Whatever is in the file, there is one message."""
    (tmp_path / state_file.NAME).write_text(text)
    with pytest.raises(UsageError, match=r"nightly.json: .*[Rr]estore"):
        state_file.read(tmp_path)


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    """A link in its place is refused."""
    state = replace(
        spent(night(), night(CAUSE))[0], unsent=messages("a"), said=("x:30",), unstable={"a": "b"}
    )
    state_file.write(state, tmp_path)
    assert state_file.read(tmp_path) == state
    (tmp_path / state_file.NAME).rename(tmp_path / "other")
    (tmp_path / state_file.NAME).symlink_to(tmp_path / "other")
    with pytest.raises(UsageError, match="link"):
        state_file.read(tmp_path)


def test_a_night_with_a_failure_is_never_quiet() -> None:
    """Even if the stored last good night was edited, so that the failure seems old."""
    step = transitions.step(KNOWN, night(), PASSING)
    counts = {"passed": 2, "failed": 1}
    found = outcome.Outcome(step, [], (), judged_all=True, counts=counts, causes=1, target="")
    assert found.exit_code == 1


def test_without_the_last_good_night_less_is_still_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run may be lost; the number of cells that it judged is not forgotten."""
    key, output = tmp_path / "key", tmp_path / "reports"
    key.write_text("kc_live_0123456789abcdef0123456789abcdef\n")
    output.mkdir()
    url = "http://127.0.0.1:1/api/v1"
    good = Good("2026-11-01T03-15-00Z", 87)
    state_file.write(replace(KNOWN, target=url, good=good, judged=74), output)
    monkeypatch.chdir(tmp_path)
    cli.outcome(["nightly", "--url", url, "--key-file", str(key), "--max-seconds", "1"])
    after = state_file.read(output)
    assert after is not None
    assert after.good == good


def test_a_second_night_does_not_begin(tmp_path: Path) -> None:
    """It exits 3 with one message; and a directory belongs to one target and one selection."""
    words = ("nightly", "--url", "http://127.0.0.1:1/api/v1", "--key-file", tmp_path / "key")
    (tmp_path / "key").write_text("kc_live_0123456789abcdef0123456789abcdef\n")
    (tmp_path / "reports").mkdir()
    with lock.held(tmp_path / "reports"):
        found = servers.command(*words, cwd=tmp_path)
    assert (found.code, "another night is running there" in found.err) == (3, True)
    state_file.write(replace(KNOWN, target="http://127.0.0.1:2/api/v1"), tmp_path / "reports")
    found = servers.command(*words, cwd=tmp_path)
    assert found.code == 2
    assert "earlier nights here have the target http://127.0.0.1:2" in found.err


class Counting(Application):
    """The reference server, which counts the objects that it created."""

    created = 0

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        self.created += reply.status == 201
        return reply, body


@pytest.mark.long
def test_a_night_uses_the_objects_of_earlier_ones_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It creates fewer, unless it is told not to, or may not write. Its verdicts are the same."""
    app, created, judged = servers.faulty(Counting), [], []
    assert isinstance(app, Counting)
    monkeypatch.chdir(tmp_path)
    with serving(app, tmp_path) as target:
        words = ["nightly", "--target", str(target), "--clause", REUSING]
        for more in ([], [], ["--fresh"], ["--turns", "30"]):
            app.created = 0
            assert cli.outcome([*words, *more]) == 0
            created.append(app.created)
            judged.append(json.loads((tmp_path / "reports" / outcome.DATA).read_text()))
    first, second, fresh, turn = created
    assert fresh == first > second >= turn
    assert {(each["exit_code"], each["notices"]) for each in judged} == {(0, 0)}
    assert all(each["headline"].startswith("No failure seen in ") for each in judged)
    assert cli.outcome([*words, "--fresh", "--reuse", str(tmp_path / "reports")]) == 2
    runs = len(list((tmp_path / "reports").glob("2*")))
    assert cli.outcome([*words, "--max-seconds", "1"]) == 3  # now it is down
    assert len(list((tmp_path / "reports").glob("2*"))) == runs + 1


def test_a_target_that_is_down_was_a_night(tmp_path: Path) -> None:
    """It could not be judged, exits 3 and says so; `check` then finds that a night arrived."""
    (tmp_path / "key").write_text("kc_live_0123456789abcdef0123456789abcdef\n")
    url, key = "http://127.0.0.1:1/api/v1", tmp_path / "key"
    words = ("nightly", "--url", url, "--key-file", key, "--max-seconds", 1)
    found = servers.command(*words, cwd=tmp_path)
    assert (found.code, "Not judged: " in found.out) == (3, True)
    assert re.match(rf"=== {DATE} [0-9:]{{8}} UTC: nightly of {url} ===\n", found.out)
    told = json.loads((tmp_path / "reports" / outcome.DATA).read_text())
    assert (told["verdict"], told["exit_code"], told["notices"]) == ("not judged", 3, 1)
    found = servers.command("nightly", "check", "reports", cwd=tmp_path)
    assert (found.code, found.out) == (0, "reports: the last night arrived\n")


def test_a_night_that_cannot_begin_says_so(tmp_path: Path, channel: Channel) -> None:
    """It exits 2, and its page replaces that of the night before. The message is sent once."""
    (tmp_path / "target.yaml").write_text(
        "url: http://127.0.0.1:1/api/v1\nkeys:\n  full: kc_live_0123456789\n  other: ${OTHER_KEY}\n"
    )
    (tmp_path / "reports").mkdir()
    page = tmp_path / "reports" / outcome.PAGE
    page.write_text("# Nothing is new.\n")
    state_file.write(replace(KNOWN, began=NOON.isoformat()), tmp_path / "reports")
    env = {"CONFORMANCE_NOTIFY": channel.address}
    for night_env in ({}, env, env):
        words = ("nightly", "--target", "target.yaml")
        found = servers.command(*words, cwd=tmp_path, env=night_env)
        assert (found.code, "OTHER_KEY is not set" in found.err) == (2, True)
        told = page.read_text()
        assert "Nothing is new" not in told
        assert "Not judged: The target file is not valid: " in told
        assert "OTHER_KEY is not set" in told
    (sent,) = channel.received
    assert sent["title"].startswith("Not judged: The target file is not valid: target.yaml:4: ")
    state = state_file.read(tmp_path / "reports")
    assert state is not None
    assert state.stopped == 2  # the night without a channel is left to the watch
    data = json.loads((tmp_path / "reports" / outcome.DATA).read_text())
    assert (data["exit_code"], data["verdict"]) == (2, "not judged")


def test_the_first_night_without_a_key_says_so(tmp_path: Path, channel: Channel) -> None:
    """There is no state that could remember it."""
    env = {"CONFORMANCE_NOTIFY": channel.address}
    words = ("nightly", "--url", "http://127.0.0.1:1/api/v1")
    found = servers.command(*words, cwd=tmp_path, env=env)
    assert (found.code, "A key is required" in found.err) == (2, True)
    assert channel.received[0]["title"].startswith("Not judged: A key is required.")
    assert not (tmp_path / "reports" / state_file.NAME).exists()


def test_a_night_waits_for_a_restart(tmp_path: Path) -> None:
    """A server that accepts connections again within a minute is judged; the log says so."""
    app = servers.faulty()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    target = servers.target_file(app, origin, tmp_path / "target.yaml", only=OPERATIONS)
    night = servers.Command("nightly", "--target", target, *SELECTION, cwd=tmp_path)
    until = time.monotonic() + 30
    while "accepts no connection. Waiting up to 60 seconds" not in night.said():
        assert time.monotonic() < until, night.said()
        time.sleep(0.1)
    with servers.serving(app, port):
        found = night.end(90)
    assert (found.code, "Not judged" in found.out) == (0, False), found.said


def test_the_watch_announces_a_silence_once(tmp_path: Path, channel: Channel) -> None:
    """What could not be sent is sent later; a channel is the same in a file as in the variable."""
    state = replace(KNOWN, began="2026-11-01T03:15:00+00:00", ended="2026-11-01T03:40:00+00:00")
    state_file.write(state, tmp_path)
    (tmp_path / "apprise.conf").write_text(f"{channel.address}\n")
    by_file = ("--notify-config", tmp_path / "apprise.conf")
    words = "Missed: no night since the one that ended at 2026-11-01 03:40 UTC"
    channel.down()
    env = {"CONFORMANCE_NOTIFY": channel.address}
    found = servers.command("nightly", "check", tmp_path, cwd=tmp_path, env=env)
    assert (found.code, f"{words} (1 message could not be sent)" in found.out) == (1, True)
    channel.up()
    for _ in range(2):
        found = servers.command("nightly", "check", tmp_path, *by_file, cwd=tmp_path)
        assert (found.code, f"{tmp_path}: {words}\n") == (1, found.out)
        assert [each["title"] for each in channel.received] == [words]
    assert channel.received[0]["message"].startswith("Target: staging, https://host\nDirectory: ")


def test_a_full_disk_does_not_hide_a_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be why no night arrives, so the message is sent, although it is forgotten."""
    got: list[Message] = []

    def take(sent: Message) -> bool:
        got.append(sent)
        return True

    def refuse(*_: object) -> None:
        raise UsageError("No space left on device")

    monkeypatch.setattr(state_file, "write_watch", refuse)
    channel = channels.Channel("one", take)
    found = watching.check(tmp_path, NOON, AGE, [channel])
    assert [each.title for each in got] == ["Missed: no night has arrived yet"]
    assert (found.exit_code, "No space left" in str(found)) == (1, True)
    state_file.write(replace(KNOWN, began=NOON.isoformat(), ended=NOON.isoformat()), tmp_path)
    assert watching.check(tmp_path, NOON, AGE, [channel]).exit_code == 2


def test_a_broken_state_does_not_hide_a_silence(tmp_path: Path) -> None:
    """The watch goes on to the next directory, and its exit code is that of the silence."""
    for name in ("broken", "silent"):
        (tmp_path / name).mkdir()
    (tmp_path / "broken" / state_file.NAME).write_text("{")
    found = servers.command("nightly", "check", "broken", "silent", cwd=tmp_path)
    assert (found.code, found.out) == (1, "silent: Missed: no night has arrived yet\n")
    assert "not a state of `nightly`" in found.err


def test_a_missing_directory_is_a_silence(tmp_path: Path, channel: Channel) -> None:
    """A share may not be mounted. The other directories are looked at all the same."""
    (tmp_path / "silent").mkdir()
    env = {"CONFORMANCE_NOTIFY": channel.address}
    found = servers.command("nightly", "check", "gone", "silent", cwd=tmp_path, env=env)
    missing = "Missed: no night can be seen, because the directory is missing or cannot be read"
    assert (found.code, found.err) == (1, "")
    assert found.out == f"gone: {missing}\nsilent: Missed: no night has arrived yet\n"
    assert [each["title"] for each in channel.received] == [
        missing,
        "Missed: no night has arrived yet",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["silent"]


def test_what_is_remembered_is_bounded() -> None:
    """A target that is broken otherwise each night does not make the state unreadable."""
    state = KNOWN
    for number in range(5):
        causes = [
            replace(CAUSE, id=f"cause-{number}-{each}", parts=(), cell=f"c[{number}-{each}]")
            for each in range(facts.MOST)
        ]
        state = transitions.step(state, night(*causes), PASSING).state
    assert len(state.open) == transitions.MOST
    assert schemas.fault(schemas.NIGHTLY, convert.to_json(state)) is None


def test_the_end_of_a_certificate_is_read_from_its_bundle(tmp_path: Path) -> None:
    """A file that is not a bundle is refused before anything is sent."""
    claims = statement.Claims(
        product="Dialler",
        version="2.3",
        relation="vendor",
        profile="core@1",
        issued="2026-11-01T00:00:00+00:00",
        expires="2026-12-31T10:00:00+00:00",
        suite_digest="",
        lock_digest="",
    )
    signed = tmp_path / "signed"
    signed.mkdir()
    for name in bundle.ALWAYS:
        (signed / name).touch()
    predicate = {"predicate": {statement.MEMBER: asdict(claims)}}
    (signed / bundle.STATEMENT).write_bytes(statement.payload(predicate))
    bundle.write(signed, tmp_path / "dialler.zip")
    found = certificate_in(tmp_path / "dialler.zip")
    assert (found.product, found.expires) == ("Dialler 2.3", date(2026, 12, 31))
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(UsageError, match=r"x.zip: not a bundle of `certify`"):
        certificate_in(tmp_path / "x.zip")
