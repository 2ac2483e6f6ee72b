"""What is wrong with the titles of causes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from conformance.causes.titles import LONGEST
from conformance.model import Cause
from tests.support.contracts import real

VALUES = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-|\d{4}-\d\d-\d\d|\d{5}|[…{}\n]")
"""Parts of ids, of timestamps and of other values; and signs of a text that was cut."""


def faults_of_title(title: str) -> Iterator[str]:
    """What is wrong with a title, each in a few words."""
    if len(title) > LONGEST:
        yield f"{len(title)} characters"
    if VALUES.search(title):
        yield "a value"
    if title in real().clauses:
        yield "no sentence, but a clause: its rule needs a template"
    if not re.match(r'[A-Z"]', title):
        yield "no capital letter"


def complaints(causes: Iterable[Cause]) -> list[str]:
    """What is wrong with the titles of some causes, each behind the title."""
    return [f"{cause.title}: {fault}" for cause in causes for fault in faults_of_title(cause.title)]
