"""Doubts: why the target may not be to blame for a cause, and the order of causes that follows.

A cause may depend on a part of the target file that the first look did not find to be correct, such
as a key that perhaps was never revoked. Or its steps had another result when they were sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from conformance.base.values import pointed
from conformance.causes.dead_keys import is_proven_dead
from conformance.causes.finding_key import RECIPE
from conformance.causes.steps import causes_not_shown_again
from conformance.model import (
    DEAD_KEYS,
    Business,
    Cause,
    Exchange,
    Finding,
    KeyName,
    Remark,
    Run,
    State,
    place_of_key,
)

OF_RECIPES = "triggers"
"""The part of the target file with the recipes."""
CLOCKED = "rate."
"""Prefix of the rules that need a clock and addresses."""
CLOCK_AND_ADDRESSES = ("clock", "addresses")
"""The parts of the target file that such rules depend on."""
OF_TENANTS = ("tenant.", "owner.", "figures.")
"""Prefixes of the rules that need to know which business is which."""
OF_KEYS = ("auth.", "scope.", *OF_TENANTS)
"""Prefixes of the rules that depend on what a key is for. Other findings are wrong for any key."""
REFUSED_KEY = (401, 403)
"""Statuses of a response that may be the fault of a key."""

SHORT_DOUBTS: Mapping[str, str] = {
    place_of_key(KeyName.REVOKED): "perhaps never revoked",
    place_of_key(KeyName.EXPIRED): "perhaps not expired",
    "keys": "perhaps a wrong key",
    "scoped_keys": "perhaps a wrong scope",
    "businesses": "perhaps a wrong business",
    OF_RECIPES: "perhaps a wrong recipe",
    "clock": "perhaps a wrong clock",
    "addresses": "perhaps wrong addresses",
}
"""A doubt in a few words, by a place in the target file or by its first word."""
NOT_AGAIN = "not seen again"
"""The doubt about a cause whose steps had another result at the end of the run."""


def certain_first(run: Run) -> tuple[Cause, ...]:
    """The causes of a run with their doubts: those without one first, otherwise in their order."""
    not_shown_again = causes_not_shown_again(run)
    causes = [
        replace(cause, doubt=_doubt(run, cause, not_again=cause.id in not_shown_again))
        for cause in run.causes
    ]
    return tuple(sorted(causes, key=lambda cause: cause.doubt != ""))


def _doubt(run: Run, cause: Cause, *, not_again: bool) -> str:
    """The doubt about a cause in a few words; empty if there is none.

    An unproven part of the target file comes first. ``not_again`` says whether the steps of the
    cause had another result when they were repeated.
    """
    remarks = unproven(run, cause)
    if remarks:
        about = remarks[0].about
        member, _, _ = about.partition(":")
        return SHORT_DOUBTS[about] if about in SHORT_DOUBTS else SHORT_DOUBTS[member]
    return NOT_AGAIN if not_again else ""


# --- parts of the target file ---


def unproven(run: Run, cause: Cause) -> list[Remark]:
    """The remarks on the unproven parts of the target file that a cause depends on.

    A key that the log proves to be dead is not unproven, whatever the first look saw.
    """
    finding = cause.finding
    if _rests_on_recipe(run, finding):
        seen = f"nothing else proves the recipe for {finding.expected}"
        return [Remark(State.OPEN, OF_RECIPES, seen, "Check it.")]
    remarks = {remark.about: remark for remark in run.setup if not remark.proven}
    places = [place for place in dict.fromkeys(_places(run, cause)) if place in remarks]
    proven = {place_of_key(name) for name in DEAD_KEYS if is_proven_dead(run, name)}
    return [remarks[place] for place in places if place not in proven]


def _rests_on_recipe(run: Run, finding: Finding) -> bool:
    """Whether a finding rests on a recipe that did not work for any request of its case."""
    if finding.rule != RECIPE:
        return False
    cases = {exchange.case for exchange in run.exchanges_of(finding.exchanges)}
    sent = [each for each in run.exchanges if each.case in cases and not each.ok]
    seen = [f"{each.status} {pointed(each.json, run.contract.code_pointer)}" for each in sent]
    return finding.expected not in seen


def _places(run: Run, cause: Cause) -> Iterator[str]:
    """The parts of the target file that a cause depends on.

    A wrong status may also be due to a business that a request names.
    """
    rule = cause.finding.rule
    exchanges = run.exchanges_of(cause.finding.exchanges)
    for exchange in exchanges:
        is_key_judged = rule.startswith(OF_KEYS) or exchange.status in REFUSED_KEY
        if exchange.identity and is_key_judged:
            key, _, _ = exchange.identity.partition("~")  # without its alteration
            yield place_of_key(key)
    if rule.startswith(CLOCKED):
        yield from CLOCK_AND_ADDRESSES
    if rule.startswith(OF_TENANTS):
        yield from (f"businesses: {business}" for business in Business)
    elif cause.finding.where == "status":
        yield from _named_businesses(run, exchanges)


def _named_businesses(run: Run, exchanges: Iterable[Exchange]) -> Iterator[str]:
    """The entries of the target file for the businesses that some requests name."""
    requests = [exchange.request for exchange in exchanges]
    sent = "".join(f"{each.url}{each.body.kept if each.body else ''}" for each in requests)
    for name, identifier in run.target.businesses.items():
        if identifier in sent:
            yield f"businesses: {name}"
