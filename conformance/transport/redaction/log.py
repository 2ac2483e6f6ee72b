"""A response as the log may hold it: the secrets in it are learnt, then they are taken out."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import itemgetter
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
"""The least characters, and different characters, of a text that counts as a secret."""

KEY_LENGTH = 16
"""The least characters of a key after its public prefix, or of a random text."""

MOST = 1_000
"""How many handed-out secrets are kept track of."""

PLAIN_HEADERS = frozenset(
    ("connection", "content-encoding", "content-length", "content-type", "date", "server")
)
"""Headers whose names are standard, so that no target hides a secret in the name."""

UNDONE = frozenset(("gzip", "x-gzip", "deflate"))
"""The content codings that the wire undoes."""

TEXTUAL = bytes((*b"\0\t\n\v\f\r\x1b", *range(0x20, 0x7F), *range(0x80, 0x100)))
"""The bytes of a text in UTF-8, in UTF-16 of Latin letters, and in codings of one byte."""

SESSION_HEADERS = ("set-cookie", "set-cookie2")
"""Headers whose value opens a session."""

_NOTHING = re.compile("(?!)")
_MASK = re.compile(r"[*•●]{3}|\.{3}|…")


class LogRedactor:
    """Turns a response from the wire into the response that the log holds.

    It knows from the contract which members hand out secrets and how keys begin.
    """

    def __init__(self, contract: Contract, secrets: SecretStore) -> None:
        self._secrets = secrets
        self._members = contract.secret_members
        self._ids = {contract.identifier, contract.tenant or contract.identifier}
        self._member_pattern = _pattern_of_members(self._members)
        self._key_pattern = _pattern_of_keys(contract.authentication.prefixes)
        self._counts: Counter[str] = Counter()  # of secrets, by the member that shows them

    def learn(self, received: WireResponse) -> None:
        """Learn the secrets that a response hands out, whatever its status.

        They are known by the names of their members, also in a body that is no proper JSON, and by
        the public prefix of a key. Raises Unjudgeable if there are too many to keep track of.
        """
        with self._secrets.lock:
            self._learn(received)

    def _learn(self, received: WireResponse) -> None:
        texts = list(_texts(received.body))
        for member, value in self._members_in(texts):
            kind = _kind_of(value, received.ok)
            if kind is SecretKind.LINK:
                self._publish_ids(texts[0])
            if kind is not None:
                self._hold(kind, member, value)
        texts += map(itemgetter(1), received.headers)
        for text in texts:
            self._learn_keys(text)

    def _publish_ids(self, text: str) -> None:
        """Take the ids that stand beside a link for no secrets, though the link may hold them."""
        for _, value in _string_members(strict_json(text), self._ids):
            self._secrets.publish(value)

    def body(self, raw: bytes | None) -> Body | None:
        """A body without secrets; None if there is no body."""
        return body_for_log(raw, self._secrets)

    def response(self, received: WireResponse, operation: Operation | None) -> Response:
        """A response without secrets.

        A success of an operation that hands out secrets is withheld if it cannot be read, because
        nobody then knows what it holds.
        """
        body = self._response_body(received)
        headers = tuple(map(self._header, received.headers))
        if _is_unreadable_grant(received, operation):
            # not marked as withheld: the judges must see that it is no JSON object
            body = Body(text=WITHHELD, size=body.size)
            headers = tuple(map(_withheld_header, received.headers))
        return Response(received.status, headers, replace(body, cut=received.cut))

    def _response_body(self, received: WireResponse) -> Body:
        """The body of a response without secrets.

        What a coding covers that was not undone is withheld: nobody knows what it holds. So are
        bytes that are no text, but not as a body that nobody can judge: they are no JSON.
        """
        size = len(received.body)
        if _is_coded(received):
            return Body(text=WITHHELD, size=size, withheld=True)
        if _is_binary(received.body):
            return Body(text=WITHHELD, size=size)
        return self.body(received.body) or Body()

    def _header(self, header: tuple[str, str]) -> tuple[str, str]:
        name, value = map(self._secrets.redact, header)
        opens_session = header[0].lower() in SESSION_HEADERS
        return name, WITHHELD if opens_session else value

    def _members_in(self, texts: list[str]) -> Iterator[tuple[str, str]]:
        """The secret members in a body, with their values.

        They are sought in the text. Only a name that is written with escapes needs it to be parsed.
        """
        if "\\" in texts[0]:
            yield from _string_members(strict_json(texts[0]), self._members)
        for text in texts:
            for match in self._member_pattern.finditer(text):
                yield match[1], _unescaped(match[2])

    def _learn_keys(self, text: str) -> None:
        """Learn what looks like a key by its public prefix."""
        for key in self._key_pattern.findall(text):
            if self._secrets.holds_secret(key):
                continue  # a known key, or one that a scenario altered
            is_example = _reads_like_example(self._secrets.without_prefix(key))
            self._hold(SecretKind.PLAIN if is_example else SecretKind.FOUND, FOUND_KEY, key)

    def _hold(self, kind: SecretKind, member: str, secret: str) -> None:
        """Have a secret taken out, unless it is too short or too plain to be one."""
        varied = len(set(self._secrets.without_prefix(secret))) >= VARIED
        if len(secret) < SHORTEST:
            return
        if not varied:
            return
        placeholder = Placeholder(kind, f"{member}-{self._counts[member] + 1}")
        if self._secrets.learn(placeholder, secret) == placeholder:
            self._counts[member] += 1
        if self._counts.total() > MOST:
            raise Unjudgeable(
                f"The target hands out more than {MOST:,} secrets; "
                "so many cannot be kept out of the log."
            )


def body_for_log(raw: bytes | None, secrets: SecretStore) -> Body | None:
    """A body without secrets: text if it is UTF-8, else base64.

    It is withheld if a secret cannot be cut out; None if there is no body.
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
    """A body that is no UTF-8 as base64, or withheld if it may hold a secret."""
    if any(map(secrets.holds_secret, readings(raw))):
        return Body(text=WITHHELD, size=len(raw), withheld=True)
    return Body(base64=base64.b64encode(raw).decode(), size=len(raw))


