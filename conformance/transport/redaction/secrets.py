"""The secrets of a run, and their placeholders.

The transport has the secrets; messages have placeholders such as ``{key:full}``.
``SecretStore.fill`` inserts secrets at the last moment before a request is sent, and
``SecretStore.redact`` removes them from everything that comes back.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterable, Mapping

from conformance.model import Placeholder, SecretKind
from conformance.model.placeholder import ISSUED, PATTERN
from conformance.transport.near_misses import ALTERATIONS, altered, prefix_of
from conformance.transport.redaction.clean_texts import CleanTexts
from conformance.transport.redaction.search import Exhausted, PieceSearch

PIECE = 10
"""A run of this many characters of a secret, after its public prefix, reveals the secret."""

LONGEST_ID = 36
"""Up to this length, only a whole segment of a link reveals it, because it may be an id.

Consecutive ids differ in a single character.
"""
PIECES_OF_LINKS = (64, 48, LONGEST_ID)
"""The lengths of runs that reveal a longer segment. The longest that fits is used, because a few
long runs are fast to find."""

SHORTEST_PIECE = 4
"""A run of this many characters reveals a short key, because alterations leave less intact."""

CARRIED = (SecretKind.KEY, SecretKind.UNKNOWN, *ISSUED)
"""Kinds of secrets that a request may carry, which ``fill`` inserts."""

ALTERED = (SecretKind.KEY, SecretKind.UNKNOWN)
"""Kinds of secrets that scenarios send in altered forms."""

HEAD = 5
"""Characters of a secret that are searched for first, because secrets often begin alike."""

WITHHELD = "[withheld: it may hold a secret]"


class SecretStore:
    """The secrets of a run and their placeholders.

    ``keys`` are the keys of the target file by role, ``prefixes`` the public prefixes of keys, and
    ``public`` texts that secrets may contain but that are not secret, such as a business id.
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
        self._ids: set[str] = set()  # seen next to a link, which may contain them as segments
        self._seed = seed
        self._secrets: dict[Placeholder, str] = {}
        self._placeholders: dict[str, Placeholder] = {}
        self._wholes: list[tuple[str, str]] = []  # (spelling, placeholder), longest first
        self._heads: set[str] = set()  # the first characters of these spellings
        self._shown_as: list[tuple[str, ...]] = []  # spellings and private parts, for each secret
        self._search = PieceSearch()
        self._clean = CleanTexts()
        for role, key in keys.items():
            self.learn(Placeholder(SecretKind.KEY, role), key)

    @property
    def count(self) -> int:
        """The number of secrets known so far."""
        return len(self._placeholders)

    def shows_later(self, text: str, known: int) -> bool:
        """Whether a text contains a secret that was learnt after the first ``known`` ones."""
        with self.lock:
            later = self._shown_as[known:]
        return any(form in text for forms in later for form in forms)

    def learn(self, placeholder: Placeholder, secret: str) -> Placeholder:
        """Keep a secret out of the log from now on, and return its placeholder.

        A known secret keeps its first placeholder.
        """
        with self.lock:
            if secret not in self._placeholders:
                self._add(placeholder, secret)
            return self._placeholders[secret]

    def _add(self, placeholder: Placeholder, secret: str) -> None:
        """Search for a new secret: as a whole in each spelling, and for pieces of its parts."""
        self._secrets[placeholder] = secret
        self._placeholders[secret] = placeholder
        self._clean.clear()
        wholes, parts = _spellings(secret), self._private_parts(secret)
        self._shown_as.append((*wholes, *parts))
        self._wholes += [(spelling, str(placeholder)) for spelling in wholes]
        self._heads.update(spelling[:HEAD] for spelling in wholes)
        self._wholes.sort(key=lambda pair: -len(pair[0]))  # by the length of the spelling
        for part in parts:
            length = _piece_length(part, placeholder.kind, secret)
            self._search.add(part, placeholder, length, max(PIECE, length))
        if placeholder.kind in ALTERED:
            self._search.add_near_misses(self._near_misses(secret), placeholder)

    def _near_misses(self, key: str) -> tuple[str, ...]:
        """The altered forms of a key without its prefix; none if a part of it is public."""
        if any(known in key for known in self._public):
            return ()
        return tuple(self.without_prefix(alter(key)) for alter in ALTERATIONS.values())

    def fill(self, text: str) -> str:
        """The text with placeholders replaced by their secrets."""
        return PATTERN.sub(self._filled, text)

    def redact(self, text: str) -> str:
        """The text with secrets replaced by placeholders.

        WITHHELD if an encoded secret cannot be removed, or if the search would take too long.
        """
        with self.lock:
            return self._redacted(text)

    def _redacted(self, text: str) -> str:
        """The text with whole secrets replaced first, and then recognizable pieces of them."""
        if text in self._clean:
            return text
        try:
            redacted = self._without_pieces(self._without_wholes(text))
        except Exhausted:
            return WITHHELD
        if redacted == text:
            self._clean.add(text)
        return redacted

    def _without_wholes(self, text: str) -> str:
        """The text with whole secrets replaced, the longest first."""
        if any(head in text for head in self._heads):
            for whole, placeholder in self._wholes:
                text = text.replace(whole, placeholder)
        return text

    def _without_pieces(self, text: str) -> str:
        """The text without pieces of secrets; WITHHELD if they cannot be removed."""
        if self._search.find(text) is None:
            return text
        for cut in (self._search.without_pieces, self._search.without_hidden_pieces):
            text = cut(text)
            if self._search.find(text) is None:
                return text
        return WITHHELD

    def holds_secret(self, text: str) -> bool:
        """Whether a text may contain a piece of a secret, plain or encoded."""
        try:
            with self.lock:
                return self._search.find(text) is not None
        except Exhausted:
            return True

    def without_prefix(self, key: str) -> str:
        """The part of a key that is not public."""
        return key.removeprefix(prefix_of(key, self._prefixes))

    def _filled(self, match: re.Match[str]) -> str:
        """The secret for a placeholder, possibly altered. Other placeholders stay unchanged.

        For an unknown key, whose placeholder names its prefix, a key is invented.
        """
        placeholder = Placeholder.of_match(match)
        if placeholder.kind is SecretKind.UNKNOWN:
            invented = self._invented(placeholder.name)
            self.learn(placeholder.without_suffix, invented)
            return invented
        secret = self._secrets.get(placeholder.without_suffix)
        if secret is None or placeholder.kind not in CARRIED:
            return match[0]
        if not placeholder.suffix:
            return secret
        return altered(secret, placeholder.suffix, self._prefixes) or match[0]

    def _invented(self, prefix: str) -> str:
        """A well-formed key that was never issued; the same for the same seed."""
        digest = hashlib.sha512(f"never issued {self._seed} {prefix}".encode()).digest()
        text = base64.urlsafe_b64encode(digest)[:44].decode()
        return prefix + text.replace("-", "x").replace("_", "y")

    def _private_parts(self, secret: str) -> list[str]:
        """The parts of a secret whose pieces must not appear.

        Of a link those that make it secret, except public ids. Of any other secret all but its
        public prefix and public texts.
        """
        if "://" in secret:
            known = self._public | self._ids
            return [part for part in telling_parts(secret) if part not in known]
        private = self.without_prefix(secret) or secret
        return _between(private, self._public) or [secret]

    def publish(self, text: str) -> None:
        """Treat an id as public from now on if it is part of a link."""
        self._ids.add(text)


