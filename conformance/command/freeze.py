"""``freeze`` and ``challenge-run``: a vendor commits to a build, and a certifier challenges it."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from conformance import __version__
from conformance.base.errors import UsageError, reason
from conformance.command.binding import needing_extra
from conformance.command.choosing import with_edition, with_spec
from conformance.command.commands import load
from conformance.command.periods import between
from conformance.command.saying import say

FILE = click.Path(path_type=Path, dir_okay=False)
DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
"""The digest of a build, as many tools print it."""


@click.command()
@click.option("--target", type=FILE, required=True, help="The target file of the run to come.")
@click.option("--url", help="Address of the target, if the run will have this option.")
@click.option("--product", required=True, help="Name of the product.")
@click.option("--version", "release", required=True, help="Version of the product.")
@click.option("--build", help="File of the build, or its SHA-256 in hex.")
@click.option("--key", type=FILE, required=True, help="Private key (ed25519) of the vendor.")
@click.option("--output", type=FILE, default=Path("freeze.json"), show_default=True)
@with_spec
@with_edition
def freeze(
    target: Path,
    url: str | None,
    product: str,
    release: str,
    build: str | None,
    key: Path,
    output: Path,
    spec: Path | None,
    edition: str,
) -> None:
    """Commit to a build and a target file, before a certifier challenges them."""
    with needing_extra():
        from conformance.certify import commitment, keys
    from conformance.base.options import Choice
    from conformance.run.planning import target_of

    contract = load(spec, edition=edition)
    declaration = target_of(contract, Choice(target=target, url=url)).declaration
    frozen = commitment.Freeze(
        product=product,
        version=release,
        build=_digest_of(build) if build else None,
        declaration=commitment.declaration_digest(declaration),
        contract=contract.digest,
        suite=__version__,
        frozen=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    content = commitment.written(frozen)
    try:
        commitment.freeze_in(content)  # refuse now what a certifier could not read
    except ValueError as error:
        raise UsageError(f"This cannot be frozen: {error}") from None
    _sign(content, output, keys.VENDOR, key)
    say(f"Wrote {output} and its signature. Send both to the certifier.")


@click.group(name="challenge-run")
def challenge_run() -> None:
    """Challenge a vendor to make a run that could not be prepared."""


@challenge_run.command()
@click.option("--freeze", "frozen", type=FILE, required=True, help="The freeze of the vendor.")
@click.option("--trust", type=FILE, required=True, help="Trusted signers (allowed_signers).")
@click.option("--revoked", type=FILE, help="Keys that are trusted no more, one per line.")
@click.option("--key", type=FILE, required=True, help="Private key (ed25519) of the certifier.")
@click.option(
    "--valid",
    type=between(timedelta(hours=1), timedelta(days=365)),
    default="30d",
    show_default=True,
    help="How long the vendor has to make the run.",
)
@click.option("--output", type=FILE, default=Path("challenge.json"), show_default=True)
def new(
    frozen: Path, trust: Path, revoked: Path | None, key: Path, valid: timedelta, output: Path
) -> int:
    """Draw nonce and seed for a freeze whose signature holds. Exits 1 if it does not."""
    with needing_extra():
        from conformance.certify import attached, commitment, keys
        from conformance.certify.codes import Problem
        from conformance.certify.trust import Trust

    signers, now = Trust.read(trust, revoked), datetime.now(UTC)
    content, signature = attached.signed_file(frozen)
    try:
        committed = commitment.freeze_in(content)
        is_in_future = commitment.moment(committed.frozen) > now + commitment.SLACK
    except ValueError as error:
        raise UsageError(f"{frozen}: not a freeze: {error}") from None
    if is_in_future:
        raise UsageError(
            f"{frozen}: it is dated {committed.frozen}, but the clock of this machine says {now}. "
            "Check both clocks."
        )
    vendor = commitment.signer(content, signature, keys.VENDOR, signers, now)
    if isinstance(vendor, Problem):
        say(f"{frozen}: {vendor}", err=True)
        return 1
    challenge = commitment.new_challenge(content, now, now + valid)
    _sign(commitment.written(challenge), output, keys.CERTIFIER, key)
    say(f"{vendor} froze {committed.product} {committed.version} on {committed.frozen}.")
    say(f"Wrote {output} and its signature, valid until {challenge.expires}. Send both back.")
    return 0


def _digest_of(build: str) -> str:
    """The digest of a build: of a file with that path, or else the text if it is a digest itself.

    Raises UsageError if it is neither.
    """
    from conformance.certify.attached import digest_of_file

    path, found = Path(build), DIGEST.fullmatch(build)
    if found and not path.exists():
        return found[1]
    try:
        return digest_of_file(path)
    except OSError as error:
        raise UsageError(
            f"--build {build}: neither a file that can be read nor a SHA-256 of 64 hexadecimal "
            f"digits ({reason(error)})"
        ) from None


def _sign(content: bytes, path: Path, namespace: str, key: Path) -> None:
    """Write a file and, in a file of its own, its detached signature by a private key."""
    from conformance.base import files
    from conformance.certify import commitment, keys

    private = keys.load_private(key, os.environ.get(keys.PASSPHRASE))
    signature = keys.sign_detached(private, namespace, content).encode()
    next_to_it = path.with_name(path.name + commitment.SIGNATURE)
    for place, written in ((path, content), (next_to_it, signature)):
        with files.replacing(place) as temporary:
            temporary.write_bytes(written)
