"""The objects that a run uses again: as its memory has them, and as it leaves them at its end."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Collection

from conformance.base.errors import Unjudgeable
from conformance.log.evidence import Log
from conformance.model import Case, Effect, Reuse
from conformance.reading import made_by
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.memory import Memory
from conformance.scenarios.client.pool import Pool, resetting
from conformance.scenarios.client.writing import usual_values
from conformance.transport.patience import OverBudget


def initial_memory(cases: tuple[Case, ...], reuse: Reuse | None) -> Memory:
    """The memory of a run at its beginning. Without reuse, each case gets new objects."""
    if reuse is None:
        return Memory(cases)
    objects: dict[str, list[str | int]] = defaultdict(list)
    for each in reuse.objects:
        objects[each.kind].append(each.id)
    return Memory(cases, pool=Pool(objects), turn=(reuse.turn, reuse.turns))


def put_back(
    log: Log, reuse: Reuse, allowed: Collection[Effect], cleaner: Callable[[Effect], Client]
) -> None:
    """Put the objects of a run that the API cannot delete into the state of new ones.

    Each then carries the mark of the run, and no odd value of its cases. It also shows the words
    that other objects share, because later runs filter by what the first item of a list shows.
    Only changes of an ``allowed`` effect are sent; ``cleaner`` returns the client for an effect.
    """
    contract = cleaner(Effect.READ).contract
    places = [(each.kind, each.id) for each in reuse.objects]
    places += [(each.kind, each.id) for each in made_by(contract, log.exchanges)]
    with contextlib.suppress(Unjudgeable, OverBudget):
        for kind, object_id in dict.fromkeys(places):
            change = resetting(contract, kind)
            if change is None or change.effect not in allowed:
                continue
            client = cleaner(change.effect)
            shared_words = usual_values(client, change)
            is_back = client.own.put_back(kind, object_id, shared_words)
            if shared_words and not is_back:  # the target may refuse these words
                client.own.put_back(kind, object_id, {})
