"""Verifies a bundle without network: signatures, digests, dates, and the verdict from the log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from conformance.base.errors import ConformanceError, Exit
from conformance.certify import bundle, checking, envelope, seams, signing, statement
from conformance.certify.certificate import CERTIFIER, Certificate, Counts, Grade, Signer
from conformance.certify.checking import Evidence
from conformance.certify.codes import Code, Problem
from conformance.certify.seams import Terms
from conformance.certify.signing import NAMESPACES, Signed
from conformance.certify.stamps import Certificates
from conformance.certify.statement import MEMBER, Claims
from conformance.certify.trust import Trust
from conformance.model import Contract

CLAIMED_BY_CERTIFIER = "it says that a certifier ran the suite, but no trusted certifier signed it"


@dataclass(frozen=True)
class Verified:
    """What verifying a bundle found. ``certificate`` is None if there is a problem.

    ``not_recomputed`` names the cells, reports and requests that could not be recomputed, and
    ``notes`` say what does not count or was not checked.
    """

    problems: tuple[Problem, ...]
    certificate: Certificate | None = None
    not_recomputed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> Exit:
        """0 if everything holds, 1 if something is refused, 3 if something was not recomputed."""
        if self.certificate is None:
            return Exit.VIOLATED
        return Exit.UNJUDGED if self.not_recomputed else Exit.CONFORMS


def verify(
    path: Path, contract: Contract, trust: Trust, at: datetime, roots: Certificates = ()
) -> Verified:
    """Verify the bundle in a file as of a moment. Raises UsageError if it cannot be read."""
    try:
        with bundle.unpacked(path) as directory:
            return verify_unpacked(directory, contract, trust, at, roots)
    except bundle.Invalid as error:
        return Verified((Problem(Code.BUNDLE_INVALID, str(error)),))


def verify_unpacked(
    directory: Path, contract: Contract, trust: Trust, at: datetime, roots: Certificates = ()
) -> Verified:
    """Verify an unpacked bundle as of a moment.

    ``roots`` are the certificates of trusted authorities for time stamps. A bundle that makes the
    suite itself fail is refused, because that may be its purpose.
    """
    try:
        return _verified(directory, contract, trust, at, roots)
    except ConformanceError:
        raise
    except Exception as error:
        what = f"the suite failed on it, {type(error).__name__}: {error}"
        return Verified((Problem(Code.BUNDLE_INVALID, what, "Please report this."),))


def _verified(
    directory: Path, contract: Contract, trust: Trust, at: datetime, roots: Certificates
) -> Verified:
    """Verify an unpacked bundle: its claims, signatures, files and evidence, in this order.

    If the claims cannot be read or have faults, nothing else is verified.
    """
    payload = (directory / bundle.STATEMENT).read_bytes()
    try:
        stated, claims = statement.parse(payload)
    except ValueError as error:
        text = f"{bundle.STATEMENT} cannot be read: {error}"
        return Verified((Problem(Code.BUNDLE_INVALID, text),))
    faults = list(claims.faults)
    if seams.UNNAMED in (claims.product, claims.version):
        faults.append("it names no product or no version")
    if faults:
        return Verified(tuple(Problem(Code.STATEMENT_MISMATCH, fault) for fault in faults))
    signed = _signed(directory, payload, claims, trust, at)
    grade, why_not_higher = _grade(signed, claims, bundle.beside(directory))
    vendors = frozenset(
        each.principal for each in signed.signers if each.grade is Grade.SELF_DECLARED
    )
    terms = Terms(at, trust, roots, certified=grade is Grade.CERTIFIED, vendors=vendors)
    evidence = checking.check(directory, contract, claims, terms)
    notes = (*signed.notes, *why_not_higher, *evidence.notes)
    problems = (
        *signed.problems,
        *_missing_certifier(signed, claims, grade),
        *_subjects(stated, bundle.digests(directory)),
        *evidence.problems,
        *_differing(stated, claims, contract, evidence),
    )
    if problems:
        return Verified(problems, notes=notes)
    certificate = replace(
        _certificate(payload, stated, claims, grade, signed.signers),
        not_recomputed=len(evidence.not_recomputed),
    )
    return Verified((), certificate, evidence.not_recomputed, notes)


def _signed(directory: Path, payload: bytes, claims: Claims, trust: Trust, at: datetime) -> Signed:
    """Who signed the statement, and what is wrong with the signatures.

    Whoever ran the suite must have been trusted both when the certificate was issued and at the
    moment ``at``; other signers only at ``at``.
    """
    try:
        read = envelope.read((directory / bundle.ENVELOPE).read_text(encoding="utf-8"))
    except ValueError as error:
        text = f"{bundle.ENVELOPE} cannot be read: {error}"
        return Signed((), (Problem(Code.BUNDLE_INVALID, text),))
    if read.payload != payload:
        text = f"{bundle.ENVELOPE} is about a different statement than {bundle.STATEMENT}"
        return Signed((), (Problem(Code.INVALID_SIGNATURE, text),))
    issued = datetime.fromisoformat(claims.issued)
    moments = {
        namespace: (issued, at) if namespace == NAMESPACES[claims.relation] else (at,)
        for namespace in signing.GRADES
    }
    return signing.signed_by(payload, read, bundle.signatures(directory), trust, moments)


def _subjects(stated: Mapping[str, Any], digests: Mapping[str, str]) -> list[Problem]:
    """A problem for each file that was changed, removed or added after signing."""
    signed = _digests_in(stated)
    names_by_fault = {
        "was changed after it was signed": [
            name for name in signed.keys() & digests.keys() if signed[name] != digests[name]
        ],
        "was signed, but is missing": list(signed.keys() - digests.keys()),
        "was not signed": list(digests.keys() - signed.keys()),
    }
    return [
        Problem(Code.SUBJECT_MISMATCH, f"{name} {fault}")
        for fault, names in names_by_fault.items()
        for name in sorted(names)
    ]


def _digests_in(stated: Mapping[str, Any]) -> dict[str, str]:
    """The digests in a statement, by the name of the file; empty if any is malformed."""
    try:
        return {str(row["name"]): str(row["digest"]["sha256"]) for row in stated["subject"]}
    except (KeyError, TypeError):
        return {}


OTHERWISE = "the statement has another {} than the evidence gives"
CODES = {
    "result": Code.VERDICT_NOT_REPRODUCED,
    "passedTests": Code.VERDICT_NOT_REPRODUCED,
    "warnedTests": Code.VERDICT_NOT_REPRODUCED,
    "failedTests": Code.VERDICT_NOT_REPRODUCED,
}
"""The codes of members of the predicate that are not as the evidence gives them."""


def _differing(
    stated: Mapping[str, Any], claims: Claims, contract: Contract, evidence: Evidence
) -> list[Problem]:
    """A problem for each member of a statement that differs from what the evidence gives.

    Compares the members of the statement, of its predicate, and of what the suite adds to the
    predicate. Empty if the evidence cannot be judged.
    """
    profile, _ = checking.profile_of(contract, claims.profile)
    if evidence.judged is None or profile is None:
        return []
    subjects = _digests_in(stated)
    try:
        expected = statement.build(evidence.judged, profile, claims, subjects)
    except ValueError:
        return []  # checking.check reports why no statement can be built
    stated_predicate, expected_predicate = stated["predicate"], expected["predicate"]
    # each level is compared without the member that holds the next one
    names = [
        *_unequal({**stated, "predicate": None}, {**expected, "predicate": None}),
        *_unequal({**stated_predicate, MEMBER: None}, {**expected_predicate, MEMBER: None}),
        *_unequal(stated_predicate[MEMBER], expected_predicate[MEMBER]),
    ]
    return [
        Problem(CODES.get(name, Code.STATEMENT_MISMATCH), OTHERWISE.format(name)) for name in names
    ]


def _unequal(stated: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """The names of the members that differ in canonical JSON, where 1 is not ``true``."""
    return sorted(
        name
        for name in stated.keys() | expected.keys()
        if statement.payload(stated.get(name)) != statement.payload(expected.get(name))
    )


def _missing_certifier(signed: Signed, claims: Claims, grade: Grade) -> list[Problem]:
    """A problem if a signed statement says that a certifier ran the suite, but none signed it."""
    if claims.relation == CERTIFIER and grade is Grade.SELF_DECLARED and signed.signers:
        return [Problem(Code.UNTRUSTED_SIGNER, CLAIMED_BY_CERTIFIER)]
    return []


def _grade(
    signed: Signed, claims: Claims, files: Mapping[str, bytes]
) -> tuple[Grade, tuple[str, ...]]:
    """The grade of a statement, and why it is not higher.

    The signature of a certifier certifies only a run that the certifier made, or one that was made
    for a challenge with a nonce and a seed.
    """
    certifiers = [each.principal for each in signed.signers if each.grade is Grade.CERTIFIED]
    if not certifiers:
        return Grade.SELF_DECLARED, ()
    if claims.relation == CERTIFIER or seams.is_challenged(files):
        return Grade.CERTIFIED, ()
    note = (
        f"{', '.join(certifiers)} signed, but did not run the suite, and the run had no challenge."
    )
    return Grade.SELF_DECLARED, (note,)


def _certificate(
    payload: bytes,
    stated: Mapping[str, Any],
    claims: Claims,
    grade: Grade,
    signers: tuple[Signer, ...],
) -> Certificate:
    """The certificate of a statement that was verified, so that every member can be relied on."""
    predicate = stated["predicate"]
    particulars = predicate[MEMBER]
    digests = {row["name"]: row["digest"]["sha256"] for row in predicate["configuration"]}
    deployment = particulars["deployment"]
    return Certificate(
        digest=hashlib.sha256(payload).hexdigest(),
        grade=grade,
        product=claims.product,
        version=claims.version,
        profile=claims.profile,
        profile_digest=digests[f"profile/{claims.profile}"],
        contract="{title} {version} ({edition} edition)".format(**particulars["contract"]),
        contract_digest=digests["contract"],
        suite=predicate["configuration"][0]["uri"].rpartition("@")[2],  # its version
        suite_digest=claims.suite_digest,
        target=deployment["url"],
        addresses=tuple(deployment.get("addresses", ())),
        tls_key=deployment.get("tls_key") or "",
        started=particulars["started"],
        ended=particulars["ended"],
        issued=claims.issued,
        expires=claims.expires,
        seed=int(particulars["seed"]),
        nonce=particulars["nonce"],
        identity=particulars["identity"],
        relation=claims.relation,
        signers=signers,
        counts=Counts(**particulars["counts"]),
        not_judged=tuple(particulars["not_judged"]),
        remains=tuple(particulars["remains"]),
        vendor_knew_seed=particulars["vendor_knew_seed"],
    )
