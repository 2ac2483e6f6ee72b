"""Sends labelled requests for one case, with one of the keys and from one of the addresses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict, Unpack

from conformance.model import (
    ANNOUNCED,
    NOTHING,
    WHOLE_API,
    Case,
    Contract,
    Declaration,
    Exchange,
    Facts,
    KeyName,
    Operation,
    Role,
    Step,
)
from conformance.scenarios.client.naming import Naming
from conformance.transport.carrier import Label
from conformance.transport.message import Message, header_of, labelled, message_for
from conformance.transport.patience import CutShort
from conformance.transport.sender import Sender

CLOCK = "(clock)"
"""The operation of a request that moves the target's clock; no rule judges it."""

TRIGGER = "trigger"
"""The scenario that makes the target return a code."""

OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
"""Headers that some frameworks accept in place of a request's method."""

COMPRESSED = (("Accept-Encoding", "gzip, deflate"),)
"""What most clients accept. Controls send it if the User-Agent names the suite."""


class Options(TypedDict, total=False):
    """How a request is sent: with which key, in which role, and from which address.

    ``content`` replaces the body. ``address`` is the local address to send from. If not
    ``patient``, the client does not wait even if the target asks for it. With ``label``, the
    request says that it is JSON even if it has no body, as the requests of some clients do.
    """

    key: str | None
    role: Role
    content: bytes | None
    address: str | None
    patient: bool
    label: bool


