"""Judges of what a request asks wrongly: unknown ids, missing, invalid and unparsable parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.checks.base import Outcome, Problem, Proof, Trial, View, control_gap, refusal, refusals, trial, unusable
from conformance.checks.objects import object_of
from conformance.model import Exchange, compact


@trial("id.unknown", hint="an object would have to be known, to make an id that is not one")
def id_unknown(view: View, trial: Trial) -> Iterator[Outcome]:
    """An id that names nothing is answered not found."""
    if view.operation is not None and view.operation.absent_open:
        yield from shown_absent(view, trial, "not_found")
    else:
        yield from refusals(view, trial, "not_found")


def shown_absent(view: View, trial: Trial, *roles: str, **facts: Any) -> Iterator[Outcome]:
    """Judge probes that may be refused, or answered as a success that does not show what was asked for."""
    gap = control_gap(view, trial)
    if gap:
        yield gap
        return
    for probe in trial.having("probe", **facts):
        excuse = unusable(view, probe)
        if excuse or probe.response is None:
            yield excuse or Proof(())
        elif not probe.response.ok:
            yield refusal(view, probe, roles)
        else:
            yield _not_shown(view, probe, probe.response.json)


def _not_shown(view: View, probe: Exchange, body: Any) -> Outcome:
    assert view.operation is not None
    shown = object_of(view.contract, view.operation, body)
    name = view.contract.identifier_of(view.operation.kind)
    sought = probe.fact("sought")
    if sought is not None and isinstance(shown, dict) and str(shown.get(name)) == sought:
        return Problem(f"/{name}", "nothing, as the key reaches no such object", compact(shown), (probe.id,))
    return Proof((probe.id,))


@trial("parameter.missing")
def parameter_missing(view: View, trial: Trial) -> Iterator[Outcome]:
    """A request without a required parameter is refused as that."""
    yield from refusals(view, trial, "missing_parameter", form="omitted")


@trial("parameter.blank")
def parameter_blank(view: View, trial: Trial) -> Iterator[Outcome]:
    """A required parameter that is null is refused; it may be called missing or invalid."""
    yield from refusals(view, trial, "missing_parameter", "invalid_parameter", form="null")


@trial("parameter.invalid")
def parameter_invalid(view: View, trial: Trial) -> Iterator[Outcome]:
    """A value that no reading can accept is refused as invalid."""
    yield from refusals(view, trial, "invalid_parameter")


@trial("parameter.unparsable", hint="a value that cannot be parsed would have to be refused or ignored")
def parameter_unparsable(view: View, trial: Trial) -> Iterator[Outcome]:
    """A value that cannot be parsed is refused as invalid, or ignored."""
    for probe in trial.probes:
        excuse = unusable(view, probe)
        if excuse:
            yield excuse
        elif probe.response is not None and probe.response.ok:
            yield Proof((probe.id,))
        elif probe.response is not None and probe.response.status < 500:  # status.client-mistake blames the rest
            yield refusal(view, probe, ("invalid_parameter",))


@trial("body.broken")
def body_broken(view: View, trial: Trial) -> Iterator[Outcome]:
    """A body that is no JSON object is refused; either code of a bad request is right."""
    yield from refusals(view, trial, "invalid_parameter", "missing_parameter")
