"""Secrets become named placeholders before anything can store them.

The transport holds the secrets; a message holds placeholders (``{key:full}``, ``{key:full~altered}``).
``Vault.fill`` puts secrets in at the last moment, ``Vault.redact`` takes them out of whatever comes
back. A near-miss key is a key but for one character, so long pieces of a key are secret too: every
run of PIECE characters of a secret is searched for, in the common encodings.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote

PIECE = 10
"""A run of this many characters of a secret (beyond its public prefix) gives it away."""

SHORT = 200
"""Texts up to this length, mostly headers, are remembered once they were found clean."""

WITHHELD = "[withheld: it holds a secret in an encoded form]"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

ALTERATIONS: dict[str, Callable[[str], str]] = {
    "last-char": lambda key: key[:-1] + _other(key[-1]),
    "middle-char": lambda key: key[: len(key) * 2 // 3] + _other(key[len(key) * 2 // 3]) + key[len(key) * 2 // 3 + 1 :],
    "longer": lambda key: key + "A",
    "shorter": lambda key: key[:-1],
    "case": lambda key: key[: len(key) // 2] + key[len(key) // 2 :].swapcase(),
}
"""Near-miss keys: what a name after ``~`` makes of a key."""


def _other(char: str) -> str:
    return _ALPHABET[(_ALPHABET.find(char) + 1) % len(_ALPHABET)]


class Vault:
    """The secrets of a run by name. ``prefixes`` are the public beginnings of keys."""

    def __init__(self, secrets: dict[str, str], prefixes: Iterable[str] = (), seed: int = 0) -> None:
        self._secrets: dict[str, str] = {}
        self._prefixes = tuple(prefixes)
        self._needles: list[tuple[str, int, str]] = []  # form, length of a telling piece, name
        self._anchors: set[str] = set()  # any telling piece contains one of these
        self._clean: set[str] = set()  # short texts that were found clean
        self._clean_runs: set[str] = set()  # as are these runs of characters
        self._runs: re.Pattern[str] | None = None
        self._seed = seed
        for name, secret in secrets.items():
            self.learn(f"key:{name}", secret)

    def learn(self, name: str, secret: str) -> str:
        """Hold a secret from now on; gives its placeholder. One that is held keeps its name."""
        known = next((held for held, value in self._secrets.items() if value == secret), None)
        if known is None:
            self._secrets[name] = secret
            self._clean.clear()
            self._clean_runs.clear()
            for form, length in self._forms(secret):
                half = max(1, length // 2)
                self._needles.append((form, length, name))
                self._anchors.update(form[at : at + half] for at in range(0, len(form) - half + 1, half))
            chars = "".join(sorted({char for form, _, _ in self._needles for char in form}))
            shortest = min(length for _, length, _ in self._needles)
            self._runs = re.compile(f"[{re.escape(chars)}]{{{shortest},}}", re.IGNORECASE)
            known = name
        return "{" + known + "}"

    def fill(self, text: str) -> str:
        """Put the secrets in for their placeholders."""
        return re.sub(r"\{(key|unknown|secret):([^{}]*)\}", self._filled, text)

    def _filled(self, match: re.Match[str]) -> str:
        if match[1] == "unknown":
            key = self._unknown(match[2])
            self.learn(f"unknown:{match[2]}", key)
            return key
        name, _, alteration = f"{match[1]}:{match[2]}".partition("~")
        secret = self._secrets.get(name)
        if secret is None:
            return match[0]
        return ALTERATIONS[alteration](secret) if alteration else secret

    def _unknown(self, prefix: str) -> str:
        """A key that was never issued: well-formed, from the seed."""
        digest = hashlib.sha512(f"never issued {self._seed} {prefix}".encode()).digest()
        return prefix + base64.urlsafe_b64encode(digest)[:44].decode().replace("-", "x").replace("_", "y")

    # --- taking secrets out ---

    def _forms(self, secret: str) -> list[tuple[str, int]]:
        """A secret as it may stand in a text, folded in case, each with the length of a telling piece."""
        prefix = next((p for p in self._prefixes if secret.startswith(p)), "")
        core = secret[len(prefix) :] or secret
        piece = max(4, min(PIECE, len(core) // 2))  # of a short key a near miss leaves only short pieces as they were
        forms = [(core, piece), (core[::-1], piece), (core.encode().hex(), 2 * piece)]
        for shift in range(3):
            middle = base64.b64encode(b"\0" * shift + secret.encode())[4:-4].decode()
            forms += [(middle, 2 * piece), (middle.replace("+", "-").replace("/", "_"), 2 * piece)]
        return [(form.casefold(), min(length, len(form))) for form, length in forms if form]

    def holds_secret(self, text: str) -> bool:
        """Whether a telling piece of a secret stands in a text as it is.

        A piece is a run of characters that secrets are made of, so only such runs are looked at, and
        each only once: ids and words come back in page after page.
        """
        for run in self._runs.findall(text) if self._runs else ():
            if run not in self._clean_runs:
                folded = run.casefold()
                if any(anchor in folded for anchor in self._anchors) and self._spans(folded):
                    return True
                self._clean_runs.add(run)
        return False

    def _spans(self, folded: str) -> list[tuple[int, int, str]]:
        """Each stretch of a text that a piece of a secret covers: start, end, name."""
        spans: list[tuple[int, int, str]] = []
        for form, length, name in self._needles:
            for start in range(len(form) - length + 1):
                at = folded.find(form[start : start + length])
                while at >= 0:
                    spans.append((at, at + length, name))
                    at = folded.find(form[start : start + length], at + 1)
        return sorted(spans)

    def redact(self, text: str) -> str:
        """The text with placeholders for secrets; WITHHELD where a secret hides in an encoding."""
        if text in self._clean:
            return text
        redacted = self._redacted(text)
        if redacted == text and len(text) < SHORT:
            self._clean.add(text)
        return redacted

    def _redacted(self, text: str) -> str:
        for name, secret in sorted(self._secrets.items(), key=lambda item: -len(item[1])):
            text = text.replace(secret, "{" + name + "}")
        if self.holds_secret(text):
            text = self._cut_out(text)
        if any(self.holds_secret(view) for view in _decoded(text)):
            return WITHHELD
        return text

    def _cut_out(self, text: str) -> str:
        """Replace each stretch that pieces of secrets cover."""
        folded = text.casefold()
        if len(folded) != len(text):
            return WITHHELD
        kept: list[str] = []
        done = 0
        for start, end, name in self._spans(folded):
            if start >= done:
                kept += [text[done:start], "{" + name + "~part}"]
            done = max(done, end)
        return "".join([*kept, text[done:]])


def _decoded(text: str) -> Iterable[str]:
    """The text as it reads once common encodings are undone, where that changes it."""
    views = {unquote(text)} if "%" in text else set()
    if "&" in text:
        views.add(html.unescape(text))
    if "\0" in text:
        views.add(text.replace("\0", ""))  # UTF-16 read as UTF-8
    if "\\" in text:
        views.add(re.sub(r'\\(["\\/])', r"\1", text))
        views.add(re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1] or m[2], 16)), text))
    return views - {text}
