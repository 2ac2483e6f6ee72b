"""``doctor``: is a target file right? Looks at each part of it before anything is judged."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from conformance.base.errors import Exit
from conformance.base.options import Choice
from conformance.command.choosing import with_target, with_yes
from conformance.command.preparing import confirm, embedded, prepared_for
from conformance.command.saying import hand_out, say

if TYPE_CHECKING:
    from conformance.model import Remark
    from conformance.run.planning import Prepared
    from conformance.run.session import Session


@click.command()
@with_target
@with_yes
@click.option("-v", "--verbose", "details", is_flag=True, help="Also say what works, and how.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(choice: Choice, yes: bool, details: bool, as_json: bool) -> int:
    """Check a target file before a run: keys, businesses, lists, clock, addresses and triggers.

    It reads; triggers and the clock are tried if allow: in the target file permits it. Exit codes:
    0 nothing to mend, 1 something to mend, 3 nothing could be examined.
    """
    from conformance.examine.examination import examine
    from conformance.model import State

    with embedded(choice) as server:
        prepared = prepared_for(choice, server)
        session = session_for(prepared)
        if not server and not yes:
            _ask(session)
        remarks = list(examine(session))
    counts = Counter(remark.state for remark in remarks)
    if as_json:
        hand_out({"remarks": [asdict(remark) for remark in remarks], "counts": counts})
    else:
        say(_text(prepared.target.declaration.url, remarks, details))
        say(_end(choice, remarks))
    if counts[State.MEND]:
        return Exit.VIOLATED
    return Exit.CONFORMS if counts[State.WORKS] else Exit.UNJUDGED


def session_for(prepared: Prepared) -> Session:
    """What sends and remembers, without a log. Raises TargetError without a key."""
    from conformance.run.preflight import require_key
    from conformance.run.session import Session
    from conformance.transport.http import HttpWire

    require_key(prepared.target)
    wire = HttpWire(prepared.target.timeout, prepared.target.trust)
    return Session(prepared, wire, nonce=str(time.time_ns()))


def _ask(session: Session) -> None:
    """On a terminal, ask before triggers that do more than read. Raises click.Abort for a no."""
    from conformance.examine.triggers import cases
    from conformance.plan.build import Plan

    confirm(Plan(tuple(cases(session))).requests())


def _text(url: str, remarks: Sequence[Remark], details: bool) -> str:
    """What was looked at, a line for each remark; what works comes in one line, or in detail."""
    if details:
        return "\n".join([url, "", *(_line(remark) for remark in remarks), ""])
    others = [_line(remark) for remark in remarks if not remark.proven]
    places = Counter(remark.about.partition(":")[0] for remark in remarks if remark.proven)
    works = ", ".join(f"{place} ({count})" for place, count in places.items())
    return "\n".join([url, "", *others, f"works  {works or 'nothing'}", ""])


def _line(remark: Remark) -> str:
    """A remark on a line, whatever the target says; below it what to do."""
    from conformance.base.text import clean

    line = clean(f"{remark.state:<6} {remark.about}: {remark.seen}")
    return f"{line}\n       -> {clean(remark.mend)}" if remark.mend else line


def _end(choice: Choice, remarks: Sequence[Remark]) -> str:
    """What to do next: mend the first thing that is wrong, or run."""
    wrong = [remark for remark in remarks if remark.state == "mend"]
    if wrong:
        return f"{len(wrong)} to mend, first {wrong[0].about}. Then run doctor again."
    target = f" --target {choice.target}" if choice.target else ""
    return f"Nothing to mend. Next: kaicalls-conformance run{target} --depth quick"
