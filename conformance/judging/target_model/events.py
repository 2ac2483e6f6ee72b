"""The writes of a run, and what its responses show of the objects that it wrote.

Cases may overlap, so the times of requests order them, not their places in the log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance.base.values import texts_in
from conformance.judging.effects import promised
from conformance.judging.outcomes import JudgeContext
from conformance.judging.responses import role_of, with_body
from conformance.model import Business, Effect, Exchange, Open, Operation, Role, business_of
from conformance.reading import Answer, Span, as_shown, query_value, sent_members
from conformance.reading.response import query_of

LONGEST_UNREAD = 20_000
"""The most characters of a body that are searched for texts."""
_QUOTED = re.compile(r'"([^"\\]{1,200})"')

ObjectKey = tuple[Business, str, str]
"""What identifies an object: the business whose key showed it, its kind, and its id as text."""


class Fate(StrEnum):
    """What is known of the effect of a write."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Write:
    """A request that may change objects: the one that it names, or those that it mentions.

    ``key`` is the object that it creates or names; None if that is not known. ``sent`` holds values
    by the members that show them: only values whose effect the contract determines, or the texts of
    a refused request that no other request should hold. ``mentions`` are all texts in a request
    that was not refused.
    """

    exchange: Exchange
    operation: Operation
    span: Span
    fate: Fate
    key: ObjectKey | None
    sent: Mapping[str, Any]
    mentions: frozenset[str]

    @property
    def fresh(self) -> list[str]:
        """The texts that it sent and that no other request should hold."""
        names = {member.shown_as for member in self.operation.fresh_members}
        return texts_in(value for name, value in self.sent.items() if name in names)

    def is_of_another(self, key: ObjectKey) -> bool:
        """Whether it is about an object of the same kind as that with a key, but not that one."""
        _, kind, _ = key
        return self.operation.kind == kind and self.key != key

    @property
    def is_new(self) -> bool:
        """Whether the response says that the object did not exist before."""
        return self.operation.action == "create" and self.exchange.status == self.operation.success


@dataclass(frozen=True, eq=False)
class View:
    """What a response shows of an object."""

    exchange: Exchange
    operation: Operation
    span: Span
    members: Mapping[str, Any]

    @property
    def in_list(self) -> bool:
        """Whether it is an item of a list."""
        return self.operation.paging is not None

    def is_asked_as(self, other: View) -> bool:
        """Whether both come from the same operation, with the same key."""
        is_same_key = self.exchange.identity == other.exchange.identity
        return is_same_key and self.operation.id == other.operation.id


def business_shown(exchange: Exchange) -> Business | None:
    """The business of the key of a request; None if it may be any."""
    return business_of(exchange.identity or "")


def is_plain(exchange: Exchange) -> bool:
    """Whether a request is one whose meaning is certain: every server reads it alike."""
    facts = exchange.facts
    is_mistaken = facts.mistake and exchange.role is Role.PROBE
    has_flaw = is_mistaken or facts.odd or facts.flaw or facts.broken
    return not has_flaw and exchange.role is not Role.RETRY


def write_of(context: JudgeContext, exchange: Exchange, span: Span) -> Write | None:
    """The write that a request makes; None for a read, and for a key of no certain business.

    What it sent counts only if it was done and plain, or if it was refused: then only the texts of
    its own. The effect of a write whose body strict JSON does not read is unknown.
    """
    operation = context.contract.operations.get(exchange.operation)
    business = business_shown(exchange)
    if operation is None or business is None or operation.effect is Effect.READ:
        return None
    members = sent_members(exchange)
    unread = _unread_texts(exchange, members)
    fate = Fate.UNKNOWN if unread else _fate(context, exchange)
    object_id = _written_id(context, operation, exchange, members)
    key = None if object_id is None else (business, operation.kind, object_id)
    sent: dict[str, Any] = {}
    if fate is Fate.REFUSED:
        sent = _own_texts(operation, members)
    elif fate is Fate.DONE and is_plain(exchange):
        sent = _determined(context, operation, members)
    texts = [*unread, *_texts(members), *_texts(query_of(exchange.request.url))]
    mentions = frozenset() if fate is Fate.REFUSED else frozenset(texts)
    return Write(exchange, operation, span, fate, key, sent, mentions)


