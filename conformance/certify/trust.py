"""Who is trusted to sign what, and when: a file in the ``allowed_signers`` syntax of OpenSSH.

A line names principals, then options, then an ed25519 key::

    lab@example.org namespaces="...-certifier",valid-before="20271231Z" ssh-ed25519 AAAA...
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from conformance.base.errors import UsageError, reason
from conformance.certify.codes import Code, Problem
from conformance.certify.keys import ED25519, PublicKey, public_key

PRINCIPALS = re.compile(r'"[^"]*"|\S+')
OPTION = re.compile(r'([A-Za-z-]+)(?:="([^"]*)")?(,|\s+|$)')
MOMENT = re.compile(r"((?:19|20)\d{6})(\d{4}(?:\d{2})?)?(Z?)", re.ASCII)
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
LARGEST = 1_000_000
"""Maximum bytes of a trust file: some thousand signers."""


@dataclass(frozen=True)
class Signer:
    """A line of a trust file: who may sign for what, between two moments."""

    principal: str
    key: PublicKey
    namespaces: tuple[str, ...]  # patterns
    after: datetime | None = None
    before: datetime | None = None

    def may_sign(self, namespace: str) -> bool:
        """Whether the patterns allow a namespace. As in OpenSSH, a pattern after ``!`` excludes."""
        excluding = [each[1:] for each in self.namespaces if each.startswith("!")]
        if any(fnmatchcase(namespace, each) for each in excluding):
            return False
        return any(fnmatchcase(namespace, each) for each in self.namespaces)

    def problem(self, namespace: str, moment: datetime) -> Problem | None:
        """Why the signer may not sign in a namespace at a moment; None if they may."""
        if not self.may_sign(namespace):
            text = f"{self.principal} is not trusted to sign as {namespace}."
            return Problem(Code.UNTRUSTED_SIGNER, text)
        if self.after and moment < self.after:
            text = f"{self.principal} is not trusted to sign before {self.after.isoformat()}."
            return Problem(Code.UNTRUSTED_SIGNER, text)
        if self.before and moment > self.before:
            text = f"{self.principal} could sign only until {self.before.isoformat()}."
            return Problem(Code.EXPIRED, text)
        return None


@dataclass(frozen=True)
class Trust:
    """The signers of a trust file, and the fingerprints of revoked keys."""

    signers: tuple[Signer, ...]
    revoked: frozenset[str] = frozenset()

    @classmethod
    def read(cls, path: Path, revoked: Path | None = None) -> Trust:
        """Read a trust file and a file of revoked keys. Raises UsageError, with path and line."""
        signers = []
        for number, line in _lines(path):
            try:
                signers.append(_signer(line))
            except ValueError as error:
                raise UsageError(f"{path}:{number}: {error}") from None
        return cls(tuple(signers), _fingerprints(revoked) if revoked else frozenset())

    def signer_of(self, key: PublicKey, namespace: str, at: datetime) -> str | Problem:
        """The principal that a key belongs to, if it may sign in a namespace at a moment.

        Otherwise the problem: the key is revoked or unknown, or is not trusted for this by the
        first line that has it.
        """
        if key.fingerprint in self.revoked:
            text = f"The key {key.fingerprint} was revoked."
            return Problem(Code.REVOKED_SIGNER, text)
        signers_with_key = [each for each in self.signers if each.key == key]
        problem = None
        for signer in signers_with_key:
            found = signer.problem(namespace, at)
            if found is None:
                return signer.principal
            problem = problem or found
        text = f"The key {key.fingerprint} is not in the trust file."
        return problem or Problem(Code.UNTRUSTED_SIGNER, text)


def _lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a file with their numbers, without blank lines and comments."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None
    if len(content) > LARGEST:
        raise UsageError(f"{path}: the file has more than {LARGEST:,} bytes")
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1)]
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def _signer(line: str) -> Signer:
    """The signer that a line describes, by the first of its principals.

    Raises ValueError, with the reason, if the line is malformed.
    """
    found = PRINCIPALS.match(line)
    assert found is not None  # the line is not blank
    names = found[0].strip('"').split(",")
    if any(not name or re.search(r"[*?!]", name) for name in names):
        raise ValueError("name each signer in full, without wildcards, such as tests@example.org")
    options, key = _options(line[found.end() :].strip())
    namespaces = options.pop("namespaces", "")
    after, before = options.pop("valid-after", None), options.pop("valid-before", None)
    if options:
        raise ValueError(f"the option {min(options)} is not supported")
    if not namespaces:
        example = 'namespaces="kaicalls-conformance-vendor"'
        raise ValueError(f"say what the key may sign, such as {example}")
    return Signer(
        principal=names[0],
        key=public_key(key),
        namespaces=tuple(namespaces.split(",")),
        after=_ssh_moment(after) if after is not None else None,
        before=_ssh_moment(before) if before is not None else None,
    )


def _options(text: str) -> tuple[dict[str, str], str]:
    """The options at the start of a text, and the rest, which is the key.

    Raises ValueError, with the reason, for malformed, repeated or unsupported options.
    """
    options: dict[str, str] = {}
    # the types of other keys end the options, too, so that public_key can refuse them
    while not text.startswith((f"{ED25519.decode()} ", "ssh-", "ecdsa-", "sk-")):
        found = OPTION.match(text)
        if not found:
            raise ValueError("expected options and a key after the signer")
        name = found[1].lower()
        if name == "cert-authority":
            raise ValueError("cert-authority is not supported: list each key in a line of its own")
        if name in options:
            raise ValueError(f"the option {name} occurs twice")
        options[name] = found[2] or ""
        text = text[found.end() :]
    return options, text


def _ssh_moment(text: str) -> datetime:
    """A moment as ``ssh-keygen`` reads it; if it does not end with Z, it is in local time."""
    found = MOMENT.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a valid time, such as 20271231Z or 202712311200Z")
    digits = found[1] + (found[2] or "0000").ljust(6, "0")
    moment = datetime.strptime(digits, "%Y%m%d%H%M%S")
    return moment.replace(tzinfo=UTC) if found[3] else moment.astimezone()


def _fingerprints(path: Path) -> frozenset[str]:
    """The fingerprints in a file of public keys and fingerprints, one per line."""
    found = set()
    for number, line in _lines(path):
        name = line.split()[0]
        try:
            found.add(name if FINGERPRINT.fullmatch(name) else public_key(line).fingerprint)
        except ValueError as error:
            raise UsageError(
                f"{path}:{number}: not a public key or a fingerprint such as SHA256:...: {error}"
            ) from None
    return frozenset(found)
