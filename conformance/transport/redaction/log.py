"""Turns responses into their logged form: learns the secrets in them, then redacts them."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from conformance.base.errors import Unjudgeable
from conformance.base.values import as_text, strict_json
from conformance.model import Body, Contract, Operation, Placeholder, Response, SecretKind
from conformance.model.placeholder import FOUND_KEY
from conformance.transport.codings import names_of
from conformance.transport.redaction.encodings import readings
from conformance.transport.redaction.secrets import WITHHELD, SecretStore, telling_parts
from conformance.transport.wire import WireResponse

SHORTEST, VARIED = 8, 5
"""Minimum length, and minimum number of different characters, of a secret."""

KEY_LENGTH = 16
"""Minimum length of a key after its public prefix, or of a random text."""

MOST = 1_000
"""Maximum number of issued secrets that are tracked."""

PLAIN_HEADERS = frozenset(
    ("connection", "content-encoding", "content-length", "content-type", "date", "server")
)
"""Headers with standard names, in which a target cannot hide a secret."""

DECODED = frozenset(("gzip", "x-gzip", "deflate"))
"""The content codings that the wire decodes."""

TEXTUAL = bytes((*b"\0\t\n\v\f\r\x1b", *range(0x20, 0x7F), *range(0x80, 0x100)))
"""The bytes of text in UTF-8, in UTF-16 (Latin letters) and in single-byte encodings."""

SESSION_HEADERS = ("set-cookie", "set-cookie2")
"""Headers whose values are session secrets."""

_NOTHING = re.compile("(?!)")
_MASK = re.compile(r"[*•●]{3}|\.{3}|…")


class LogRedactor:
    """Turns a response from the wire into a response for the log.

    The contract says which members contain secrets, and which prefixes keys have.
    """

    def __init__(self, contract: Contract, secrets: SecretStore) -> None:
        self._secrets = secrets
        self._members, self._key_members = contract.secret_members, contract.key_members
        self._ids = {contract.identifier, contract.tenant or contract.identifier}
        self._member_pattern = _pattern_of_members(self._members)
        self._key_pattern = _pattern_of_keys(contract.authentication.prefixes)
        self._counts: Counter[str] = Counter()  # of secrets, by the member that shows them

    def learn(self, received: WireResponse) -> None:
        """Learn the secrets in a response, whatever its status.

        They are recognized by the names of their members, even in a malformed JSON body, and by the
        public prefix of keys. Raises Unjudgeable if there are too many to track.
        """
        with self._secrets.lock:
            self._learn(received)

    def _learn(self, received: WireResponse) -> None:
        """Learn secret members of the body, and whatever looks like a key in body and headers."""
        texts = list(_texts(received.body))
        for member, value in self._members_in(texts):
            kind = _kind_of(value, received.ok)
            if kind is SecretKind.LINK:
                # ids next to a link are public, although the link may contain them
                for _, text in _string_members(strict_json(texts[0]), self._ids):
                    self._secrets.publish(text)
            elif kind is SecretKind.SECRET and self._is_unprefixed(member, value):
                kind = SecretKind.UNPREFIXED
            if kind is not None:
                self._learn_secret(kind, member, value)
        texts += [value for _, value in received.headers]
        for text in texts:
            self._learn_keys(text)

    def _is_unprefixed(self, member: str, value: str) -> bool:
        """Whether a member for keys contains a random text that starts with no public prefix."""
        if member not in self._key_members or not _is_random(value):
            return False
        return self._secrets.without_prefix(value) == value

    def body(self, raw: bytes | None) -> Body | None:
        """A body without secrets; None if there is no body."""
        return body_for_log(raw, self._secrets)

    def response(self, received: WireResponse, operation: Operation | None) -> Response:
        """A response without secrets.

        An unreadable success of an operation that issues secrets is withheld, because its contents
        are unknown.
        """
        body = self._response_body(received)
        headers = tuple(self._header(header) for header in received.headers)
        if _is_unreadable_grant(received, operation):
            # not marked as withheld, because the judges must see that it is not a JSON object
            body = Body(text=WITHHELD, size=body.size)
            headers = tuple(_withheld_header(header) for header in received.headers)
        return Response(received.status, headers, replace(body, cut=received.cut))

    def _response_body(self, received: WireResponse) -> Body:
        """The body of a response without secrets.

        A body in a coding that was not decoded is withheld, because its contents are unknown. So
        are bytes that are not text, but without the withheld mark, because judges can tell that
        they are not JSON.
        """
        size = len(received.body)
        if _is_coded(received):
            return Body(text=WITHHELD, size=size, withheld=True)
        if _is_binary(received.body):
            return Body(text=WITHHELD, size=size)
        return self.body(received.body) or Body()

    def _header(self, header: tuple[str, str]) -> tuple[str, str]:
        """A header without secrets; the value of one that opens a session is withheld."""
        name, value = header
        redacted_name, redacted_value = self._secrets.redact(name), self._secrets.redact(value)
        opens_session = name.lower() in SESSION_HEADERS
        return redacted_name, WITHHELD if opens_session else redacted_value

    def _members_in(self, texts: list[str]) -> Iterator[tuple[str, str]]:
        """The secret members in a body, with their values.

        They are searched for in the text. Parsing is needed only if a name contains escapes.
        """
        if "\\" in texts[0]:
            yield from _string_members(strict_json(texts[0]), self._members)
        for text in texts:
            for match in self._member_pattern.finditer(text):
                yield match[1], _unescaped(match[2])

    def _learn_keys(self, text: str) -> None:
        """Learn texts that look like keys by their public prefix."""
        for key in self._key_pattern.findall(text):
            if self._secrets.holds_secret(key):
                continue  # a known key, or one altered by a scenario
            is_example = _reads_like_example(self._secrets.without_prefix(key))
            kind = SecretKind.PLAIN if is_example else SecretKind.FOUND
            self._learn_secret(kind, FOUND_KEY, key)

    def _learn_secret(self, kind: SecretKind, member: str, secret: str) -> None:
        """Redact a secret from now on, unless it is too short or too uniform to be one.

        Raises Unjudgeable if there are more new secrets than can be tracked.
        """
        is_varied = len(set(self._secrets.without_prefix(secret))) >= VARIED
        if len(secret) < SHORTEST or not is_varied:
            return
        placeholder = Placeholder(kind, f"{member}-{self._counts[member] + 1}")
        is_new = self._secrets.learn(placeholder, secret) == placeholder
        if is_new:
            self._counts[member] += 1
        if self._counts.total() > MOST:
            raise Unjudgeable(
                f"The target issues more than {MOST:,} secrets, too many to keep out of the log."
            )


def body_for_log(raw: bytes | None, secrets: SecretStore) -> Body | None:
    """A body without secrets: text if it is UTF-8, or else base64.

    It is withheld if a secret cannot be removed. None if there is no body.
    """
    if raw is None:
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return _coded_body_for_log(raw, secrets)
    clean = secrets.redact(text)
    return Body(text=clean, size=len(raw), withheld=clean == WITHHELD)


def _coded_body_for_log(raw: bytes, secrets: SecretStore) -> Body:
    """A body that is not UTF-8, as base64, or withheld if it may contain a secret."""
    if any(secrets.holds_secret(reading) for reading in readings(raw)):
        return Body(text=WITHHELD, size=len(raw), withheld=True)
    return Body(base64=base64.b64encode(raw).decode(), size=len(raw))


def _is_coded(received: WireResponse) -> bool:
    """Whether a body is in a coding that was not decoded, and is not JSON as it is."""
    values = [value for name, value in received.headers if name.lower() == "content-encoding"]
    codings = names_of(",".join(values))
    if DECODED.issuperset(codings):
        return False
    text = received.body.decode("utf-8", "replace")
    return bool(text) and not isinstance(strict_json(text), dict | list)


def _is_binary(raw: bytes) -> bool:
    """Whether some bytes are not text in any encoding, and so may be compressed or encrypted.

    False for bytes that are too few for a secret.
    """
    if len(raw) < SHORTEST or not raw.translate(None, TEXTUAL):
        return False
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _pattern_of_members(names: Iterable[str]) -> re.Pattern[str]:
    """Matches a member with a string value, even in malformed JSON; groups are name and value."""
    alternatives = "|".join(re.escape(name) for name in sorted(names))
    if not alternatives:
        return _NOTHING
    return re.compile(rf'"({alternatives})"\s*:\s*"((?:[^"\\]++|\\.)*+)"', re.DOTALL)


def _pattern_of_keys(prefixes: Iterable[str]) -> re.Pattern[str]:
    """Matches a public prefix followed by a long text."""
    alternatives = "|".join(re.escape(prefix) for prefix in prefixes)
    if not alternatives:
        return _NOTHING
    return re.compile(rf"(?:{alternatives})[A-Za-z0-9_-]{{{KEY_LENGTH},}}")


def _is_unreadable_grant(received: WireResponse, operation: Operation | None) -> bool:
    """Whether a success should issue secrets but is not a JSON object."""
    if operation is None or not operation.secrets:
        return False
    text = received.body.decode("utf-8", "replace")
    return received.ok and not isinstance(strict_json(text), dict)


def _withheld_header(header: tuple[str, str]) -> tuple[str, str]:
    """A header without its value, and without its name unless the name is standard."""
    name, _ = header
    if name.lower() in PLAIN_HEADERS:
        return name, WITHHELD
    return WITHHELD, WITHHELD


def _texts(raw: bytes) -> Iterator[str]:
    """A body read as UTF-8, and in other ways if it is not valid UTF-8."""
    text = raw.decode("utf-8", "replace")
    yield text
    if "\ufffd" in text or "\0" in text:
        yield from readings(raw)


def _string_members(value: Any, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The members with one of these names and a string value, anywhere in a JSON value."""
    names = sorted(names)
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, dict):
            waiting += reversed(value.values())
            for name in names:
                if isinstance(value.get(name), str):
                    yield name, value[name]