def _between(text: str, public: Iterable[str]) -> list[str]:
    """The parts of a text that remain when the public texts are cut out."""
    parts = [text]
    for known in public:
        parts = [piece for part in parts for piece in part.split(known) if piece]
    return parts


def _spellings(secret: str) -> tuple[str, ...]:
    """The secret itself, and its JSON-escaped forms."""
    escaped = json.dumps(secret)[1:-1]
    return tuple(dict.fromkeys((secret, escaped, escaped.replace("/", "\\/"))))


def _piece_length(part: str, kind: SecretKind, secret: str) -> int:
    """The number of consecutive characters that reveal a part of a secret.

    It is PIECE, except that it may be more for a part of a link, and less for a short key.
    """
    length = PIECE
    if kind is SecretKind.LINK:
        length = _length_in_link(part, secret)
    elif kind in ALTERED:
        length = max(SHORTEST_PIECE, min(PIECE, len(part) // 2))
    return min(length, len(part))


def _length_in_link(part: str, link: str) -> int:
    """The number of characters that reveal a part of a link: more if it may be an id."""
    pairs = [segment.partition("=") for segment in _segments(link)]
    names = [name for name, equals, value in pairs if equals and value == part]
    may_be_id = all(name.lower().endswith("id") for name in names)  # also if the part has no name
    if not may_be_id:
        return PIECE
    return next((length for length in PIECES_OF_LINKS if length < len(part)), len(part))


def telling_parts(link: str) -> list[str]:
    """The parts that make a link secret: values, and segments that are not plain words.

    If no part is telling, the whole path and query is, unless it consists of plain words.
    """
    private = [_private_text(segment) for segment in _segments(link)]
    telling = [text for text in private if text]
    if telling:
        return telling
    whole = _after_host(link)
    return [whole] if _is_telling(whole) else []


def _segments(link: str) -> list[str]:
    """The path segments of a link, and the pairs in its query and fragment."""
    return re.split("[/?&;#]", _after_host(link))


def _after_host(link: str) -> str:
    """The path, query and fragment of a link, without the leading slash."""
    after_scheme = link.partition("://")[2]
    return re.sub(r"^[^/?#]*", "", after_scheme).removeprefix("/")


def _private_text(part: str) -> str:
    """The secret part of a segment or ``name=value`` of a link; empty if it may be public."""
    name, equals, value = part.partition("=")
    if equals:
        return value if len(value) >= PIECE else ""
    return name if _is_telling(name) else ""


def _is_telling(text: str) -> bool:
    """Whether a text is long and not a plain word: it has a digit, or a capital inside."""
    return len(text) >= PIECE and re.search("[0-9]|[a-z][A-Z]", text) is not None
