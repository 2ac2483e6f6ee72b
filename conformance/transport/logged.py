"""What came back, as the log may hold it: first the secrets in it are learnt, then they are taken out."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from conformance.errors import Unjudgeable
from conformance.model import Body, Contract, Operation, Placeholder, Response, SecretKind
from conformance.model.placeholder import FOUND_KEY
from conformance.transport.encodings import readings
from conformance.transport.redact import WITHHELD, SecretStore, telling_parts
from conformance.transport.wire import WireResponse
from conformance.values import strict_json

SHORTEST, VARIED = 8, 5
"""Characters, and different ones, of the least text that is taken for a secret that was handed out."""
KEY_LENGTH = 16
"""Characters of a text that looks like a key; after a public prefix, or with a digit in it."""
MOST = 1_000
"""Secrets that are kept track of."""
PLAIN_HEADERS = frozenset(
    ("connection", "content-encoding", "content-length", "content-type", "date", "server")
)
"""Headers whose names a target does not make up."""
SESSION_HEADERS = ("set-cookie", "set-cookie2")
"""Headers that hand out what opens a session."""


class LogRedactor:
    """Turns what the wire gives into what the log holds. It knows how the secrets of a contract look."""

    def __init__(self, contract: Contract, vault: SecretStore) -> None:
        self._vault = vault
        self._names = contract.secret_members
        names = "|".join(map(re.escape, sorted(self._names)))
        self._named = re.compile(
            rf'"({names})"\s*:\s*"((?:[^"\\]|\\.)*)"' if names else "(?!)", re.DOTALL
        )
        prefixes = "|".join(map(re.escape, contract.authentication.prefixes))
        self._prefix = re.compile(f"(?:{prefixes})")
        self._key = re.compile(
            rf"(?:{prefixes})[A-Za-z0-9_-]{{{KEY_LENGTH},}}" if prefixes else "(?!)"
        )
        self._count = 0

    def learn(self, received: WireResponse) -> None:
        """Hold the secrets that a response hands out, from their first byte on and whatever its status.

        They are known by the names of their members, also where the body is no proper JSON, and by the
        public beginning of a key. Raises Unjudgeable where there are too many to keep them out of the log.
        """
        texts = list(_texts(received.body))
        pairs = list(_members(strict_json(texts[0]), self._names))
        pairs += [
            (match[1], _unescaped(match[2]))
            for text in texts
            for match in self._named.finditer(text)
        ]
        granted = 200 <= received.status < 300
        for name, secret in pairs:
            if (
                "://" in secret or granted or _random(secret)
            ):  # an error may say of a member that it is "required"
                self._hold(_kind(secret, granted), name, secret)
        for text in (*texts, *(value for _, value in received.headers)):
            for key in self._key.findall(text):
                if not self._vault.holds_secret(
                    key
                ):  # a key of ours, altered, is taken out as what it is
                    core = self._prefix.sub("", key, count=1)
                    kind = SecretKind.PLAIN if _invented(core) else SecretKind.FOUND
                    self._hold(kind, FOUND_KEY, key)

    def _hold(self, kind: SecretKind, member: str, secret: str) -> None:
        if len(secret) < SHORTEST or len(set(self._prefix.sub("", secret, count=1))) < VARIED:
            return
        placeholder = Placeholder(kind, f"{member}-{self._count + 1}")
        self._count += self._vault.learn(placeholder, secret) == placeholder
        if self._count > MOST:
            raise Unjudgeable(
                f"The target hands out more than {MOST:,} secrets; so many cannot be kept out of the log."
            )

    def body(self, raw: bytes | None) -> Body | None:
        """A body for the log, without secrets."""
        return body_for_log(raw, self._vault)

    def response(self, received: WireResponse, operation: Operation | None) -> Response:
        """A response for the log, without secrets.

        A success of an operation that hands out secrets is withheld where it cannot be read: what it
        holds is then known to nobody.
        """
        body = self.body(received.body) or Body()
        headers = received.headers
        hands_out = operation is not None and operation.secrets and 200 <= received.status < 300
        if hands_out and not isinstance(
            strict_json(received.body.decode("utf-8", "replace")), dict
        ):
            headers = tuple(
                (name if name.lower() in PLAIN_HEADERS else WITHHELD, WITHHELD)
                for name, _ in headers
            )
            body = Body(
                text=WITHHELD, size=body.size
            )  # and not marked, for what is judged is that it is no JSON object
        kept = tuple(
            (self._vault.redact(name), self._value(name, value)) for name, value in headers
        )
        return Response(received.status, kept, replace(body, cut=True) if received.cut else body)

    def _value(self, name: str, value: str) -> str:
        return WITHHELD if name.lower() in SESSION_HEADERS else self._vault.redact(value)


def body_for_log(raw: bytes | None, vault: SecretStore) -> Body | None:
    """A body without secrets: text where it is UTF-8, base64 where it is not, withheld where a secret cannot be cut out."""
    if raw is None:
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        if any(vault.holds_secret(reading) for reading in readings(raw)):
            return Body(text=WITHHELD, size=len(raw), withheld=True)
        return Body(base64=base64.b64encode(raw).decode(), size=len(raw))
    clean = vault.redact(text)
    return Body(text=clean, size=len(raw), withheld=clean == WITHHELD)


def _texts(raw: bytes) -> Iterator[str]:
    """A body as UTF-8, and as what it may be where it is not."""
    text = raw.decode("utf-8", "replace")
    yield text
    if "\ufffd" in text or "\0" in text:
        yield from readings(raw)


def _members(value: Any, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The text members of those names, anywhere in a value."""
    if isinstance(value, list):
        for item in value:
            yield from _members(item, names)
    elif isinstance(value, dict):
        yield from (
            (name, value[name]) for name in sorted(names) if isinstance(value.get(name), str)
        )
        for member in value.values():
            yield from _members(member, names)


def _kind(secret: str, granted: bool) -> SecretKind:
    """What the value of a secret member is: a link, a secret of a success, or one that an error shows."""
    if "://" in secret:
        return SecretKind.LINK if telling_parts(secret) else SecretKind.PLAIN
    return SecretKind.SECRET if granted else SecretKind.FOUND


def _random(text: str) -> bool:
    """Whether a text is no word but drawn: long, and with a digit in it."""
    return len(text) >= KEY_LENGTH and bool(re.fullmatch(r"\S*[0-9]\S*", text))


def _invented(text: str) -> bool:
    """Whether a key reads like an example: words, or characters that count up.

    They do in ``abc123def456``, and in ``a1b2c3d4``, where each follows the one before the last.
    """
    if not _random(text):
        return True
    codes = [ord(char) for char in text]
    for distance in (1, 2):
        steps = [code - before for before, code in zip(codes, codes[distance:], strict=False)]
        if 2 * sum(step in (0, 1) for step in steps) > len(steps):
            return True
    return False


def _unescaped(text: str) -> str:
    """The value of a JSON string, or the text itself where it is none."""
    value = strict_json(f'"{text}"')
    return value if isinstance(value, str) else text
