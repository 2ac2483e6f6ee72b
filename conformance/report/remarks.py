"""Remarks on the target and its target file, such as unused waivers, bad keys and outages.

Remarks are never graded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from conformance.base.text import amount
from conformance.model import (
    DEAD_KEYS,
    ON_NO_PAGE,
    UNAVAILABLE,
    Contract,
    Declaration,
    Exchange,
    Role,
    Run,
    place_of_key,
)
from conformance.model.routes import NO_SUCH_ROUTE, advice_on, lacked
from conformance.reading import query_value, refused_member
from conformance.report import curve, excluded, unproven, waivers

OFTEN = 0.01
"""The share of requests that a proxy may fail before the remark includes advice."""
UNVERIFIED = "the certificate of the target was not verified (verify: false in the target file)"
OTHER_KEY = "the target showed several TLS keys, so more than one deployment may have been judged"
FILTER_RULE = "paging.filter"
"""The rule that judges whether a filter is applied."""
FOREIGN_RULE = "tenant.filter"
"""The rule that judges lists filtered by another business, or by an object of one."""
INVALID_RULE = "parameter.invalid"
"""The rule that judges values that must be refused."""


def of(run: Run) -> list[str]:
    """All remarks on a run, each a sentence."""
    exceptions = [*(each.text for each in waivers.idle(run)), *excluded.lines(run)]
    wrong = unproven.wrong(run.setup)
    doubtful = of_setup(run)[len(wrong) :]  # it begins with what is wrong
    added = [*lacking(run.contract, run.exchanges), *idle_filters(run), *idle_members(run)]
    trusted = [] if run.target.verify else [UNVERIFIED]
    if run.peer is not None and run.peer.more_tls_keys:
        trusted.append(OTHER_KEY)
    incomplete = [*unavailable(run.exchanges), *unheld(run.exchanges)]
    return [
        *curve.remarks(run),
        *trusted,
        *wrong,
        *exceptions,
        *doubtful,
        *added,
        *incomplete,
    ]


def of_setup(run: Run) -> list[str]:
    """What is wrong with the target file: first what the first look found, then doubtful keys."""
    reported = {remark.about for remark in unproven.to_fix(run.setup)}
    # a run that ended early already says what was wrong with its main key
    if run.incomplete:
        reported.add(place_of_key(str(run.target.main_key)))
    unreported = [
        each for each in run.exchanges if place_of_key(str(each.identity)) not in reported
    ]
    return [*unproven.wrong(run.setup), *doubtful_keys(run.target, unreported)]


def doubtful_keys(target: Declaration, exchanges: Iterable[Exchange]) -> list[str]:
    """A sentence for each supposedly valid key whose requests all returned 401.

    Requests in which something is wrong with the form of the key or of a value do not count.
    """
    statuses: dict[str, list[int]] = defaultdict(list)
    valid = target.keys.difference(DEAD_KEYS)
    for exchange in exchanges:
        if exchange.identity not in valid:
            continue
        if exchange.facts.form:
            continue
        if exchange.response is not None:
            statuses[str(exchange.identity)].append(exchange.response.status)
    sentences = []
    for role, answered in sorted(statuses.items()):
        if set(answered) == {401}:
            sentences.append(
                f"all {amount(len(answered), 'request')} with the key {role} returned 401: "
                "check that the key in the target file is valid for this target"
            )
    return sentences


def lacking(contract: Contract, exchanges: Iterable[Exchange]) -> list[str]:
    """Advice with the ``inapplicable`` line for operations that were never found; at most one.

    The line names a route instead of its operations if none of them was found.
    """
    statuses = _statuses_of_valid(contract, exchanges)
    missing = [name for name, seen in statuses.items() if seen.issubset(NO_SUCH_ROUTE)]
    if len(missing) in (0, len(statuses)):  # if all are missing, the address is wrong
        return []
    route = {name: contract.operations[name].route for name in statuses}
    found_routes = {route[name] for name in statuses if name not in missing}
    lost = dict.fromkeys(name if route[name] in found_routes else route[name] for name in missing)
    return [f"{lacked(lost, len(set(route.values())))}; {advice_on(lost)}"]


def _statuses_of_valid(
    contract: Contract, exchanges: Iterable[Exchange]
) -> dict[str, set[int | None]]:
    """By operation, the statuses of its responses; only operations that got a valid request.

    Any other operation may exist even if it was never found. Except for controls, 401 and 403 are
    left out, because they say nothing about the operation.
    """
    statuses: dict[str, set[int | None]] = defaultdict(set)
    valid = set[str]()
    for exchange in exchanges:
        if not exchange.facts.mistake:
            valid.add(exchange.operation)
        if exchange.role is Role.CONTROL or exchange.status not in (401, 403):
            statuses[exchange.operation].add(exchange.status)
    known = contract.operations
    return {name: seen for name, seen in statuses.items() if name in valid and name in known}


def idle_filters(run: Run) -> list[str]:
    """Advice with the ``absent`` line for filters that lists ignored; at most one.

    A list that failed has ignored nothing. A filter that makes a list lose items has an effect.
    """
    ignored: dict[str, set[str]] = defaultdict(set)
    acting: dict[str, set[str]] = defaultdict(set)
    findings = [finding for cell in run.cells for finding in cell.findings]
    for finding in findings:
        for exchange in (run.exchange[name] for name in finding.exchanges):
            if exchange.ok:
                ignored[finding.operation].update(_ignored_in(run, finding.rule, exchange))
            if finding.actual == ON_NO_PAGE:
                acting[finding.operation].update(exchange.facts.filters)
    idle = {operation: names - acting[operation] for operation, names in ignored.items()}
    return _advice_on_absent("filters", idle)


def _ignored_in(run: Run, rule: str, exchange: Exchange) -> list[str]:
    """The filters that a finding of a rule shows to be ignored in one request.

    Later pages show nothing: a list that loses a filter only on these has the filter. Of several
    filters in a request, it is not known which one is ignored.
    """
    if rule == FOREIGN_RULE:
        return _references_in(run, exchange)
    operation = run.contract.operations.get(exchange.operation)
    if operation and operation.paging and query_value(exchange, operation.paging.after) is not None:
        return []
    filters = exchange.facts.filters if rule == FILTER_RULE else ()
    return list(filters) if len(filters) == 1 else []


def _references_in(run: Run, exchange: Exchange) -> list[str]:
    """The optional filters of a request that name an object of another business."""
    operation = run.contract.operations.get(exchange.operation)
    return [
        each.name
        for each in (operation.filters if operation else ())
        if each.references and not each.required
        if each.name != run.contract.tenant and query_value(exchange, each.name) is not None
    ]


def idle_members(run: Run) -> list[str]:
    """Advice with the ``absent`` line for members that accept invalid values without an effect."""
    ignored: dict[str, set[str]] = defaultdict(set)
    for cell in run.cells:
        for note in cell.notes:
            operation = run.contract.operations.get(note.operation)
            if note.rule != INVALID_RULE or operation is None:
                continue
            members = [refused_member(operation, run.exchange[name]) for name in note.exchanges]
            ignored[note.operation].update(name for name in members if name is not None)
    return _advice_on_absent("members", ignored)


def _advice_on_absent(what: str, names: Mapping[str, set[str]]) -> list[str]:
    """A sentence with the ``absent`` line for parameters by operation; none without a name."""
    lists = [
        f"{operation}: [{', '.join(sorted(names[operation]))}]"
        for operation in sorted(names)
        if names[operation]
    ]
    if not lists:
        return []
    line = f"absent: {{{', '.join(lists)}}}"
    return [f"if the target does not have these {what}, add to the target file: {line}"]


def unavailable(exchanges: Iterable[Exchange]) -> list[str]:
    """A sentence with the number of requests that returned 502, 503 or 504; none without one.

    It says how many of these were sent again; writes may not be. If they are many, it has advice.
    """
    sent = list(exchanges)
    spoilt = [exchange for exchange in sent if exchange.status in UNAVAILABLE]
    if not spoilt:
        return []
    again = sum(exchange.role is Role.RETRY for exchange in spoilt)
    seen = f"{len(spoilt)} of {len(sent)} requests returned 502, 503 or 504"
    if again:
        seen += f" (sent again: {again})"
    if len(spoilt) < OFTEN * len(sent):
        return [seen]
    return [
        f"{seen}: the proxy in front of the target seems overloaded; set rate: in the target file"
    ]


def unheld(exchanges: Iterable[Exchange]) -> list[str]:
    """A sentence for each reason why the log does not contain some responses completely."""
    responses = [exchange.response for exchange in exchanges if exchange.response is not None]
    counts = {
        "the log reached its limit (disk: in the target file), so it lacks the body of": (
            sum(response.body.left_out for response in responses)
        ),
        "because of a possible secret, the log withholds the body of": (
            sum(response.body.withheld for response in responses)
        ),
        "the log keeps only some of the headers of": (
            sum(response.headers_cut for response in responses)
        ),
    }
    return [f"{what} {amount(count, 'response')}" for what, count in counts.items() if count]
