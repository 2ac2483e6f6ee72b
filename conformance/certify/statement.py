"""The signed statement: an in-toto Statement with the test-result predicate.

Everything in it follows from the evidence, except the claims of whoever signs. So ``verify`` builds
the statement again from the evidence and these claims, and compares.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

import rfc8785

from conformance.base.stored import Bounds, parsed
from conformance.base.text import clean
from conformance.certify import names, seams
from conformance.certify.certificate import CERTIFIER, VENDOR, Counts
from conformance.certify.suite import DISTRIBUTION
from conformance.model import Profile, Run, Verdict

STATEMENT: Final = "https://in-toto.io/Statement/v1"
TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"
MEMBER: Final = "https://github.com/kaicalls/kaicalls-conformance/certificate/v1"
"""The member that the suite adds to the predicate, for what the standard has no member for."""

LONGEST_NAME = 100
"""Maximum characters of the name of a product, and of its version."""
PASSED, WARNED, FAILED = "PASSED", "WARNED", "FAILED"


@dataclass(frozen=True)
class Claims:
    """What a signer says that the evidence does not. Moments are ISO 8601, digests SHA-256."""

    product: str
    version: str
    relation: str
    profile: str  # its label
    issued: str
    expires: str
    suite_digest: str
    lock_digest: str

    @property
    def faults(self) -> list[str]:
        """What is wrong with the claims, a sentence each; empty if nothing is."""
        found = []
        for name, text in (("product", self.product), ("version", self.version)):
            if not text or len(text) > LONGEST_NAME or clean(text) != text:
                found.append(f"the {name} must be a name of 1 to {LONGEST_NAME} visible characters")
            elif names.is_confusable(text):
                found.append(f"the {name} must not look like another name")
        if self.relation not in (VENDOR, CERTIFIER):
            found.append(f"the relation must be {VENDOR} or {CERTIFIER}")
        for text in (self.issued, self.expires):
            if not _is_moment(text):
                found.append(f"{clean(text[:LONGEST_NAME])!r} is not a moment in UTC")
        return found


def _is_moment(text: str) -> bool:
    """Whether a text is a moment to the second, in UTC, as ``isoformat`` writes it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.utcoffset() == timedelta(0) and moment.isoformat(timespec="seconds") == text


@dataclass(frozen=True)
class Judged:
    """A judged run with the members of its run.json, ``said``, and what accompanies it.

    ``spot`` are its spot checks, and ``stamped`` has the times of its first and last time stamps.
    Each is None if there are none.
    """

    run: Run
    said: Mapping[str, Any]
    spot: Run | None = None
    stamped: Mapping[str, str] | None = None


def build(
    judged: Judged, profile: Profile, claims: Claims, subjects: Mapping[str, str]
) -> dict[str, Any]:
    """The statement on a judged run. ``subjects`` are the digests of the files, by name."""
    run, said = judged.run, judged.said
    tests = _tests(run, profile)
    return {
        "_type": STATEMENT,
        "subject": [
            {"name": name, "digest": {"sha256": digest}}
            for name, digest in sorted(subjects.items())
        ],
        "predicateType": TEST_RESULT,
        "predicate": {
            "result": _result(tests),
            "configuration": _configuration(run, said, profile, claims),
            **tests,
            MEMBER: _particulars(judged, profile, claims),
        },
    }


def _tests(run: Run, profile: Profile) -> dict[str, list[str]]:
    """The judged cells by result. A failure or error that is not scored is a warning.

    So is a waived cell. Cells with other verdicts, such as untested, are left out.
    """
    tests: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for cell in run.cells:
        name = f"{cell.clause}@{cell.operation}"
        if cell.verdict is Verdict.PASSED:
            tests["passedTests"].append(name)
        elif cell.verdict in (Verdict.FAILED, Verdict.ERROR):
            is_scored = profile.reason(cell.clause, cell.operation) is None
            tests["failedTests" if is_scored else "warnedTests"].append(name)
        elif cell.verdict in (Verdict.WARNED, Verdict.WAIVED):
            tests["warnedTests"].append(name)
    return tests


def _result(tests: Mapping[str, list[str]]) -> str:
    """The result of all tests together: the worst of theirs, and failed if none passed."""
    if tests["failedTests"] or not tests["passedTests"]:
        return FAILED
    return WARNED if tests["warnedTests"] else PASSED


