"""``registry``: publishes verified bundles as a static site."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.base.errors import Exit
from conformance.command import extras
from conformance.command.commands import load
from conformance.command.saying import print_json, say
from conformance.command.signing_key import FILE, with_trust

if TYPE_CHECKING:
    from conformance.certify.registry import Checked, Verify

FOLDER = click.Path(path_type=Path, file_okay=False)
"""A directory."""
REGISTRY, SITE = Path("registry"), Path("site")


with_folder = click.option(
    "--registry",
    "folder",
    type=FOLDER,
    default=REGISTRY,
    show_default=True,
    help="The folder of the bundles.",
)
"""The option for the registry that a command is about."""


@click.group()
def registry() -> None:
    """Publish verified bundles as a static site and a JSON index.

    Every command verifies each bundle now, so what has expired or was revoked is left out.
    """


@registry.command()
@click.argument("bundles", metavar="BUNDLE...", nargs=-1, required=True, type=FILE)
@with_folder
@with_trust()
def add(
    bundles: tuple[Path, ...],
    folder: Path,
    trust: Path,
    revoked: Path | None,
    stamp_roots: Path | None,
    challenges: Path | None,
) -> int:
    """Verify bundles and copy them into the registry. Exit code 1 if one is refused."""
    from conformance.certify import registry as registries

    verify = _verifier(trust, revoked, stamp_roots, challenges)
    checked = [registries.add(bundle, folder, verify) for bundle in bundles]
    return _say_checked(checked)


@registry.command(name="list")
@with_folder
@with_trust()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(
    folder: Path,
    trust: Path,
    revoked: Path | None,
    stamp_roots: Path | None,
    challenges: Path | None,
    as_json: bool,
) -> int:
    """List the certificates of the registry. Exit code 1 if a bundle no longer holds."""
    from conformance.certify import registry as registries

    checked = registries.entries(folder, _verifier(trust, revoked, stamp_roots, challenges))
    if as_json:
        print_json([registries.row(each.certificate) for each in checked if each.certificate])
        return _code(checked)
    if not checked:
        say("The registry is empty.")
    return _say_checked(checked)


@registry.command()
@with_folder
@with_trust()
@click.option(
    "--output", type=FOLDER, default=SITE, show_default=True, help="The directory of the site."
)
def site(
    folder: Path,
    trust: Path,
    revoked: Path | None,
    stamp_roots: Path | None,
    challenges: Path | None,
    output: Path,
) -> int:
    """Build the static site of the registry, in place of an earlier one.

    A bundle that no longer holds is left out, and gives exit code 1. Build it every day.
    """
    from conformance.base.text import amount
    from conformance.certify import registry as registries

    checked = registries.entries(folder, _verifier(trust, revoked, stamp_roots, challenges))
    registries.publish(checked, output, datetime.now(UTC))
    shown = sum(each.certificate is not None for each in checked)
    say(f"Wrote {output / 'index.html'}: {amount(shown, 'certificate')}")
    _say_refused(checked)
    return _code(checked)


def _verifier(
    trust: Path, revoked: Path | None, stamp_roots: Path | None, challenges: Path | None
) -> Verify:
    """A function that verifies a bundle as of now, by a trust file.

    It also refuses a bundle without the bodies that judging needs. Raises UsageError for files with
    faults.
    """
    extras.require("certify")
    from conformance.certify import stamps, verifying
    from conformance.certify.registry import Checked
    from conformance.certify.trust import Trust

    contract, trusted = load(None, challenges), Trust.read(trust, revoked)
    roots = stamps.roots_in(stamp_roots) if stamp_roots else ()

    def verify(path: Path) -> Checked:
        verified = verifying.verify(path, contract, trusted, datetime.now(UTC), roots)
        refusals = [str(each) for each in verified.problems]
        if verified.not_recomputed:
            refusals.append("Without its bodies, not everything in it can be recomputed.")
        certificate = None if refusals else verified.certificate
        return Checked(path, certificate, tuple(refusals))

    return verify


def _say_checked(checked: Iterable[Checked]) -> int:
    """Print each certificate, then why other bundles are refused; returns the exit code."""
    found = list(checked)
    for each in found:
        certificate = each.certificate
        if certificate is not None:
            say(
                f"{certificate.label}, {certificate.profile}: "
                f"{certificate.first_line} ({certificate.digest[:12]})"
            )
    _say_refused(found)
    return _code(found)


def _say_refused(checked: Iterable[Checked]) -> None:
    """Print why bundles are refused."""
    for each in checked:
        if each.certificate is None:
            reasons = "\n".join(f"  {problem}" for problem in each.problems)
            say(f"Refused: {each.path}\n{reasons}", err=True)


def _code(checked: Iterable[Checked]) -> int:
    """The exit code: 1 if a bundle is refused, else 0."""
    refused = any(each.certificate is None for each in checked)
    return Exit.VIOLATED if refused else Exit.CONFORMS
