"""Legal variants of what a server makes of texts, numbers and types that clients rarely send."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Request
from tests.faults.base import Faulty, variant

MOST_CHARACTERS = 400
SHORTEST_CALL = 30


def is_free_text(parameter: Parameter) -> bool:
    """Whether a member of a body takes a text without a format."""
    is_text = parameter.place == "body" and parameter.schema.get("type") == "string"
    return is_text and not (parameter.references or "format" in parameter.schema)


class Rereading(Faulty):
    """The reference server, which takes a value of a free text for another one."""

    def reread(self, text: str) -> str:
        """What the server makes of a text."""
        raise NotImplementedError

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        free = [member.name for member in operation.body if is_free_text(member)]
        return {
            name: self.reread(value) if name in free and isinstance(value, str) else value
            for name, value in values.items()
        }


@variant("silent: what a text may hold")
class TagsRemoved(Rereading):
    """What looks like a tag of HTML is removed from texts."""

    def reread(self, text: str) -> str:
        return re.sub(r"</?[A-Za-z][^<>]*>", "", text)


@variant("silent: what a text may hold")
class TextsNormalized(Rereading):
    """Texts are trimmed, their white space is collapsed, and their characters are composed."""

    def reread(self, text: str) -> str:
        return unicodedata.normalize("NFC", " ".join(text.split()))


class Choosy(Faulty):
    """The reference server, which refuses some free texts with invalid_request."""

    def is_taken(self, text: str) -> bool:
        """Whether a text is accepted."""
        raise NotImplementedError

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        if is_free_text(parameter) and isinstance(value, str) and not self.is_taken(value):
            return False
        return super().is_valid(operation, parameter, value)


@variant("silent: how long a text may be")
class LongTextsRefused(Choosy):
    """Texts of more than 400 characters are refused."""

    def is_taken(self, text: str) -> bool:
        return len(text) <= MOST_CHARACTERS


@variant("silent: what a text may hold")
class SignsOfCodeRefused(Choosy):
    """Texts with signs that code consists of are refused, as by a firewall with the envelope."""

    def is_taken(self, text: str) -> bool:
        return re.search(r"[<>{}`]|--|%[0-9A-Fa-f]{2}", text) is None


@variant("silent: what a text may hold")
class OnlyLatinTaken(Choosy):
    """Texts with letters of other scripts than Latin, or with emoji, are refused."""

    def is_taken(self, text: str) -> bool:
        letters = [character for character in text if ord(character) > 0x24F]
        return not any(unicodedata.category(each)[0] in "LMSC" for each in letters)


@variant("silent: the range of a number")
class ShortCallsRefused(Faulty):
    """A max_duration of less than 30 is refused, and so are days and hours of one."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        least = {"max_duration": SHORTEST_CALL, "window_hours": 2, "stalled_days": 2}
        if isinstance(value, int) and value < least.get(parameter.name, value):
            return False
        return super().is_valid(operation, parameter, value)


@variant("L48")
class WrongTypesIgnored(Faulty):
    """An optional value of a different type than the documented one counts as absent."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        return {
            name: value
            for name, value in values.items()
            if not self._is_ignored(operation, operation.parameter(name), value)
        }

    def _is_ignored(self, operation: Operation, member: Parameter | None, value: Any) -> bool:
        if member is None or member.required or member.refuse or member.references:
            return False
        return not super().is_valid(operation, member, value)


@variant("silent: words of a list")
class WordsInAnyCase(Faulty):
    """A word of a list is read whatever its case, and below-one or odd numbers as the default."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for name, value in super().query_values(operation, request).items():
            parameter = operation.parameter(name)
            assert parameter is not None
            is_word = isinstance(value, str) and "enum" in parameter.schema
            if not self._is_odd_number(operation, parameter, value):
                read[name] = value.lower() if is_word else value
        return read

    def _is_odd_number(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        if parameter.schema.get("type") not in ("integer", "number"):
            return False
        return not self.is_valid(operation, parameter, value)
