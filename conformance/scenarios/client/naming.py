"""Texts that no other request contains, and the names that headers give to requests."""

from __future__ import annotations

from dataclasses import replace

from conformance.model import Case, Operation
from conformance.reading import mark_of
from conformance.transport.message import Message


class Naming:
    """Makes fresh texts for one attempt of a case, and remembers the names of its requests."""

    def __init__(self, case: Case, attempt: int, *, seed: int, nonce: str = "") -> None:
        self.seed = seed
        self._nonce = nonce
        self._source = f"{case.id} {attempt}"
        self._tokens = 0
        self._used: set[str] = set()

    def token(self) -> str:
        """A short text that no other request has: a mark of the run, then seed, case and count."""
        self._tokens += 1
        return mark_of(self._nonce, f"{self.seed} {self._source} {self._tokens}")

    def renamed(self, message: Message, operation: Operation | None) -> Message:
        """The message, with new names in the headers that identify a request.

        A target may repeat its first response to a request under a known name.
        """
        taken = operation.parameters_in("header") if operation else ()
        patterns = {parameter.name: parameter.fresh for parameter in taken if parameter.fresh}
        headers = []
        for name, value in message.headers:
            if name in patterns:
                if value in self._used:
                    value = patterns[name].replace("{}", self.token())  # noqa: PLW2901
                self._used.add(value)
            headers.append((name, value))
        return replace(message, headers=tuple(headers))

    def reuse(self) -> bool:
        """Reuse the names of earlier requests for the next one; whether any request had a name."""
        had_names = bool(self._used)
        self._used.clear()
        return had_names
