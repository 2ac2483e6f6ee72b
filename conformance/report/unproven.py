"""Which parts of a target file a finding depends on, and which of these are unproven.

The finding stands either way, but an unproven part tells people to check the target file first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conformance.model import (
    Business,
    Cause,
    Exchange,
    Remark,
    Run,
    State,
    place_of_key,
)

RECIPE = "trigger.answer"
"""The rule that judges the result of a recipe in the target file. Nothing else proves a recipe."""
CLOCKED = "rate."
"""Prefix of the rules that need a clock and addresses."""
AROUND = ("clock", "addresses")
OWNED = "tenant."
"""Prefix of the rules that need to know which business is which."""


def wrong(looked_at: Iterable[Remark]) -> list[str]:
    """A sentence for each part of the target file that the first look found to be wrong."""
    return [_sentence(remark) for remark in to_fix(looked_at)]


def to_fix(looked_at: Iterable[Remark]) -> list[Remark]:
    """The remarks on parts of the target file that were found to be wrong."""
    return [remark for remark in looked_at if remark.state is State.MEND]


def unproven(run: Run, cause: Cause) -> list[str]:
    """A sentence for each unproven part of the target file that a cause depends on."""
    finding = cause.finding
    if finding.rule == RECIPE:
        return [f"triggers: nothing else proves the recipe for {finding.expected}; check it"]
    remarks = {remark.about: remark for remark in run.setup if not remark.proven}
    places = dict.fromkeys(_places(run, finding.rule, run.exchanges_of(finding.exchanges)))
    return [_sentence(remarks[place]) for place in places if place in remarks]


def _places(run: Run, rule: str, exchanges: Sequence[Exchange]) -> Iterator[str]:
    """The parts of the target file that a rule depends on when it judges some exchanges."""
    for exchange in exchanges:
        if exchange.identity:
            yield place_of_key(exchange.identity.partition("~")[0])
    sent = "".join(_sent(exchange) for exchange in exchanges)
    for owner, name in run.target.businesses.items():
        if name in sent:
            yield f"businesses: {owner}"
    if rule.startswith(CLOCKED):
        yield from AROUND
    if rule.startswith(OWNED):
        yield from (f"businesses: {business}" for business in Business)


def _sent(exchange: Exchange) -> str:
    """The parts of a request that can name a business."""
    request = exchange.request
    return request.url + (request.body.kept if request.body else "")


def _sentence(remark: Remark) -> str:
    """What was seen of a part of the target file, and how to fix it."""
    seen = f"{remark.about}: {remark.seen}"
    return f"{seen}. {remark.mend}" if remark.mend else seen
