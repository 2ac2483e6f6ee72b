"""``waivers``: what the waivers of a target file need, before a run shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.base.errors import UsageError
from conformance.command.choosing import with_spec
from conformance.command.commands import load
from conformance.command.saying import print_json, say

if TYPE_CHECKING:
    from conformance.model import Waiver


@click.group()
def waivers() -> None:
    """Look at the waivers of a target file. Sends no requests and needs no keys."""


@waivers.command()
@click.option(
    "--target",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Target file with the waivers.",
)
@click.option(
    "--in",
    "ahead",
    type=click.IntRange(0, 10_000),
    default=30,
    show_default=True,
    help="Number of days to look ahead.",
)
@click.option("--owner", help="List only the waivers of this owner.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_spec
def due(target: Path, ahead: int, owner: str | None, as_json: bool, spec: Path | None) -> None:
    """List the waivers that have expired, or expire within some days, the earliest first.

    A waiver is valid until the end of its last day, in UTC.
    """
    from conformance.target import this_day, waivers_of

    today = this_day()
    found = waivers_of(load(spec), target)
    if owner is not None:
        found = _of_owner(found, owner, target)
    last = today + timedelta(days=ahead)
    listed = sorted((each for each in found if each.expires <= last), key=lambda each: each.expires)
    if as_json:
        print_json([_as_data(each, today) for each in listed])
    elif listed:
        say("\n".join(_lines(listed, today)))
    else:
        say(f"No waiver expires by {last}.")


def _of_owner(found: Sequence[Waiver], owner: str, target: Path) -> tuple[Waiver, ...]:
    """The waivers of an owner. Raises UsageError if there is none, because of a likely typo."""
    from conformance.base.text import nearest

    own = tuple(each for each in found if each.owner == owner)
    if not own:
        close = nearest(owner, {each.owner for each in found})
        raise UsageError(f"{target}: no waiver has the owner {owner}{close}.")
    return own


def _lines(listed: Sequence[Waiver], today: date) -> Iterator[str]:
    """Two lines for each waiver: when it expires, for whom and where, and its statement."""
    from conformance.base.text import clean

    for each in listed:
        where = f"{each.clause} on {', '.join(each.operations) or 'every operation'}"
        yield clean(f"{each.expires}  {_when(each, today)}  {each.owner}  {each.ticket}  {where}")
        yield clean(f"    {each.statement}")


def _when(waiver: Waiver, today: date) -> str:
    """When a waiver expires, such as ``in 3 days``, counted from the end of today."""
    from conformance.base.text import amount

    days = (waiver.expires - today).days
    if days < 0:
        return f"expired {amount(-days, 'day')} ago"
    return f"in {amount(days, 'day')}" if days else "today"


def _as_data(waiver: Waiver, today: date) -> dict[str, Any]:
    """A waiver as data; ``in_days`` is negative if it has expired."""
    return {
        "expires": waiver.expires.isoformat(),
        "in_days": (waiver.expires - today).days,
        "owner": waiver.owner,
        "ticket": waiver.ticket,
        "clause": waiver.clause,
        "operations": list(waiver.operations),
        "statement": waiver.statement,
    }
