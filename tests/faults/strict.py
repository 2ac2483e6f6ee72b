"""Servers that check all input closely: faults and variants of keys and scopes build on them."""

from __future__ import annotations

import re
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.store import Page
from conformance.values import instant
from tests.faults.base import Faulty

PHONE = re.compile(r"\+[0-9]{8,15}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]+")
MODELS = ("gpt-4o", "gpt-4o-mini")
LEAST_WAIT = 1_000
"""Milliseconds that a client may wait for an evaluation, at least."""
LARGEST_PAGE = 100
MANY = 2_000
"""Rows of a kind that are looked at for the words in use."""


class StrictInput(Faulty):
    """The reference server, which takes no word that it does not know, and no odd form."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        if not super().is_valid(operation, parameter, value):
            return False
        paging = operation.paging
        if paging and parameter.name == paging.after:
            return instant(value) is not None
        if paging and parameter.name == paging.limit:
            return isinstance(value, int) and 1 <= value <= LARGEST_PAGE
        if parameter.phone or parameter.name == "phone":
            return PHONE.fullmatch(value) is not None
        if parameter.name in ("voice", "model", "events"):
            return bool(value)
        if isinstance(value, str) and not parameter.references and not parameter.compare:
            return self._is_known_word(operation, parameter, value)
        return parameter.name != "max_wait_ms" or value >= LEAST_WAIT

    def _is_known_word(self, operation: Operation, parameter: Parameter, value: str) -> bool:
        """Whether a text has the form of its member, and is in use where words are."""
        if parameter.name == "email":
            return EMAIL.fullmatch(value) is not None
        if parameter.name in ("outbound_llm", "sms_llm"):
            return value in MODELS
        if parameter.name == "event_date":
            return instant(value) is not None
        if parameter.name == "timezone":
            return "/" in value
        if parameter.fresh or value == parameter.example:
            return True
        member = parameter.filters or parameter.shown_as
        if not self._filters_by(operation.kind, member):
            return True
        return set(parameter.values(value)) <= self._words(operation.kind, member)

    def _filters_by(self, kind: str, member: str) -> bool:
        """Whether a list of a kind filters by a member: then its values are words."""
        for listing in self.contract.operations_by("list", kind):
            if member in [parameter.filters for parameter in listing.filters]:
                return True
        return False

    def _words(self, kind: str, member: str) -> set[str]:
        """The words in use as a member of a kind, in any business."""
        rows = self.store.page(Page(kind, None, MANY))
        return {str(row.document.get(member)) for row in rows}
