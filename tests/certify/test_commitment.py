"""Freeze, challenge and run are one story, in that order; anything else is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
import yaml

from conformance.base.errors import UsageError
from conformance.certify import commitment, keys, nonce
from conformance.certify.codes import Code, Problem
from conformance.certify.commitment import CHALLENGE, FREEZE, SIGNATURE
from conformance.certify.keys import CERTIFIER, VENDOR
from conformance.certify.recompute import mismatches
from conformance.certify.trust import Trust
from conformance.model import Run
from tests import servers
from tests.certify.stories import Story, documented, key_of, told, trusted, works

Files = dict[str, bytes]


def codes(problems: list[Problem]) -> list[Code]:
    """The codes of some problems."""
    return [each.code for each in problems]


def test_an_honest_run_fits(story: Story) -> None:
    """Run and files fit each other, product and version too, and the nonce came back."""
    claimed = ("Example Calls", "3.1")
    assert commitment.problems(story.files, story.trust, story.run, *claimed) == []
    assert nonce.problems(story.run) == []


def test_a_challenged_run_fits_itself(story: Story) -> None:
    """Its plan follows from the drawn seed, as that of any run."""
    assert mismatches(story.opened) == []


def test_a_run_keeps_what_it_was_bound_by(story: Story) -> None:
    """Seed, nonce and digest of the challenge are in run.json, and its files next to it."""
    challenge = json.loads((story.directory / CHALLENGE).read_text())
    said = servers.stored(story.run_directory)
    content = (story.directory / CHALLENGE).read_bytes()
    assert (said["seed"], said["nonce"]) == (challenge["seed"], challenge["nonce"])
    assert said["challenge_digest"] == commitment.digest_of(content)
    for name in commitment.NAMES:
        assert story.files[name] == (story.directory / name).read_bytes()


def test_ssh_keygen_alone_checks_a_signature(story: Story, tmp_path: Path) -> None:
    """With the line of the documentation, which fails for anything else."""
    line = documented("ssh-keygen -Y verify")
    for name in (FREEZE, FREEZE + SIGNATURE):
        (tmp_path / name).write_bytes(story.files[name])
    (tmp_path / "allowed_signers").write_text((story.directory / "trust").read_text())
    assert works(line, tmp_path)
    (tmp_path / FREEZE).write_text("{}")
    assert not works(line, tmp_path)


# --- forged runs ----------------------------------------------------------------------------------

LATER = (datetime.now(UTC) + timedelta(days=40)).isoformat()
EARLIER = (datetime.now(UTC) - timedelta(days=1)).isoformat()

RUNS: dict[str, tuple[Callable[[Run], Run], Code]] = {
    "another declaration": (
        lambda run: replace(run, target=replace(run.target, name="another")),
        Code.FREEZE_MISMATCH,
    ),
    "another contract": (
        lambda run: replace(run, contract=replace(run.contract, digest="0" * 64)),
        Code.FREEZE_MISMATCH,
    ),
    "another suite": (lambda run: replace(run, suite="9.9"), Code.FREEZE_MISMATCH),
    "another seed": (lambda run: replace(run, seed=7), Code.NONCE_MISMATCH),
    "another nonce": (lambda run: replace(run, nonce="0" * 32), Code.NONCE_MISMATCH),
    "another challenge": (
        lambda run: replace(run, challenge_digest="0" * 64),
        Code.NONCE_MISMATCH,
    ),
    "an earlier run": (lambda run: replace(run, started=EARLIER), Code.FREEZE_MISMATCH),
    "a late run": (lambda run: replace(run, finished=LATER), Code.EXPIRED),
    "a time without zone": (
        lambda run: replace(run, started="2026-01-01T00:00:00"),
        Code.FREEZE_MISMATCH,
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_another_run_is_refused(story: Story, name: str) -> None:
    """Declaration, contract, suite, seed, nonce, challenge and times are those that were bound."""
    change, code = RUNS[name]
    assert codes(commitment.problems(story.files, story.trust, change(story.run))) == [code]


def test_another_product_or_version_is_refused(story: Story) -> None:
    """A certificate names what was frozen."""
    for claimed in (("Other", "3.1"), ("Example Calls", "3.2")):
        found = commitment.problems(story.files, story.trust, story.run, *claimed)
        assert codes(found) == [Code.FREEZE_MISMATCH]


def test_another_vendor_cannot_use_a_freeze(story: Story) -> None:
    """Whoever signs a certificate as the vendor is the one that froze the product."""
    expected: dict[frozenset[str] | None, list[Code]] = {
        frozenset({"vendor@example.org"}): [],
        frozenset({"other@example.org"}): [Code.FREEZE_MISMATCH],
        frozenset(): [Code.FREEZE_MISMATCH],
        None: [],  # the certifier made the run
    }
    for vendors, found in expected.items():
        told_by = commitment.problems(story.files, story.trust, story.run, vendors=vendors)
        assert codes(told_by) == found


# --- forged files ---------------------------------------------------------------------------------


def signed(story: Story, name: str, content: bytes, key: str, namespace: str) -> Files:
    """The files with one of them replaced, and signed by a key of the story."""
    private = keys.load_private(story.directory / key)
    signature = keys.sign_detached(private, namespace, content).encode()
    return story.files | {name: content, name + SIGNATURE: signature}


def of_challenge(story: Story, files: Files) -> Run:
    """The run, made for the challenge in some files."""
    return replace(story.run, challenge_digest=commitment.digest_of(files[CHALLENGE]))


def found_in(story: Story, files: Files) -> list[Code]:
    """The codes of what is wrong with some files and the run that was made for them."""
    return codes(commitment.problems(files, story.trust, of_challenge(story, files)))


@pytest.mark.parametrize("name", commitment.NAMES)
def test_a_missing_file_is_refused(story: Story, name: str) -> None:
    """Freeze, challenge and both signatures have to be there."""
    files = {each: content for each, content in story.files.items() if each != name}
    assert found_in(story, files | {CHALLENGE: b""}) == [Code.FREEZE_MISMATCH]


def test_an_edited_freeze_is_refused(story: Story) -> None:
    """Its signature does not fit, nor does the challenge."""
    edited = story.files[FREEZE].replace(b"3.1", b"3.2")
    found = found_in(story, story.files | {FREEZE: edited})
    assert found == [Code.INVALID_SIGNATURE, Code.FREEZE_MISMATCH]


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"format": 1}', b"[" * 100_000])
def test_a_broken_freeze_is_refused(story: Story, content: bytes) -> None:
    """Whatever it holds."""
    assert found_in(story, story.files | {FREEZE: content}) == [Code.FREEZE_MISMATCH]


def test_a_vendor_cannot_challenge_itself(story: Story) -> None:
    """Its key is not trusted as that of a certifier, and its own signatures are for freezes."""
    content = story.files[CHALLENGE]
    as_certifier = signed(story, CHALLENGE, content, "vendor", CERTIFIER)
    assert found_in(story, as_certifier) == [Code.UNTRUSTED_SIGNER]
    as_vendor = signed(story, CHALLENGE, content, "vendor", VENDOR)
    assert found_in(story, as_vendor) == [Code.INVALID_SIGNATURE]


def test_a_freeze_after_its_challenge_is_refused(story: Story) -> None:
    """And so is a challenge of another freeze."""
    late = json.loads(story.files[FREEZE]) | {"frozen": LATER}
    files = signed(story, FREEZE, json.dumps(late).encode(), "vendor", VENDOR)
    assert found_in(story, files) == [Code.FREEZE_MISMATCH, Code.FREEZE_MISMATCH]
    challenge = json.loads(files[CHALLENGE]) | {"freeze": commitment.digest_of(files[FREEZE])}
    again = signed(story, CHALLENGE, json.dumps(challenge).encode(), "certifier", CERTIFIER)
    both = again | {name: files[name] for name in (FREEZE, FREEZE + SIGNATURE)}
    assert found_in(story, both) == [Code.FREEZE_MISMATCH]


def test_a_freeze_of_the_year_1_is_compared_as_any_other(story: Story) -> None:
    """It is early enough, but the challenge was issued for another freeze."""
    early = json.loads(story.files[FREEZE]) | {"frozen": "0001-01-01T00:00:00+00:00"}
    files = signed(story, FREEZE, json.dumps(early).encode(), "vendor", VENDOR)
    assert found_in(story, files) == [Code.FREEZE_MISMATCH]


def test_without_a_trust_file_only_the_signatures_are_checked(story: Story) -> None:
    """Nobody knows the signers yet, but an edited file shows."""
    assert commitment.problems(story.files, None, story.run) == []
    edited = story.files | {CHALLENGE: story.files[CHALLENGE] + b" "}
    found = commitment.problems(edited, None, of_challenge(story, edited))
    assert codes(found) == [Code.INVALID_SIGNATURE]


def test_strangers_and_revoked_keys_are_refused(story: Story, tmp_path: Path) -> None:
    """Trust comes from the trust file alone, and ends with revocation."""
    stranger = key_of(tmp_path, "stranger")
    (tmp_path / "trust").write_text(trusted(stranger, VENDOR))
    found = commitment.problems(story.files, Trust.read(tmp_path / "trust"), story.run)
    assert codes(found) == [Code.UNTRUSTED_SIGNER] * 2
    revoking = Trust.read(story.directory / "trust", story.directory / "vendor.pub")
    assert codes(commitment.problems(story.files, revoking, story.run)) == [Code.REVOKED_SIGNER]


# --- the nonce ------------------------------------------------------------------------------------


def test_the_nonce_has_to_come_back(story: Story) -> None:
    """A target that only accepts creations, or that repeats the request, has stored nothing."""
    operations = story.run.contract.operations
    creations = [
        each
        for each in story.run.exchanges
        if each.operation in operations and operations[each.operation].action == "create"
    ]
    kept = {each.id: each for each in creations}
    forgetful = replace(story.run, exchanges=tuple(kept.values()))
    shown = [each for each in nonce.problems(forgetful) if "No response" in each.text]
    assert codes(shown) == [Code.NONCE_MISMATCH]


def test_texts_with_another_nonce_are_refused(story: Story) -> None:
    """Neither those of the requests nor those of the responses fit."""
    claimed = replace(story.run, nonce="0" * 32)
    for forged in (claimed, replace(claimed, salts=(claimed.nonce,))):
        assert codes(nonce.problems(forged)) == [Code.NONCE_MISMATCH]


def test_a_run_without_a_challenge_has_no_nonce(story: Story) -> None:
    """Then there is nothing to compare."""
    assert nonce.problems(replace(story.run, nonce="")) == []


# --- the commands ---------------------------------------------------------------------------------


def run(story: Story, *words: object) -> object:
    """A run with the challenge of the story, which is refused before it sends anything."""
    challenge = ("--challenge", story.directory / CHALLENGE)
    return told("run", *challenge, *words)


def test_a_challenged_run_has_no_seed_of_its_own(story: Story) -> None:
    """Nor shards, nor the embedded server, whose declaration nobody froze."""
    target = ("--target", story.target)
    with pytest.raises(UsageError, match="--seed cannot be used with --challenge"):
        run(story, *target, "--seed", "3")
    with pytest.raises(UsageError, match="--shard cannot be used"):
        run(story, *target, "--shard", "1/2")
    with pytest.raises(UsageError, match="needs --target"):
        run(story)
    with pytest.raises(UsageError, match="add --challenge"):
        told("run", "--freeze", story.directory / FREEZE)


def test_another_target_file_than_the_frozen_one_is_refused(story: Story, tmp_path: Path) -> None:
    """It says so, and what to do."""
    other = tmp_path / "target.yaml"
    declared = yaml.safe_load(story.target.read_text())
    other.write_text(yaml.safe_dump(declared | {"name": "another"}))
    with pytest.raises(UsageError, match="The declaration is not the one that was frozen"):
        run(story, "--target", other)


def test_an_expired_or_foreign_challenge_is_refused(story: Story, tmp_path: Path) -> None:
    """Before anything is sent."""
    target = ("--target", story.target)
    for name, content in story.files.items():
        if name in commitment.NAMES:
            (tmp_path / name).write_bytes(content)
    challenge = json.loads(story.files[CHALLENGE])
    bound = ("--challenge", tmp_path / CHALLENGE)
    (tmp_path / CHALLENGE).write_text(json.dumps(challenge | {"expires": EARLIER}))
    with pytest.raises(UsageError, match="expired at"):
        told("run", *bound, *target)
    (tmp_path / CHALLENGE).write_text(json.dumps(challenge | {"freeze": "0" * 64}))
    with pytest.raises(UsageError, match="issued for a different freeze"):
        told("run", *bound, *target)
    (tmp_path / CHALLENGE).write_text("{}")
    with pytest.raises(UsageError, match="cannot be read"):
        told("run", *bound, *target)


def test_no_challenge_is_drawn_for_a_freeze_that_nobody_trusted_signed(
    story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1, with the code."""
    stranger = key_of(tmp_path, "stranger")
    frozen = tmp_path / FREEZE
    product = ("--product", "Example Calls", "--version", "3.1")
    told("freeze", "--target", story.target, *product, "--key", stranger, "--output", frozen)
    signing = ("--trust", story.directory / "trust", "--key", story.directory / "certifier")
    made = tmp_path / CHALLENGE
    assert told("challenge-run", "new", "--freeze", frozen, *signing, "--output", made) == 1
    assert "UNTRUSTED_SIGNER" in capsys.readouterr().err
    assert not made.exists()


