"""The secrets of a run, and their placeholders.

The transport holds the secrets; a message holds placeholders such as ``{key:full}``.
``SecretStore.fill`` puts a secret in at the last moment before a request is sent, and
``SecretStore.redact`` takes secrets out of whatever comes back.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterable, Mapping
from itertools import chain, filterfalse
from operator import methodcaller

from conformance.model import Placeholder, SecretKind
from conformance.model.placeholder import PATTERN
from conformance.transport.near_misses import ALTERATIONS, altered, prefix_of
from conformance.transport.redaction.clean_texts import CleanTexts
from conformance.transport.redaction.search import Exhausted, PieceSearch

PIECE = 10
"""A run of this many characters of a secret, beyond its public prefix, gives the secret away."""

LONGEST_ID = 36
"""Characters of a segment of a link that gives nothing away but as a whole, for it may be an id.

Ids that are made one after the other differ in a single character.
"""
PIECES_OF_LINKS = (64, 48, LONGEST_ID)
"""The runs of a longer segment that give it away: the longest that it has. Few are found fast."""

SHORTEST_PIECE = 4
"""A run of this many characters gives a short key away: scenarios alter keys, so less is intact."""

CARRIED = (SecretKind.KEY, SecretKind.UNKNOWN, SecretKind.SECRET)
"""Kinds of secrets that a request may carry, so that ``fill`` puts them in."""

ALTERED = (SecretKind.KEY, SecretKind.UNKNOWN)
"""Kinds of secrets of which scenarios send altered forms."""

WITHHELD = "[withheld: it may hold a secret]"


class SecretStore:
    """The secrets of a run and their placeholders.

    ``keys`` are the keys of the target file by role, ``prefixes`` the public beginnings of keys,
    and ``public`` texts that secrets may hold and that are no secret, such as the id of a business.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        prefixes: Iterable[str] = (),
        seed: int = 0,
        public: Iterable[str] = (),
    ) -> None:
        self.lock = threading.RLock()  # a run sends from several threads
        self._prefixes = tuple(prefixes)
        self._public = {text for text in public if len(text) >= PIECE}
        self._ids: set[str] = set()  # that stood beside a link; a segment of it may be one of them
        self._seed = seed
        self._secrets: dict[Placeholder, str] = {}
        self._placeholders: dict[str, Placeholder] = {}
        self._wholes: list[tuple[str, str]] = []  # with their placeholders, the longest first
        self._search = PieceSearch()
        self._clean = CleanTexts()
        for role, key in keys.items():
            self.learn(Placeholder(SecretKind.KEY, role), key)

    @property
    def count(self) -> int:
        """How many secrets are known so far."""
        return len(self._placeholders)

    def learn(self, placeholder: Placeholder, secret: str) -> Placeholder:
        """Keep a secret out of the log from now on; returns its placeholder.

        A secret that is known already keeps its first placeholder.
        """
        with self.lock:
            if secret not in self._placeholders:
                self._add(placeholder, secret)
            return self._placeholders[secret]

    def _add(self, placeholder: Placeholder, secret: str) -> None:
        self._secrets[placeholder] = secret
        self._placeholders[secret] = placeholder
        self._clean.clear()
        self._wholes += [(form, str(placeholder)) for form in _spellings(secret)]
        self._wholes.sort(key=lambda pair: -len(pair[0]))
        for part in self._private_parts(secret):
            length = _piece_length(part, placeholder.kind, secret)
            self._search.add(part, placeholder, length, max(PIECE, length))
        if placeholder.kind in ALTERED:
            self._search.add_near_misses(self._near_misses(secret), placeholder)

    def _near_misses(self, key: str) -> tuple[str, ...]:
        """What scenarios make of a key, without its prefix; nothing if a part of it is public."""
        if any(known in key for known in self._public):
            return ()
        return tuple(self.without_prefix(alter(key)) for alter in ALTERATIONS.values())

    def fill(self, text: str) -> str:
        """The text with secrets in the place of their placeholders."""
        return PATTERN.sub(self._filled, text)

    def redact(self, text: str) -> str:
        """The text with placeholders in the place of secrets.

        WITHHELD in its place if a secret hides in an encoding that cannot be cut out, and if the
        search would take too long.
        """
        with self.lock:
            return self._redacted(text)

    def _redacted(self, text: str) -> str:
        if text in self._clean:
            return text
        redacted = text
        for whole, placeholder in self._wholes:
            redacted = redacted.replace(whole, placeholder)
        try:
            redacted = self._without_pieces(redacted)
        except Exhausted:
            return WITHHELD
        if redacted == text:
            self._clean.add(text)
        return redacted

    def _without_pieces(self, text: str) -> str:
        """The text without pieces of secrets; WITHHELD if they cannot be cut out."""
        if self._search.find(text) is None:
            return text
        for cut in (self._search.without_pieces, self._search.without_hiding):
            text = cut(text)
            if self._search.find(text) is None:
                return text
        return WITHHELD

    def holds_secret(self, text: str) -> bool:
        """Whether a piece of a secret may stand in a text, as it is or in encodings."""
        try:
            with self.lock:
                return self._search.find(text) is not None
        except Exhausted:
            return True

    def without_prefix(self, key: str) -> str:
        """The part of a key that is not public."""
        return key.removeprefix(prefix_of(key, self._prefixes))

    def _filled(self, match: re.Match[str]) -> str:
        """The secret, or its altered form, for a placeholder; others stay as they are."""
        placeholder = Placeholder.of_match(match)
        if placeholder.kind is SecretKind.UNKNOWN:
            invented = self._invented(placeholder.name)
            self.learn(placeholder.whole, invented)
            return invented
        secret = self._secrets.get(placeholder.whole)
        if secret is None or placeholder.kind not in CARRIED:
            return match[0]
        if not placeholder.suffix:
            return secret
        return altered(secret, placeholder.suffix, self._prefixes) or match[0]

    def _invented(self, prefix: str) -> str:
        """A well-formed key that nobody issued; the same seed gives the same key."""
        digest = hashlib.sha512(f"never issued {self._seed} {prefix}".encode()).digest()
        text = base64.urlsafe_b64encode(digest)[:44].decode()
        return prefix + text.replace("-", "x").replace("_", "y")

    def _private_parts(self, secret: str) -> list[str]:
        """The parts of a secret whose pieces must not be seen."""
        if "://" in secret:
            known = self._public | self._ids
            return list(filterfalse(known.__contains__, telling_parts(secret)))
        private = self.without_prefix(secret) or secret
        return _between(private, self._public) or [secret]

    def publish(self, text: str) -> None:
        """Take an id for no secret from now on where it is a part of a link."""
        self._ids.add(text)


