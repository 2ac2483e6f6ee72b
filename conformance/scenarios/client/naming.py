"""Texts that no other request contains, and the names that headers give to requests."""

from __future__ import annotations

from dataclasses import replace

from conformance.model import Case, Operation
from conformance.reading import filled, mark_of
from conformance.transport.message import Message


class Naming:
    """Makes fresh texts for one attempt of a case, and remembers the names of its requests.

    The texts are derived from the ``key`` of the run. A name is the value of a header that
    identifies a request, such as an idempotency key.
    """

    def __init__(self, case: Case, attempt: int, key: str = "") -> None:
        self.key = key
        self._source = f"{case.id} {attempt}"
        self._tokens = 0
        self._used: set[str] = set()

    def token(self) -> str:
        """A mark of the run that no other request has."""
        self._tokens += 1
        return mark_of(self.key, f"{self._source} {self._tokens}")

    def renamed(self, message: Message, operation: Operation | None) -> Message:
        """The message, with a new value in each identifying header whose value was used before.

        A target may repeat its first response if a request has a name that it has seen before.
        """
        documented = operation.parameters_in("header") if operation else ()
        patterns = {parameter.name: parameter.fresh for parameter in documented if parameter.fresh}
        headers = [
            (name, self._unused(value, patterns[name]) if name in patterns else value)
            for name, value in message.headers
        ]
        return replace(message, headers=tuple(headers))

    def _unused(self, value: str, pattern: str) -> str:
        """The value of a header, or a new one made from the pattern if it was used before."""
        unused = filled(pattern, self.token()) if value in self._used else value
        self._used.add(unused)
        return unused

    def reuse(self) -> bool:
        """Let the next request reuse the names so far; returns whether any request had a name."""
        had_names = bool(self._used)
        self._used.clear()
        return had_names
