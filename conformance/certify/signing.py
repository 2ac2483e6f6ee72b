"""Who signed a statement, and whether their signatures hold by a trust file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from securesystemslib.dsse import Envelope

from conformance.certify import certificate
from conformance.certify import envelope as envelopes
from conformance.certify.certificate import Grade, Signer
from conformance.certify.codes import Code, Problem
from conformance.certify.keys import (
    CERTIFIER,
    VENDOR,
    SignatureInvalid,
    check_detached,
    namespace_of,
    signing_key,
)
from conformance.certify.trust import Trust

GRADES = {VENDOR: Grade.SELF_DECLARED, CERTIFIER: Grade.CERTIFIED}
"""The grade that a valid signature in a namespace stands for."""
NAMESPACES = {certificate.VENDOR: VENDOR, certificate.CERTIFIER: CERTIFIER}
"""The namespace in which whoever ran the suite signs, by the relation of the certificate."""


@dataclass(frozen=True)
class Signed:
    """The signers with valid signatures, what is wrong with others, and what was not checked."""

    signers: tuple[Signer, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


def signed_by(
    payload: bytes,
    envelope: Envelope,
    detached: Mapping[str, str],
    trust: Trust,
    moments: Mapping[str, tuple[datetime, ...]],
) -> Signed:
    """Who signed a statement, by its envelope and its detached signatures.

    ``moments`` says when a signer must have been trusted, by namespace. The signature of a key that
    is not in the trust file does not count; it is a problem only if there is no valid signature.
    """
    signers, unknown = [], []
    known = {signer.key.keyid for signer in trust.signers}
    problems = list(_unpaired(envelope, detached))
    for keyid in sorted(envelope.signatures.keys() & detached.keys()):
        found = _signer(keyid, payload, envelope, detached[keyid], trust, moments)
        if isinstance(found, Signer):
            signers.append(found)
        elif found.code is Code.UNTRUSTED_SIGNER and keyid not in known:
            unknown.append(found)
        else:
            problems.append(found)
    if not signers:
        problems += unknown
        if not problems:
            problems.append(Problem(Code.INVALID_SIGNATURE, "nobody signed the statement"))
        unknown = []
    notes = [f"A signature was not checked and does not count: {each.text}" for each in unknown]
    return Signed(tuple(signers), tuple(problems), tuple(notes))


def _unpaired(envelope: Envelope, detached: Mapping[str, str]) -> Iterator[Problem]:
    """A problem for each key that signed only in the envelope, or only in a file beside it.

    Otherwise the two could show different signers.
    """
    for keyid in sorted(envelope.signatures.keys() ^ detached.keys()):
        lacking = "envelope" if keyid in detached else "file beside it"
        text = f"the signature of the key {keyid} is missing in the {lacking}"
        yield Problem(Code.INVALID_SIGNATURE, text)


def _signer(
    keyid: str,
    payload: bytes,
    envelope: Envelope,
    armored: str,
    trust: Trust,
    moments: Mapping[str, tuple[datetime, ...]],
) -> Signer | Problem:
    """Whoever signed with a key, or why the signature does not count.

    The key must have been trusted at each of the ``moments`` of its namespace.
    """
    try:
        key, namespace = signing_key(armored), namespace_of(armored)
        if key.keyid != keyid or namespace not in GRADES:
            raise SignatureInvalid("it is of another key, or for another purpose")
        principals = [trust.signer_of(key, namespace, at) for at in moments[namespace]]
        for principal in principals:
            if isinstance(principal, Problem):
                return principal
        check_detached(key, namespace, payload, armored)
        envelopes.require(envelope, key)
    except SignatureInvalid as error:
        return Problem(Code.INVALID_SIGNATURE, f"the signature of the key {keyid}: {error}")
    return Signer(str(principals[0]), GRADES[namespace])
