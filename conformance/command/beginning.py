"""``init``: writes a target file, with what a look at the target shows of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance import files
from conformance.command.choosing import with_address
from conformance.command.commands import TARGET_FILE, load
from conformance.command.saying import say
from conformance.errors import UsageError
from conformance.options import Choice

if TYPE_CHECKING:
    from conformance.contact.proposal import Proposal


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), default=Path(TARGET_FILE))
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@with_address
def init(path: Path, force: bool, choice: Choice) -> None:
    """Write a commented target file for you to fill in.

    With --url, look at the target first: some thirty plain reads with the key. What they show
    stands in the file. The key does not.
    """
    if path.exists() and not force:
        raise UsageError(f"{path} is there already; give another name, or --force")
    if choice.key_file and not choice.url:
        raise UsageError("A key without --url: say which server it belongs to")
    if choice.url:
        text = _looked_at(choice)
    else:
        from conformance.command import initfile

        text = initfile.text(load(choice.spec))
    with files.own(path, "w") as file:
        file.write(text)
    say(f"Wrote {path}. Fill it in, then: kaicalls-conformance doctor --target {path}")


def _looked_at(choice: Choice) -> str:
    """A target file with what a look at the target shows. Prints the notes, too."""
    from conformance.command import initfile
    from conformance.command.doctor import session_for
    from conformance.command.preparing import prepared_for
    from conformance.contact.proposal import propose
    from conformance.report import provide

    session = session_for(prepared_for(choice, None))
    proposal = propose(session)
    unlocks = provide.lines(session.finish())
    say("\n".join(proposal.notes))
    found = {name: (one.value, one.how) for name, one in proposal.members.items()}
    return initfile.text(session.contract, found) + _told(proposal, unlocks)


def _told(proposal: Proposal, unlocks: list[str]) -> str:
    """The notes, and what more would unlock, as comments at the end of the file."""
    notes = ["", "What the look showed:", *proposal.notes]
    more = ["", "What would be judged beside, by what you add to the members above:", *unlocks]
    return "".join(f"# {line}".rstrip() + "\n" for line in [*notes, *more])
