"""The parsed response to a request to an operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qs, urlsplit

from conformance.base.values import as_text, instant, only, texts_in
from conformance.model import Contract, Exchange, Operation, Paging
from conformance.reading.items import (
    identity_of,
    is_id,
    items_of,
    members_of,
    moments_of,
    newly_listed,
    object_of,
    position_of,
    rows_of,
)

_LIMIT = re.compile(r"[0-9]{1,9}")


@dataclass(eq=False)
class Answer:
    """What the response to a request to an operation shows."""

    contract: Contract
    operation: Operation
    exchange: Exchange

    @property
    def ok(self) -> bool:
        """Whether the request was accepted."""
        return self.exchange.ok

    @property
    def body(self) -> Any:
        """The response body of an accepted request; None if it was refused or got no response."""
        return self.exchange.json if self.ok else None

    @cached_property
    def items(self) -> list[Any] | None:
        """The items of an accepted list; None for anything else, including an unreadable list."""
        return items_of(self.operation, self.body)

    @property
    def listed(self) -> list[Any]:
        """The items of an accepted list; empty for anything else."""
        return self.items or []

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The items that are objects."""
        return rows_of(self.listed)

    @property
    def cursor(self) -> str | None:
        """The position of the last item, the cursor of the next page; None if there is none."""
        if not self.listed:
            return None
        return as_text(position_of(self.operation, self.listed[-1]))

    @property
    def positions(self) -> list[str]:
        """The positions of the items, in order."""
        return texts_in(position_of(self.operation, row) for row in self.rows)

    @property
    def more(self) -> bool | None:
        """Whether the list says that more pages follow; None if it does not say."""
        paging = self.operation.paging
        if paging is None:
            return None
        value = members_of(self.body).get(paging.more)
        return value if isinstance(value, bool) else None

    @property
    def is_full(self) -> bool:
        """Whether the page has as many items as the request's limit allows.

        More items may then follow, whatever the list says.
        """
        paging = self.operation.paging
        limit = query_value(self.exchange, paging.limit) if paging else None
        if limit is None or _LIMIT.fullmatch(limit) is None:
            return False
        return 0 < int(limit) <= len(self.listed)

    @property
    def is_end(self) -> bool:
        """Whether no page can follow: the list says so, and has room for more items."""
        return self.more is False and not self.is_full

    @cached_property
    def object(self) -> Any:
        """The object in the response to an accepted request; None for anything else."""
        return object_of(self.contract, self.operation, self.body)

    @property
    def may_have_existed(self) -> bool:
        """Whether a creation may have returned an object that existed before.

        Of several statuses of success, only the last one says that the object is new.
        """
        return self.exchange.status in self.operation.successes[:-1]

    @property
    def id(self) -> str | int | None:
        """The identifier of the object in the response; None if there is none."""
        name = self.contract.identifier_of(self.operation.kind)
        value = members_of(self.object).get(name)
        return value if is_id(value) else None

    def identity(self, item: Any) -> str:
        """What identifies an item among others of its kind: its id, or else its entire content."""
        return identity_of(self.contract, self.operation.kind, item)


_LAST: dict[str, Answer] = {}
"""The Answer that ``answer_to`` returned last, under ``last``; empty before the first call."""


def answer_to(contract: Contract, operation: Operation, exchange: Exchange) -> Answer:
    """The Answer to a request to an operation.

    The last one is kept, because many rules in a row ask for it, and it caches items and object.
    """
    last = _LAST.get("last")
    if last is not None and last.exchange is exchange:
        is_same = last.operation is operation and last.contract is contract
        if is_same:
            return last
    answer = _LAST["last"] = Answer(contract, operation, exchange)
    return answer


def answer_of(contract: Contract, exchange: Exchange) -> Answer | None:
    """The Answer to a request to a documented operation; None for any other request.

    The request may have been refused or have no response; see ``Answer.ok``.
    """
    operation = contract.operations.get(exchange.operation)
    return None if operation is None else Answer(contract, operation, exchange)


def query_value(exchange: Exchange, name: str) -> str | None:
    """The value of a query parameter that was sent exactly once; otherwise None."""
    return only(query_of(exchange.request.url).get(name, []))


@lru_cache(maxsize=4096)
def query_of(url: str) -> Mapping[str, list[str]]:
    """The values of each query parameter in a URL; cached, because many rules ask for it."""
    if "?" not in url:
        return {}
    return parse_qs(urlsplit(url).query, keep_blank_values=True)


def missing_items(old: Answer, new: Answer) -> list[Any]:
    """The items of a page that are missing when the page is read again later.

    Missing items at its end are left out, because new items may have pushed them to the next page.
    But they count if the list ends with the ``new`` page.
    """
    gone = newly_listed(new.contract, new.operation, new.listed, old.listed)
    if new.is_end:
        return gone
    pushed = list(takewhile(lambda item: item in gone, reversed(old.listed)))
    return gone[: len(gone) - len(pushed)]


def sought_in(contract: Contract, look: Exchange | None) -> tuple[Any, bool]:
    """The object that a read or list looked for, and whether a later page of the list may show it.

    The object is None if no request was sent, if it was not accepted, or if nothing shows it.
    """
    answer = answer_of(contract, look) if look else None
    if look is None or answer is None or not answer.ok:
        return None, False
    paging = answer.operation.paging
    if paging is None:
        return answer.object, False
    name = contract.identifier_of(answer.operation.kind)
    for row in answer.rows:
        if str(row.get(name)) == look.facts.sought:
            return row, False
    may_have_more = answer.more is True or answer.is_full
    return None, may_have_more and not _surrounds(paging, answer.rows, look.facts.position)


def _surrounds(paging: Paging, items: list[Any], position: str | None) -> bool:
    """Whether a page has items on both sides of a position, and so should have shown it."""
    at = instant(position)
    moments = moments_of(paging, items)
    if at is None or not moments:
        return False
    return min(moments) < at < max(moments)
