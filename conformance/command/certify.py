"""``certify``: signs a run that meets a profile, or signs a bundle that somebody else made."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.base.errors import Exit, Unjudgeable, UsageError
from conformance.command import extras
from conformance.command.commands import load
from conformance.command.saying import say
from conformance.command.signing_key import FILE, private_key, with_trust

if TYPE_CHECKING:
    from conformance.certify.codes import Problem
    from conformance.certify.keys import PrivateKey
    from conformance.certify.requests import Played
    from conformance.certify.stamps import Certificates
    from conformance.certify.statement import Claims
    from conformance.certify.trust import Trust
    from conformance.model import Contract, Run

DAYS = 180
OUTPUT = Path("certificate.zip")
VENDOR, CERTIFIER = "vendor", "certifier"


@dataclass(frozen=True)
class Options:
    """What is to be certified, by whom, and whom to trust, as the options say."""

    source: Path
    profile: str | None
    product: str | None
    version: str | None
    key: Path | None
    expires: int
    bodies: str
    relation: str
    spot: Path | None
    trust: Path | None
    revoked: Path | None
    stamp_roots: Path | None
    challenges: Path | None
    check: bool
    countersign: bool
    output: Path


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
@click.option(
    "--spot",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Directory of the spot checks to bundle with the run.",
)
@with_trust(required=False)
@click.option("--check", is_flag=True, help="Only say what is missing, and sign nothing.")
@click.option("--countersign", is_flag=True, help="Add a certifier's signature to a bundle.")
@click.option("--output", type=FILE, default=OUTPUT, show_default=True, help="The bundle to write.")
def certify(**values: Any) -> int:
    """Sign a run that meets a profile, as a bundle that anybody can verify.

    With --countersign, RUN is a bundle that holds by the trust file, and a certifier adds a
    signature to it.
    """
    extras.require("certify")
    options = Options(**values)
    if options.countersign:
        _require({"--key": options.key, "--trust": options.trust})
        return _countersign(options)
    needed: dict[str, object] = {"--profile": options.profile}
    if not options.check:
        needed |= {"--product": options.product, "--version": options.version}
        needed["--key"] = options.key
    _require(needed)
    return _sign_run(options)


def _require(values: Mapping[str, object]) -> None:
    """Raise UsageError if an option has no value. ``values`` has them by the name of the option."""
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise UsageError(f"Specify {', '.join(missing)}.")


def _trust(options: Options) -> Trust | None:
    """Whom to trust; None without a trust file."""
    from conformance.certify.trust import Trust

    return Trust.read(options.trust, options.revoked) if options.trust else None


def _roots(options: Options) -> Certificates:
    """The certificates of trusted authorities for time stamps."""
    from conformance.certify import stamps

    return stamps.roots_in(options.stamp_roots) if options.stamp_roots else ()


def _sign_run(options: Options) -> int:
    """Print what a run lacks; else, without ``--check``, sign it. Returns the exit code."""
    from conformance.certify import bundle, checking, issuing, signing
    from conformance.certify.codes import Code, Problem
    from conformance.certify.judged_again import judged_and_played
    from conformance.certify.seams import Terms
    from conformance.run import runfile

    contract, now = load(None, options.challenges), datetime.now(UTC).replace(microsecond=0)
    secret = private_key(options.key) if options.key and not options.check else None
    opened = runfile.open_run(options.source, contract)
    try:
        rejudged = judged_and_played(opened)
    except UsageError as error:  # a choice that no command can have made
        return _refused("Not certified", [Problem(Code.RUN_INVALID, str(error))])
    trust, by_certifier = _trust(options), options.relation == CERTIFIER
    vendors = _vendors(secret, trust, now) if secret else None
    terms = Terms(now, trust, _roots(options), certified=by_certifier, vendors=vendors)
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        directory = Path(name)
        bodies = issuing.Bodies(options.bodies)
        run = issuing.assemble(options.source, opened, rejudged.run, bodies, directory)
        if options.spot:
            spot = runfile.open_run(options.spot, contract)
            issuing.add_spot_checks(options.spot, spot, directory)
        claims = _claims(options, contract, run, now)
        evidence = checking.check(directory, contract, claims, terms, rejudged)
        profile, _ = checking.profile_of(contract, claims.profile)
        if evidence.problems or profile is None or evidence.judged is None:
            return _refused("Not certified", evidence.problems)
        _require_recomputed(rejudged.played)
        if secret is None:
            say(f"Nothing is missing: the run meets {claims.profile}.")
            return Exit.CONFORMS
        payload = issuing.write_statement(directory, evidence.judged, profile, claims)
        issuing.sign(directory, payload, secret, signing.NAMESPACES[options.relation])
        bundle.write(directory, options.output)
    _say_written(options.output, evidence.not_recomputed)
    return Exit.CONFORMS


def _require_recomputed(played: Played) -> None:
    """Raise Unjudgeable if the requests of a run could not all be made again."""
    if played.missed:
        advice = "Certify a run of this version of the suite that was not merged."
        raise Unjudgeable(f"Not certified: {played.remark} {advice}")


def _vendors(secret: PrivateKey, trust: Trust | None, now: datetime) -> frozenset[str]:
    """The name under which the key signs as a vendor, alone in a set.

    The set is empty if the trust file does not trust the key. Without a trust file, the name is the
    fingerprint of the key.
    """
    from conformance.certify.keys import VENDOR as NAMESPACE

    if trust is None:
        return frozenset({secret.public.fingerprint})
    signer = trust.signer_of(secret.public, NAMESPACE, now)
    return frozenset({signer}) if isinstance(signer, str) else frozenset()


def _claims(options: Options, contract: Contract, run: Run, now: datetime) -> Claims:
    """What the signer claims. A product or version that is not given is UNNAMED.

    That is enough for ``--check``. A profile without a version means the version of the suite.
    """
    from conformance.certify.seams import UNNAMED
    from conformance.certify.statement import Claims
    from conformance.certify.suite import lock_digest, suite_digest

    label = options.profile or ""
    profile = contract.profiles.get(label)  # None if the label has a version
    return Claims(
        product=options.product or UNNAMED,
        version=options.version or UNNAMED,
        relation=options.relation,
        profile=profile.label if profile else label,
        issued=now.isoformat(timespec="seconds"),
        expires=_expiry(run, options.expires).isoformat(timespec="seconds"),
        suite_digest=suite_digest(),
        lock_digest=lock_digest(),
    )


def _expiry(run: Run, days: int) -> datetime:
    """When a certificate expires: some days after the run, or earlier, with the first waiver.

    Waivers count only if the run has a waived cell. Raises UsageError if the run ended so late that
    no date is that far ahead.
    """
    try:
        ended = datetime.fromisoformat(run.finished).astimezone(UTC).replace(microsecond=0)
        moments = [ended + timedelta(days=days)]
    except OverflowError:
        raise UsageError(f"The run cannot have ended at {run.finished}.") from None
    if run.counts["waived"]:
        last = time(23, 59, 59, tzinfo=UTC)
        moments += [datetime.combine(waiver.expires, last) for waiver in run.target.waivers]
    return min(moments)


def _countersign(options: Options) -> int:
    """Add a certifier's signature to a bundle that holds, and write the bundle with it.

    Nothing is written unless the bundle then holds as one of a certifier. Returns the exit code.
    """
    from conformance.certify import bundle, issuing, signing, verifying
    from conformance.certify.certificate import Grade
    from conformance.certify.codes import Code, Problem

    assert options.key is not None
    contract, now = load(None, options.challenges), datetime.now(UTC)
    secret, trust, roots = private_key(options.key), _trust(options), _roots(options)
    assert trust is not None
    try:
        with bundle.unpacked(options.source) as directory:
            verified = verifying.verify_unpacked(directory, contract, trust, now, roots)
            if verified.problems:
                return _refused("Not countersigned", verified.problems)
            payload = (directory / bundle.STATEMENT).read_bytes()
            issuing.sign(directory, payload, secret, signing.NAMESPACES[CERTIFIER])
            signed = verifying.verify_unpacked(directory, contract, trust, now, roots)
            if signed.problems:
                return _refused("Not countersigned", signed.problems)
            if signed.certificate is None or signed.certificate.grade is not Grade.CERTIFIED:
                why = " ".join(signed.notes) or "the key is not trusted to certify"
                return _refused("Not countersigned", [Problem(Code.NONCE_MISMATCH, why)])
            bundle.write(directory, options.output)
    except bundle.Invalid as error:
        return _refused("Not countersigned", [Problem(Code.BUNDLE_INVALID, str(error))])
    say(signed.certificate.first_line)
    _say_written(options.output, signed.not_recomputed)
    return Exit.CONFORMS


def _refused(what: str, problems: Iterable[Problem]) -> int:
    """Print why nothing was signed; returns the exit code that means so."""
    lines = [f"  {each}" for each in problems]
    say("\n".join([f"{what}: this is missing or wrong.", *lines]))
    return Exit.VIOLATED


def _say_written(output: Path, not_recomputed: tuple[str, ...]) -> None:
    """Print where the bundle is, and how much nobody can recompute because bodies are left out."""
    from conformance.base.text import amount

    if not_recomputed:
        what = amount(len(not_recomputed), "result")
        say(f"Without the bodies, a verifier cannot recompute {what} of the run.")
    say(f"Wrote {output}")
