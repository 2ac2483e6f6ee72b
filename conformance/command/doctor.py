"""``doctor``: checks each part of a target file against the target before a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from conformance.base.errors import Exit
from conformance.base.options import Choice
from conformance.command.choosing import with_target, with_yes
from conformance.command.preparing import confirm, embedded, prepared_for
from conformance.command.saying import print_json, say

if TYPE_CHECKING:
    from conformance.model import Remark
    from conformance.run.planning import Prepared
    from conformance.run.session import Session


@click.command()
@with_target
@with_yes
@click.option("-v", "--verbose", "details", is_flag=True, help="Also list what works, in detail.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(choice: Choice, yes: bool, details: bool, as_json: bool) -> int:
    """Check a target file before a run: keys, businesses, lists, clock, addresses and triggers.

    It sends reads, and requests that the server must reject because they name nothing. If allow: in
    the target file permits it, it also tries the triggers and the clock.
    Exit codes: 0 nothing to fix, 1 something to fix, 3 nothing could be checked.
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
        print_json({"remarks": [asdict(remark) for remark in remarks], "counts": counts})
    else:
        say(_text(prepared.target.declaration.url, remarks, details))
        say(_next_step(choice, remarks))
    if counts[State.MEND]:
        return Exit.VIOLATED
    return Exit.CONFORMS if counts[State.WORKS] else Exit.UNJUDGED


def session_for(prepared: Prepared) -> Session:
    """A session without a log file. Raises TargetError if the target has no key."""
    from conformance.run.preflight import require_key
    from conformance.run.session import Session
    from conformance.transport.http import HttpWire

    require_key(prepared.target)
    wire = HttpWire(prepared.target.timeout, prepared.target.trust)
    return Session(prepared, wire)


def _ask(session: Session) -> None:
    """Ask before sending triggers that do more than read. Raises click.Abort if declined."""
    from conformance.examine.triggers import cases
    from conformance.plan.build import Plan

    confirm(Plan(tuple(cases(session))).requests())


def _text(url: str, remarks: Sequence[Remark], details: bool) -> str:
    """One line per remark. Unless ``details`` are wanted, one line sums up what works.

    That line counts the proven remarks by the member of the target file that they are about.
    """
    if details:
        return "\n".join([url, "", *(_line(remark) for remark in remarks), ""])
    unproven = [_line(remark) for remark in remarks if not remark.proven]
    proven_in = Counter(remark.about.partition(":")[0] for remark in remarks if remark.proven)
    works = ", ".join(f"{member} ({count})" for member, count in proven_in.items())
    return "\n".join([url, "", *unproven, f"works  {works or 'nothing'}", ""])


def _line(remark: Remark) -> str:
    """A remark on one line, escaped, and below it how to fix it."""
    from conformance.base.text import clean

    state = "fix" if remark.state == "mend" else remark.state
    line = clean(f"{state:<6} {remark.about}: {remark.seen}")
    return f"{line}\n       -> {clean(remark.mend)}" if remark.mend else line


def _next_step(choice: Choice, remarks: Sequence[Remark]) -> str:
    """What to do next: fix the first problem, or run. It claims no more than was checked."""
    from conformance.base.text import amount

    wrong = [remark for remark in remarks if remark.state == "mend"]
    if wrong:
        problems = amount(len(wrong), "problem")
        return f"{problems} to fix, starting with {wrong[0].about}. Run doctor again afterwards."
    if not any(remark.proven for remark in remarks):
        return "Nothing could be checked."
    seen = "Nothing to fix"
    if not all(remark.proven for remark in remarks):
        seen += " in what could be checked"
    target = f" --target {choice.target}" if choice.target else ""
    return f"{seen}. Next: kaicalls-conformance run{target} --depth quick"
