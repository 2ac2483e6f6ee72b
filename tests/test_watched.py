"""Spot checks catch a server that behaves only while it is watched, and blame no other."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from conformance.base.errors import Unjudgeable
from conformance.base.options import Choice
from conformance.certify import seams, watched
from conformance.model import PLAIN, WATCHED, Effect, Exchange, Peer, Run, Spread
from conformance.plan.build import Plan
from conformance.plan.registry import REGISTRY, SPOTS
from conformance.report import console, html, markdown
from conformance.run import spots
from conformance.run.planning import Prepared, load_suite, prepare
from conformance.run.session import Session
from conformance.run.spreading import Clock, run_cases
from conformance.server import seeding
from conformance.server.application import Application, application
from conformance.server.messages import Reply, Request
from conformance.target import Target
from conformance.transport.wire import WireRequest, WireResponse
from tests.support.contracts import embedded, real, toy
from tests.support.inprocess import execute
from tests.support.wsgi import WsgiWire
from tests.watched.server import (
    ByKeys,
    Detecting,
    Leaking,
    NotFoundIsAPage,
    Open,
    Shared,
    by_name,
    spare_keys,
)

HOURS = 6 * 3600.0
ANY = "http://127.0.0.1/"
SEEDS = range(10)


@dataclass
class Passing(Clock):
    """A clock that moves only when somebody waits."""

    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    waits: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += timedelta(seconds=seconds)

    def seconds(self) -> float:
        return self.at.timestamp()


class Wire(WsgiWire):
    """Calls an application. Before each request, something else happens to it."""

    def __init__(self, app: Callable[..., object], meanwhile: Callable[[int], None]) -> None:
        super().__init__(app)  # type: ignore[arg-type]
        self._meanwhile = meanwhile
        self._sent = 0

    def send(self, request: WireRequest) -> WireResponse:
        self._sent += 1
        self._meanwhile(self._sent)
        return super().send(request)


def nothing(_sent: int) -> None:
    """Nothing else happens."""


# --- runs -----------------------------------------------------------------------------------------


@cache
def _prepared() -> Prepared:
    return prepare(real(), embedded(), Choice())


def full_run(app: object, *scenarios: str, clock: Passing | None = None) -> Run:
    """The read cases of some scenarios, as a full run sends them."""
    prepared = _prepared()
    reads = {name for name, each in real().operations.items() if each.effect is Effect.READ}
    cases = [
        case
        for case in prepared.plan.runnable
        if case.scenario in scenarios and case.operation in (*reads, "*")
    ]
    plan = Plan(tuple(case for case in cases if case.effect is Effect.READ))
    session = Session(
        replace(prepared, plan=plan, chosen=plan),
        Wire(app, nothing),  # type: ignore[arg-type]
        sleep=(clock or Passing()).sleep,
    )
    return execute(session)


def spare_target(keys: dict[str, str]) -> Target:
    """The target of the tests, with other keys, as spot checks see it."""
    target = embedded()
    declared = replace(target.declaration, keys=frozenset(keys), identity=PLAIN)
    return replace(target, keys=keys, declaration=declared)


def spot_run(
    app: object,
    target: Target,
    *,
    seed: int = 0,
    clock: Passing | None = None,
    meanwhile: Callable[[int], None] = nothing,
    budget: int = spots.MOST,
    said: list[str] | None = None,
) -> Run:
    """Spot checks of an application, over six hours that pass at once."""
    clock = clock or Passing()
    plans = spots.plans_for(real(), target.declaration, seed, budget)
    prepared = Prepared(
        plans.contract,
        replace(target, budget=budget),
        Choice(seed=seed, depth="quick", budget=budget),
        plans.plan,
        plans.chosen,
        spread=Spread(HOURS, "head"),
    )
    session = Session(prepared, Wire(app, meanwhile), sleep=clock.sleep)  # type: ignore[arg-type]
    say = (said if said is not None else []).append
    with suppress(Unjudgeable):  # the log says so
        run_cases(session, prepared, say, clock)
    return session.finish()


# --- the plan -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_is_small_and_mixed(seed: int) -> None:
    """Few requests of every kind, in an order that only the seed decides."""
    target = embedded().declaration
    cases = spots.plans_for(real(), target, seed, spots.MOST).chosen.cases
    assert cases == spots.plans_for(real(), target, seed, spots.MOST).chosen.cases
    assert cases != spots.plans_for(real(), target, seed + 1, spots.MOST).chosen.cases
    assert 30 < sum(case.cost for case in cases) <= spots.MOST
    assert {case.scenario for case in cases} == set(SPOTS)
    assert all(case.cost <= 4 for case in cases)


@pytest.mark.parametrize("seed", SEEDS)
def test_moments_are_apart_and_within(seed: int) -> None:
    """No case begins at once or right after another one, and the last one ends before the end."""
    moments = spots.moments(seed, 20, HOURS)
    assert moments == spots.moments(seed, 20, HOURS) != spots.moments(seed + 1, 20, HOURS)
    gaps = [after - before for before, after in pairwise([0.0, *moments, HOURS])]
    assert min(gaps) > 60
    assert max(gaps) > 2 * min(gaps)


def test_a_full_run_has_no_spot_checks() -> None:
    """The scenarios of both are apart, so the plan of a full run stays as it is."""
    load_suite()
    assert REGISTRY.keys().isdisjoint(SPOTS)
    assert not any(case.scenario in SPOTS for case in _prepared().plan.cases)


def test_another_contract_has_spot_checks() -> None:
    """They follow from the contract, whatever it promises."""
    cases = spots.plans_for(toy(), embedded("toy").declaration, 0, spots.MOST).chosen.cases
    assert {"spot-read", "spot-missing-key"} <= {case.scenario for case in cases}


def test_without_permission_only_reads_are_planned() -> None:
    """Nothing is created unless the target file allows it."""
    target = replace(embedded().declaration, allow=frozenset({Effect.READ}))
    cases = spots.plans_for(real(), target, 0, spots.MOST).chosen.cases
    assert {case.effect for case in cases} == {Effect.READ}


def test_a_case_waits_for_its_moment() -> None:
    """The waits are those of the plan, each in one piece, and the progress names the next one."""
    app, clock, said = application(real()), Passing(), list[str]()
    run = spot_run(app, embedded(), clock=clock, said=said)
    moments = spots.moments(0, len(run.cases), HOURS)
    long = [seconds for seconds in clock.waits if seconds > 60]
    assert sum(long) == pytest.approx(moments[-1], abs=60)
    assert len(long) == len(run.cases)
    assert said[0].startswith(f"0/{len(run.cases)}  next request at about ")
    assert len(run.exchanges) <= spots.MOST


# --- servers that behave only while they are watched ----------------------------------------------

CAUGHT = [
    (NotFoundIsAPage, ("unknown-id",), "status-404"),
    (NotFoundIsAPage, ("unknown-route",), "envelope-unrouted"),
    (Leaking, ("foreign-object",), "business-object"),
    (Shared, ("rows-of-two-businesses",), "business-rows"),
    (Open, ("refused-key",), "status-401"),
]


def test_spot_checks_of_another_target_do_not_accompany_a_run() -> None:
    """Those of a good server say nothing about a broken one."""
    began = prepare(real(), embedded(), Choice()).begun(datetime.now(UTC), require_complete=False)
    full = replace(began, log_head="0" * 32)
    spot = replace(full, spread=Spread(HOURS, full.log_head))
    assert watched.accompanies(full, spot)
    other = replace(full.target, url="https://other.example.com/api/v1")
    assert not watched.accompanies(full, replace(spot, target=other))
    fewer = replace(full.target, inapplicable=frozenset({"list_calls"}))
    assert not watched.accompanies(full, replace(spot, target=fewer))
    assert not watched.accompanies(replace(full, log_head="1" * 32), spot)


@pytest.mark.parametrize(("kind", "scenarios", "clause"), CAUGHT)
def test_a_server_that_counts_keys_is_caught(
    kind: type[Application], scenarios: tuple[str, ...], clause: str
) -> None:
    """It passes a full run, which shows it three keys at once; spot checks never do."""
    clock = Passing()
    app = Detecting(kind, ByKeys(now=clock.seconds))
    for key in ("a", "b", "c"):  # a full run begins with a look at all of its keys
        Wire(app, nothing).send(WireRequest("GET", ANY, (("Authorization", key),), None))
    full = full_run(app, *scenarios, "plain-read", clock=clock)
    assert full.counts["failed"] == 0
    clock.sleep(3600)
    spot = spot_run(app, spare_target(spare_keys(app.honest)), clock=clock)
    found = watched.differences(full, spot)
    assert clause in {name.partition("[")[0] for each in found for name in each.cells}
    assert all(each.watched in full.exchanges for each in found)
    assert all(each.unwatched in spot.exchanges for each in found)
    judged = replace(spot, differences=tuple(found))
    assert judged.exit_code == 1
    for page in (html.render(judged), console.summary(judged, width=120, colour=False)):
        assert WATCHED in page
    assert len(WATCHED) <= 60


def test_the_page_shows_both_exchanges(tmp_path: Path) -> None:
    """The watched exchange comes first, then the unwatched one; the summary has a line for each."""
    app = Detecting(NotFoundIsAPage, by_name)
    full = full_run(app, "unknown-id")
    spot = spot_run(app, spare_target(spare_keys(app.honest)))
    found = watched.differences(full, spot)
    page = html.render(replace(spot, differences=tuple(found)))
    assert page.index("Watched: in the full run") < page.index("Unwatched: in the spot checks")
    assert "Nothing here" in page
    path = tmp_path / "summary.md"
    markdown.write(replace(spot, differences=tuple(found)), path)
    assert f"{WATCHED} ({len(found)} requests)" in path.read_text(encoding="utf-8")


class OtherCode(Application):
    """An unknown id is a wrong parameter, which the contract may allow elsewhere."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        if reply.status != 404:
            return reply, body
        body = body.replace(b"not_found", b"forbidden")
        return replace(reply, status=403), body


