"""Compares a full run with its spot checks: does the target behave differently when watched?

A difference needs two exchanges with the same request, handled rightly in the full run and in
another way in the spot checks. In between, data may have changed, keys may have expired, and
proxies may have failed, so a difference that one of these explains does not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from conformance.base.values import pointed, read_json
from conformance.model import (
    FROM_PROXIES,
    Cell,
    Difference,
    Exchange,
    Form,
    Level,
    Role,
    Run,
    Step,
    Verdict,
)
from conformance.reading import members_of

LIMITED, NOT_FOUND = 429, 404
UNINFORMATIVE = frozenset({LIMITED, *FROM_PROXIES})
"""Statuses that say nothing about how a target handles a request."""
ALWAYS = (
    "A server that recognizes the keys, the addresses or the order of the certifier's requests can "
    "behave differently for them.",
    "Nothing shows how the server behaved before the first request, or behaves after the last one.",
)
WITHOUT_SPOT_CHECKS = (
    "No spot checks were made: a server that recognizes a full run by its many requests and keys "
    "can behave differently for it.",
)
WITH_SPOT_CHECKS = (
    "Spot checks cover a small part of the contract: {requests} requests in {hours}, with other "
    "keys than the full run.",
)
HOUR, MINUTE = 3600, 60


def remains(spot: Run | None) -> list[str]:
    """What a certificate cannot show about a server that recognizes the suite, as sentences.

    ``spot`` are the spot checks that accompany the run; None if there are none.
    """
    if spot is None or spot.spread is None:
        return [*ALWAYS, *WITHOUT_SPOT_CHECKS]
    requests, hours = f"{len(spot.exchanges):,}", _lasting(spot.spread.seconds)
    return [*ALWAYS, *(each.format(requests=requests, hours=hours) for each in WITH_SPOT_CHECKS)]


def _lasting(seconds: float) -> str:
    """A duration in words, such as ``6 hours``."""
    for unit, name in ((HOUR, "hours"), (MINUTE, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:g} seconds"


def accompanies(full: Run, spot: Run) -> bool:
    """Whether spot checks were made for this full run, with the same address and operations."""
    if spot.spread is None or spot.target.url != full.target.url:
        return False
    if spot.target.inapplicable != full.target.inapplicable:
        return False
    return spot.spread.of == full.log_head


def differences(full: Run, spot: Run) -> list[Difference]:
    """What a target did in spot checks, but not for the same request in the full run.

    At most one difference for each request of the spot checks, in their order. Either the exchange
    breaks a MUST that the full run passed, or the request has a mistake and got another class of
    status, or another error code, than in the full run.
    """
    sent, spots = _Sent.of(full), _Spot(spot)
    found: dict[str, Difference] = {}  # by the id of the exchange of the spot checks
    for each in (*_broken(full, spots, sent), *_other_refusals(spots, sent)):
        known = found.get(each.unwatched.id)
        if known is None:
            found[each.unwatched.id] = each
        elif known.cells:  # one exchange may break several cells
            cells_of_both = tuple(dict.fromkeys([*known.cells, *each.cells]))
            found[each.unwatched.id] = replace(known, cells=cells_of_both)
    return [found[each.id] for each in spot.exchanges if each.id in found]


# --- which requests are the same ------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What two requests of two runs must share to count as the same; the objects may differ."""

    operation: str
    method: str
    identity: str | None
    names: tuple[str, ...]
    mistake: bool
    form: Form | None
    step: Step | None
    flaw: str | None


def _asked(run: Run, exchange: Exchange) -> Asked:
    """What a request asks, so that requests of two runs can be compared.

    The main keys of two runs may have different names, so ``main`` stands for either name.
    """
    facts, request = exchange.facts, exchange.request
    identity = exchange.identity
    main, mark, change = (identity or "").partition("~")
    if main == run.target.main_key:
        identity = f"main{mark}{change}"
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    body = members_of(read_json(request.body.kept).value) if request.body else {}
    return Asked(
        exchange.operation,
        request.method,
        identity,
        (*sorted({name for name, _ in query}), *sorted(body)),
        facts.mistake,
        facts.form,
        facts.step if facts.mistake else None,
        facts.flaw,
    )


