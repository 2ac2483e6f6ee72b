"""Judges of what a request asks wrongly: unknown ids, missing, invalid and unparsable parameters."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.base import Outcome, Proof, Trial, View, refusal, refusals, trial, unusable


@trial("id.unknown", hint="an object would have to be known, to make an id that is not one")
def id_unknown(view: View, trial: Trial) -> Iterator[Outcome]:
    """An id that names nothing is answered not found."""
    yield from refusals(view, trial, "not_found")


@trial("parameter.missing")
def parameter_missing(view: View, trial: Trial) -> Iterator[Outcome]:
    """A request without a required parameter is refused as that."""
    yield from refusals(view, trial, "missing_parameter")


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
