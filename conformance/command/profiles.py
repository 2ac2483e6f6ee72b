"""``profiles``: the profiles of the contract, and what a run lacks to meet them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.base.errors import Exit, UsageError
from conformance.command.choosing import with_spec
from conformance.command.commands import load
from conformance.command.replay import RUN, recomputed
from conformance.command.saying import print_json, say

if TYPE_CHECKING:
    from conformance.model import Contract, Profile
    from conformance.report.profiles import Standing


@click.command(name="profiles")
@click.argument("name", required=False)
@click.option("--of", "stored_in", metavar="RUN", type=RUN, help="Say what a stored run lacks.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_spec
def profiles_(name: str | None, stored_in: Path | None, as_json: bool, spec: Path | None) -> int:
    """List the profiles of the contract, or one with the clauses that it does not score.

    With --of, say what a run lacks to meet them; exit 1 if it does not meet one.
    """
    from conformance.command import profile_text

    contract = load(spec)
    chosen = _chosen(contract, name)
    if stored_in is None:
        listed = [profile_text.as_data(profile) for profile in chosen]
        text = profile_text.text_of(chosen, in_full=name is not None)
        met = True
    else:
        found = _standings(stored_in, contract, chosen)
        listed = [profile_text.as_data(each.profile) | each.as_data() for each in found]
        text = profile_text.standings(found)
        met = not any(each.lacking for each in found)
    if as_json:
        print_json(listed)
    else:
        say(text)
    return Exit.CONFORMS if met else Exit.VIOLATED


def _standings(stored_in: Path, contract: Contract, chosen: list[Profile]) -> list[Standing]:
    """The standing of a stored run, judged again, in some profiles."""
    from conformance.report.profiles import standings

    run = recomputed(stored_in, contract).run
    return [each for each in standings(run) if each.profile in chosen]


def _chosen(contract: Contract, name: str | None) -> list[Profile]:
    """The named profile, or all. Raises UsageError for an unknown one, and if there is none."""
    if not contract.profiles:
        raise UsageError(f"{contract.name} has no profiles.")
    if name is None:
        return list(contract.profiles.values())
    if name not in contract.profiles:
        from conformance.base.text import nearest

        suggestion = nearest(name, contract.profiles)
        known = ", ".join(contract.profiles)
        raise UsageError(f"There is no profile {name}{suggestion}. The profiles are {known}.")
    return [contract.profiles[name]]