def _configuration(
    run: Run, said: Mapping[str, Any], profile: Profile, claims: Claims
) -> list[dict[str, Any]]:
    """What decided the result besides the evidence, each with a digest."""
    digests = {
        "contract": run.contract.digest,
        f"profile/{profile.label}": profile.digest,
        "declaration": canonical_digest(said["target"]),
        "waivers": canonical_digest(said["target"].get("waivers", [])),
        "challenges": canonical_digest(said.get("challenges")),
        "lock": claims.lock_digest,
    }
    suite = {
        "name": DISTRIBUTION,
        "uri": f"pkg:pypi/{DISTRIBUTION}@{run.suite}",
        "digest": {"sha256": claims.suite_digest},
    }
    others = [{"name": name, "digest": {"sha256": digest}} for name, digest in digests.items()]
    return [suite, *others]


def _particulars(judged: Judged, profile: Profile, claims: Claims) -> dict[str, Any]:
    """The content of MEMBER, which the suite adds to the predicate."""
    run, said, spot = judged.run, judged.said, judged.spot
    challenged = bool(said.get("challenge_digest"))
    by_vendor = claims.relation == VENDOR
    return {
        **asdict(claims),
        "contract": {
            "title": run.contract.title,
            "version": run.contract.version,
            "edition": run.contract.edition,
        },
        "deployment": {"url": run.target.url, **(said.get("peer") or {})},
        "started": run.started,
        "ended": run.finished,
        "log_head": run.log_head,
        "seed": str(run.seed),  # canonical JSON has no long integers
        "depth": run.depth,
        "identity": run.target.identity,
        "nonce": said.get("nonce", ""),
        "counts": asdict(counts(run)),
        "not_judged": not_judged(run, profile),
        "vendor_knew_seed": by_vendor and not challenged,
        "stamps": judged.stamped,
        "spot_checks": {"started": spot.started, "ended": spot.finished} if spot else None,
        "remains": seams.remains(by_vendor, challenged, run, spot),
    }


def counts(run: Run) -> Counts:
    """The numbers of cells of the whole contract, by what became of them.

    Waived cells do not count as judged here, and errors count as untested.
    """
    waived = run.counts[Verdict.WAIVED]
    untested = run.counts[Verdict.UNTESTED] + run.counts[Verdict.ERROR]
    return Counts(
        judged=run.judged - waived,
        waived=waived,
        inapplicable=run.counts[Verdict.INAPPLICABLE],
        untested=untested,
        excluded=run.counts[Verdict.EXCLUDED],
        of=len(run.cells),
    )


def not_judged(run: Run, profile: Profile) -> list[str]:
    """The ids of the scored clauses of which no cell was judged, sorted."""
    unjudged = (Verdict.UNTESTED, Verdict.INAPPLICABLE, Verdict.EXCLUDED, Verdict.ERROR)
    return sorted(
        clause
        for clause in profile.scored & run.by_clause.keys()
        if all(cell.verdict in unjudged for cell in run.by_clause[clause])
    )


def canonical_digest(value: Any) -> str:
    """The SHA-256, in hex, of a value in canonical JSON.

    Raises ValueError if canonical JSON cannot express the value.
    """
    return hashlib.sha256(payload(value)).hexdigest()


def payload(statement: Any) -> bytes:
    """A statement, or any value, in canonical JSON (RFC 8785): the bytes that are signed."""
    return rfc8785.dumps(statement)


def parse(content: bytes) -> tuple[dict[str, Any], Claims]:
    """A statement and the claims in it. Raises ValueError, with the reason, for anything else."""
    statement = parsed(content.decode(), Bounds())
    try:
        particulars = statement["predicate"][MEMBER]
        claimed = {each.name: particulars[each.name] for each in fields(Claims)}
        canonical = payload(statement)
    except (KeyError, TypeError, IndexError, rfc8785.CanonicalizationError):
        raise ValueError("it is not a statement of this suite") from None
    if any(not isinstance(value, str) for value in claimed.values()):
        raise ValueError("its claims must be texts")
    if canonical != content:
        raise ValueError("it is not canonical JSON")
    return statement, Claims(**claimed)
