"""What a certificate says: the facts that its page, its badge and a registry show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from conformance.certify.names import foreign_alphabet

VENDOR, CERTIFIER = "vendor", "certifier"
"""The values of the ``relation`` of a certificate: who ran the suite."""


class Grade(StrEnum):
    """Who answers for a certificate."""

    SELF_DECLARED = "self-declared"
    """The vendor ran the suite, and nobody else has checked it."""
    CERTIFIED = "certified"
    """A certifier ran the suite, or verified a run that they had challenged."""


@dataclass(frozen=True)
class Signer:
    """Someone whose signature holds: their name in the trust file, and what they sign for."""

    principal: str
    grade: Grade


@dataclass(frozen=True)
class Counts:
    """The cells of the whole contract: how many were judged, and what became of the others."""

    judged: int
    waived: int
    inapplicable: int
    untested: int
    excluded: int
    of: int


@dataclass(frozen=True)
class Certificate:
    """The facts of a bundle that was verified.

    ``digest`` is the SHA-256 digest of the signed statement. Dates are ISO 8601. ``address`` says
    where the certificate is published, and ``tls_key`` is the SHA-256 digest of the public key that
    the target showed; both are empty if unknown. ``not_judged`` are ids of scored clauses, and
    ``remains`` are sentences on what a certificate cannot show. ``not_recomputed`` is the number of
    cells, reports and cases that could not be recomputed from the evidence.
    """

    digest: str
    grade: Grade
    product: str
    version: str
    profile: str
    profile_digest: str
    contract: str
    contract_digest: str
    suite: str
    suite_digest: str
    target: str
    addresses: tuple[str, ...]
    tls_key: str
    started: str
    ended: str
    issued: str
    expires: str
    seed: int
    nonce: str
    identity: str
    relation: str
    signers: tuple[Signer, ...]
    counts: Counts
    not_judged: tuple[str, ...]
    remains: tuple[str, ...]
    vendor_knew_seed: bool
    address: str = ""
    not_recomputed: int = 0

    @property
    def letters(self) -> str:
        """Which letters the product and its version are written in, if they may look like Latin."""
        alphabet = foreign_alphabet(f"{self.product} {self.version}")
        return f"(in {alphabet} letters)" if alphabet else ""

    @property
    def label(self) -> str:
        """The product and its version, with their letters."""
        return f"{self.product} {self.version} {self.letters}".rstrip()

    @property
    def first_line(self) -> str:
        """The grade in a few words, to be shown before anything else about the certificate."""
        until = self.expires[:10]
        names = ", ".join(each.principal for each in self.signers if each.grade is self.grade)
        lacking = ", but not everything could be recomputed" if self.not_recomputed else ""
        if self.grade is Grade.CERTIFIED:
            return f"Certified by {names} until {until}{lacking}"
        return f"Self-declared: the vendor ran it ({names}) until {until}{lacking}"

    def expired(self, at: datetime) -> bool:
        """Whether the certificate has expired at a moment, which must have a time zone."""
        return at > datetime.fromisoformat(self.expires)
