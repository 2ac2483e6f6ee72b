"""Writes that must be rejected: for their key, for what they lack, or for what they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from conformance.base.values import ABSENT
from conformance.model import Facts, KeyName, Parameter, Role, Step
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.sending import OVERRIDES
from conformance.scenarios.client.writing import fresh_texts, is_mandatory
from conformance.transport.message import message_for

AS_THEY_ARE: Mapping[str, Any] = {}
"""The valid values, without changes."""


class Attempts:
    """Sends writes that must be rejected. ``fresh`` are the texts that only these writes sent."""

    def __init__(self, client: Client, values: Mapping[str, Any]) -> None:
        self._client = client
        self._operation = client.operation
        self._values = values
        self.fresh: tuple[str, ...] = ()

    def send_all(self, roles: tuple[str, ...]) -> None:
        """Send the write with mistakes, then without a key, and with each wrong key in ``roles``.

        With a read-only key, it is also sent as a GET whose headers ask for its real method.
        """
        self.mistakes()
        if KeyName.READ_ONLY in roles and self._operation.method != "GET":
            self.disguise(KeyName.READ_ONLY)
        for role in (None, *roles):
            self.send(key=role)

    def send(
        self, changes: Mapping[str, Any] = AS_THEY_ARE, *, key: str | None = KeyName.FULL
    ) -> None:
        """Send the write with fresh texts and some changes; a change to ABSENT omits a member."""
        texts = self._new_texts()
        sent = {**self._values, **texts, **changes}
        # the changes may have replaced some of the texts
        fresh = fresh_texts(self._operation, {name: sent[name] for name in texts})
        facts = Facts(step=Step.ATTEMPT, fresh=fresh)
        self._client.mistake(self._operation, sent, key=key, facts=facts)
        self.fresh += fresh

    def disguise(self, key: str) -> None:
        """Send the write as a GET, with headers that some frameworks take for the method."""
        texts = self._new_texts()
        message = message_for(self._operation, {**self._values, **texts})
        overrides = tuple((name, self._operation.method) for name in OVERRIDES)
        disguised = replace(message, method="GET", headers=(*message.headers, *overrides))
        self._client.raw(disguised, key=key, role=Role.BYSTANDER, facts=Facts(odd=True))
        self.fresh += fresh_texts(self._operation, texts)

    def _new_texts(self) -> dict[str, Any]:
        """A fresh text for each member that the write sends and that takes one.

        A change sends all of them, because a server may apply some before it refuses the request.
        """
        texts, is_change = {}, self._operation.action == "update"
        for member in self._operation.fresh_members:
            if is_change or member.name in self._values or member.advised:
                texts[member.name] = self._client.value(member)
        return texts

    # --- mistakes of the input ---

    def mistakes(self) -> None:
        """Send the write with unknown ids, without a required member, and with wrong values.

        Each member gets one wrong value. A change is also sent without the id of its object, and
        with an unknown one; then the list is read. Unknown ids come first, because a server may
        accept them, which would overwrite what a rejected write left. A deletion has no input.
        """
        if self._operation.action == "delete":
            return
        count_before = len(self.fresh)
        self._send_unknown_references()
        if self._operation.action == "update":
            self._send_unselected()
            self._look_in_list(self.fresh[count_before:])
        members = list(self._operation.body)
        selector = self._operation.selector
        if selector in members:
            members.remove(selector)
        mandatory = [member for member in members if is_mandatory(member)]
        # without the member that selects it, the request would be one of another operation
        if mandatory and mandatory[0].name != self._operation.when:
            self.send({mandatory[0].name: ABSENT})
        for member in members:
            if member.refuse:
                self.send({member.name: member.refuse[0]})

    def _send_unknown_references(self) -> None:
        """Send the write with a nonexistent id in each member that may name an object.

        For a change, that includes members that only the creation documents.
        """
        members = [*self._operation.body, *self._only_in_creations()]
        for parameter in members:
            if not self._may_get_unknown_id(parameter):
                continue
            known = self._client.value(parameter)
            if isinstance(known, str):
                self.send({parameter.name: self._client.unknown_id(known)})

    def _only_in_creations(self) -> Iterator[Parameter]:
        """For a change, the members of its kind's creations that the change does not document."""
        if self._operation.action != "update":
            return
        creations = self._client.contract.operations_by("create", self._operation.kind)
        for creation in creations:
            for member in creation.body:
                if self._operation.parameter(member.name) is None:
                    yield member

    def _may_get_unknown_id(self, parameter: Parameter) -> bool:
        """Whether a member may name an object that does not exist.

        It must name an object that is not a business. In writes other than creations it must also
        be optional, because their required members select the object to work on.
        """
        if parameter.name == self._client.contract.tenant:
            return False
        if not parameter.references:
            return False
        return not parameter.required or self._operation.action == "create"

    def _send_unselected(self) -> None:
        """Send the change without the id of its object, and with an id that does not exist.

        The former needs an id in the body that does not select the mode of the operation.
        """
        client, operation, selector = self._client, self._operation, self._operation.selector
        if selector is None:
            return
        known = self._values[selector.name]
        if not isinstance(known, str):
            return
        if selector.place == "body" and operation.when != selector.name:
            self.send({selector.name: ABSENT})
        if selector.references == operation.kind:
            # the token makes it an id that no other request has mentioned
            self.send({selector.name: client.unknown_id(known, client.token())})

    def _look_in_list(self, fresh: tuple[str, ...]) -> None:
        """Check in the list whether a request that named no object changed or created one."""
        ask = self._client.lister(self._operation.kind)
        if ask is not None:
            ask(facts=Facts(step=Step.LOOK, fresh=fresh))
