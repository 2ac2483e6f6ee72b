"""Doubts: why the target may not be to blame for a cause, and the order of causes that follows.

A cause may depend on a part of the target file that the first look did not find to be correct, such
as a key that perhaps was never revoked. Or its steps had another result when they were sent again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from conformance.causes.steps import Sending, steps_of
from conformance.causes.telling import telling
from conformance.model import (
    Business,
    Cause,
    Exchange,
    KeyName,
    Remark,
    Run,
    State,
    place_of_key,
)

RECIPE = "trigger.answer"
"""The rule that judges the result of a recipe in the target file. Nothing else proves a recipe."""
OF_RECIPES = "triggers"
CLOCKED = "rate."
"""Prefix of the rules that need a clock and addresses."""
AROUND = ("clock", "addresses")
OF_TENANTS = ("tenant.", "owner.", "figures.")
"""Prefixes of the rules that need to know which business is which."""
OF_KEYS = ("auth.", "scope.", *OF_TENANTS)
"""Prefixes of the rules that depend on what a key is for. Other findings are wrong for any key."""
REFUSED_KEY = (401, 403)
"""Statuses of a response that may be the fault of a key."""

SHORT: Mapping[str, str] = {
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
    reproduced = _reproduced(run)
    causes = []
    for place, cause in enumerate(run.causes):
        doubts = [_in_short(remark) for remark in unproven(run, cause)]
        if not reproduced.get(place, True):
            doubts.append(NOT_AGAIN)
        causes.append(replace(cause, doubt=doubts[0] if doubts else ""))
    return tuple(sorted(causes, key=lambda cause: cause.doubt != ""))


def _reproduced(run: Run) -> dict[int, bool]:
    """Whether the steps had the same result at the end, by the place of each cause."""
    if not run.again:
        return {}
    steps = steps_of(run, [telling(run, cause) for cause in run.causes])
    return {place: not differs(sendings) for place, sendings in enumerate(steps)}


def differs(sendings: Sequence[Sending]) -> bool:
    """Whether some steps were sent again, with another result than in the run."""
    sent = any(each.again for each in sendings)
    return sent and any(each.came_otherwise for each in sendings)


def _in_short(remark: Remark) -> str:
    """The doubt that an unproven part of the target file raises, in a few words."""
    return SHORT.get(remark.about) or SHORT[remark.about.partition(":")[0]]


# --- parts of the target file ---


def unproven(run: Run, cause: Cause) -> list[Remark]:
    """The remarks on the unproven parts of the target file that a cause depends on."""
    finding = cause.finding
    if finding.rule == RECIPE:
        seen = f"nothing else proves the recipe for {finding.expected}"
        return [Remark(State.OPEN, OF_RECIPES, seen, "Check it.")]
    remarks = {remark.about: remark for remark in run.setup if not remark.proven}
    places = dict.fromkeys(_places(run, cause))
    return [remarks[place] for place in places if place in remarks]


def _places(run: Run, cause: Cause) -> Iterator[str]:
    """The parts of the target file that a cause depends on."""
    rule = cause.finding.rule
    exchanges = run.exchanges_of(cause.finding.exchanges)
    for exchange in exchanges:
        is_key_judged = rule.startswith(OF_KEYS) or exchange.status in REFUSED_KEY
        if exchange.identity and is_key_judged:
            yield place_of_key(exchange.identity.partition("~")[0])
    if rule.startswith(CLOCKED):
        yield from AROUND
    if rule.startswith(OF_TENANTS):
        yield from (f"businesses: {business}" for business in Business)
    elif cause.finding.where == "status":
        sent = "".join(_sent(exchange) for exchange in exchanges)
        for owner, name in run.target.businesses.items():
            if name in sent:
                yield f"businesses: {owner}"


def _sent(exchange: Exchange) -> str:
    """The parts of a request that can name a business."""
    request = exchange.request
    return request.url + (request.body.kept if request.body else "")
