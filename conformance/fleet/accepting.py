"""Whether a published run is taken instead of running the suite, and who vouches for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.base.errors import UsageError
from conformance.certify import bundle
from conformance.certify.certificate import Certificate, Grade
from conformance.fleet import published, unit
from conformance.fleet.verified import Expected, Kind, Unfit, run_in
from conformance.model import Run

if TYPE_CHECKING:
    from conformance.certify.stamps import Certificates
    from conformance.certify.trust import Trust

FLEET = "fleet"
"""The origin of a run that the fleet made. The origin of a published run is its grade."""
CERTIFIED_FOR = timedelta(days=366)
"""The maximum age of a certified run. The expiry of its certificate is checked, too."""


@dataclass(frozen=True)
class Trusted:
    """Whom to trust for certificates: a trust file, and authorities for time stamps."""

    trust: Trust
    roots: Certificates = ()


@dataclass(frozen=True)
class Accepted:
    """A run that counts, who vouches for it, and its certificate if a valid one was checked.

    ``selected`` holds the ids of the cases that were to run; None means every case.
    """

    run: Run
    selected: frozenset[str] | None
    origin: str = FLEET
    certificate: Certificate | None = None


def accept(folder: Path, expected: Expected, trusted: Trusted | None) -> Accepted:
    """The published run in the folder of a target, after verifying it.

    Only a bundle can have a certificate. Without one, or without ``trusted``, the run counts as
    self-declared. A certified run may be as old as CERTIFIED_FOR. Raises Unfit for a run that does
    not count.
    """
    try:
        with published.evidence(folder) as directory:
            certificate = None
            is_bundle = directory != folder / unit.RUN  # which is unpacked elsewhere
            if trusted is not None and is_bundle:
                certificate = _certificate(directory, expected, trusted)
            if certificate is not None and certificate.grade is Grade.CERTIFIED:
                expected = replace(expected, oldest=CERTIFIED_FOR)
            stored = run_in(directory, expected)
    except bundle.Invalid as error:
        raise Unfit(Kind.REFUSED, f"The bundle is not safe: {error}") from None
    except UsageError as error:
        raise Unfit(Kind.REFUSED, str(error).replace(f"{folder}/", "")) from None
    grade = Grade.SELF_DECLARED if certificate is None else certificate.grade
    return Accepted(stored.run, stored.selected, grade.value, certificate)


def _certificate(directory: Path, expected: Expected, trusted: Trusted) -> Certificate:
    """The certificate of an unpacked bundle. Raises Unfit if it does not hold."""
    from conformance.certify import verifying  # noqa: PLC0415 - needs an extra

    found = verifying.verify_unpacked(
        directory, expected.contract, trusted.trust, datetime.now(UTC), trusted.roots
    )
    if found.certificate is None:
        problems: Sequence[object] = found.problems
        raise Unfit(Kind.REFUSED, f"The certificate does not hold: {problems[0]}")
    return found.certificate