def _unread_texts(exchange: Exchange, members: Mapping[str, Any]) -> list[str]:
    """The texts in an accepted body that strict JSON does not read as an object."""
    body = exchange.request.body
    if body is None or members or not exchange.ok:
        return []
    return _QUOTED.findall(body.written[:LONGEST_UNREAD])


def stray_texts(context: JudgeContext, exchange: Exchange) -> list[str]:
    """The texts in the body of a request that is no write, or whose meaning is not certain.

    Empty for a refused request, which has no effect.
    """
    operation = context.contract.operations.get(exchange.operation)
    is_write = operation is not None and operation.effect is not Effect.READ
    if exchange.request.body is None or (is_write and is_plain(exchange)) or exchange.refused:
        return []
    return _texts(sent_members(exchange))


def _fate(context: JudgeContext, exchange: Exchange) -> Fate:
    """What is known of the effect of a write.

    After a server fault, the write may have been done in part. A rejection without a registered
    code counts as unknown, because a proxy in front of the target may have sent it.
    """
    if exchange.role is Role.RETRY or exchange.status is None or exchange.status >= 500:
        return Fate.UNKNOWN
    if exchange.ok:
        return Fate.DONE
    has_registered_code = role_of(context.contract, exchange) is not None
    return Fate.REFUSED if has_registered_code else Fate.UNKNOWN


def _written_id(
    context: JudgeContext, operation: Operation, exchange: Exchange, members: Mapping[str, Any]
) -> str | None:
    """The id of the object that a write creates, or that it names; None if it is not known."""
    if operation.action == "create":
        created = Answer(context.contract, operation, exchange).id
        return None if created is None else str(created)
    return named_id(operation, exchange, members)


def named_id(operation: Operation, exchange: Exchange, members: Mapping[str, Any]) -> str | None:
    """The id by which a request names an object; None if it names none, or not by its id."""
    selector = operation.selector
    if selector is None or selector.references != operation.kind or selector.by:
        return None
    named = members.get(selector.name, query_value(exchange, selector.name))
    return named if isinstance(named, str) else None


def _own_texts(operation: Operation, members: Mapping[str, Any]) -> dict[str, Any]:
    """The texts sent that no other request should hold, by the members that would show them."""
    fresh = {member.shown_as: members.get(member.name) for member in operation.fresh_members}
    return {name: text for name, text in fresh.items() if isinstance(text, str)}


def _determined(
    context: JudgeContext, operation: Operation, members: Mapping[str, Any]
) -> dict[str, Any]:
    """The values sent that the object must show from then on.

    A phone number may be shown in another form, and null may mean anything.
    """
    if Open.INPUT in operation.open:
        return {}
    names = [member.name for member in operation.body if not member.phone]
    sent = {name: members[name] for name in names if members.get(name) is not None}
    selector = operation.selector
    if selector is not None:
        sent.pop(selector.name, None)
    return as_shown(operation, promised(context, operation, sent))


def _texts(value: Any) -> list[str]:
    """All texts in the members of a value, and in lists among them."""
    texts: list[str] = []
    for member in value.values():
        texts += texts_in(member if isinstance(member, list) else [member])
    return texts


def read_answer(context: JudgeContext, exchange: Exchange) -> Answer | None:
    """The response to a request that shows objects of a kind; None if it cannot be judged."""
    operation = context.contract.operations.get(exchange.operation)
    if operation is None or not operation.kind or not exchange.ok:
        return None
    shows = operation.effect is Effect.READ or operation.action in ("create", "update")
    if not shows or with_body(exchange) is None:
        return None
    return Answer(context.contract, operation, exchange)
