"""What a stimulus has in hand: it builds requests from the contract and sends them under a label."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Iterable, Mapping
from typing import Any

from conformance.checks.base import items_of
from conformance.model import WHOLE_API, Case, Contract, Exchange, Operation, Parameter
from conformance.target import FICTIONAL_NUMBER, Declaration
from conformance.transport.sender import Label, Message, Sender, header_of, message_for
from conformance.values import ABSENT

CLOCK = "(clock)"
"""The operation of a request that moves the target's clock; no rule judges it."""

Id = str | int
"""An id as the target gives it: it goes into a body as it came."""

_SAMPLES: Mapping[str, Any] = {"string": "sample", "integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}


class Memory:
    """What a run knows: its cases, the first page of each list by kind and key, an own object by kind."""

    def __init__(self, cases: Iterable[Case] = ()) -> None:
        self.cases = tuple(cases)
        self.own: dict[str, Id] = {}
        self.lists: dict[tuple[str, str], list[Any]] = {}


class Client:
    """Sends requests for one case. ``attempt`` counts its repetitions, from 1."""

    def __init__(self, sender: Sender, case: Case, attempt: int, memory: Memory, *, seed: int, nonce: str) -> None:
        self.contract: Contract = sender.contract
        self.target: Declaration = sender.target.declaration
        self.case = case
        self.seed = seed
        self._sender = sender
        self._attempt = attempt
        self._memory = memory
        self._nonce = nonce
        self._tokens = 0

    @property
    def repeated(self) -> bool:
        """Whether the case runs again, to confirm what its first run showed."""
        return self._attempt > 1

    @property
    def operation(self) -> Operation:
        """The operation of the case."""
        return self.contract.operations[self.case.operation]

    def planned(self, stimulus: str) -> tuple[tuple[str, str], ...]:
        """Operation and variant of each case of a stimulus that runs."""
        return tuple((case.operation, case.variant) for case in self._memory.cases if case.stimulus == stimulus)

    # --- sending ---

    def call(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        *,
        key: str | None = "full",
        scheme: str | None = None,
        role: str = "probe",
        content: bytes | None = None,
        address: str | None = None,
        patient: bool = True,
        **facts: Any,
    ) -> Exchange:
        """Send an operation with values for its parameters; ``content`` replaces the body."""
        message = message_for(operation, values)
        if content is not None:
            message = Message(message.method, message.path, message.query, (("Content-Type", "application/json"),), content)
        carried = header_of(self.contract, key, scheme) if operation.takes_key else ()
        return self.raw(
            message,
            operation.id,
            key=key if carried else None,
            carried=carried,
            role=role,
            address=address,
            patient=patient,
            **facts,
        )

    def raw(
        self,
        message: Message,
        operation: str = WHOLE_API,
        *,
        key: str | None = "full",
        carried: tuple[tuple[str, str], ...] | None = None,
        role: str = "probe",
        address: str | None = None,
        patient: bool = True,
        **facts: Any,
    ) -> Exchange:
        """Send a message as it is, with the header of a key unless ``carried`` says which headers."""
        headers = header_of(self.contract, key) if carried is None else carried
        labelled = Message(
            message.method, message.path, message.query, (*headers, *message.headers), message.body, message.outside
        )
        known = self.contract.operations.get(operation)
        rotate = address is None and known is not None and known.rate is not None
        label = Label(self.case, self._attempt, operation, role, key, facts)
        return self._sender.send(labelled, label, address, patient=patient, rotate=rotate)

    def control(self, operation: Operation, values: Mapping[str, Any], **facts: Any) -> Exchange:
        """Send a valid request, which must succeed."""
        return self.call(operation, values, role="control", **facts)

    def mistake(self, operation: Operation, values: Mapping[str, Any], **options: Any) -> Exchange:
        """Send a request with one mistake of the client in it."""
        return self.call(operation, values, mistake=True, **options)

    def tick(self, seconds: int) -> Exchange | None:
        """Move the target's clock on, where it has one that can be moved."""
        clock = self.target.clock
        if clock is None:
            return None
        body = json.dumps({clock["member"]: seconds}).encode()
        message = Message(clock["method"], clock["path"], (), (("Content-Type", "application/json"),), body, outside=True)
        return self.raw(message, CLOCK, carried=(), key=None, role="setup", seconds=seconds)

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._sender.pause(seconds)

    def fresh_address(self) -> str | None:
        """A local address that the run has not sent from."""
        return self._sender.fresh_address()

    # --- values ---

    def token(self) -> str:
        """A short text that no other request of the run has: from seed, case and count."""
        self._tokens += 1
        text = f"{self.seed} {self.case.id} {self._attempt} {self._tokens} {self._nonce}"
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    def listed(self, kind: str, key: str = "full") -> list[Any]:
        """The items of the first page of the list of a kind, asked for once a run."""
        if (kind, key) not in self._memory.lists:
            operation = next(iter(self.contract.operations_by("list", kind)), None)
            items: list[Any] = []
            if operation is not None:
                response = self.call(operation, {}, key=key, role="setup").response
                items = (items_of(operation, response.json) if response and response.ok else None) or []
            self._memory.lists[kind, key] = items
        return self._memory.lists[kind, key]

    def known(self, kind: str, key: str = "full") -> dict[str, Any] | None:
        """An object of a kind that a key sees, or None."""
        found = [
            i for i in self.listed(kind, key) if isinstance(i, dict) and isinstance(i.get(self.contract.identifier), str | int)
        ]
        return found[0] if found else None

    def known_id(self, kind: str, key: str = "full") -> Id | None:
        """The id of an object of a kind that a key sees, or None."""
        item = self.known(kind, key)
        return None if item is None else item[self.contract.identifier]

    def business(self, key: str = "full") -> str | None:
        """The id of the business of a key: as declared, else as its objects show it."""
        role = key if key in ("other", "empty") else "main"
        if role in self.target.businesses:
            return self.target.businesses[role]
        for kind in {o.kind for o in self.contract.operations_by("list") if o.kind}:
            for item in self.listed(kind, key):
                value = item.get(self.contract.tenant) if isinstance(item, dict) else None
                if isinstance(value, str):
                    return value
        return None

    def value(self, parameter: Parameter, key: str = "full") -> Any:
        """A valid value for a parameter; ABSENT where none is known."""
        if parameter.name == self.contract.tenant:
            return self.business(key) or ABSENT
        if parameter.refers:
            return self.known_id(parameter.refers, key) or ABSENT
        if parameter.phone:
            return (self.target.phone_numbers or (FICTIONAL_NUMBER,))[0]
        if parameter.fresh:
            return parameter.fresh.replace("{}", self.token())
        if parameter.example is not None:
            return parameter.example
        kind = parameter.schema.get("type", "string")
        return parameter.schema.get("enum", [None])[0] or _SAMPLES[kind if isinstance(kind, str) else kind[0]]

    def valid(self, operation: Operation, key: str = "full") -> dict[str, Any] | None:
        """Valid values for the required parameters; None where one is not known."""
        values = {p.name: self.value(p, key) for p in operation.parameters if p.required}
        if operation.action in ("update", "delete") and operation.selector:
            values[operation.selector.name] = self.own_id(operation) or ABSENT
        return None if any(value is ABSENT for value in values.values()) else values

    def created_id(self, exchange: Exchange) -> Id | None:
        """The id in a success."""
        response = exchange.response
        value = (
            response.json.get(self.contract.identifier) if response and response.ok and isinstance(response.json, dict) else None
        )
        return value if isinstance(value, str | int) else None

    def own_id(self, operation: Operation) -> Id | None:
        """The id of an object to change or delete: of our own making where one may be made.

        A change may share one; what was there before us is changed only where nothing can be made, and never deleted.
        """
        kind, shared = operation.kind or "", operation.action == "update"
        creation = next((o for o in self.contract.operations_by("create", kind) if o.effect in self.target.allow), None)
        if creation is None:
            return self.known_id(kind) if shared else None
        if shared and kind in self._memory.own:
            return self._memory.own[kind]
        values = self.valid(creation)
        made = self.created_id(self.call(creation, values, role="setup")) if values is not None else None
        if shared and made is not None:
            self._memory.own[kind] = made
        return made

    def unknown_id(self, sample: str) -> str:
        """An id of the form of another one that names nothing."""
        if sample.isdigit():
            return str(int(sample) + 7 * 10 ** len(sample))
        digest = hashlib.sha256(f"{self.seed} {sample}".encode()).digest()
        changed = list(sample)
        places = [index for index, char in enumerate(sample) if char.isalnum()][-12:]
        for byte, index in zip(digest, places, strict=False):
            changed[index] = _alike(sample[index], byte)
        unknown = "".join(changed)
        return unknown if unknown != sample else sample + "0"


def _alike(char: str, byte: int) -> str:
    """Another character of the same class."""
    for alphabet in (string.digits, "abcdef", "ABCDEF", string.ascii_lowercase, string.ascii_uppercase):
        if char in alphabet:
            return alphabet[byte % len(alphabet)]
    return char