Sameness = tuple[Asked, Role, frozenset[str]]
"""What makes two requests with a mistake the same: what is asked, the role, and the rules.

The rules are those that the case feeds; one in common is enough.
"""
Kind = tuple[int, str]
"""The class of a status, such as 4, and the error code; the code is empty if there is none."""


class _Sent:
    """The exchanges of a full run by what was asked, without uninformative ones."""

    def __init__(self, run: Run, by_asked: dict[Asked, list[Exchange]]) -> None:
        self._run, self._rules = run, _rules_of(run)
        self._by_asked = by_asked
        self._same: dict[Sameness, list[Exchange]] = {}
        self._kinds: dict[Sameness, set[Kind]] = {}

    @staticmethod
    def of(run: Run) -> _Sent:
        """The exchanges of a run; if a request was repeated, only the last of them."""
        by_asked: dict[Asked, list[Exchange]] = defaultdict(list)
        for exchange in run.exchanges:
            is_final = exchange.role is not Role.RETRY and exchange.facts.again is None
            if is_final and not _is_uninformative(exchange):
                by_asked[_asked(run, exchange)].append(exchange)
        return _Sent(run, by_asked)

    def same_as(self, spot: _Spot, unwatched: Exchange) -> list[Exchange]:
        """The exchanges of the full run with the same request as one of the spot checks.

        If the request has a mistake, they must also have the same role and feed a common rule.
        """
        asked, role, rules = spot.sameness(unwatched)
        same = self._by_asked.get(asked, [])
        if not unwatched.facts.mistake:
            return same
        if (asked, role, rules) not in self._same:
            self._same[asked, role, rules] = [
                each
                for each in same
                if each.role is role and rules & self._rules.get(each.case, frozenset())
            ]
        return self._same[asked, role, rules]

    def kinds_of(self, spot: _Spot, unwatched: Exchange) -> set[Kind]:
        """The ways in which the target handled the same request in the full run."""
        same = spot.sameness(unwatched)
        if same not in self._kinds:
            exchanges = self.same_as(spot, unwatched)
            self._kinds[same] = {_kind(self._run, each) for each in exchanges}
        return self._kinds[same]


class _Spot:
    """Spot checks, with what their comparison needs for each exchange."""

    def __init__(self, run: Run) -> None:
        self.run, self._rules = run, _rules_of(run)
        self._place = {each.id: place for place, each in enumerate(run.exchanges)}
        worked = [each for each in run.exchanges if each.ok]
        self._last_worked = {each.identity: self._place[each.id] for each in worked}
        self._worked_in_case = {(each.case, each.identity) for each in worked}

    def sameness(self, exchange: Exchange) -> Sameness:
        """What an exchange of a full run must have in common with one of the spot checks."""
        rules = self._rules.get(exchange.case, frozenset())
        return _asked(self.run, exchange), exchange.role, rules

    def key_worked(self, exchange: Exchange) -> bool:
        """Whether the key of a request was still valid: it was accepted in the same case or later.

        If the request has no valid key, this is asked of the main key.
        """
        identity = exchange.identity
        if identity not in self.run.target.keys:
            identity = self.run.target.main_key
        if (exchange.case, identity) in self._worked_in_case:
            return True
        return self._last_worked.get(identity, -1) >= self._place[exchange.id]


def _rules_of(run: Run) -> dict[str, frozenset[str]]:
    """The rules that each case of a run feeds, by the id of the case."""
    return {case.id: frozenset(case.rules) for case in run.cases}