def test_another_code_is_a_difference() -> None:
    """An object of another business may be forbidden or not found, but not one now, one then."""
    app = Detecting(OtherCode, by_name)
    full = full_run(app, "foreign-object")
    spot = spot_run(app, spare_target(spare_keys(app.honest)))
    found = watched.differences(full, spot)
    assert found
    assert all(not each.cells for each in found)
    assert {(each.expected, each.actual) for each in found} == {
        ("4xx with the code not_found", "4xx with the code forbidden")
    }


def test_an_object_may_be_gone() -> None:
    """Another business may delete its object just before it is requested: then nobody finds it."""
    full = full_run(application(real(), kind=OtherCode), "foreign-object")
    app = application(real())
    spot = spot_run(app, spare_target(spare_keys(app)))
    assert any(each.scenario == "spot-foreign-object" for each in spot.exchanges)
    assert watched.differences(full, spot) == []


# --- honest servers -------------------------------------------------------------------------------


@cache
def honest_run() -> Run:
    """A full run of an honest server."""
    run = full_run(
        application(real()),
        "plain-read",
        "unknown-id",
        "unknown-route",
        "foreign-object",
        "rows-of-two-businesses",
        "refused-key",
    )
    assert run.counts["failed"] == 0
    return run


@pytest.mark.parametrize("seed", SEEDS)
def test_an_honest_server_is_never_blamed(seed: int) -> None:
    """Whatever spot checks are drawn, nothing differs."""
    app = application(real())
    spot = spot_run(app, spare_target(spare_keys(app)), seed=seed)
    assert watched.differences(honest_run(), spot) == []
    assert spot.exit_code == 0


