"""A server that checks all input closely: faults and variants of several subjects build on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Request
from conformance.server.store import Identity, Page
from conformance.values import instant
from tests.faults.base import Faulty

LARGEST_PAGE = 100
LEAST_WAIT = 1_000
"""Milliseconds that a client may wait for an evaluation, at least."""
MANY = 2_000
"""Rows of a kind that are looked at for the words in use."""


def _is_phone(value: Any) -> bool:
    return re.fullmatch(r"\+[0-9]{8,15}", str(value)) is not None


def _is_address(value: Any) -> bool:
    return re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", str(value)) is not None


def _is_model(value: Any) -> bool:
    return value in ("gpt-4o", "gpt-4o-mini")


def _is_moment(value: Any) -> bool:
    return instant(value) is not None


def _is_zone(value: Any) -> bool:
    return "/" in str(value)


def _is_page(value: Any) -> bool:
    return isinstance(value, int) and 1 <= value <= LARGEST_PAGE


def _is_wait(value: Any) -> bool:
    return isinstance(value, int) and value >= LEAST_WAIT


FORMS: Mapping[str, Callable[[Any], bool]] = {
    "after": _is_moment,
    "limit": _is_page,
    "phone": _is_phone,
    "transfer_phone_number": _is_phone,
    "email": _is_address,
    "outbound_llm": _is_model,
    "sms_llm": _is_model,
    "event_date": _is_moment,
    "timezone": _is_zone,
    "voice": bool,
    "model": bool,
    "events": bool,
    "max_wait_ms": _is_wait,
}
"""What the values of some parameters look like, by name."""


class StrictInput(Faulty):
    """The reference server, which takes no odd form, and no word that is not in use."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        has_form = FORMS.get(parameter.name)
        if has_form is not None:
            return super().is_valid(operation, parameter, value) and has_form(value)
        in_use = self.words_for(operation, parameter)
        if in_use is not None and isinstance(value, str):
            return value == parameter.example or set(parameter.values(value)) <= in_use
        return super().is_valid(operation, parameter, value)

    def words_for(self, operation: Operation, parameter: Parameter) -> set[str] | None:
        """The words in use for what a list filters by, in any business; None for anything else."""
        if parameter.references or parameter.compare or parameter.fresh:
            return None
        member = parameter.filters or parameter.shown_as
        listings = self.contract.operations_by("list", operation.kind)
        filtered = [each.filters for listing in listings for each in listing.filters]
        if member not in filtered:
            return None
        rows = self.store.page(Page(operation.kind, None, MANY))
        return {str(row.document.get(member)) for row in rows}


class InputFirst(StrictInput):
    """The same, where body and query are checked before the key, and so before the scope."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.asked = ""
        self.given: Mapping[str, Any] = {}

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        route = self.find_route(request)
        self.asked = operation.id
        self.given = self.take_in(operation, request, route[1] if route else {})
        return super().authenticate(operation, request)