def _is_uninformative(exchange: Exchange) -> bool:
    """Whether an exchange says nothing about the target.

    That is so without a response, after two broken transfers, and for the status of a limit or a
    proxy.
    """
    return (
        exchange.response is None or exchange.status in UNINFORMATIVE or bool(exchange.facts.broken)
    )


# --- what is broken only in the spot checks -------------------------------------------------------


def _broken(full: Run, spot: _Spot, sent: _Sent) -> Iterator[Difference]:
    """A difference for each finding of a MUST in a cell that passed in the full run."""
    passed = {cell.name for cell in full.cells if cell.verdict is Verdict.PASSED}
    findings = [finding for cell in full.broken for finding in cell.findings]
    incriminated = {name for finding in findings for name in finding.exchanges}
    for cell in spot.run.broken:
        if cell.name in passed:
            yield from _of_cell(spot, cell, sent, incriminated)


def _of_cell(spot: _Spot, cell: Cell, sent: _Sent, incriminated: set[str]) -> Iterator[Difference]:
    """A difference for each finding of a MUST in a cell of the spot checks.

    A finding counts only if the full run has the same request without a finding. ``incriminated``
    holds the ids of the exchanges of the full run that have one.
    """
    for finding in cell.findings:
        pair = _pair(spot, sent, finding.exchanges, incriminated)
        if finding.level is Level.MUST and pair is not None:
            described = finding.where, finding.expected, finding.actual
            yield Difference(cell.operation, (cell.name,), *described, *pair)


def _pair(
    spot: _Spot, sent: _Sent, names: Iterable[str], incriminated: set[str]
) -> tuple[Exchange, Exchange] | None:
    """An exchange of the full run, and one of a finding of the spot checks with the same request.

    ``names`` are the ids of the exchanges of the finding, of which the last that fits counts.
    Uninformative ones and those whose key may have been invalid are passed over, and so are
    ``incriminated`` exchanges of the full run. None if there is no pair.
    """
    for unwatched in reversed(spot.run.exchanges_of(names)):
        if _is_uninformative(unwatched) or not spot.key_worked(unwatched):
            continue
        for same in sent.same_as(spot, unwatched):
            if same.id not in incriminated:
                return same, unwatched
    return None


# --- what is refused in another way ---------------------------------------------------------------


def _other_refusals(spot: _Spot, sent: _Sent) -> Iterator[Difference]:
    """A difference for each request with a mistake that is not handled as in the full run.

    The class of the status and the error code count. The contract may allow both ways, but a target
    that treats everybody alike has no reason to use two. If the full run itself saw several ways,
    the request is passed over.
    """
    for exchange in spot.run.exchanges:
        if not _is_telling_mistake(exchange):
            continue
        kinds = sent.kinds_of(spot, exchange)
        if len(kinds) != 1 or not spot.key_worked(exchange):
            continue
        (in_full_run,) = kinds
        in_spot_checks = _kind(spot.run, exchange)
        if in_spot_checks != in_full_run:
            described = "status", _in_words(in_full_run), _in_words(in_spot_checks)
            same = sent.same_as(spot, exchange)[0]
            yield Difference(exchange.operation, (), *described, same, exchange)


def _is_telling_mistake(exchange: Exchange) -> bool:
    """Whether a request has a mistake, and its response says how the target handles mistakes."""
    if not exchange.facts.mistake or exchange.role is Role.RETRY:
        return False
    if exchange.facts.step is Step.FOREIGN and exchange.status == NOT_FOUND:
        return False  # its owner may have deleted the object
    return not _is_uninformative(exchange)


def _kind(run: Run, exchange: Exchange) -> Kind:
    """The class of the status of a response, and its error code."""
    status = exchange.status or 0
    code = pointed(exchange.json, run.contract.code_pointer) if exchange.refused else ""
    return status // 100, code if isinstance(code, str) else ""


def _in_words(kind: Kind) -> str:
    """A kind in words, such as ``4xx with the code not_found``."""
    status, code = kind
    return f"{status}xx with the code {code}" if code else f"{status}xx"