def _is_coded(received: WireResponse) -> bool:
    """Whether a content coding covers a body that nobody undid, and that is no JSON as it is."""
    values = [value for name, value in received.headers if name.lower() == "content-encoding"]
    codings = names_of(",".join(values))
    if UNDONE.issuperset(codings):
        return False
    text = received.body.decode("utf-8", "replace")
    return bool(text) and not isinstance(strict_json(text), dict | list)


def _is_binary(raw: bytes) -> bool:
    """Whether some bytes are no text in any coding: they may be compressed or encrypted."""
    if len(raw) < SHORTEST or not raw.translate(None, TEXTUAL):
        return False
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _pattern_of_members(names: Iterable[str]) -> re.Pattern[str]:
    """Matches a member with a string value, also in broken JSON: groups name and value."""
    alternatives = "|".join(map(re.escape, sorted(names)))
    if not alternatives:
        return _NOTHING
    return re.compile(rf'"({alternatives})"\s*:\s*"((?:[^"\\]++|\\.)*+)"', re.DOTALL)


def _pattern_of_keys(prefixes: Iterable[str]) -> re.Pattern[str]:
    """Matches a public prefix with a long text after it."""
    alternatives = "|".join(map(re.escape, prefixes))
    if not alternatives:
        return _NOTHING
    return re.compile(rf"(?:{alternatives})[A-Za-z0-9_-]{{{KEY_LENGTH},}}")


def _is_unreadable_grant(received: WireResponse, operation: Operation | None) -> bool:
    """Whether a success should hand out secrets, but is no JSON object."""
    if operation is None or not operation.secrets:
        return False
    text = received.body.decode("utf-8", "replace")
    return received.ok and not isinstance(strict_json(text), dict)


def _withheld_header(header: tuple[str, str]) -> tuple[str, str]:
    """A header without its value, and without its name if the target made it up."""
    name, _ = header
    if name.lower() in PLAIN_HEADERS:
        return name, WITHHELD
    return WITHHELD, WITHHELD


def _texts(raw: bytes) -> Iterator[str]:
    """A body read as UTF-8, then in other ways if it is no proper UTF-8."""
    text = raw.decode("utf-8", "replace")
    yield text
    if "\ufffd" in text or "\0" in text:
        yield from readings(raw)


def _string_members(value: Any, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The members with these names and a string value, anywhere in a JSON value."""
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
    """What the value of a secret member is: a link, a granted secret, or one that an error shows.

    A masked secret is none.

    A link of mere words, such as a login page, opens nothing by itself. A word in an error is no
    secret: the error may say of a member that it is "required".
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
    """Whether a text looks random: long, with a digit, and without spaces."""
    if len(text) < KEY_LENGTH:
        return False
    return re.search("[0-9]", text) is not None and re.search(r"\s", text) is None


def _reads_like_example(key: str) -> bool:
    """Whether a key reads like an example: made of words, or of characters that count up.

    They do in ``abc123def456``, and in ``a1b2c3d4``, where every other character counts up.
    """
    if not _is_random(key):
        return True
    return _counts_up(key, 1) or _counts_up(key, 2)


def _counts_up(text: str, distance: int) -> bool:
    """Whether most characters repeat or follow the character so many places before."""
    pairs = list(zip(text, text[distance:], strict=False))
    in_order = sum(ord(later) - ord(char) in (0, 1) for char, later in pairs)
    return in_order > len(pairs) / 2


def _unescaped(text: str) -> str:
    """The value of a JSON string between its quotes, or the text itself if it is no JSON."""
    value = as_text(strict_json(f'"{text}"'))
    return text if value is None else value
