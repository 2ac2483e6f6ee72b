"""``certify``: signs a run that meets a profile, or signs a bundle that somebody else made."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.base.errors import Exit, UsageError
from conformance.command.commands import load
from conformance.command.saying import say
from conformance.command.signing_key import FILE, private_key, require_extra

if TYPE_CHECKING:
    from conformance.certify.codes import Problem
    from conformance.certify.statement import Claims
    from conformance.certify.trust import Trust
    from conformance.model import Contract, Run

DAYS = 180
OUTPUT = Path("certificate.zip")
VENDOR, CERTIFIER = "vendor", "certifier"


@dataclass(frozen=True)
class Wish:
    """What is to be certified, as the options say."""

    source: Path
    profile: str
    product: str
    version: str
    expires: int
    bodies: str
    relation: str


@click.command()
@click.argument("source", metavar="RUN", type=click.Path(path_type=Path, exists=True))
@click.option("--profile", help="The profile that the run meets, such as core@1.")
@click.option("--product", help="The name of the product that was tested.")
@click.option("--version", help="The version of the product.")
@click.option("--key", type=FILE, help="A private key of OpenSSH, ed25519.")
@click.option(
    "--expires",
    type=click.IntRange(1, 366),
    default=DAYS,
    show_default=True,
    help="Days from the end of the run until the certificate expires.",
)
@click.option(
    "--bodies",
    type=click.Choice(["all", "judged", "none"]),
    default="all",
    show_default=True,
    help="The bodies over 4 kB of responses that stay in the evidence.",
)
@click.option(
    "--as",
    "relation",
    type=click.Choice([VENDOR, CERTIFIER]),
    default=VENDOR,
    show_default=True,
    help="Who ran the suite, and signs.",
)
@click.option("--trust", type=FILE, help="Whom to trust: an allowed_signers file of OpenSSH.")
@click.option("--revoked", type=FILE, help="Keys that are no longer trusted, one a line.")
@click.option("--check", is_flag=True, help="Only say what is missing, and sign nothing.")
@click.option("--countersign", is_flag=True, help="Add a certifier's signature to a bundle.")
@click.option("--output", type=FILE, default=OUTPUT, show_default=True, help="The bundle to write.")
def certify(
    source: Path,
    profile: str | None,
    product: str | None,
    version: str | None,
    key: Path | None,
    expires: int,
    bodies: str,
    relation: str,
    trust: Path | None,
    revoked: Path | None,
    check: bool,
    countersign: bool,
    output: Path,
) -> int:
    """Sign a run that meets a profile, as a bundle that anybody can verify.

    With --countersign, RUN is a bundle that holds by the trust file, and a certifier adds a
    signature to it.
    """
    require_extra()
    given = {"--profile": profile, "--product": product, "--version": version, "--key": key}
    if countersign:
        _require({"--key": key, "--trust": trust})
        assert key is not None
        assert trust is not None
        return _countersigned(source, key, trust, revoked, output)
    _require({"--profile": profile} if check else given)
    wish = Wish(source, profile or "", product or "-", version or "-", expires, bodies, relation)
    from conformance.certify.trust import Trust

    trusted = Trust.read(trust, revoked) if trust else None
    return _certified(wish, None if check else key, trusted, output)


def _require(given: Mapping[str, object]) -> None:
    """Raise UsageError if an option is missing."""
    missing = [name for name, value in given.items() if value is None]
    if missing:
        raise UsageError(f"Specify {', '.join(missing)}.")


def _certified(wish: Wish, key: Path | None, trust: Trust | None, output: Path) -> int:
    """Check a run, and sign it unless there is no key."""
    from conformance.certify import bundle, checking, issuing, signing
    from conformance.run import runfile

    contract, now = load(None), datetime.now(UTC).replace(microsecond=0)
    secret = private_key(key) if key else None
    opened = runfile.open_run(wish.source, contract)
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        directory = Path(name)
        run = issuing.assemble(wish.source, opened, issuing.Bodies(wish.bodies), directory)
        claims = _claims(wish, contract, run, now)
        evidence = checking.check(directory, contract, claims, trust, now)
        profile, _ = checking.profile_of(contract, claims.profile)
        if evidence.problems or profile is None:
            return _refused("Not certified", evidence.problems)
        if secret is None:
            say(f"Nothing is missing: the run meets {claims.profile}.")
            return Exit.CONFORMS
        payload = issuing.state(directory, opened, run, profile, claims)
        issuing.sign(directory, payload, secret, signing.NAMESPACES[wish.relation])
        bundle.write(directory, output)
    _say_written(output, evidence.not_recomputed)
    return Exit.CONFORMS


def _claims(wish: Wish, contract: Contract, run: Run, now: datetime) -> Claims:
    """What the signer claims. A bare name of a profile means the version that the suite has."""
    from conformance.certify.statement import Claims
    from conformance.certify.suite import lock_digest, suite_digest

    known = contract.profiles.get(wish.profile)
    return Claims(
        product=wish.product,
        version=wish.version,
        relation=wish.relation,
        profile=known.label if known else wish.profile,
        issued=now.isoformat(timespec="seconds"),
        expires=_expiry(run, wish.expires).isoformat(timespec="seconds"),
        suite_digest=suite_digest(),
        lock_digest=lock_digest(),
    )


def _expiry(run: Run, days: int) -> datetime:
    """When a certificate expires: some days after the run, or with a waiver that it relies on."""
    ended = datetime.fromisoformat(run.finished).astimezone(UTC).replace(microsecond=0)
    moments = [ended + timedelta(days=days)]
    if run.counts["waived"]:
        last = time(23, 59, 59, tzinfo=UTC)
        moments += [datetime.combine(waiver.expires, last) for waiver in run.target.waivers]
    return min(moments)


def _countersigned(path: Path, key: Path, trust: Path, revoked: Path | None, output: Path) -> int:
    """Add a certifier's signature to a bundle that holds, and that it then certifies."""
    from conformance.certify import bundle, issuing, signing, verifying
    from conformance.certify.certificate import Grade
    from conformance.certify.codes import Code, Problem
    from conformance.certify.trust import Trust

    contract, now = load(None), datetime.now(UTC)
    secret, trusted = private_key(key), Trust.read(trust, revoked)
    try:
        with bundle.unpacked(path) as directory:
            verified = verifying.verify_unpacked(directory, contract, trusted, now)
            if verified.problems:
                return _refused("Not countersigned", verified.problems)
            payload = (directory / bundle.STATEMENT).read_bytes()
            issuing.sign(directory, payload, secret, signing.NAMESPACES[CERTIFIER])
            again = verifying.verify_unpacked(directory, contract, trusted, now)
            if again.problems:
                return _refused("Not countersigned", again.problems)
            if again.certificate is None or again.certificate.grade is not Grade.CERTIFIED:
                text = " ".join(again.notes) or "the key is not trusted to certify"
                return _refused("Not countersigned", [Problem(Code.NONCE_MISMATCH, text)])
            bundle.write(directory, output)
    except bundle.Invalid as error:
        return _refused("Not countersigned", [Problem(Code.BUNDLE_INVALID, str(error))])
    say(verifying.first_line(again.certificate))
    _say_written(output, again.not_recomputed)
    return Exit.CONFORMS


def _refused(what: str, problems: Iterable[Problem]) -> int:
    """Print why nothing was signed."""
    lines = [f"  {each}" for each in problems]
    say("\n".join([f"{what}: this is missing or wrong.", *lines]))
    return Exit.VIOLATED


def _say_written(output: Path, not_recomputed: tuple[str, ...]) -> None:
    from conformance.base.text import amount

    if not_recomputed:
        what = amount(len(not_recomputed), "result")
        say(f"Without the bodies, whoever verifies this cannot recompute {what}.")
    say(f"Wrote {output}")
