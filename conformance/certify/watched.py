"""Compares a full run with its spot checks: does the target behave differently when watched?

A difference needs two exchanges: the same request, handled rightly in the full run and otherwise in
the spot checks. Data may have changed in between, keys may have expired, and proxies may have
failed, so nothing counts that one of these explains.
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
UNEQUAL = frozenset({LIMITED, *FROM_PROXIES})
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
    """What a certificate cannot show about a server that knows its examiner, as sentences.

    ``spot`` are the spot checks that accompany the run; None without any.
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
    """Whether spot checks were made for this full run, of the same target, and of all it has."""
    if spot.spread is None or spot.target.url != full.target.url:
        return False
    if spot.target.inapplicable != full.target.inapplicable:
        return False
    return spot.spread.of == full.log_head


def differences(full: Run, spot: Run) -> list[Difference]:
    """What a target did in spot checks, but not for the same request in the full run.

    At most one difference for each request of the spot checks, in their order. The request either
    breaks a MUST that held in the full run, or has a mistake and is refused with another status or
    code.
    """
    sent, spots = _Sent.of(full), _Spot(spot)
    found: dict[str, Difference] = {}  # by the id of the exchange of the spot checks
    for each in (*_broken(full, spots, sent), *_other_refusals(spots, sent)):
        known = found.get(each.unwatched.id)
        if known is None:
            found[each.unwatched.id] = each
        elif known.cells:
            cells = tuple(dict.fromkeys([*known.cells, *each.cells]))
            found[each.unwatched.id] = replace(known, cells=cells)
    return [found[each.id] for each in spot.exchanges if each.id in found]


# --- which requests are the same ------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What makes two requests of two runs the same, whatever objects they name."""

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

    The main keys of two runs may have different names, so ``main`` replaces these.
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


Same = tuple[Asked, Role, frozenset[str]]
"""What makes two requests with a mistake the same: what is asked, the role, and the rules.

The rules are those that the case feeds; one in common is enough.
"""
Kind = tuple[int, str]
"""The class of a status, such as 4, and the error code; empty for a success or without a code."""


class _Sent:
    """The exchanges of a full run by what was asked, without those that say nothing."""

    def __init__(self, run: Run, by_asked: dict[Asked, list[Exchange]]) -> None:
        self._run, self._rules = run, _rules_of(run)
        self._by_asked = by_asked
        self._same: dict[Same, list[Exchange]] = {}
        self._kinds: dict[Same, set[Kind]] = {}

    @staticmethod
    def of(run: Run) -> _Sent:
        """The exchanges of a run, of a repeated request only the last one."""
        by_asked: dict[Asked, list[Exchange]] = defaultdict(list)
        for exchange in run.exchanges:
            is_final = exchange.role is not Role.RETRY and exchange.facts.again is None
            if is_final and not _says_nothing(exchange):
                by_asked[_asked(run, exchange)].append(exchange)
        return _Sent(run, by_asked)

    def same_as(self, spot: _Spot, unwatched: Exchange) -> list[Exchange]:
        """The exchanges of the full run with the same request as one of the spot checks.

        If it has a mistake, they must have the same role, and feed a rule in common.
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

    def sameness(self, exchange: Exchange) -> Same:
        """What an exchange of a full run must have in common with one of the spot checks."""
        rules = self._rules.get(exchange.case, frozenset())
        return _asked(self.run, exchange), exchange.role, rules

    def key_worked(self, exchange: Exchange) -> bool:
        """Whether the valid key of a request was accepted in its case or later, so it was valid.

        For a request with no valid key, that is the main key.
        """
        identity = exchange.identity
        if identity not in self.run.target.keys:
            identity = self.run.target.main_key
        if (exchange.case, identity) in self._worked_in_case:
            return True
        return self._last_worked.get(identity, -1) >= self._place[exchange.id]


def _rules_of(run: Run) -> dict[str, frozenset[str]]:
    """The rules that each case of a run feeds, by its id."""
    return {case.id: frozenset(case.rules) for case in run.cases}


def _says_nothing(exchange: Exchange) -> bool:
    """Whether a response says nothing about the target: none, a limit, or a proxy."""
    return exchange.response is None or exchange.status in UNEQUAL or bool(exchange.facts.broken)


# --- what is broken only in the spot checks -------------------------------------------------------


def _broken(full: Run, spot: _Spot, sent: _Sent) -> Iterator[Difference]:
    """A difference for each finding of a MUST in the spot checks whose cell passed before."""
    passed = {cell.name for cell in full.cells if cell.verdict is Verdict.PASSED}
    accusing = {name for cell in full.broken for each in cell.findings for name in each.exchanges}
    for cell in spot.run.broken:
        if cell.name in passed:
            yield from _of_cell(spot, cell, sent, accusing)


def _of_cell(spot: _Spot, cell: Cell, sent: _Sent, accusing: set[str]) -> Iterator[Difference]:
    """A difference for each finding of a MUST in a cell of the spot checks.

    Only if the full run has the same request without a finding. ``accusing`` are the ids of the
    exchanges in its findings.
    """
    for finding in cell.findings:
        pair = _pair(spot, sent, finding.exchanges, accusing)
        if finding.level is Level.MUST and pair is not None:
            described = finding.where, finding.expected, finding.actual
            yield Difference(cell.operation, (cell.name,), *described, *pair)


def _pair(
    spot: _Spot, sent: _Sent, names: Iterable[str], accusing: set[str]
) -> tuple[Exchange, Exchange] | None:
    """An exchange of the full run, and the same request in the spot checks, which shows a finding.

    ``names`` are the ids of the exchanges of the finding. None if the full run has none that is the
    same and not ``accusing``, or if the key of the request may have been invalid by then.
    """
    for unwatched in reversed(spot.run.exchanges_of(names)):
        if _says_nothing(unwatched) or not spot.key_worked(unwatched):
            continue
        for same in sent.same_as(spot, unwatched):
            if same.id not in accusing:
                return same, unwatched
    return None


# --- what is refused in another way ---------------------------------------------------------------


def _other_refusals(spot: _Spot, sent: _Sent) -> Iterator[Difference]:
    """The requests with a mistake whose status or code was another one in every full-run exchange.

    Both may be right by the contract, but a target that is not watching for anybody has no reason
    to choose. Nothing is compared if the full run itself got several.
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
    """Whether a request has a mistake, and its response says how the target handles that."""
    if not exchange.facts.mistake or exchange.role is Role.RETRY:
        return False
    if exchange.facts.step is Step.FOREIGN and exchange.status == NOT_FOUND:
        return False  # its owner may have deleted the object
    return not _says_nothing(exchange)


def _kind(run: Run, exchange: Exchange) -> Kind:
    """The class of the status of a response, and its error code."""
    status = exchange.status or 0
    code = pointed(exchange.json, run.contract.code_pointer) if exchange.refused else ""
    return status // 100, code if isinstance(code, str) else ""


def _in_words(kind: Kind) -> str:
    """A kind in words, such as ``4xx with the code not_found``."""
    status, code = kind
    return f"{status}xx with the code {code}" if code else f"{status}xx"
