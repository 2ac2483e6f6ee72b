"""Repeats the steps of causes at the end of a run, so that reports can say if they reproduce it.

Steps are skipped if they cost money, exhaust a limit or change objects that the run did not create.
So are steps that need a text that is not in the log, or depend on which of two requests is carried
out first.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

from conformance.base.errors import Unjudgeable
from conformance.causes.shown import shown_of
from conformance.causes.steps import MARK, Capture, Sending, steps_of
from conformance.model import (
    PREFLIGHT,
    WHOLE_API,
    Body,
    Case,
    Effect,
    Exchange,
    Facts,
    Placeholder,
    Request,
    Role,
    Run,
    SecretKind,
)
from conformance.model.placeholder import ISSUED
from conformance.reading import keys_of, other_place
from conformance.transport.carrier import Label
from conformance.transport.message import LONE, Message
from conformance.transport.patience import OverBudget
from conformance.transport.sender import Sender

AGAIN = Case("steps[api]", PREFLIGHT, WHOLE_API, "", (), Effect.READ)
"""The case of repeated steps, which are not judged."""

MOST = 100
"""Maximum number of requests in total. The most severe causes come first."""

CAUSES = 300
"""Maximum number of causes whose steps are considered."""

IN_HEADERS = {SecretKind.KEY, SecretKind.UNKNOWN, *ISSUED}
"""Kinds of secrets that the transport inserts into headers."""


def send_again(sender: Sender, run: Run) -> None:
    """Repeat the steps of the causes of a run, as far as they do no harm.

    For each cause, the marks in the texts get a place that no other has, so that the texts are new
    to the target. A target that is down, or a used-up budget, ends this without an error.
    """
    sent, key = 0, keys_of(run)[0]
    with suppress(Unjudgeable, OverBudget):
        for sendings in steps_of(run, [shown_of(run, cause) for cause in run.causes[:CAUSES]]):
            if sent + len(sendings) <= MOST and _may_be_sent(run, sendings):
                sent += len(sendings)
                place = other_place(key, sent)  # a different number for each cause
                _Steps(sender, place).send(sendings)


# --- which ---


def _may_be_sent(run: Run, sendings: Sequence[Sending]) -> bool:
    """Whether steps can be repeated without harm: they are complete, sequential and safe."""
    made: set[str] = set()  # placeholders of objects that the steps create
    for each in sendings:
        if each.at_once or not _is_whole(each.request):
            return False
        if each.request.method == "GET":
            continue
        if not _is_safe(run, each, made):
            return False
        made.update(capture.placeholder for capture in each.captures)
    return True


def _is_whole(request: Request) -> bool:
    """Whether the log contains all of a request except keys in its headers.

    Values from the responses to earlier steps need not be there.
    """
    body = request.body or Body()
    if body.cut or body.withheld:
        return False
    headers = "\n".join(f"{name}\n{value}" for name, value in request.headers)
    in_headers, elsewhere = _kinds_in(headers), _kinds_in(_text(request))
    return elsewhere <= {SecretKind.VALUE} and in_headers <= IN_HEADERS


def _kinds_in(text: str) -> set[SecretKind]:
    """The kinds of the placeholders in a text."""
    return {placeholder.kind for placeholder in Placeholder.all_in(text)}


def _text(request: Request) -> str:
    """The parts of a request that may name objects: its URL and its body."""
    return request.url + (request.body or Body()).kept


def _is_safe(run: Run, sending: Sending, made: set[str]) -> bool:
    """Whether a step only writes, and either creates an object or names one that steps created.

    ``made`` holds the placeholders of those objects. A step that costs money or exhausts a limit
    does more than write.
    """
    operation = run.contract.operations.get(sending.exchange.operation)
    if operation is None or operation.effect is not Effect.WRITE:
        return False
    if operation.action == "create":
        return True
    named = Placeholder.all_in(_text(sending.request))
    return any(str(placeholder) in made for placeholder in named)


# --- sending ---


class _Steps:
    """The steps of one cause, with ``place`` in their texts, and values from their responses."""

    def __init__(self, sender: Sender, place: str) -> None:
        self._sender = sender
        self._values = {str(MARK): place}  # by placeholder

    def send(self, sendings: Iterable[Sending]) -> None:
        """Send the steps in order. Stops if a response lacks a value that a later step needs."""
        for each in sendings:
            exchange = self._sender.send(self._message(each.request), self._label(each.exchange))
            for capture in each.captures:
                value = capture.value_in(exchange)
                if value is None:
                    return
                self._values[capture.placeholder] = _escaped(value, capture)

    def _label(self, exchange: Exchange) -> Label:
        """The label of a repeated step, which has the effect of its operation."""
        operation = self._sender.contract.operations.get(exchange.operation)
        effect = Effect.READ if operation is None else operation.effect
        case = replace(AGAIN, effect=effect)
        facts = Facts(again=exchange.id)
        return Label(case, 1, exchange.operation, Role.BYSTANDER, exchange.identity, facts)

    def _message(self, request: Request) -> Message:
        """A logged request as a message, filled in with captured values.

        Content-Length is omitted, because the body may have a different length now.
        """
        origin = self._sender.target.declaration.origin
        return Message(
            request.method,
            "",
            headers=tuple(
                (name, text) for name, text in request.headers if name.lower() != "content-length"
            ),
            body=self._content(request.body),
            outside_base_path=True,
            raw_target=self._filled(request.url).removeprefix(origin),
            misplaced=True,
        )

    def _content(self, body: Body | None) -> bytes | None:
        """The body to send, with captured values unless it is binary."""
        if body is None:
            return None
        if body.base64 is not None:
            return base64.b64decode(body.base64)
        return self._filled(body.kept).encode(errors=LONE)

    def _filled(self, text: str) -> str:
        """A text with captured values in place of their placeholders."""
        for placeholder, value in self._values.items():
            text = text.replace(placeholder, value)
        return text


def _escaped(value: str, capture: Capture) -> str:
    """A value escaped for a URL or a JSON string."""
    if capture.in_url:
        return quote(value, safe="")
    return json.dumps(value)[1:-1]
