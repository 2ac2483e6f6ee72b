"""Which parts of a target file a finding rests on, and which of them nobody has proven.

A finding is no less a finding for it. But a person looks at the target file first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import filterfalse
from operator import attrgetter

from conformance.model import (
    Business,
    Cause,
    Exchange,
    Remark,
    Run,
    State,
    place_of_key,
)
from conformance.report import view

RECIPE = "trigger.answer"
"""The rule that judges what came of a recipe of the target file. Nothing else proves one."""
CLOCKED = "rate."
"""How the rules begin that need a clock and addresses."""
AROUND = ("clock", "addresses")
OWNED = "tenant."
"""How the rules begin that need to know who is who."""


def wrong(looked_at: Iterable[Remark]) -> list[str]:
    """A sentence for each part of the target file that was seen to be wrong before the run."""
    return list(map(_sentence, to_mend(looked_at)))


def to_mend(looked_at: Iterable[Remark]) -> list[Remark]:
    """The remarks on parts of the target file that were seen to be wrong."""
    return list(filter(_is_wrong, looked_at))


def unproven(run: Run, cause: Cause) -> list[str]:
    """A sentence for each part of the target file that a cause rests on and that is not proven."""
    finding = cause.finding
    if finding.rule == RECIPE:
        return [f"triggers: is the recipe for {finding.expected} right?"]
    remarks = {remark.about: remark for remark in filterfalse(attrgetter("proven"), run.setup)}
    places = _places(run, finding.rule, view.exchanges_of(run, finding.exchanges))
    return list(map(_sentence, filter(None, map(remarks.get, dict.fromkeys(places)))))


def _places(run: Run, rule: str, exchanges: Sequence[Exchange]) -> Iterator[str]:
    """The places in the target file that say what a rule judged by some exchanges."""
    for identity in filter(None, map(attrgetter("identity"), exchanges)):
        yield place_of_key(identity.partition("~")[0])
    asked = "".join(map(_asked, exchanges))
    for owner, name in run.target.businesses.items():
        if name in asked:
            yield f"businesses: {owner}"
    if rule.startswith(CLOCKED):
        yield from AROUND
    if rule.startswith(OWNED):
        yield from map("businesses: {}".format, Business)


def _asked(exchange: Exchange) -> str:
    """All of a request that can name a business."""
    request = exchange.request
    return request.url + (request.body.kept if request.body else "")


def _is_wrong(remark: Remark) -> bool:
    """Whether there is something to mend."""
    return remark.state is State.MEND


def _sentence(remark: Remark) -> str:
    """What was seen of a part of the target file, and what to do about it."""
    seen = f"{remark.about}: {remark.seen}"
    return f"{seen}; {remark.mend}" if remark.mend else seen