BODIES = {
    "lead": ("/leads", {"name": "Jo", "phone": "+12025550147"}),
    "agent": ("/agents", {"name": "Front desk", "system_prompt": "Be kind."}),
    "webhook": ("/webhooks", {"webhook_url": "https://example.com/hook"}),
}


class Others:
    """Another client, which creates an object of each kind and removes others, old and new."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._wire = WsgiWire(app)
        self._business = seeding.tenant_id(app.seed, seeding.MAIN)
        self._key = seeding.identities(app.contract, app.seed)["full"].key
        self._known: dict[str, list[str]] = {kind: self._listed(kind) for kind in BODIES}
        self.removed = 0

    def act(self, sent: int) -> None:
        """Create one object, and remove the newest and the oldest that are known."""
        kind = list(BODIES)[sent % len(BODIES)]
        path, body = BODIES[kind]
        self._send("POST", path, {**body, "business_id": self._business})
        known = self._known[kind]
        for place in (0, -1) if len(known) > 4 else ():
            row = self._app.store.get(kind, known.pop(place))
            if row is not None:
                self._app.store.remove(row)
                self.removed += 1
        known += [name for name in self._listed(kind)[:1] if name not in known]

    def _listed(self, kind: str) -> list[str]:
        """The ids of the objects of a kind, the newest first."""
        shown = self._send("GET", BODIES[kind][0], None)
        rows = next(value for value in shown.values() if isinstance(value, list))
        return [row["id"] for row in rows]

    def _send(self, method: str, path: str, body: object) -> dict[str, Any]:
        url = f"{embedded().declaration.url}{path}"
        headers = (("Authorization", f"Bearer {self._key}"), ("Content-Type", "application/json"))
        content = None if body is None else json.dumps(body).encode()
        response = self._wire.send(WireRequest(method, url, headers, content))
        assert response.status in (200, 201), response.body
        return dict(json.loads(response.body))


@pytest.mark.parametrize("seed", SEEDS)
def test_changing_data_is_no_difference(seed: int) -> None:
    """Another client creates and removes objects between all requests, even between two pages."""
    app = application(real())
    target, others = spare_target(spare_keys(app)), Others(app)
    spot = spot_run(app, target, seed=seed, meanwhile=others.act)
    assert others.removed > 10
    assert watched.differences(honest_run(), spot) == []
    assert spot.exit_code == 0


class Failing(Application):
    """A proxy in front of the server fails for every other request."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        self._asked = getattr(self, "_asked", 0) + 1
        if self._asked % 2:
            return Reply(503, None), b"<html>Bad gateway</html>"
        return super().answer(request)


