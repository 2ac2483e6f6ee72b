"""Freeze, then challenge: what binds a run to a build, a declaration and a moment.

The vendor commits to build and declaration in a freeze. Only then a certifier draws nonce and seed
in a challenge. The run has to use both, with the declaration that was frozen.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Set
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import rfc8785

from conformance.base.errors import UsageError
from conformance.certify.codes import Code, Problem
from conformance.certify.keys import (
    CERTIFIER,
    VENDOR,
    SignatureInvalid,
    check_detached,
    signing_key,
)
from conformance.certify.trust import Trust
from conformance.log import convert, schemas
from conformance.model import Declaration, Run

FREEZE, CHALLENGE, SIGNATURE = "freeze.json", "challenge.json", ".sig"
"""The names of the files, and what the name of a signature ends with."""
NAMES = (FREEZE, FREEZE + SIGNATURE, CHALLENGE, CHALLENGE + SIGNATURE)

FORMAT = 1
NONCE_BYTES = 16
SEEDS = 2**32
SLACK = timedelta(minutes=1)
"""How far the clocks of vendor, certifier and authority may differ."""


@dataclass(frozen=True)
class Freeze:
    """What a vendor commits to. Digests are SHA-256 in hex, and ``frozen`` is ISO 8601."""

    product: str
    version: str
    build: str | None
    declaration: str
    contract: str  # as in run.json
    suite: str  # version
    frozen: str


@dataclass(frozen=True)
class Challenge:
    """What a run has to use that nobody could know before it was issued.

    ``freeze`` is the SHA-256 of the file of the freeze. Times are ISO 8601.
    """

    nonce: str
    seed: int
    freeze: str
    issued: str
    expires: str


def digest_of(content: bytes) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(content).hexdigest()


def declaration_digest(declaration: Declaration) -> str:
    """The SHA-256 of a declaration as run.json stores it, in canonical JSON (RFC 8785).

    Raises UsageError for a number that canonical JSON cannot express.
    """
    stored = json.loads(json.dumps(convert.to_json(declaration)))
    try:
        return digest_of(rfc8785.dumps(stored))
    except rfc8785.CanonicalizationError as error:
        raise UsageError(f"The target file has a value without a canonical form: {error}") from None


def new_challenge(freeze: bytes, issued: datetime, expires: datetime) -> Challenge:
    """A challenge with a random nonce and seed. ``freeze`` is the content of freeze.json."""
    return Challenge(
        nonce=secrets.token_hex(NONCE_BYTES),
        seed=secrets.randbelow(SEEDS),
        freeze=digest_of(freeze),
        issued=issued.isoformat(timespec="seconds"),
        expires=expires.isoformat(timespec="seconds"),
    )


def written(document: Freeze | Challenge) -> bytes:
    """The content of the file of a freeze or a challenge."""
    return (json.dumps({"format": FORMAT, **asdict(document)}, indent=2) + "\n").encode()


def freeze_in(content: bytes) -> Freeze:
    """The freeze in a file. Raises ValueError, with the reason, for any other file."""
    return Freeze(**_members(content, schemas.FREEZE))


def challenge_in(content: bytes) -> Challenge:
    """The challenge in a file. Raises ValueError, with the reason, for any other file."""
    return Challenge(**_members(content, schemas.CHALLENGE))


def _members(content: bytes, schema: str) -> dict[str, Any]:
    members: dict[str, Any] = schemas.checked(schema, content.decode())
    del members["format"]
    return members


def signer(
    content: bytes, signature: bytes, namespace: str, trust: Trust | None, at: datetime
) -> str | Problem:
    """Who signed a file, or the problem if the signature is invalid or its key was not trusted.

    The signer is a principal of ``trust`` that could sign in the namespace at the moment ``at``.
    Without ``trust``, any key counts, and the signer is its fingerprint.
    """
    armored = signature.decode("ascii", "replace")
    try:
        key = signing_key(armored)
        check_detached(key, namespace, content, armored)
    except SignatureInvalid as error:
        return Problem(Code.INVALID_SIGNATURE, f"{error}.")
    return trust.signer_of(key, namespace, at) if trust else key.fingerprint


# --- what a run has to fulfil ---------------------------------------------------------------------


def departures(freeze: Freeze, declaration: Declaration, contract: str, suite: str) -> list[str]:
    """How a run departs from its freeze, one sentence for each difference.

    ``contract`` is the digest of the contract that judged, and ``suite`` the version of the suite.
    """
    found = []
    if declaration_digest(declaration) != freeze.declaration:
        found.append("The declaration is not the one that was frozen.")
    if contract != freeze.contract:
        found.append(f"The contract is {contract}, but {freeze.contract} was frozen.")
    if suite != freeze.suite:
        found.append(f"The version of the suite is {suite}, but {freeze.suite} was frozen.")
    return found


def problems(
    files: Mapping[str, bytes],
    trust: Trust | None,
    run: Run,
    product: str = "",
    version: str = "",
    vendors: Set[str] | None = None,
) -> list[Problem]:
    """What is wrong with freeze, challenge and run, or with their links or their order.

    ``files`` are those that the run keeps, by name. Without ``trust``, it is not checked who signed
    them. ``product`` and ``version`` are those that a certificate claims; empty if it claims none.
    ``vendors`` are the principals that sign the certificate as vendors, one of whom has to have
    signed the freeze; None if that is unknown, or if the certifier made the run.
    """
    missing = [name for name in NAMES if name not in files]
    if missing:
        return [Problem(Code.FREEZE_MISMATCH, f"The run lacks {', '.join(missing)}.")]
    try:
        freeze, challenge = freeze_in(files[FREEZE]), challenge_in(files[CHALLENGE])
        times = Times(
            frozen=moment(freeze.frozen),
            issued=moment(challenge.issued),
            expires=moment(challenge.expires),
            started=moment(run.started),
            finished=moment(run.finished),
        )
    except ValueError as error:
        return [Problem(Code.FREEZE_MISMATCH, f"Freeze or challenge cannot be read: {error}.")]
    found = [*_signatures(files, trust, times, vendors), *_links(files, freeze, challenge, run)]
    frozen = (freeze.product, freeze.version)
    claimed = (product or freeze.product, version or freeze.version)
    if claimed != frozen:
        text = f"{freeze.product} {freeze.version} was frozen, not {' '.join(claimed)}."
        found.append(Problem(Code.FREEZE_MISMATCH, text))
    return [*found, *_order(times)]


@dataclass(frozen=True)
class Times:
    """When each step happened, according to freeze, challenge and run."""

    frozen: datetime
    issued: datetime
    expires: datetime
    started: datetime
    finished: datetime


def _signatures(
    files: Mapping[str, bytes], trust: Trust | None, times: Times, vendors: Set[str] | None
) -> Iterator[Problem]:
    """A problem for each signature of freeze or challenge that is invalid or not trusted.

    Also one if none of the ``vendors`` signed the freeze. If ``vendors`` is None, that is not
    checked.
    """
    for name, namespace, at in (
        (FREEZE, VENDOR, times.frozen),
        (CHALLENGE, CERTIFIER, times.issued),
    ):
        signed = signer(files[name], files[name + SIGNATURE], namespace, trust, at)
        if isinstance(signed, Problem):
            yield Problem(signed.code, f"{name}: {signed.text}", signed.advice)
        elif name == FREEZE and vendors is not None and signed not in vendors:
            text = f"{signed} froze the product, but does not sign the certificate as its vendor."
            yield Problem(Code.FREEZE_MISMATCH, text)


def _order(times: Times) -> Iterator[Problem]:
    """A problem for each step that came too early or too late: freeze, challenge, run, expiry."""
    if times.frozen - times.issued > SLACK:
        text = f"The challenge was issued at {times.issued}, before the freeze at {times.frozen}."
        yield Problem(Code.FREEZE_MISMATCH, text)
    if times.issued - times.started > SLACK:
        text = f"The run started at {times.started}, before its challenge at {times.issued}."
        yield Problem(Code.FREEZE_MISMATCH, text)
    if max(times.started, times.finished) > times.expires:  # both, because neither is proven
        text = f"The challenge expired at {times.expires}; the run ended at {times.finished}."
        yield Problem(Code.EXPIRED, text)


def _links(
    files: Mapping[str, bytes], freeze: Freeze, challenge: Challenge, run: Run
) -> Iterator[Problem]:
    """A problem for each way in which challenge and freeze, or the run and one of them, differ."""
    if challenge.freeze != digest_of(files[FREEZE]):
        yield Problem(Code.FREEZE_MISMATCH, "The challenge was issued for another freeze.")
    for text in departures(freeze, run.target, run.contract.digest, run.suite):
        yield Problem(Code.FREEZE_MISMATCH, text)
    if run.challenge_digest != digest_of(files[CHALLENGE]):
        yield Problem(Code.NONCE_MISMATCH, "The run was made for another challenge.")
    if run.nonce != challenge.nonce:
        yield Problem(Code.NONCE_MISMATCH, "The run has a different nonce than its challenge.")
    if run.seed != challenge.seed:
        text = f"The run has the seed {run.seed}, but its challenge has {challenge.seed}."
        yield Problem(Code.NONCE_MISMATCH, text)


def moment(text: str) -> datetime:
    """A moment from its ISO 8601 text. Raises ValueError if it is not one, or has no time zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at
