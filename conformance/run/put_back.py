"""The objects that a run uses again: as its memory has them, and as it leaves them at its end."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable

from conformance.base.errors import Unjudgeable
from conformance.causes.stored_values import object_of
from conformance.log.evidence import Log
from conformance.model import Case, Contract, Effect, Exchange, Reuse
from conformance.reading import answer_of, made_by
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.ids import Id
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


UNREADABLE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|\b1e999\b")
"""Half a character, and a number that is infinite for many servers, in the body of a request.

Where a server returns them, other clients of it cannot read the response.
"""


def put_back(
    contract: Contract,
    log: Log,
    reuse: Reuse | None,
    allowed: Collection[Effect],
    cleaner: Callable[[Effect], Client],
) -> None:
    """Put the objects of a run that the API cannot delete into the state of new ones.

    With ``reuse``, these are all of its objects. Each then carries the mark of the run, and no odd
    value of its cases. It also shows the words that other objects share, because later runs filter
    by what the first item of a list shows. Without it, these are the objects into which the run
    wrote what other clients of the target may be unable to read.
    Only changes of an ``allowed`` effect are sent; ``cleaner`` returns the client for an effect.
    """
    made = [(each.kind, each.id) for each in made_by(contract, log.exchanges)]
    if reuse is None:
        places = _unreadable(contract, log.exchanges, made)
    else:
        places = [*((each.kind, each.id) for each in reuse.objects), *made]
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


def _unreadable(
    contract: Contract, exchanges: Iterable[Exchange], made: Iterable[tuple[str, Id]]
) -> list[tuple[str, Id]]:
    """Those of the objects that a run ``made`` into which it wrote what clients cannot read."""
    written: set[tuple[str, str]] = set()
    for exchange in exchanges:
        body = exchange.request.body
        if body is None or not exchange.ok or not UNREADABLE.search(body.kept):
            continue
        answer = answer_of(contract, exchange)
        if answer is not None:
            names = (answer.id, object_of(contract, exchange))
            written.update((answer.operation.kind, str(name)) for name in names if name)
    return [(kind, name) for kind, name in made if (kind, str(name)) in written]
