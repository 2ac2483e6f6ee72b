"""``verify``: checks a bundle without network, and says what it certifies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.base.errors import UsageError
from conformance.command import extras
from conformance.command.commands import load
from conformance.command.saying import print_json, say
from conformance.command.signing_key import FILE, with_trust

if TYPE_CHECKING:
    from conformance.certify.certificate import Certificate
    from conformance.certify.verifying import Verified

NAMED = 20
"""Cells that could not be recomputed, and that are listed."""


@click.command()
@click.argument("bundle", metavar="BUNDLE", type=FILE)
@with_trust()
@click.option("--page", type=FILE, help="Write the certificate as a page to print, in HTML.")
@click.option("--badge", type=FILE, help="Write a badge, in SVG.")
@click.option("--at", metavar="DATE", help="Verify as of the end of this day (UTC), not of now.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(
    bundle: Path,
    trust: Path,
    revoked: Path | None,
    stamp_roots: Path | None,
    challenges: Path | None,
    page: Path | None,
    badge: Path | None,
    at: str | None,
    as_json: bool,
) -> int:
    """Check a bundle of certify without network: signatures, dates, and the verdict from its log.

    Exit codes: 0 everything holds, 1 something does not, 2 invalid usage, 3 everything holds, but
    bodies were left out, so some cells could not be recomputed.
    """
    extras.require("certify")
    from conformance.certify import stamps, verifying
    from conformance.certify.trust import Trust

    trusted, moment = Trust.read(trust, revoked), _end_of_day_or_now(at)
    roots = stamps.roots_in(stamp_roots) if stamp_roots else ()
    verified = verifying.verify(bundle, load(None, challenges), trusted, moment, roots)
    if verified.certificate is not None:
        _write(verified.certificate, page, badge)
    if as_json:
        print_json(_as_data(verified))
    else:
        say("\n".join(_lines(verified)))
    return verified.exit_code


def _write(certificate: Certificate, page: Path | None, badge: Path | None) -> None:
    """Write the page and the badge of a certificate, each only if it has a path."""
    from conformance.base import files
    from conformance.certify import page as pages

    for path, rendered in ((page, pages.render), (badge, pages.badge_of)):
        if path is not None:
            with files.replacing(path) as written:
                written.write_text(rendered(certificate), encoding="utf-8", newline="\n")


def _end_of_day_or_now(day: str | None) -> datetime:
    """The end of a day in UTC; now if it is None. Raises UsageError if it is not a date."""
    if day is None:
        return datetime.now(UTC)
    try:
        date = datetime.strptime(day, "%Y-%m-%d").date()
    except ValueError:
        raise UsageError(f"--at: {day!r} is not a date such as 2027-01-31") from None
    return datetime.combine(date, time(23, 59, 59), UTC)


def _as_data(verified: Verified) -> dict[str, Any]:
    """The outcome as data for machines."""
    certificate = verified.certificate
    return {
        "holds": certificate is not None,
        "grade": certificate and certificate.grade,
        "problems": [asdict(each) for each in verified.problems],
        "not_recomputed": verified.not_recomputed,
        "notes": verified.notes,
        "certificate": certificate and asdict(certificate),
    }


def _lines(verified: Verified) -> Iterator[str]:
    """The outcome for people: the grade or the refusal first."""
    from conformance.base.text import amount

    not_recomputed = verified.not_recomputed
    if verified.certificate is None:
        yield f"Refused: {amount(len(verified.problems), 'problem')}, so this certifies nothing."
        for problem in verified.problems:
            yield f"  {problem}"
    else:
        yield verified.certificate.first_line
        yield from _facts(verified.certificate)
    if not_recomputed and verified.certificate:
        yield f"  Not recomputed, because the evidence lacks something: {len(not_recomputed):,}"
        for name in not_recomputed[:NAMED]:
            yield f"    {name}"
        if len(not_recomputed) > NAMED:
            yield f"    and {len(not_recomputed) - NAMED:,} more; --json lists all"
    for note in verified.notes:
        yield f"  Note: {note}"


def _facts(certificate: Certificate) -> Iterator[str]:
    """What a certificate says, in lines."""
    counts = certificate.counts
    yield f"  {certificate.label} meets {certificate.profile}"
    yield f"  {certificate.contract} at {certificate.target}, {certificate.ended}"
    yield (
        f"  {counts.judged:,} of {counts.of:,} cells judged, {counts.waived:,} waived, "
        f"{counts.inapplicable:,} inapplicable, {counts.untested:,} untested, "
        f"{counts.excluded:,} excluded by challenges"
    )
    if certificate.not_judged:
        yield f"  Scored, but not judged: {', '.join(certificate.not_judged)}"
    for sentence in certificate.remains:
        yield f"  What this does not show: {sentence}"
    yield f"  sha256:{certificate.digest}"
