"""Thirty faults of every subject, put into one server."""

from __future__ import annotations

from conformance.model import Run
from conformance.server import application
from tests.faults import harness, rows
from tests.faults.base import words
from tests.faults.faults import Fault
from tests.support import contracts

THIRTY = words(
    "flag-as-text scoped-keys-see-all rows-of-all-on-later-pages limit-for-scope "
    "neighbours-need-no-key prompt-not-required any-number-called another-id-announced "
    "inclusive-cursor-of-agents object-as-message first-item-lost-by-one "
    "touches-of-another no-flag-on-empty-page impossible-date limit-beyond-the-database "
    "body-that-is-no-object parameter-in-brackets revoked-key-taken update-accepted "
    "ok-for-created-agent call-without-status workspace-made-twice backslash-eaten "
    "foreign-agent-read foreign-dashboard empty-terms filtered-turned-around "
    "updated-means-created neighbour-deleted notes-of-lead-lost"
)
"""Faults of every subject, to be put into one server."""


def run_of_all(faults: list[Fault]) -> Run:
    """A run against a server with several faults."""
    loaded = contracts.real()
    kind = type("Several", tuple(fault.kind for fault in faults), {})
    aims = [rows.aim_at(fault) for fault in faults]
    clauses = {clause for aim in aims for clause in aim.clauses or ()}
    scenarios = {scenario for aim in aims for scenario in aim.scenarios}
    aim = harness.Aim(tuple(clauses), tuple(scenarios))
    return harness.run(loaded, application(loaded, kind=kind), aim=aim)