def test_no_challenge_is_drawn_for_a_freeze_of_tomorrow(story: Story, tmp_path: Path) -> None:
    """Nor for a file that is no freeze."""
    frozen = tmp_path / FREEZE
    signing = ("--trust", story.directory / "trust", "--key", story.directory / "certifier")
    late = json.dumps(json.loads(story.files[FREEZE]) | {"frozen": LATER}).encode()
    for content, reason in ((late, "but the clock"), (b"{}", "not a freeze")):
        for name, made in signed(story, FREEZE, content, "vendor", VENDOR).items():
            if name.startswith(FREEZE):
                (tmp_path / name).write_bytes(made)
        with pytest.raises(UsageError, match=reason):
            told("challenge-run", "new", "--freeze", frozen, *signing)


def test_a_build_is_a_file_or_a_digest(story: Story, tmp_path: Path) -> None:
    """A digest with or without the name of its algorithm."""
    known = commitment.digest_of(story.target.read_bytes())
    product = ("--target", story.target, "--product", "P", "--version", "1")
    words = (*product, "--key", story.directory / "vendor", "--output", tmp_path / FREEZE)
    for build in (story.target, known, f"sha256:{known}"):
        told("freeze", *words, "--build", build)
        assert commitment.freeze_in((tmp_path / FREEZE).read_bytes()).build == known
    with pytest.raises(UsageError, match="neither a file that can be read nor a SHA-256"):
        told("freeze", *words, "--build", "nothing")


@pytest.mark.parametrize("text", ["5", "0s", "11m", "m", "-1s", "1y", "9999999d"])
def test_a_period_has_a_unit_and_bounds(text: str) -> None:
    """Other values are invalid usage."""
    with pytest.raises(click.BadParameter, match=r"length of time|between"):
        told("run", "--stamp-every", text)
