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
"""What a signature in a namespace amounts to, if it holds."""
NAMESPACES = {certificate.VENDOR: VENDOR, certificate.CERTIFIER: CERTIFIER}
"""The namespace of whoever ran the suite, by their relation."""


@dataclass(frozen=True)
class Signed:
    """The signers whose signatures hold, what is wrong with others, and what is left unchecked."""

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

    ``moments`` says when a signer must have been trusted, by namespace. A key that the trust file
    does not know counts for nothing, but does no harm if another one holds.
    """
    signers, strangers = [], []
    known = {signer.key.keyid for signer in trust.signers}
    problems = list(_unpaired(envelope, detached))
    for keyid in sorted(envelope.signatures.keys() & detached.keys()):
        found = _signer(keyid, payload, envelope, detached[keyid], trust, moments)
        if isinstance(found, Signer):
            signers.append(found)
        elif found.code is Code.UNTRUSTED_SIGNER and keyid not in known:
            strangers.append(found)
        else:
            problems.append(found)
    if not signers:
        problems += strangers
        if not problems:
            problems.append(Problem(Code.INVALID_SIGNATURE, "nobody signed the statement"))
        strangers = []
    notes = [f"A signature was not checked and does not count: {each.text}" for each in strangers]
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
