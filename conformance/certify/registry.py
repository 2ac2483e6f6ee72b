"""A registry: a folder of verified bundles, and the static site that shows them.

The folder holds only bundles, each under the digest of its statement. Everything shown is read from
a bundle that was verified just now, so a certificate that has expired or was revoked leaves the
site the next time that it is built.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from conformance.base import files
from conformance.base.errors import UsageError
from conformance.certify import page
from conformance.certify.certificate import Certificate, Counts
from conformance.model import Json

FORMAT = 1
INDEX, BADGE, BUNDLE = "index.json", "badge.svg", "bundle.zip"
CERTIFICATES = "certificates"
"""The directory of a site with one directory for each certificate, named by its digest."""

FEWER_SIGNERS = "The registry has the same certificate with a signature that this bundle lacks."


@dataclass(frozen=True)
class Checked:
    """A bundle and what its verification found: a certificate, or why it is refused."""

    path: Path
    certificate: Certificate | None
    problems: tuple[str, ...] = ()


Verify = Callable[[Path], Checked]
"""Verifies a bundle now."""


def add(bundle: Path, registry: Path, verify: Verify) -> Checked:
    """Verify a bundle and put a copy into a registry, which is created if it is missing.

    Nothing is copied if the bundle is refused, or if it lacks a valid signature that the copy of
    the same statement in the registry has. Raises OSError if a file cannot be written.
    """
    checked = verify(bundle)
    if checked.certificate is None:
        return checked
    to = registry / f"{checked.certificate.digest}.zip"
    before = verify(to).certificate if to.exists() else None
    if before is not None and not set(before.signers) <= set(checked.certificate.signers):
        return Checked(bundle, None, (FEWER_SIGNERS,))
    registry.mkdir(parents=True, exist_ok=True)
    with files.replacing(to) as written:
        shutil.copyfile(bundle, written)
    return checked


def entries(registry: Path, verify: Verify) -> list[Checked]:
    """The bundles of a registry, each verified now: by product, newest first, refused ones last.

    A file whose name is not the digest of its statement is refused. Raises UsageError if there is
    no registry.
    """
    if not registry.is_dir():
        raise UsageError(
            f"{registry}: there is no registry. Add a bundle with `registry add BUNDLE`."
        )
    found = [_refused_if_misnamed(verify(path)) for path in sorted(registry.glob("*.zip"))]
    found.sort(key=lambda each: each.certificate.issued if each.certificate else "", reverse=True)
    return sorted(found, key=_refused_and_product)  # keeps the newest first within a product


def _refused_if_misnamed(checked: Checked) -> Checked:
    """The bundle as it is, or refused if its file name is not the digest of its statement."""
    certificate = checked.certificate
    if certificate is None or certificate.digest == checked.path.stem:
        return checked
    reason = f"SUBJECT_MISMATCH: its name is not the digest of its statement, {certificate.digest}"
    return Checked(checked.path, None, (reason,))


def _refused_and_product(checked: Checked) -> tuple[bool, str]:
    """A key for sorting: by product, with the refused bundles last."""
    if checked.certificate is None:
        return True, ""
    return False, checked.certificate.product.casefold()


# --- the site -------------------------------------------------------------------------------------


def publish(checked: Sequence[Checked], site: Path, now: datetime) -> None:
    """Build the static site of some bundles, without those that are refused.

    It replaces an earlier site in the directory as a whole. Raises UsageError if the directory
    holds anything else.
    """
    if site.exists() and not _is_site(site):
        raise UsageError(
            f"{site}: holds something other than a registry site, so it is not replaced. "
            "Choose an empty or a new directory with --output."
        )
    site.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=files.HIDDEN, dir=site.parent) as scratch:
        made, before = Path(scratch, "site"), Path(scratch, "before")
        made.mkdir()
        _fill(made, checked, now)
        if site.exists():
            site.replace(before)
        made.replace(site)


def _is_site(directory: Path) -> bool:
    """Whether a directory is empty, or holds what ``publish`` wrote."""
    if not directory.is_dir() or directory.is_symlink():
        return False
    names = {each.name for each in directory.iterdir()}
    return names <= {INDEX, "index.html", CERTIFICATES}


def _fill(site: Path, checked: Iterable[Checked], now: datetime) -> None:
    """Write the files of a site: a directory for each certificate, the index, and its page."""
    certificates = []
    for each in checked:
        if each.certificate is not None:
            certificates.append(each.certificate)
            _write_certificate(site / place(each.certificate), each.path, each.certificate)
    index = {
        "format": FORMAT,
        "built": now.isoformat(timespec="seconds"),
        "certificates": [row(each) for each in certificates],
    }
    (site / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    (site / "index.html").write_text(page.render_index(certificates, now), encoding="utf-8")


def _write_certificate(directory: Path, bundle: Path, certificate: Certificate) -> None:
    directory.mkdir(parents=True)
    shutil.copyfile(bundle, directory / BUNDLE)
    (directory / "index.html").write_text(page.render(certificate), encoding="utf-8")
    (directory / BADGE).write_text(page.badge_of(certificate), encoding="utf-8")


def place(certificate: Certificate) -> str:
    """The directory of a certificate in a site. Raises UsageError if its digest is malformed."""
    if not re.fullmatch(r"[0-9a-f]{64}", certificate.digest):
        raise UsageError(f"{certificate.digest!r} is not a digest")
    return f"{CERTIFICATES}/{certificate.digest}"


MISSING = {
    "nonce": "The certifier did not challenge the run.",
    "tls_key": "The connection was not encrypted.",
    "addresses": "The run did not store the addresses that it connected to.",
    "address": "The signer did not say where the certificate is published.",
}
"""Members that may be null in a row, and why they then are."""


def _figures(counts: Counts) -> dict[str, Json]:
    """The numbers of cells of the contract: all of them, and by what became of them."""
    return {
        "cells": counts.of,
        "judged": counts.judged,
        "waived": counts.waived,
        "inapplicable": counts.inapplicable,
        "untested": counts.untested,
        "excluded": counts.excluded,
    }


def row(certificate: Certificate) -> dict[str, Json]:
    """A certificate as a row of the JSON index. ``missing`` has the reason for each null."""
    members: dict[str, Any] = {
        "digest": certificate.digest,
        "grade": certificate.grade.value,
        "product": certificate.product,
        "version": certificate.version,
        "profile": {"name": certificate.profile, "digest": certificate.profile_digest},
        "suite": {"version": certificate.suite, "digest": certificate.suite_digest},
        "contract": {"name": certificate.contract, "digest": certificate.contract_digest},
        "target": certificate.target,
        "addresses": list(certificate.addresses) or None,
        "tls_key": certificate.tls_key or None,
        "run_by": certificate.relation,
        "signers": [
            {"principal": each.principal, "grade": each.grade.value} for each in certificate.signers
        ],
        "vendor_knew_seed": certificate.vendor_knew_seed,
        "seed": certificate.seed,
        "nonce": certificate.nonce or None,
        "identity": certificate.identity,
        "figures": _figures(certificate.counts),
        "not_judged": list(certificate.not_judged),
        "not_recomputed": certificate.not_recomputed,
        "remains": list(certificate.remains),
        "started": certificate.started,
        "ended": certificate.ended,
        "issued": certificate.issued,
        "expires": certificate.expires,
        "address": certificate.address or None,
        "bundle": f"{place(certificate)}/{BUNDLE}",
    }
    missing = {name: MISSING[name] for name, value in members.items() if value is None}
    return {**members, "missing": missing}