def test_an_outage_is_no_difference() -> None:
    """What a proxy returns says nothing about the server."""
    app = application(real(), kind=Failing)
    spot = spot_run(app, spare_target(spare_keys(app)))
    assert any(each.status == 503 for each in spot.exchanges)
    assert watched.differences(honest_run(), spot) == []


def test_a_key_that_expires_is_no_difference() -> None:
    """A key may be revoked during the hours that spot checks take."""
    app = application(real())
    keys = spare_keys(app)

    def revoke(sent: int) -> None:
        identity = app.store.key(keys["full"])
        if sent == 20 and identity is not None:
            app.store.put_key(replace(identity, revoked=True))

    spot = spot_run(app, spare_target(keys), meanwhile=revoke)
    assert "refuses the main key" in str(spot.incomplete)
    assert watched.differences(honest_run(), spot) == []


def test_a_failure_of_the_full_run_is_no_difference() -> None:
    """What is broken in both runs is a failure, and nothing more."""
    app = application(real(), kind=NotFoundIsAPage)
    full = full_run(app, "unknown-id", "unknown-route")
    spot = spot_run(app, spare_target(spare_keys(app)))
    assert spot.counts["failed"]
    assert watched.differences(full, spot) == []


def test_many_spot_checks_are_compared_in_a_moment() -> None:
    """The time does not grow with the square of the number of exchanges."""
    full = honest_run()
    app = application(real())
    spot = spot_run(app, spare_target(spare_keys(app)))
    mistakes = [each for each in spot.exchanges if each.facts.mistake]
    many = [replace(mistakes[number % len(mistakes)], id=f"{number}") for number in range(3000)]
    exchanges = (*many, *spot.exchanges)
    calls = Counter[str]()

    class Counted(tuple[Exchange, ...]):
        """Exchanges that count how often somebody goes through them."""

        def __iter__(self) -> Iterator[Exchange]:
            calls["whole"] += 1
            return super().__iter__()

    watched.differences(full, replace(spot, exchanges=Counted(exchanges)))
    assert calls["whole"] < 20


# --- what remains ---------------------------------------------------------------------------------


def test_a_certificate_says_what_it_cannot_show() -> None:
    """With spot checks it says how few they are; without them, that there were none."""
    spot = replace(honest_run(), spread=Spread(HOURS, "head"))
    assert any("No spot checks were made" in each for each in watched.remains(None))
    assert any("in 6 hours" in each for each in watched.remains(spot))
    assert not any("No spot checks were made" in each for each in watched.remains(spot))


def test_a_certificate_says_that_the_key_of_the_target_changed() -> None:
    """Another server may have responded to some of the requests."""
    same = Peer("api.example.com", ("203.0.113.7",), "0" * 64)
    other = replace(same, more_tls_keys=("1" * 64,))
    said = {
        peer: " ".join(seams.remains(False, False, replace(honest_run(), peer=peer), None))
        for peer in (same, other)
    }
    assert "TLS keys" not in said[same]
    assert "showed 2 TLS keys" in said[other]