def _kind_of(value: str, granted: bool) -> SecretKind | None:
    """How to treat the value of a secret member; ``granted``: the response is a success.

    LINK for a link, SECRET for an issued secret, FOUND for a random text in an error. PLAIN for a
    masked secret, and for a link of plain words, such as a login page, which opens nothing by
    itself. None for other texts in an error: it may say that a secret member is "required".
    """
    if "://" in value:
        return SecretKind.LINK if telling_parts(value) else SecretKind.PLAIN
    if _MASK.search(value):
        return SecretKind.PLAIN
    if granted:
        return SecretKind.SECRET
    if _is_random(value):
        return SecretKind.FOUND
    return None


def _is_random(text: str) -> bool:
    """Whether a text looks random: it is long, has a digit, and has no white space."""
    if len(text) < KEY_LENGTH:
        return False
    return re.search("[0-9]", text) is not None and re.search(r"\s", text) is None


def _reads_like_example(key: str) -> bool:
    """Whether a key reads like an example: made of words, or of characters in sequence.

    Such as ``abc123def456``, or ``a1b2c3d4``, where every other character is in sequence.
    """
    if not _is_random(key):
        return True
    return _counts_up(key, 1) or _counts_up(key, 2)


def _counts_up(text: str, distance: int) -> bool:
    """Whether most characters equal or directly follow the one ``distance`` places before."""
    pairs = list(zip(text, text[distance:], strict=False))
    in_order = sum(ord(later) - ord(char) in (0, 1) for char, later in pairs)
    return in_order > len(pairs) / 2


def _unescaped(text: str) -> str:
    """The value of a JSON string, given without quotes; the text itself if it is not valid."""
    value = as_text(strict_json(f'"{text}"'))
    return text if value is None else value
