"""The objects that a run uses again: as its memory has them, and as it leaves them at its end."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection

from conformance.base.errors import Unjudgeable
from conformance.causes.stored_values import HALF_A_CHARACTER, object_of
from conformance.log.evidence import Log
from conformance.model import Case, Contract, Effect, Reuse
from conformance.reading import answer_of, made_by
from conformance.reading.made import KindAndId
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.memory import Memory
from conformance.scenarios.client.pool import Pool, resetting
from conformance.scenarios.client.writing import usual_values
from conformance.scenarios.odd.odd_values import FIGURES, INFINITE
from conformance.transport.patience import OverBudget

_INFINITE = FIGURES[INFINITE].decode()
UNREADABLE = re.compile(rf"{HALF_A_CHARACTER.pattern}|\b{_INFINITE}\b")
"""What other clients cannot read if the target returns it."""


def initial_memory(cases: tuple[Case, ...], reuse: Reuse | None) -> Memory:
    """The memory of a run at its beginning. Without reuse, each case gets new objects."""
    if reuse is None:
        return Memory(cases)
    objects: dict[str, list[str | int]] = defaultdict(list)
    for each in reuse.objects:
        objects[each.kind].append(each.id)
    return Memory(cases, pool=Pool(objects), turn=(reuse.turn, reuse.turns))


def put_back(
    contract: Contract,
    log: Log,
    reuse: Reuse | None,
    allowed: Collection[Effect],
    cleaner: Callable[[Effect], Client],
) -> None:
    """Put objects of a run that the API cannot delete into the state of new ones.

    With ``reuse``, these are all of its objects. Each then carries the mark of the run, and no odd
    value of its cases. It also shows the words that other objects share, because later runs filter
    by what the first item of a list shows. Without it, these are only the objects into which the
    run wrote what other clients cannot read.
    Only changes of an ``allowed`` effect are sent; ``cleaner`` returns the client for an effect.
    """
    if reuse is None:
        objects = _unreadable_objects(contract, log)
    else:
        objects = [(each.kind, each.id) for each in reuse.objects]
        objects += [(each.kind, each.id) for each in made_by(contract, log.exchanges)]
    with contextlib.suppress(Unjudgeable, OverBudget):
        for kind, object_id in dict.fromkeys(objects):
            change = resetting(contract, kind)
            if change is None or change.effect not in allowed:
                continue
            client = cleaner(change.effect)
            shared_words = usual_values(client, change)
            is_back = client.own.put_back(kind, object_id, shared_words)
            if shared_words and not is_back:  # the target may refuse these words
                client.own.put_back(kind, object_id, {})


def _unreadable_objects(contract: Contract, log: Log) -> list[KindAndId]:
    """The objects that a run created and into which it wrote what other clients cannot read."""
    written: set[tuple[str, str]] = set()
    for exchange in log.exchanges:
        text = exchange.request.body.kept if exchange.request.body else ""
        if not exchange.ok or not UNREADABLE.search(text):
            continue
        answer = answer_of(contract, exchange)
        if answer is not None:
            names = (answer.id, object_of(contract, exchange))
            written.update((answer.operation.kind, str(name)) for name in names)
    made = made_by(contract, log.exchanges) if written else []
    return [(each.kind, each.id) for each in made if (each.kind, str(each.id)) in written]
