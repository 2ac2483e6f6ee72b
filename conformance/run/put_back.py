"""The objects that a run uses again: as its memory has them, and as it leaves them at its end."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING

from conformance.base.errors import Unjudgeable
from conformance.model import Case, Reuse
from conformance.reading import made_by
from conformance.scenarios.client.memory import Memory
from conformance.scenarios.client.pool import Pool, resetting
from conformance.scenarios.client.writing import usual_values
from conformance.transport.patience import OverBudget

if TYPE_CHECKING:
    from conformance.run.session import Session


def remembering(cases: tuple[Case, ...], reuse: Reuse | None) -> Memory:
    """The memory of a run at its beginning. Without reuse, each case gets new objects."""
    if reuse is None:
        return Memory(cases)
    objects: dict[str, list[str | int]] = defaultdict(list)
    for each in reuse.objects:
        objects[each.kind].append(each.id)
    return Memory(cases, pool=Pool(objects), turn=(reuse.turn, reuse.turns))


def put_back(session: Session, reuse: Reuse) -> None:
    """Change what the API cannot delete to what a new object would be.

    So it carries the mark of the run, and no odd value of its cases. It also shows the words that
    other objects share, because later runs filter by what the first item of a list shows.
    """
    places = [(each.kind, each.id) for each in reuse.objects]
    places += [(each.kind, each.id) for each in made_by(session.contract, session.log.exchanges)]
    with contextlib.suppress(Unjudgeable, OverBudget):
        for kind, name in dict.fromkeys(places):
            change = resetting(session.contract, kind)
            if change is not None and change.effect in session.target.declaration.allow:
                client = session.cleaner(change.effect)
                shared = usual_values(client, change)
                if not client.own.put_back(kind, name, shared) and shared:
                    client.own.put_back(kind, name, {})
