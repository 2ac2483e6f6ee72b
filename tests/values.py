"""``python -m tests.values``: what cases are worth, learnt from faults, and the curve.

``--measure`` first runs the suite against each fault that has not been measured.
"""

from __future__ import annotations

import json

import click

from conformance.base.options import Choice
from conformance.plan import values
from conformance.plan.build import Plan
from conformance.plan.values import Values
from conformance.server import application
from tests import curve, learning, shown
from tests.faults import harness
from tests.faults.faults import FAULTS
from tests.shown import Sightings
from tests.support.contracts import real


def plan() -> Plan:
    """The plan of a full run against the reference server."""
    aimed_at = harness.target_of(real(), application(real()), "http://127.0.0.1:1", {})
    return harness.prepared(real(), aimed_at, Choice()).plan


def measure(sightings: Sightings) -> None:
    """Measure the faults of which nothing is stored, and store each at once."""
    with shown.DATA.open("a", encoding="utf-8") as file:
        for name, fault in FAULTS.items():
            if name not in sightings:
                sightings[name] = shown.measured(fault)
                file.write(shown.line(name, sightings[name]))
                file.flush()


def text(known: Values) -> str:
    """The values as they are stored, with a line for each kind of fault."""
    data = values.as_data(known)
    kinds = [json.dumps(kind) for kind in data["kinds"]]
    head = f'{{"scenarios": {json.dumps(data["scenarios"])},\n"kinds": [\n'
    return head + ",\n".join(kinds) + "\n]}\n"


@click.command()
@click.option("--measure", "measuring", is_flag=True, help="First measure what is not stored.")
@click.option("--again", is_flag=True, help="First forget all that is stored.")
def main(measuring: bool, again: bool) -> None:
    """Learn what cases are worth, and draw the curve of faults against requests.

    Measuring takes minutes. It may be stopped, and goes on where it stopped.
    """
    if again:
        shown.DATA.unlink(missing_ok=True)
    sightings = {name: each for name, each in shown.stored().items() if name in FAULTS}
    if measuring or again:
        measure(sightings)
    whole = plan()
    values.DATA.write_text(text(learning.learnt(whole, sightings)), encoding="utf-8")
    curve.write(whole, sightings)


if __name__ == "__main__":
    main()
