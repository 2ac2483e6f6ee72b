"""``init``: writes a target file, filled in with what a few reads of the target show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.base import files
from conformance.base.errors import UsageError
from conformance.base.options import Choice
from conformance.command.choosing import with_address
from conformance.command.commands import TARGET_FILE, load
from conformance.command.saying import say

if TYPE_CHECKING:
    from conformance.model import Cell, Run


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), default=Path(TARGET_FILE))
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@with_address
def init(path: Path, force: bool, choice: Choice) -> None:
    """Write a commented target file for you to fill in.

    With --url, first send at most 120 requests to the target: reads with the key, and requests that
    name nothing, which it must reject. The file contains what they show, but never the key.
    """
    if path.exists() and not force:
        raise UsageError(f"{path} already exists. Choose another name, or use --force.")
    if choice.key_file and not choice.url:
        raise UsageError("A key requires --url: specify which server it belongs to.")
    if choice.url:
        from conformance.run.planning import with_key

        choice = with_key(choice)  # standard input can be read only once
        notes = _write_proposal(path, choice)
        _append(path, notes, _unlocks(path, choice))
    else:
        from conformance.command import initfile

        _write(path, initfile.text(load(choice.spec)))
    say(f"Wrote {path}. Fill it in, then: kaicalls-conformance doctor --target {path}")


def _write(path: Path, text: str) -> None:
    with files.open_private(path, "w") as file:
        file.write(text)


def _write_proposal(path: Path, choice: Choice) -> tuple[str, ...]:
    """Write a target file with what a few reads show. Prints the notes, and returns them."""
    from conformance.command import initfile
    from conformance.command.doctor import session_for
    from conformance.command.preparing import prepared_for
    from conformance.examine.proposal import REQUESTS, propose

    session = session_for(prepared_for(replace(choice, budget=REQUESTS), None))
    proposal = propose(session)
    say("\n".join(proposal.notes))
    found = {name: (one.value, one.how) for name, one in proposal.members.items()}
    _write(path, initfile.text(session.contract, found))
    return proposal.notes


def _unlocks(path: Path, choice: Choice) -> list[str]:
    """Lines to add to a target file, each with the number of cells untested without it."""
    from conformance.command.doctor import session_for
    from conformance.report import provide
    from conformance.run.planning import prepare, target_of

    contract = load(choice.spec)
    target = target_of(contract, replace(choice, target=path))
    run = session_for(prepare(contract, target, choice)).finish()  # sends nothing
    cells = tuple(_with_missing_keys(run, cell) for cell in run.cells)
    return provide.lines(replace(run, cells=cells))


def _with_missing_keys(run: Run, cell: Cell) -> Cell:
    """A cell of a run that has not begun, with the missing keys of its rules as its reasons.

    The cell is unchanged if no key is missing, or if it has a reason other than that nothing ran.
    """
    from conformance.checks import RULES
    from conformance.model import Reason, ReasonKind

    if any(reason.kind is not ReasonKind.NOT_RUN for reason in cell.reasons):
        return cell
    lacking: list[Reason] = []
    for name in run.contract.clauses[cell.clause].rules:
        rule = RULES[name]
        member, _, role = rule.place.partition(": ")
        if member == "keys" and role not in run.target.keys:
            lacking.append(Reason(ReasonKind.PROVIDE, rule.hint, place=rule.place))
    return replace(cell, reasons=tuple(lacking)) if lacking else cell


def _append(path: Path, notes: Iterable[str], unlocks: Iterable[str]) -> None:
    """Append to a target file, as comments, notes and the lines that would unlock more cells.

    The lines to unlock cells begin with a bar: at the end of the file, they would not be valid
    without their ``#``.
    """
    lines = ["", "What the reads showed:", *notes]
    lines += [
        "",
        "Add these to the members above to have more cells judged:",
        *(f"| {line}" for line in unlocks),
    ]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"# {line}".rstrip() + "\n" for line in lines)