class Sending:
    """Sends requests for one case. ``attempt`` counts its repetitions, from 1."""

    def __init__(self, sender: Sender, case: Case, attempt: int, naming: Naming) -> None:
        self.contract: Contract = sender.offered
        self.target: Declaration = sender.target.declaration
        self.case = case
        self.naming = naming
        self._attempt = attempt
        self.sender = sender

    def send(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        *,
        key: str | None = KeyName.FULL,
        role: Role = Role.PROBE,
        facts: Facts = NOTHING,
        content: bytes | None = None,
        address: str | None = None,
        patient: bool = True,
        label: bool = False,
        renewed: Callable[[], Mapping[str, Any]] | None = None,
    ) -> Exchange:
        """Send an operation with values for its parameters. See Options for most arguments.

        ``renewed`` gives the values of a second request, which is sent if an object that the first
        one names is not found.
        """
        message = message_for(operation, values)
        if content is not None:
            message = replace(message, body=content)
        if label:
            message = labelled(message)
        carried = self.key_header(key) if operation.takes_key else ()
        return self.raw(
            message,
            operation.id,
            key=key if carried else None,
            carried=carried,
            role=role,
            facts=facts,
            address=address,
            patient=patient,
            renewed=None if renewed is None else lambda: message_for(operation, renewed()),
        )

    def raw(
        self,
        message: Message,
        operation: str = WHOLE_API,
        *,
        key: str | None = KeyName.FULL,
        carried: tuple[tuple[str, str], ...] | None = None,
        role: Role = Role.PROBE,
        facts: Facts = NOTHING,
        address: str | None = None,
        patient: bool = True,
        renewed: Callable[[], Message] | None = None,
    ) -> Exchange:
        """Send a message with the header of a key, or with the headers ``carried`` in its place.

        ``operation`` is the id under which the exchange is judged. Headers that identify a request
        get new values, and a payment is added if the target wants one. A control of a suite that
        names itself accepts compression. Unless an ``address`` is given, requests of an operation
        with a rate limit rotate among addresses. ``renewed`` makes the message that is sent next if
        an object was not found. Raises CutShort if the case may send no more.
        """
        self._admit()
        headers = self.key_header(key) if carried is None else carried
        if role is Role.CONTROL and self.target.identity == ANNOUNCED:
            headers += COMPRESSED
        documented = self.contract.operations.get(operation)
        headers += self._payment(documented)
        complete = _with_headers(self.naming.renamed(message, documented), headers)
        rotate = address is None and documented is not None and documented.rate is not None
        label = self._label(operation, role, key, facts)
        again = None if renewed is None else lambda: _with_headers(renewed(), headers)
        return self.sender.send(
            complete, label, address, patient=patient, rotate=rotate, again=again
        )

    def together(
        self,
        operation: Operation,
        requests: Sequence[tuple[str | None, Mapping[str, Any], Facts]],
        *,
        role: Role,
        address: str | None = None,
        patient: bool = True,
    ) -> list[Exchange]:
        """Send an operation several times at once; returns the exchanges in the same order.

        Each request consists of a key, values for the parameters, and facts.
        """
        self._admit()
        sends = []
        for key, values, facts in requests:
            headers = self.key_header(key) + self._payment(operation)
            message = _with_headers(message_for(operation, values), headers)
            sends.append((message, self._label(operation.id, role, key, facts)))
        return self.sender.together(sends, address, patient=patient)

    def _payment(self, operation: Operation | None) -> tuple[tuple[str, str], ...]:
        """The headers that pay for a request, if the target wants payment for any input.

        Requests in the cases of triggers get none, because those cases send the proofs themselves.
        """
        if operation is None or operation.payment is None or self.case.scenario == TRIGGER:
            return ()
        for trigger in self.target.triggers:
            if trigger.operation == operation.id and trigger.payment and trigger.is_for_any_input:
                names = trigger.proof_headers(operation.payment.proof_headers)
                return tuple((name, trigger.payment) for name in names)
        return ()

    def _admit(self) -> None:
        """Raise CutShort if the case has sent as many requests as the plan allows.

        Requests that several cases share are always sent, and each case requests its own operation
        at least once. The repetition of a case has no limit.
        """
        has_limit = self.case.at_most > 0 and self._attempt == 1
        is_shared = self.sender.part is not None
        if not has_limit or is_shared or len(self.sender.sent) < self.case.at_most:
            return
        if any(exchange.operation == self.case.operation for exchange in self.sender.sent):
            raise CutShort

    def _label(self, operation: str, role: Role, key: str | None, facts: Facts) -> Label:
        return Label(self.case, self._attempt, operation, role, self._declared(key), facts)

    def key_header(self, key: str | None = KeyName.FULL) -> tuple[tuple[str, str], ...]:
        """The header with a key; empty for None, and for a target without any key."""
        return header_of(self.contract, self._declared(key))

    def _declared(self, key: str | None) -> str | None:
        """The role under which the target declares a key: the main key's own role for FULL.

        An alteration of the key, after a tilde, is kept. None for None, and for FULL if the target
        has no main key.
        """
        if key is None or key.partition("~")[0] != KeyName.FULL:
            return key
        main = self.target.main_key
        return None if main is None else key.replace(KeyName.FULL, main, 1)

    def mistake(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        facts: Facts = NOTHING,
        **options: Unpack[Options],
    ) -> Exchange:
        """Send a request that contains one client mistake."""
        return self.send(operation, values, facts=replace(facts, mistake=True), **options)

    def advance_clock(self, seconds: int) -> Exchange | None:
        """Send the request that advances the target's clock; None if the target declares none."""
        clock = self.target.clock
        if clock is None:
            return None
        body = json.dumps({clock["member"]: seconds}).encode()
        message = Message(
            clock["method"],
            clock["path"],
            (),
            (("Content-Type", "application/json"),),
            body,
            outside_base_path=True,
        )
        facts = Facts(step=Step.TICK)
        return self.raw(message, CLOCK, carried=(), key=None, role=Role.ARRANGE, facts=facts)

    def pause(self, seconds: float) -> None:
        """Wait for some seconds."""
        self.sender.pause(seconds)

    def fresh_address(self) -> str | None:
        """A local address that the run has not sent from."""
        return self.sender.fresh_address()


def _with_headers(message: Message, headers: tuple[tuple[str, str], ...]) -> Message:
    """The message with more headers, which come first."""
    return replace(message, headers=(*headers, *message.headers))
