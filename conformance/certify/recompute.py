"""Recomputes what a stored run says about itself, because whoever stored it may have edited it.

Plan and choice follow from the contract, the declaration, the seed and the depth. The log has to
agree with them, with the address, the identity and the clock, and with itself. Verdicts are not
compared here, because a replay never believes the stored ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from urllib3.util import parse_url

from conformance import __version__
from conformance.base.text import amount, clean
from conformance.certify import moments
from conformance.certify.codes import Code, Problem
from conformance.examine import survey
from conformance.judging.verdict import CUT_SHORT, OVER_BUDGET
from conformance.log import convert
from conformance.model import ANNOUNCED, PREFLIGHT, Exchange
from conformance.model.exchange import header_in
from conformance.plan.build import Plan
from conformance.reading import CLEAN
from conformance.run import preflight, spots
from conformance.run.planning import Plans
from conformance.run.replay_steps import AGAIN
from conformance.run.runfile import Opened
from conformance.transport.clients import SUITE
from conformance.transport.sender import LOOK

NAMED = 3
"""Examples that a mismatch names."""
MOST_OF = 0.9
"""A case can be over budget only if the log has this share of it. A few requests are not in it."""

BEFORE, AFTER = (preflight.CASE.id, survey.CASE.id), (AGAIN.id, CLEAN.id)
"""The cases that are not planned: those before all others, and those after them."""
UNPLANNED = (*BEFORE, *AFTER, LOOK.id)
"""All cases that are not planned. ``LOOK`` sees whether the target is available."""


def mismatches(opened: Opened) -> list[Problem]:
    """Everything in a stored run that does not agree with what is recomputed from it."""
    found = [*_chain(opened), *_strangers(opened), *_ends(opened), *_unknown_operations(opened)]
    selection = opened.began.selection
    if selection is not None and not why_not_recomputable(opened):
        found += _plan(opened)
    found += [
        *_numbers(opened),
        *_addresses(opened),
        *_identity(opened),
        *moments.mismatches(opened),
    ]
    return found


def why_not_recomputable(opened: Opened) -> str:
    """Why this suite cannot make the plan or the choice of a run again; empty if it can."""
    version = clean(opened.said["suite"]["version"])
    made_by = clean(opened.said["spec"]["digest"])
    if version != __version__:
        return (
            f"Version {version} of the suite made the run, and only that version can make its plan "
            f"again. This is {__version__}."
        )
    if made_by != opened.contract.digest:
        return (
            f"The run was made with contract {made_by}, and is judged by {opened.contract.digest}, "
            "so its plan cannot be made again."
        )
    if opened.began.selection is None:
        return "Pytest chose the cases of the run, so its choice cannot be made again."
    return ""


# --- the log --------------------------------------------------------------------------------------


def _chain(opened: Opened) -> Iterator[Problem]:
    """A problem if a line of the log lacks the digest of the line before it.

    If all lines have it, a problem if run.json does not name the digest of the last line. That is
    not expected of a run that was killed before it was judged.
    """
    chain, head = opened.log.chain, opened.said.get("log_head")
    if chain.broken_at is not None:
        yield Problem(
            Code.CHAIN_BROKEN,
            f"line {chain.broken_at} of the log does not carry the digest of the line before it",
        )
    elif opened.log.ended and opened.said["finished"] and head != chain.head:
        yield Problem(
            Code.CHAIN_BROKEN, f"the run names the head {head}, but that of the log is {chain.head}"
        )


def _numbers(opened: Opened) -> Iterator[Problem]:
    """A problem for the first gap in the numbers of the exchanges, which each process counts up.

    A run that broke off may have gaps.
    """
    if opened.log.incomplete:
        return
    last: dict[str, int] = {}
    for exchange in opened.log.exchanges:
        prefix, number = _numbered(exchange.id)
        if number != last.get(prefix, 0) + 1:
            before = f"{prefix}{last[prefix]}" if prefix in last else "the beginning"
            yield Problem(Code.NUMBER_MISMATCH, f"exchange {exchange.id} does not follow {before}")
            return
        last[prefix] = number


def process_of(exchange: Exchange) -> str:
    """The process that sent an exchange, by the prefix of its id."""
    return _numbered(exchange.id)[0]


def _numbered(name: str) -> tuple[str, int]:
    """The prefix and the number of the id of an exchange; the number is 0 if it has none."""
    found = re.fullmatch(r"(.*?)([0-9]{1,9})", name, re.DOTALL)
    return (found[1], int(found[2])) if found else (name, 0)


def _unknown_operations(opened: Opened) -> Iterator[Problem]:
    """A problem if the target file declares operations inapplicable that the contract lacks."""
    if why_not_recomputable(opened):
        return
    unknown = opened.began.target.inapplicable - opened.contract.operations.keys()
    names = [clean(name) for name in unknown]
    yield from _named(Code.PLAN_MISMATCH, "declared missing, but unknown", names, "operation")


# --- plan and cases -------------------------------------------------------------------------------

_PLANS: WeakKeyDictionary[Opened, Plans] = WeakKeyDictionary()


def plans_of(opened: Opened) -> Plans:
    """The plans that follow from what a run says about itself; made once for each run."""
    if opened not in _PLANS:
        _PLANS[opened] = spots.plans_of(opened.contract, opened.began)
    return _PLANS[opened]


def _plan(opened: Opened) -> Iterator[Problem]:
    """How the stored plan, or the stored choice of cases, differs from what is recomputed.

    Where nothing was selected, all cases of the stored plan count as chosen.
    """
    rows, plans = opened.said["plan"], plans_of(opened)
    stored = {row["id"]: row for row in rows}
    made = {case.id: convert.to_json(case) for case in plans.plan.cases}
    different = [name for name, row in made.items() if name in stored and stored[name] != row]
    yield from _named(Code.PLAN_MISMATCH, "missing from the plan", made.keys() - stored.keys())
    yield from _named(Code.PLAN_MISMATCH, "not part of the plan", stored.keys() - made.keys())
    yield from _named(Code.PLAN_MISMATCH, "planned differently", different)
    if len(stored) != len(rows):
        yield Problem(Code.PLAN_MISMATCH, "the plan names a case twice")
    due = stored.keys() if plans.selected is None else plans.selected
    chosen = stored.keys() if opened.selected is None else opened.selected
    excess, missing = chosen - due, due - chosen
    yield from _named(Code.CHOICE_MISMATCH, "run although the selection excludes them", excess)
    yield from _named(
        Code.CHOICE_MISMATCH, "left out although the selection includes them", missing
    )


def _strangers(opened: Opened) -> Iterator[Problem]:
    """A problem with the exchanges that no chosen case explains.

    Exchanges of unplanned cases are explained if they were sent when a run sends such requests.
    """
    plan = {case.id: case for case in opened.began.cases}
    chosen = _chosen(opened)
    strangers = _misplaced(opened.log.exchanges)
    for exchange in opened.log.exchanges:
        case = plan.get(exchange.case)
        if case is None:
            fits = exchange.case in UNPLANNED and exchange.scenario == PREFLIGHT
        else:
            fits = exchange.scenario == case.scenario and case.id in chosen
        if not fits:
            strangers.append(exchange.id)
    what = "sent for no case that was chosen"
    yield from _named(Code.CASE_MISMATCH, what, strangers, noun="exchange")


def _chosen(opened: Opened) -> Set[str]:
    """The ids of the cases that were to run."""
    if opened.selected is not None:
        return opened.selected
    return {case.id for case in opened.began.cases}


def _ends(opened: Opened) -> Iterator[Problem]:
    """What is wrong with the ends of cases, as the log has them.

    No case may end that was not planned. In a run that did not break off, every chosen case must
    have ended, and no exchange may be void. No case may have been over budget while much of the
    budget was left.
    """
    log, plan = opened.log, Plan(opened.began.cases)
    unplanned = log.ends.keys() - {case.id for case in plan.cases}
    yield from _named(Code.CASE_MISMATCH, "ended without being planned", unplanned)
    yield from _cut_short(opened)
    if log.incomplete:
        return
    what = "not to be judged, in a run that did not break off"
    yield from _named(Code.CASE_MISMATCH, what, log.void, noun="exchange")
    due = _chosen(opened) & {case.id for case in plan.runnable}
    yield from _named(Code.CASE_MISMATCH, "chosen, but without an end", due - log.ends.keys())
    selection, requests = opened.began.selection, len(log.exchanges)
    if selection is not None and requests < MOST_OF * selection.budget:
        over = [name for name, outcome in log.ends.items() if outcome == OVER_BUDGET]
        what = f"over a budget of {selection.budget:,} after {requests:,} requests"
        yield from _named(Code.CASE_MISMATCH, what, over)


def _cut_short(opened: Opened) -> Iterator[Problem]:
    """A problem with the cases that were cut short, although the plan does not limit them."""
    may_be = {case.id for case in opened.began.cases if case.at_most}
    cut = {name for name, outcome in opened.log.ends.items() if outcome == CUT_SHORT}
    yield from _named(Code.CASE_MISMATCH, "cut short, but not by the plan", cut - may_be)


def _misplaced(exchanges: list[Exchange]) -> list[str]:
    """The ids of unjudged exchanges where a run sends none.

    A run prepares before its first case and cleans up after its last. In between, it only repeats
    reads that succeeded before, to see whether the target is available.
    """
    by_process: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        by_process.setdefault(process_of(exchange), []).append(exchange)
    return [name for sent in by_process.values() for name in _out_of_order(sent)]


def _out_of_order(exchanges: list[Exchange]) -> list[str]:
    """The ids of the unjudged exchanges that one process sent at the wrong time.

    ``exchanges`` are all exchanges of the process.
    """
    judged = [index for index, each in enumerate(exchanges) if each.case not in UNPLANNED]
    first, last = len(exchanges), -1  # without a judged exchange, no other is late or early
    if judged:
        first, last = judged[0], judged[-1]
    late = [each.id for each in exchanges[first:] if each.case in BEFORE]
    early = [each.id for each in exchanges[: last + 1] if each.case in AFTER]
    return [*late, *early, *_new_looks(exchanges)]


def _new_looks(exchanges: list[Exchange]) -> list[str]:
    """The ids of looks at the target that repeat no read that succeeded before."""
    succeeded: set[tuple[str, str]] = set()
    new = []
    for exchange in exchanges:
        sent = (exchange.request.method, exchange.request.url)
        if exchange.case == LOOK.id and sent not in succeeded:
            new.append(exchange.id)
        if exchange.ok:
            succeeded.add(sent)
    return new


def _named(code: Code, what: str, names: Iterable[str], noun: str = "case") -> Iterator[Problem]:
    """A problem that counts some cases, says ``what`` is wrong with them, and names the first few.

    ``noun`` says what they are if not cases. Yields nothing if there are no ``names``.
    """
    ordered = sorted(names)
    if ordered:
        more = f" and {len(ordered) - NAMED:,} more" if len(ordered) > NAMED else ""
        examples = ", ".join(ordered[:NAMED])
        yield Problem(code, f"{amount(len(ordered), noun)} {what}: {examples}{more}")


# --- what every request shows ---------------------------------------------------------------------


def _addresses(opened: Opened) -> Iterator[Problem]:
    """A problem if connections went to a host other than the target's, and one for requests.

    The latter names the first request with a different scheme, host, port or Host header.
    """
    due, peer = urlsplit(opened.began.target.url), opened.began.peer
    target_host = parse_url(opened.began.target.url).host or ""
    if peer is not None and peer.host != target_host:
        text = f"connections were made to {peer.host}, but the target is {target_host}"
        yield Problem(Code.ADDRESS_MISMATCH, text)
    if peer is not None and peer.tls_key and due.scheme != "https":
        text = "it names a TLS key of the target, but its connections were not encrypted"
        yield Problem(Code.ADDRESS_MISMATCH, text)
    for exchange in opened.log.exchanges:
        try:
            sent = urlsplit(exchange.request.url)
        except ValueError as error:
            text = f"exchange {exchange.id} has no valid address: {error}"
            yield Problem(Code.ADDRESS_MISMATCH, text)
            return
        host = header_in(exchange.request.headers, "Host", due.netloc)
        if (sent.scheme, sent.netloc, host) != (due.scheme, due.netloc, due.netloc):
            yield Problem(
                Code.ADDRESS_MISMATCH,
                f"exchange {exchange.id} went to {sent.scheme}://{host}, "
                f"but the target is {due.scheme}://{due.netloc}",
            )
            return


def _identity(opened: Opened) -> Iterator[Problem]:
    """A problem if the User-Agents of the requests contradict the identity that the run states.

    If the run announces itself, at least one request has to name the suite; otherwise none may.
    """
    identity = opened.began.target.identity
    name = SUITE.agent.partition("/")[0]
    naming = [
        each
        for each in opened.log.exchanges
        if header_in(each.request.headers, "User-Agent").startswith(name)
    ]
    if identity == ANNOUNCED and opened.log.exchanges and not naming:
        yield Problem(
            Code.IDENTITY_MISMATCH, "no request names the suite, although the run says so"
        )
    if identity != ANNOUNCED and naming:
        yield Problem(
            Code.IDENTITY_MISMATCH,
            f"exchange {naming[0].id} names the suite, although the run denies it",
        )
