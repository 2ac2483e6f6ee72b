"""A stored run is played back: its requests follow from it, or it is refused, or says so.

The runs are of servers in this process. A forger changes what is stored, and repairs whatever else
is recomputed: numbers, ends, and the chain.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any

import pytest

from conformance import __version__
from conformance.base.errors import Unjudgeable
from conformance.base.options import Choice, Depth
from conformance.certify.codes import Code
from conformance.certify.requests import Played, play_back, problems
from conformance.examine.examination import first_look
from conformance.examine.survey import CASE as SURVEY
from conformance.judging.coverage import CUT_SHORT
from conformance.log.evidence import Log
from conformance.model import Body, Exchange, Facts, Response, Role
from conformance.run import preflight
from conformance.run.planning import prepare
from conformance.run.runfile import Opened
from conformance.run.session import Session
from conformance.transport.wire import Loss, Wire, WireFailure, WireRequest, WireResponse
from tests.faults.faults import FAULTS
from tests.faults.harness import target_of
from tests.servers import faulty
from tests.support import contracts
from tests.support.wsgi import WsgiWire
from tests.thirty import THIRTY

pytestmark = pytest.mark.long

QUICK = Choice(seed=3, depth=Depth.QUICK)
BROKEN = type("Broken", tuple(FAULTS[name].kind for name in THIRTY), {})
"""A server with thirty faults, so that cases are repeated and objects are missing."""


DRAWN_FOR = "paging-precision"
"""A clause that is also tested with drawn requests."""


class Flaky:
    """A wire on which some requests get no proper response, by a seed."""

    def __init__(self, wire: Wire, seed: int, share: float) -> None:
        self._wire = wire
        self._random = random.Random(seed)
        self._share = share
        self._lock = threading.Lock()

    def send(self, request: WireRequest) -> WireResponse:
        """Send a request, or say that a proxy, a limit or the connection got into its way."""
        with self._lock:
            spoilt, kind = self._random.random() < self._share, self._random.randrange(6)
        if not spoilt:
            return self._wire.send(request)
        if kind == 0:
            self._wire.send(request)
            raise WireFailure("the response was lost", Loss.CLOSED)
        if kind == 1:
            raise WireFailure("no response", Loss.SILENT)
        status = (503, 429, 404, 502)[kind - 2]
        return WireResponse(status, (("Retry-After", str(30 * kind)),), b"{}")


def as_sent(wire: Wire) -> Wire:
    """The wire itself."""
    return wire


def run_of(
    kind: type[Any] | None = None,
    choice: Choice = QUICK,
    *,
    workers: int = 1,
    over: Callable[[Wire], Wire] = as_sent,
) -> Opened:
    """A run of a server in this process, as it would be read from its files."""
    app = faulty(kind) if kind else faulty()
    contract = app.contract
    prepared = prepare(contract, target_of(contract, app, "http://127.0.0.1:1", {}), choice)
    session = Session(
        prepared,
        over(WsgiWire(app)),
        workers=workers,
        sleep=lambda _seconds: None,
    )
    try:
        preflight.check(session)
        session.recorder.setup(first_look(session))
        for case in prepared.chosen.runnable:
            session.run_case(case, judged=False)
    except Unjudgeable as error:
        session.recorder.break_off(str(error), error.void)
        session.interrupt()
    session.finish()
    app.store.close()
    said = {
        "suite": {"version": __version__},
        "spec": {"digest": contract.digest},
        "finished": datetime.now(UTC).isoformat(),
    }
    began = prepared.begun(datetime.now(UTC), require_complete=False)
    return Opened(said, contracts.real(), began, prepared.selected, session.log)


@pytest.fixture(scope="module")
def honest() -> Opened:
    """A quick run of the reference server, whose cases overlapped."""
    return run_of(workers=4)


@cache
def broken(workers: int = 1) -> Opened:
    """A quick run of the server with thirty faults."""
    return run_of(BROKEN, workers=workers)


# --- honest runs ----------------------------------------------------------------------------------


def is_whole(result: Played) -> bool:
    """Whether every request was made again."""
    return result.requests > 0 and (result.mismatches, result.missed) == ((), 0)


def test_every_request_of_an_honest_run_is_made_again(honest: Opened) -> None:
    """All of them: those of cases, which overlapped, and those before the first case."""
    result = play_back(honest)
    assert is_whole(result), result
    assert result.requests > 350
    assert result.remark == ""


@pytest.mark.parametrize("workers", [1, 16])
def test_a_broken_server_changes_nothing(workers: int) -> None:
    """Cases that were repeated to confirm a finding are repeated again."""
    opened = broken(workers)
    assert any(each.attempt == 2 for each in opened.log.exchanges)
    assert is_whole(play_back(opened))


@pytest.mark.parametrize("seed", range(4))
def test_limits_proxies_and_broken_connections_change_nothing(seed: int) -> None:
    """Whatever was sent again because of them is sent again, and nothing else."""
    opened = run_of(workers=1 + 5 * (seed % 2), over=lambda wire: Flaky(wire, seed, 0.1))
    assert any(each.role is Role.RETRY for each in opened.log.exchanges)
    result = play_back(opened)
    assert result.mismatches == (), result
    assert is_whole(result) or opened.log.incomplete


def test_a_budget_that_was_used_up_changes_nothing() -> None:
    """Cases stop where the budget did."""
    opened = run_of(choice=replace(QUICK, budget=150), workers=4)
    assert is_whole(play_back(opened))


@pytest.mark.parametrize("kind", [None, BROKEN], ids=["reference", "broken"])
def test_cases_that_were_cut_short_are_cut_short_again(kind: type[Any] | None) -> None:
    """Where they were, and those that looked bad are repeated to their end."""
    opened = run_of(kind, Choice(seed=5, budget=250), workers=4)
    assert CUT_SHORT in opened.log.ends.values()
    assert is_whole(play_back(opened))


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9, 0.999])
def test_a_run_that_was_killed_is_not_refused(honest: Opened, share: float) -> None:
    """What it sent until then is made again as far as its log goes."""
    kept = honest.log.exchanges[: int(share * len(honest.log.exchanges))]
    later = {each.case for each in honest.log.exchanges[len(kept) :]}
    ends = {case: end for case, end in honest.log.ends.items() if case not in later}
    killed = replace(honest.log, exchanges=kept, ends=ends, incomplete="killed", ended=False)
    assert play_back(replace(honest, log=killed)).mismatches == ()


def test_a_full_run_is_made_again() -> None:
    """More than seven thousand requests, with the text of no other run in them."""
    result = play_back(run_of(choice=Choice(seed=11), workers=4))
    assert is_whole(result), result
    assert result.requests > 7_000


# --- what cannot be recomputed --------------------------------------------------------------------


def test_what_cannot_be_played_back_is_counted(honest: Opened) -> None:
    """Each shard of a merged run had its own state, so none of its requests are made again."""
    result = play_back(replace(honest, began=replace(honest.began, drawn_by=None)))
    assert result.mismatches == ()
    assert result.missed == result.requests == len(honest.log.exchanges)
    assert result.remark.startswith(f"{result.missed} of {result.missed} requests could not be")


def test_other_libraries_may_draw_other_cases() -> None:
    """Then a drawn request that differs is counted, but refutes nothing."""
    drawing = run_of(choice=Choice(seed=3, clauses=(DRAWN_FOR,)))
    drawn = [each for each in drawing.log.exchanges if each.scenario == "mixed-walk"]
    assert is_whole(play_back(drawing))
    forged = with_exchange(drawing, drawn[-1], FORGERIES["another path"])
    assert codes(forged) == {Code.REQUEST_MISMATCH}
    older = replace(forged.began, drawn_by={"hypothesis": "1.0"})
    result = play_back(replace(forged, began=older))
    assert result.mismatches == ()
    assert result.missed > 0
    assert "Hypothesis" in result.remark


def test_a_response_that_the_log_lacks_leaves_room_for_doubt(honest: Opened) -> None:
    """The scenario saw it, so nobody can tell what it sent next."""

    def emptied(each: Exchange) -> Exchange:
        assert each.response is not None
        body = Body(size=each.response.body.size, left_out=True)
        return replace(each, response=replace(each.response, body=body))

    listed = [each for each in honest.log.exchanges if each.part is not None]
    result = play_back(with_exchange(honest, listed[0], emptied))
    assert result.mismatches == ()
    assert result.missed > 0


# --- forged runs ----------------------------------------------------------------------------------


def codes(opened: Opened) -> set[Code]:
    """The codes of the requests that do not follow from a run."""
    return {each.code for each in problems(opened)}


def with_log(opened: Opened, exchanges: Iterable[Exchange]) -> Opened:
    """The run with other exchanges, numbered without a gap."""
    numbers = count(1)
    sent = [replace(each, id=str(next(numbers))) for each in exchanges]
    return replace(opened, log=replace(opened.log, exchanges=sent))


def with_exchange(
    opened: Opened, exchange: Exchange, change: Callable[[Exchange], Exchange]
) -> Opened:
    """The run with one exchange changed."""
    return with_log(
        opened, [change(each) if each is exchange else each for each in opened.log.exchanges]
    )


def probe(opened: Opened) -> Exchange:
    """A request with a body in the middle of the run."""
    whole = [
        each
        for each in opened.log.exchanges
        if each.role is Role.PROBE and each.request.body and each.request.body.size > 20
    ]
    return whole[len(whole) // 2]


def elsewhere(each: Exchange) -> Any:
    """The request with another path."""
    return replace(each.request, url=each.request.url + "x")


def other_text(each: Exchange) -> Exchange:
    """The exchange with another text in the body of its request."""
    body = each.request.body
    assert body is not None
    text = body.written.replace('": "', '": "_', 1)[: len(body.written)]
    return replace(each, request=replace(each.request, body=replace_body(body, text)))


def replace_body(body: Body, text: str) -> Body:
    """A body of the same size with another text."""
    return Body(text=text, size=body.size)


def fewer_headers(each: Exchange) -> Exchange:
    """The exchange without the last header of its request."""
    return replace(each, request=replace(each.request, headers=each.request.headers[:-1]))


FORGERIES: dict[str, Callable[[Exchange], Exchange]] = {
    "another path": lambda each: replace(each, request=elsewhere(each)),
    "another method": lambda each: replace(each, request=replace(each.request, method="PUT")),
    "a header is gone": fewer_headers,
    "another text": other_text,
    "no body": lambda each: replace(each, request=replace(each.request, body=None)),
    "another role": lambda each: replace(each, role=Role.BYSTANDER),
    "said to be sent again": lambda each: replace(each, role=Role.RETRY),
    "another attempt": lambda each: replace(each, attempt=each.attempt + 1),
    "another operation": lambda each: replace(each, operation="read_call"),
    "another key": lambda each: replace(each, identity="read_only"),
    "called a mistake": lambda each: replace(each, facts=Facts(mistake=not each.facts.mistake)),
    "said to be shared": lambda each: replace(each, part="list call full"),
}
"""What a forger changes in one exchange."""


@pytest.mark.parametrize("name", FORGERIES)
def test_a_request_that_was_changed_is_refused(honest: Opened, name: str) -> None:
    """Method, URL, headers, body, and everything that says how to judge it."""
    assert codes(with_exchange(honest, probe(honest), FORGERIES[name])) == {Code.REQUEST_MISMATCH}


def test_a_sentence_names_the_exchange_and_what_differs(honest: Opened) -> None:
    """Somebody has to find it in a log of thousands of lines."""
    sent = probe(honest)
    [problem] = problems(with_exchange(honest, sent, FORGERIES["another path"]))
    assert f"exchange {sent.id} of the case {sent.case}: its URL is " in problem.text
    assert "follows from the run" in problem.text


def test_a_request_that_is_missing_is_refused(honest: Opened) -> None:
    """Wherever it is in its case: at the beginning, in the middle, at the end."""
    case = next(each.case for each in reversed(honest.log.exchanges) if each.attempt == 1)
    places = [at for at, each in enumerate(honest.log.exchanges) if each.case == case]
    for place in {places[0], places[len(places) // 2], places[-1]}:
        kept = [each for at, each in enumerate(honest.log.exchanges) if at != place]
        assert codes(with_log(honest, kept)) == {Code.REQUEST_MISMATCH}, place


def test_a_case_that_was_cut_shorter_than_planned_is_refused(honest: Opened) -> None:
    """Its last request is as certain as that of a whole case."""
    case = next(case for case, outcome in honest.log.ends.items() if outcome == CUT_SHORT)
    sent = honest.log.exchanges
    last = [each for each in sent if each.case == case and each.part is None][-1]
    kept = [each for each in sent if each is not last]
    assert codes(with_log(honest, kept)) == {Code.REQUEST_MISMATCH}


def test_the_repetition_of_a_case_that_was_cut_short_cannot_be_dropped() -> None:
    """It follows from what the first requests show, and alone shows the failure."""
    opened = broken()
    short = {case.id for case in opened.began.cases if case.at_most}
    repeated = [each.case for each in opened.log.exchanges if each.attempt == 2]
    case = next(case for case in repeated if case in short)
    kept = [each for each in opened.log.exchanges if (each.case, each.attempt) != (case, 2)]
    forged = with_log(opened, kept)
    ends = {**forged.log.ends, case: CUT_SHORT}
    assert codes(replace(forged, log=replace(forged.log, ends=ends))) == {Code.REQUEST_MISMATCH}


def test_a_whole_case_without_requests_is_refused(honest: Opened) -> None:
    """Its end alone is not enough."""
    case = probe(honest).case
    kept = [each for each in honest.log.exchanges if each.case != case]
    assert codes(with_log(honest, kept)) == {Code.REQUEST_MISMATCH}


def test_a_case_without_requests_is_counted_where_nothing_is_certain(honest: Opened) -> None:
    """A forger cannot first raise doubt and then drop a whole case unnoticed."""
    first, case = honest.log.exchanges[0], probe(honest).case
    assert first.response is not None
    assert first.case != case
    doubtful = replace(first, response=replace(first.response, headers_cut=True))
    rest = [each for each in honest.log.exchanges[1:] if each.case != case]
    result = play_back(with_log(honest, [doubtful, *rest]))
    assert case in result.unsure
    assert result.missed > 0
    assert "could not be recomputed" in result.remark


def test_a_request_that_was_added_is_refused(honest: Opened) -> None:
    """A second try that went better, for example."""
    sent = probe(honest)
    at = honest.log.exchanges.index(sent)
    more = [*honest.log.exchanges[:at], sent, *honest.log.exchanges[at:]]
    assert codes(with_log(honest, more)) == {Code.REQUEST_MISMATCH}


def test_another_seed_is_refused(honest: Opened) -> None:
    """The texts of a run and its generated requests follow from its seed."""
    assert codes(replace(honest, began=replace(honest.began, seed=4))) == {Code.REQUEST_MISMATCH}


def test_another_salt_is_refused(honest: Opened) -> None:
    """A run is not told as another one."""
    forged = replace(honest, began=replace(honest.began, salts=("mine",)))
    assert codes(forged) == {Code.REQUEST_MISMATCH}


def test_a_request_before_the_first_case_is_refused(honest: Opened) -> None:
    """What a run looks at first follows from its target file."""
    looked = [each for each in honest.log.exchanges if each.case == SURVEY.id]
    forged = with_exchange(honest, looked[0], FORGERIES["another path"])
    assert codes(forged) == {Code.REQUEST_MISMATCH}


def test_a_failure_that_was_repeated_by_a_forger_is_refused() -> None:
    """A finding that was hidden as a repeated request, with a good one after it."""
    opened = broken()
    wrong = next(
        each
        for each in reversed(opened.log.exchanges)
        if each.role is Role.PROBE and each.attempt == 1 and each.ok
    )
    at = opened.log.exchanges.index(wrong)
    better = replace(wrong, response=Response(200, (), Body(text="{}", size=2)))
    hidden = replace(wrong, role=Role.RETRY)
    sent = [*opened.log.exchanges[:at], hidden, better, *opened.log.exchanges[at + 1 :]]
    assert codes(with_log(opened, sent)) == {Code.REQUEST_MISMATCH}


def test_a_log_without_its_second_attempts_is_refused() -> None:
    """They confirm what the first ones showed."""
    opened = broken()
    once = [each for each in opened.log.exchanges if each.attempt == 1]
    assert codes(with_log(opened, once)) == {Code.REQUEST_MISMATCH}


def test_no_log_at_all_is_refused(honest: Opened) -> None:
    """Cases ended without a single request."""
    assert codes(replace(honest, log=Log(ends=honest.log.ends, ended=True))) == {
        Code.REQUEST_MISMATCH
    }
