"""Remarks on the target and its target file, such as unused waivers, bad keys and outages.

Remarks are never graded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from conformance.base.text import amount
from conformance.base.values import pointed
from conformance.model import (
    DEAD_KEYS,
    ON_NO_PAGE,
    UNAVAILABLE,
    Contract,
    Declaration,
    Exchange,
    Finding,
    Role,
    Run,
    place_of_key,
)
from conformance.model.routes import NO_SUCH_ROUTE, advice_on, lacked
from conformance.reading import answer_of, query_value, refused_member
from conformance.report import curve, excluded, unproven, view, waivers

OFTEN = 0.01
"""The share of requests that return 502, 503 or 504 from which the remark includes advice."""
UNVERIFIED = "the certificate of the target was not verified (verify: false in the target file)"
OTHER_KEY = "the target showed several TLS keys, so more than one deployment may have been judged"
FILTER_RULE = "paging.filter"
"""The rule that judges whether a filter is applied."""
FOREIGN_RULE = "tenant.filter"
"""The rule that judges lists filtered by another business, or by an object of one."""
SEVERAL = 3
"""Items on a page that all pass a filter only if the list obeys it."""
INVALID_RULE = "parameter.invalid"
"""The rule that judges values that must be refused."""


def of(run: Run) -> list[str]:
    """All remarks on a run, each a sentence."""
    exceptions = [*(each.text for each in waivers.idle(run)), *excluded.lines(run)]
    added = [*lacking(run.contract, run.exchanges), *idle_filters(run), *idle_members(run)]
    trusted = [] if run.target.verify else [UNVERIFIED]
    if run.peer is not None and run.peer.more_tls_keys:
        trusted.append(OTHER_KEY)
    incomplete = [
        *unavailable(run.contract, run.exchanges),
        *unanswered(run.contract, run.exchanges),
        *incompletely_logged(run.exchanges),
    ]
    return [
        *curve.remarks(run),
        *trusted,
        *unproven.wrong(run.setup),
        *exceptions,
        *_unreported_keys(run),
        *added,
        *incomplete,
    ]


def of_setup(run: Run) -> list[str]:
    """What is wrong with the target file: first what the first look found, then doubtful keys."""
    return [*unproven.wrong(run.setup), *_unreported_keys(run)]


def _unreported_keys(run: Run) -> list[str]:
    """A sentence for each doubtful key that the first look has not already found to be wrong."""
    reported = {remark.about for remark in unproven.to_fix(run.setup)}
    # a run that ended early already says what was wrong with its main key
    if run.incomplete:
        reported.add(place_of_key(str(run.target.main_key)))
    unreported = [
        each for each in run.exchanges if place_of_key(str(each.identity)) not in reported
    ]
    return doubtful_keys(run.target, unreported)


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
    for role, returned in sorted(statuses.items()):
        if set(returned) == {401}:
            sentences.append(
                f"all {amount(len(returned), 'request')} with the key {role} returned 401: "
                "check that the key in the target file is valid for this target"
            )
    return sentences


def lacking(contract: Contract, exchanges: Iterable[Exchange]) -> list[str]:
    """A sentence on the operations that were never found, with the ``inapplicable`` line for them.

    The line names a route instead of its operations if none of them was found. Empty if no
    operation is missing, or if all are: then the address is wrong.
    """
    statuses = _statuses_by_operation(contract, exchanges)
    missing = [name for name, returned in statuses.items() if returned.issubset(NO_SUCH_ROUTE)]
    if not missing or len(missing) == len(statuses):
        return []
    route = {name: contract.operations[name].route for name in statuses}
    found_routes = {route[name] for name in statuses if name not in missing}
    entries = [name if route[name] in found_routes else route[name] for name in missing]
    lost = list(dict.fromkeys(entries))
    return [f"{lacked(lost, len(set(route.values())))}; {advice_on(lost)}"]


def _statuses_by_operation(
    contract: Contract, exchanges: Iterable[Exchange]
) -> dict[str, set[int | None]]:
    """The statuses that operations returned, by operation, if they got a valid request.

    Any other operation may exist even if it was never found. Except for controls, 401 and 403 are
    left out, because they say nothing about the operation. A request without a response has None.
    """
    statuses: dict[str, set[int | None]] = defaultdict(set)
    valid = set[str]()  # the operations that got a valid request
    for exchange in exchanges:
        if not exchange.facts.mistake:
            valid.add(exchange.operation)
        if exchange.role is Role.CONTROL or exchange.status not in (401, 403):
            statuses[exchange.operation].add(exchange.status)
    known = contract.operations
    return {name: seen for name, seen in statuses.items() if name in valid and name in known}


def idle_filters(run: Run) -> list[str]:
    """A sentence on the filters that lists ignored, with the ``absent`` line for them; or none.

    A response that is not a success has ignored nothing. A filter that makes a list lose items has
    an effect, so it does not count either. Nor does a filter that some other page obeys.
    """
    ignored: dict[str, set[str]] = defaultdict(set)
    findings = [finding for cell in run.cells for finding in cell.findings]
    for finding in findings:
        for exchange in run.exchanges_of(finding.exchanges):
            if exchange.ok:
                ignored[finding.operation].update(_ignored_in(run, finding.rule, exchange))
    if not any(ignored.values()):
        return []
    effective = _effective_filters(run, findings)
    idle = {operation: names - effective[operation] for operation, names in ignored.items()}
    return _advice_on_absent("filters", idle)


def _effective_filters(run: Run, findings: Iterable[Finding]) -> defaultdict[str, set[str]]:
    """By operation, the filters that make a list lose items, and those that some page obeys.

    Such a page has no other filter and no finding, and several items.
    """
    effective: defaultdict[str, set[str]] = defaultdict(set)
    blamed: set[str] = set()
    for finding in findings:
        blamed.update(finding.exchanges)
        if finding.actual == ON_NO_PAGE:
            for exchange in run.exchanges_of(finding.exchanges):
                effective[finding.operation].update(exchange.facts.filters)
    for exchange in run.exchanges:
        if exchange.id in blamed or not exchange.ok or len(exchange.facts.filters) != 1:
            continue
        answer = answer_of(run.contract, exchange)
        if answer is not None and len(answer.rows) >= SEVERAL:
            effective[exchange.operation].update(exchange.facts.filters)
    return effective


def _ignored_in(run: Run, rule: str, exchange: Exchange) -> list[str]:
    """The filters that one exchange of a finding of a rule shows to be ignored.

    A page after the first shows nothing: a list that ignores a filter only there has the filter. Of
    several filters in a request, it is not known which one is ignored.
    """
    if rule == FOREIGN_RULE:
        return _references_in(run, exchange)
    operation = run.contract.operations.get(exchange.operation)
    if operation and operation.paging and query_value(exchange, operation.paging.after) is not None:
        return []
    filters = exchange.facts.filters
    return list(filters) if rule == FILTER_RULE and len(filters) == 1 else []


def _references_in(run: Run, exchange: Exchange) -> list[str]:
    """The optional filters of a request that name an object, unless all items are of that object.

    A filter by the object of another business that returns its items is obeyed, not ignored.
    """
    answer = answer_of(run.contract, exchange)
    if answer is None:
        return []
    named = [
        (each, query_value(exchange, each.name))
        for each in answer.operation.filters
        if each.references and not each.required and each.name != run.contract.tenant
    ]
    return [
        each.name
        for each, value in named
        if value is not None and any(row.get(each.filters) != value for row in answer.rows)
    ]


def idle_members(run: Run) -> list[str]:
    """A sentence on members that ignored invalid values, with the ``absent`` line; or none."""
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
    """A sentence with the ``absent`` line for parameters by operation; empty if there are none.

    ``what`` says what the parameters are, such as filters.
    """
    lists = [
        f"{operation}: [{', '.join(sorted(names[operation]))}]"
        for operation in sorted(names)
        if names[operation]
    ]
    if not lists:
        return []
    line = f"absent: {{{', '.join(lists)}}}"
    return [f"if the target does not have these {what}, add to the target file: {line}"]


def unavailable(contract: Contract, exchanges: Iterable[Exchange]) -> list[str]:
    """A sentence with the number of requests that returned 502, 503 or 504; empty if none did.

    A response with a code of the contract does not count, because no proxy sends one. The sentence
    says how many requests were sent again; writes may not be. If they are many, it has advice.
    """
    sent = list(exchanges)
    codes = list(contract.errors)
    unserved = [exchange for exchange in sent if exchange.status in UNAVAILABLE]
    failed = [each for each in unserved if pointed(each.json, contract.code_pointer) not in codes]
    if not failed:
        return []
    again = sum(exchange.role is Role.RETRY for exchange in failed)
    seen = f"{len(failed)} of {len(sent)} requests returned 502, 503 or 504"
    if again:
        seen += f" (sent again: {again})"
    if len(failed) < OFTEN * len(sent):
        return [seen]
    return [
        f"{seen}: the proxy in front of the target seems overloaded; set rate: in the target file"
    ]


def unanswered(contract: Contract, exchanges: Iterable[Exchange]) -> list[str]:
    """A sentence on the requests that got no response, with their operations; empty if none did.

    They are not judged, but a server that crashes leaves the same trace as a lost connection.
    Requests that were sent again do not count. If nothing was answered, the server was not there,
    which another message says.
    """
    sent = list(exchanges)
    lost = [each for each in sent if each.response is None and each.role is not Role.RETRY]
    if not lost or all(each.response is None for each in sent):
        return []
    known = contract.operations
    routes = {known[each.operation].route for each in lost if each.operation in known}
    where = f" ({view.first_of(sorted(routes))})" if routes else ""
    return [
        f"{amount(len(lost), 'request')} got no response{where}, the first being exchange "
        f"{lost[0].id}: see whether the server crashed"
    ]


def incompletely_logged(exchanges: Iterable[Exchange]) -> list[str]:
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
