"""Secrets become named placeholders before anything can store them.

The transport holds the secrets; a message holds placeholders (``{key:full}``, ``{key:full~altered}``).
``SecretStore.fill`` puts secrets in at the last moment, ``SecretStore.redact`` takes them out of whatever comes
back. A near-miss key is a key but for one character, so long pieces of a key are secret too: every
run of PIECE characters of a secret is searched for, whatever its case, forwards and backwards, in
the text and in what it reads as once up to LAYERS encodings are undone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator

from conformance.model import Placeholder, SecretKind
from conformance.model.placeholder import PATTERN
from conformance.transport.encodings import coded_runs, decoded, undone

PIECE = 10
"""A run of this many characters of a secret (beyond its public prefix) gives it away."""

LAYERS = 3
"""So many encodings, one inside the other, are undone."""

SHORT = 200
"""Texts up to this length, mostly headers, are remembered once they were found clean."""

SENT = (SecretKind.KEY, SecretKind.UNKNOWN, SecretKind.SECRET)
"""Secrets that a request may carry."""

WITHHELD = "[withheld: it may hold a secret]"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TOKEN = re.compile(r"(?:[^\s\"'<>(){}\[\],\\]|\\[^\"'])+")
"""A stretch of a text that an encoded secret may stand in: up to a space, a quote or a bracket."""

ALTERATIONS: dict[str, Callable[[str], str]] = {
    "last-char": lambda key: key[:-1] + _other(key[-1]),
    "middle-char": lambda key: _changed_at(key, len(key) * 2 // 3),
    "first-char": lambda key: _changed_at(key, len(key) // 5),
    "early-char": lambda key: _changed_at(key, len(key) * 2 // 5),
    "longer": lambda key: key + "A",
    "shorter": lambda key: key[:-1],
    "dotted": lambda key: key + ".",
    "wildcard": lambda key: key[:-1] + "%",
    "case": lambda key: key[: len(key) // 2] + key[len(key) // 2 :].swapcase(),
    "late-char": lambda key: _changed_at(key, len(key) * 5 // 6),
}
"""Near-miss keys: what a name after ``~`` makes of a key."""
OTHER_PREFIX, NO_PREFIX = "other-prefix", "no-prefix"
"""Others, of a contract whose keys have several prefixes, or any."""
BASIC = "basic"
"""A key as the user of Basic authentication, without a password."""


def _changed_at(key: str, place: int) -> str:
    return key[:place] + _other(key[place]) + key[place + 1 :]


def _other(char: str) -> str:
    return _ALPHABET[(_ALPHABET.find(char) + 1) % len(_ALPHABET)]


class SecretStore:
    """The secrets of a run by name. ``prefixes`` are the public beginnings of keys."""

    def __init__(
        self, secrets: dict[str, str], prefixes: Iterable[str] = (), seed: int = 0
    ) -> None:
        self._secrets: dict[Placeholder, str] = {}
        self._names: dict[str, Placeholder] = {}  # by secret
        self._prefixes = tuple(prefixes)
        self._wholes: list[
            tuple[str, Placeholder]
        ] = []  # secret, plain or escaped as in JSON, and name; the longest first
        self._pieces: dict[
            int, dict[str, Placeholder]
        ] = {}  # by length: telling piece, folded, and name
        self._chars: set[str] = set()  # what secrets are made of
        self._clean: set[str] = set()  # short texts that were found clean
        self._clean_runs: set[str] = set()  # as are these runs of characters
        self._runs = self._coded = re.compile(
            r"(?!)"
        )  # runs of characters that may hold a secret, or hold it encoded
        self._seed = seed
        for name, secret in secrets.items():
            self.learn(Placeholder(SecretKind.KEY, name), secret)

    def learn(self, name: Placeholder, secret: str) -> Placeholder:
        """Hold a secret from now on; gives its placeholder. One that is held keeps its name."""
        if secret not in self._names:
            self._secrets[name] = secret
            self._names[secret] = name
            self._clean.clear()
            self._clean_runs.clear()
            escaped = json.dumps(secret)[1:-1]
            self._wholes += [
                (form, name)
                for form in dict.fromkeys((secret, escaped, escaped.replace("/", "\\/")))
            ]
            self._wholes.sort(key=lambda pair: -len(pair[0]))
            for part in self._parts(secret):
                self._look_for(part, name)
            if self._pieces:
                known = re.escape("".join(sorted(self._chars)))
                self._runs = re.compile(
                    f"[{known}]{{{min(self._pieces)},}}", re.IGNORECASE | re.ASCII
                )
                self._coded = coded_runs(min(self._pieces))
        return self._names[secret]

    def _look_for(self, part: str, name: Placeholder) -> None:
        """Look for the telling pieces of a part of a secret, forwards and backwards."""
        length = PIECE
        if name.kind in (
            SecretKind.KEY,
            SecretKind.UNKNOWN,
        ):  # of a short key, which may be altered, only short pieces are left as they were
            length = max(4, min(PIECE, len(part) // 2))
        length = min(length, len(part))
        for text in (_fold(part), _fold(part[::-1])):
            self._chars.update(text)
            pieces = self._pieces.setdefault(length, {})
            pieces.update((text[at : at + length], name) for at in range(len(text) - length + 1))
        self._chars.update(part)

    def fill(self, text: str) -> str:
        """Put the secrets in for their placeholders."""
        return PATTERN.sub(self._filled, text)

    def _filled(self, match: re.Match[str]) -> str:
        placeholder = Placeholder.of_match(match)
        if placeholder.kind is SecretKind.UNKNOWN:
            key = self._unknown(placeholder.name)
            self.learn(placeholder.whole, key)
            return key
        alteration = placeholder.suffix
        secret = self._secrets.get(placeholder.whole)
        if secret is None or placeholder.kind not in SENT:
            return match[0]
        if alteration == BASIC:
            return base64.b64encode(f"{secret}:".encode()).decode()
        if alteration in (OTHER_PREFIX, NO_PREFIX):
            return self._exchanged(secret, bare=alteration == NO_PREFIX)
        if alteration:
            return ALTERATIONS[alteration](secret) if alteration in ALTERATIONS else match[0]
        return secret

    def _exchanged(self, secret: str, *, bare: bool) -> str:
        """A key with another prefix, or with none."""
        own = next((prefix for prefix in self._prefixes if secret.startswith(prefix)), "")
        other = "" if bare else next((prefix for prefix in self._prefixes if prefix != own), own)
        return other + secret[len(own) :]

    def _unknown(self, prefix: str) -> str:
        """A key that was never issued: well-formed, from the seed."""
        digest = hashlib.sha512(f"never issued {self._seed} {prefix}".encode()).digest()
        return prefix + base64.urlsafe_b64encode(digest)[:44].decode().replace("-", "x").replace(
            "_", "y"
        )

    def _parts(self, secret: str) -> list[str]:
        """What of a secret is not public."""
        if "://" in secret:
            return telling_parts(secret)
        prefix = next((p for p in self._prefixes if secret.startswith(p)), "")
        return [secret[len(prefix) :] or secret]

    # --- finding secrets ---

    def holds_secret(self, text: str) -> bool:
        """Whether a telling piece of a secret stands in a text, as it is or in encodings."""
        return self._held(text) is not None

    def _held(self, text: str, layers: int = LAYERS) -> Placeholder | None:
        """The name of a secret that a text holds."""
        name = self._held_plainly(text)
        if name is None and layers:
            hidden = (self._held_in_run(run, layers) for run in self._coded.findall(text))
            seen = (self._held(view, layers - 1) for view in undone(text))
            name = next((found for names in (hidden, seen) for found in names if found), None)
        return name

    def _held_plainly(self, text: str) -> Placeholder | None:
        """The name of a secret of which a piece stands in a text as it is.

        A piece is a run of characters that secrets are made of, so only such runs are looked at, and
        each only once: ids and words come back in page after page.
        """
        for run in self._runs.findall(text):
            if run not in self._clean_runs:
                name = next((name for _, _, name in self._stretches(run)), None)
                if name:
                    return name
                self._remember(self._clean_runs, run)
        return None

    def _held_in_run(self, run: str, layers: int) -> Placeholder | None:
        """The name of a secret that a run of characters holds as base64 or hex."""
        known = f"{layers} {run}"
        if known in self._clean_runs:
            return None
        for view in decoded(run, min(self._pieces)):
            name = self._held(view, layers - 1)
            if name:
                return name
        self._remember(self._clean_runs, known)
        return None

    def _remember(self, clean: set[str], text: str) -> None:
        if len(text) < SHORT:
            clean.add(text)

    def _stretches(self, run: str) -> Iterator[tuple[int, int, Placeholder]]:
        """Where the pieces of secrets stand in a run of characters: start, end, name."""
        folded = _fold(run)
        for length, pieces in self._pieces.items():
            for start in range(len(folded) - length + 1):
                name = pieces.get(folded[start : start + length])
                if name:
                    yield start, start + length, name

    # --- taking them out ---

    def redact(self, text: str) -> str:
        """The text with placeholders for secrets; WITHHELD where one hides in an encoding that cannot be cut out."""
        if text in self._clean:
            return text
        redacted = text
        for whole, name in self._wholes:
            redacted = redacted.replace(whole, str(name))
        if self._held(redacted):
            redacted = self._runs.sub(self._cut_out, redacted)
            for stretch in (self._coded, _TOKEN):
                redacted = stretch.sub(self._without, redacted)
            if self._held(redacted):
                return WITHHELD
        if redacted == text:
            self._remember(self._clean, text)
        return redacted

    def _without(self, match: re.Match[str]) -> str:
        """A stretch of a text, or the name of the secret that hides in it."""
        name = self._held(match[0])
        return str(name.part) if name else match[0]

    def _cut_out(self, match: re.Match[str]) -> str:
        """A run of characters, or names in the place of each stretch of it that pieces of secrets cover."""
        run = match[0]
        covered = bytearray(len(run))
        names: dict[int, Placeholder] = {}
        for start, end, name in self._stretches(run):
            covered[start:end] = b"1" * (end - start)
            names.setdefault(start, name)
        kept: list[str] = []
        for stretch in re.finditer(rb"1+|\0+", covered):
            hidden = names.get(stretch.start())
            kept.append(str(hidden.part) if hidden else run[stretch.start() : stretch.end()])
        return "".join(kept)


def _fold(text: str) -> str:
    """The text without differences of case, each character where it was."""
    return (
        text.lower()
        if text.isascii()
        else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    )


def telling_parts(link: str) -> list[str]:
    """The parts of a link that make it a secret: values, and segments of its path that are no mere words."""
    _, _, rest = re.sub(r"^[^/?#]*", "", link.partition("://")[2]).partition("/")
    found = []
    for part in re.split("[/?&;#]", rest):
        name, equals, value = part.partition("=")
        text = value if equals else name
        if len(text) >= PIECE and (equals or re.search("[0-9]|[a-z][A-Z]", text)):
            found.append(text)
    whole = len(rest) >= PIECE and re.search("[0-9]|[a-z][A-Z]", rest)
    return found or ([rest] if whole else [])  # one of mere words is known by the whole link alone
