"""Which parts of a target file a finding rests on, and which of them nobody has proven.

A finding is no less a finding for it. But a person looks at the target file first.
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
"""The rule that judges what came of a recipe of the target file. Nothing else proves one."""
CLOCKED = "rate."
"""How the rules begin that need a clock and addresses."""
AROUND = ("clock", "addresses")
OWNED = "tenant."
"""How the rules begin that need to know who is who."""


def wrong(looked_at: Iterable[Remark]) -> list[str]:
    """A sentence for each part of the target file that was seen to be wrong before the run."""
    return [_sentence(remark) for remark in to_fix(looked_at)]


def to_fix(looked_at: Iterable[Remark]) -> list[Remark]:
    """The remarks on parts of the target file that were seen to be wrong."""
    return [remark for remark in looked_at if remark.state is State.MEND]


def unproven(run: Run, cause: Cause) -> list[str]:
    """A sentence for each part of the target file that a cause rests on and that is not proven."""
    finding = cause.finding
    if finding.rule == RECIPE:
        return [f"triggers: is the recipe for {finding.expected} right?"]
    remarks = {remark.about: remark for remark in run.setup if not remark.proven}
    places = dict.fromkeys(_places(run, finding.rule, run.exchanges_of(finding.exchanges)))
    return [_sentence(remarks[place]) for place in places if place in remarks]


def _places(run: Run, rule: str, exchanges: Sequence[Exchange]) -> Iterator[str]:
    """The places in the target file that say what a rule judged by some exchanges."""
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
    """All of a request that can name a business."""
    request = exchange.request
    return request.url + (request.body.kept if request.body else "")


def _sentence(remark: Remark) -> str:
    """What was seen of a part of the target file, and how to fix it."""
    seen = f"{remark.about}: {remark.seen}"
    return f"{seen}. {remark.mend}" if remark.mend else seen
