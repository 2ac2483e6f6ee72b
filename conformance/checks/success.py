"""Judges of successes: status, members, and that what was created or changed is so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from conformance.checks.base import Outcome, Problem, Proof, Trial, View, every, passive, role_of, said, trial, unusable
from conformance.checks.lists import odd_cursor
from conformance.model import Clause, Contract, Exchange, Operation, compact
from conformance.values import NOT_JSON

REFUSED_FOR_ACCESS = (401, 403, 429)
"""Answers to a valid request that other rules judge."""


def _excused(view: View, exchange: Exchange) -> bool:
    """Whether a valid request may well have been refused here."""
    role = role_of(view.contract, exchange)
    operation = view.operation
    if unusable(view, exchange) or role == "refusal" or odd_cursor(view, exchange):
        return True
    assert exchange.response is not None
    if operation and operation.payment and exchange.response.status == 402:
        return True
    phones = bool(operation) and any(p.phone for p in operation.body if p.required)  # type: ignore[union-attr]
    return phones and not view.target.phone_numbers and exchange.response.status == 400


def _same_status(contract: Contract, operation: Operation, clause: Clause) -> bool:
    return clause.about is None or clause.about.status == operation.success


@passive("success.status", applies=_same_status, hint="no request succeeded")
def success_status(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """A valid request succeeds, and with the status of its operation."""
    response, operation = exchange.response, view.operation
    if response is None or operation is None:
        return
    about = str(operation.success)
    if response.ok and response.status in view.contract.statuses:
        if response.status == operation.success:
            yield Proof((exchange.id,), about=about)
        else:
            yield Problem("status", about, said(exchange), (exchange.id,), about=about)
    elif (
        exchange.role == "control"
        and response.status not in REFUSED_FOR_ACCESS
        and not _excused(view, exchange)
        and not response.ok
    ):
        yield Problem("status", f"{about} for a valid request", said(exchange), (exchange.id,), about=about)


_VALIDATORS: dict[int, tuple[Operation, jsonschema_rs.Validator]] = {}


def _valid(operation: Operation, value: Any) -> bool:
    """Whether a body obeys the schema of its operation; the fast validator, the other one finds the words."""
    if id(operation) not in _VALIDATORS:
        _VALIDATORS[id(operation)] = operation, jsonschema_rs.validator_for(dict(operation.schema))
    try:
        return bool(_VALIDATORS[id(operation)][1].is_valid(value))
    except (ValueError, RecursionError):  # a value that only Python can hold, such as a lone surrogate
        return Draft202012Validator(operation.schema).is_valid(value)


@passive("success.shape", applies=every, hint="no request succeeded")
def success_shape(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """The body of a success is JSON with the documented members and types."""
    response, operation = exchange.response, view.operation
    if response is None or operation is None or not response.ok or response.body.withheld or exchange.request.method == "HEAD":
        return
    if response.body.cut:
        yield unusable(view, exchange) or Proof(())
        return
    if response.json is NOT_JSON:
        yield Problem("/", "a JSON value", said(exchange), (exchange.id,))
        return
    if operation.paging and isinstance(response.json, dict) and not isinstance(response.json.get(operation.paging.more), bool):
        return  # list.more-flag judges it
    if _valid(operation, response.json):
        yield Proof((exchange.id,))
        return
    error = best_match(Draft202012Validator(operation.schema).iter_errors(response.json))
    if error is not None:
        where = "/" + "/".join(str(step) for step in error.absolute_path)
        yield Problem(where, compact({error.validator: error.validator_value}), error.message[:200], (exchange.id,))


# --- creating and changing ------------------------------------------------------------------------


def shown(operation: Operation | None, sent: dict[str, Any], got: Any) -> list[str]:
    """The members that were sent and that a read shows. An optional one may be left out, or null."""
    if not isinstance(got, dict):
        return []
    required = {p.name for p in operation.parameters if p.required} if operation else set()
    return [name for name in sent if name in got and (got[name] is not None or name in required)]


def differences(operation: Operation | None, sent: dict[str, Any], got: Any) -> Iterator[tuple[str, str, str]]:
    """Members that were sent and read with another value."""
    for name in shown(operation, sent, got):
        if not _same(sent[name], got[name]):
            yield f"/{name}", compact(sent[name]), compact(got[name])


def _same(sent: Any, got: Any) -> bool:
    """Equal as JSON values; text may come back trimmed, and an object with members that were not sent."""
    if isinstance(sent, dict) and isinstance(got, dict):
        return all(name in got and _same(value, got[name]) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(got, list):
        return len(sent) == len(got) and all(map(_same, sent, got))
    if isinstance(sent, bool) or isinstance(got, bool):
        return sent is got
    if isinstance(sent, str) and isinstance(got, str):
        return re.sub(r"\s+", " ", sent).strip() == re.sub(r"\s+", " ", got).strip()
    return bool(sent == got)


@trial("create.read-back", hint="an object would have to be created and read again")
def create_read_back(view: View, trial: Trial) -> Iterator[Outcome]:
    """What was created can be read, with the values that were sent."""
    yield from _read_back(view, trial, "control")


@trial("update.read-back", hint="an object would have to be changed, and to show the change when it is read again")
def update_read_back(view: View, trial: Trial) -> Iterator[Outcome]:
    """What was changed reads as changed."""
    yield from _read_back(view, trial, "control")


def _read_back(view: View, trial: Trial, role: str) -> Iterator[Outcome]:
    """Judge each write by the last read that follows it."""
    pairs: list[list[Exchange]] = []
    for exchange in trial.exchanges:
        if exchange.role == role and exchange.fact("step") == "write":
            pairs.append([exchange])
        elif exchange.fact("step") == "read" and pairs:
            pairs[-1].append(exchange)
    for write, *reads in pairs:
        excuse = unusable(view, write)
        if excuse:
            yield excuse
        elif reads:
            yield from _one_read_back(view, write, reads[-1])
        elif (
            write.response is not None
            and write.response.ok
            and not write.fact("sought")
            and _without_id(view, write.response.json)
        ):
            yield Problem(f"/{view.contract.identifier}", "the id of what was written", said(write), (write.id,))


def _without_id(view: View, value: Any) -> bool:
    return isinstance(value, dict) and not isinstance(value.get(view.contract.identifier), str | int)


def _one_read_back(view: View, write: Exchange, read: Exchange) -> Iterator[Outcome]:
    excuse = unusable(view, read)
    response = read.response
    ids = (write.id, read.id)
    if excuse or response is None:
        yield excuse or Proof(())
        return
    if not response.ok:
        yield Problem("status", "200, as it was just written", said(read), ids)
        return
    found: list[Outcome] = [
        Problem(where, expected, actual, ids)
        for where, expected, actual in differences(view.operation, write.fact("sent") or {}, response.json)
    ]
    got = response.json.get(view.contract.identifier) if isinstance(response.json, dict) else None
    if got is not None and str(got) != read.fact("sought"):
        found.append(Problem(f"/{view.contract.identifier}", compact(read.fact("sought")), compact(got), ids))
    if found:
        yield from found
    elif (
        view.operation is None
        or view.operation.action == "create"
        or shown(view.operation, write.fact("sent") or {}, response.json)
    ):
        yield Proof(ids)  # a change that the read does not show proves nothing