def _between(text: str, public: Iterable[str]) -> list[str]:
    """The parts of a text that stand between public ones."""
    parts = [text]
    for known in public:
        split = map(methodcaller("split", known), parts)
        parts = list(filter(None, chain.from_iterable(split)))
    return parts


def _spellings(secret: str) -> Iterable[str]:
    """The secret as it is, and as JSON escapes it."""
    escaped = json.dumps(secret)[1:-1]
    return dict.fromkeys((secret, escaped, escaped.replace("/", "\\/")))


def _piece_length(part: str, kind: SecretKind, secret: str) -> int:
    """How many characters of a part of a secret give it away."""
    length = PIECE
    if kind is SecretKind.LINK:
        length = _length_in_link(part, secret)
    elif kind in ALTERED:
        length = max(SHORTEST_PIECE, min(PIECE, len(part) // 2))
    return min(length, len(part))


def _length_in_link(part: str, link: str) -> int:
    """How many characters of a part of a link give it away: more if it may be an id."""
    pairs = map(methodcaller("partition", "="), _segments(link))
    names = [name for name, *value in pairs if value == ["=", part]]
    if all(map(_names_id, names)):
        return next(filter(len(part).__gt__, PIECES_OF_LINKS), len(part))
    return PIECE


def _names_id(name: str) -> bool:
    """Whether a value of this name is an id."""
    return name.lower().endswith("id")


def telling_parts(link: str) -> list[str]:
    """The parts of a link that make it a secret: values, and segments that are no mere words.

    Empty for a link of mere words: it is known by the whole link alone.
    """
    telling = list(filter(None, map(_private_text, _segments(link))))
    if telling:
        return telling
    return list(filter(_is_telling, [_after_host(link)]))


def _segments(link: str) -> list[str]:
    """The segments of the path of a link, and the pairs of its query and fragment."""
    return re.split("[/?&;#]", _after_host(link))


def _after_host(link: str) -> str:
    """Path, query and fragment of a link, without the slash at the start."""
    after_scheme = link.partition("://")[2]
    return re.sub(r"^[^/?#]*", "", after_scheme).removeprefix("/")


def _private_text(part: str) -> str:
    """What a segment or ``name=value`` of a link keeps secret; empty if it may be public."""
    name, equals, value = part.partition("=")
    if equals:
        return value if len(value) >= PIECE else ""
    return name if _is_telling(name) else ""


def _is_telling(text: str) -> bool:
    """Whether a text is long, and no mere word."""
    return len(text) >= PIECE and _is_no_word(text)


def _is_no_word(text: str) -> bool:
    """Whether a text has a digit, or a capital within it."""
    return re.search("[0-9]|[a-z][A-Z]", text) is not None
