"""``python -m benchmarks.filling FILE COUNT``: a database of the reference server with many calls.

The calls beyond the usual ones are older than these, and like them but for their ids and times.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice

from conformance.contract import load
from conformance.server import seeding
from conformance.server.application import application
from conformance.server.moments import MICRO, key_of, moment_of, render
from conformance.server.store import Page, Row

KIND = "call"
APART = 60 * MICRO
"""Time from one call to the next."""
AT_ONCE = 10_000
"""Rows that are stored in one transaction."""
VARIED = 8
"""Characters at the start of an id that tell the new calls apart."""


def fill(path: str, count: int) -> None:
    """Make the database."""
    store = application(load(None), 0, database=path).store
    usual = store.page(Page(KIND, seeding.tenant_id(0, seeding.MAIN), count))
    older = _older(usual, count - len(usual))
    while rows := list(islice(older, AT_ONCE)):
        store.put(rows, lasting=True)
    store.close()


def _older(usual: list[Row], count: int) -> Iterator[Row]:
    """So many calls before the usual ones."""
    texts = [json.dumps(row.document) for row in usual]
    oldest = moment_of(usual[-1].position)
    for number in range(count):
        row, text = usual[number % len(usual)], texts[number % len(usual)]
        moment = oldest - (number + 1) * APART
        start, position = f"{number:0{VARIED}x}", render(moment)
        text = text.replace(row.id[:VARIED], start).replace(row.position, position)
        own_id = start + row.id[VARIED:]
        yield Row(KIND, own_id, row.tenant, position, key_of(moment), json.loads(text))


if __name__ == "__main__":
    fill(sys.argv[1], int(sys.argv[2]))
