"""``certify`` and ``verify`` as people run them: what they print, and their exit codes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.certify import seams
from conformance.certify.codes import Code
from conformance.command import certify, extras, verify
from conformance.command.cli import outcome
from tests.certify.bundles import Lab, members_of
from tests.forging import forged
from tests.servers import NO_NETWORK, command

pytestmark = pytest.mark.long

PAGE = (Path(__file__).parents[2] / "docs" / "certificates.md").read_text(encoding="utf-8")


class Desk:
    """A directory with the keys of a vendor and a lab, and a trust file that names both."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys = directory, capsys
        lines = []
        for name, namespace in (("vendor", "vendor"), ("lab", "certifier")):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{name}-key"]
            subprocess.run(words, cwd=directory, check=True)
            public = (directory / f"{name}-key.pub").read_text()
            space = f'namespaces="kaicalls-conformance-{namespace}"'
            lines.append(f"{name}@example.org {space} {public}")
        (directory / "trust").write_text("".join(lines))

    def run(self, *words: object) -> tuple[int, str]:
        """The exit code of the command in this process, and what it printed."""
        sys.argv = ["kaicalls-conformance", *[str(word) for word in words]]
        code = outcome()
        said = self._capsys.readouterr()
        return code, said.out + said.err


@pytest.fixture
def desk(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """A desk where the contract has the small profile."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", sys.argv)
    for module in (certify, verify):
        monkeypatch.setattr(module, "load", lambda _spec, _challenges: lab.contract)
    return Desk(tmp_path, capsys)


NAMED = ("--profile", "small", "--product", "Acme", "--version", "1.2")


def test_a_run_is_checked_certified_and_verified(lab: Lab, desk: Desk) -> None:
    """The first line of ``verify`` is the grade, and the digest comes last."""
    assert desk.run("certify", lab.run, "--profile", "small", "--check") == (
        0,
        "Nothing is missing: the run meets small@1.\n",
    )
    assert not Path("certificate.zip").exists()
    code, said = desk.run("certify", lab.run, *NAMED, "--key", "vendor-key")
    assert (code, said) == (0, "Wrote certificate.zip\n")
    code, said = desk.run("verify", "certificate.zip", "--trust", "trust")
    assert code == 0, said
    lines = said.splitlines()
    assert lines[0].startswith("Self-declared: the vendor ran it (vendor@example.org) until ")
    assert lines[1] == "  Acme 1.2 meets small@1"
    assert re.fullmatch("  sha256:[0-9a-f]{64}", lines[-1])


def test_openssh_alone_checks_a_signature(lab: Lab, desk: Desk) -> None:
    """The lines of the documentation work as they stand."""
    desk.run("certify", lab.run, *NAMED, "--key", "vendor-key")
    section = PAGE.partition("### Check a signature without the suite")[2]
    script = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[0]
    assert shutil.which("unzip")
    done = subprocess.run(
        ["bash", "-ec", script], cwd=desk.path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert 'Good "kaicalls-conformance-vendor" signature for vendor@example.org' in done.stdout


def test_the_outcome_is_data_for_machines(lab: Lab, desk: Desk) -> None:
    """``--json`` has the certificate, or the problems with their codes."""
    desk.run("certify", lab.run, *NAMED, "--key", "vendor-key")
    code, said = desk.run("verify", "certificate.zip", "--trust", "trust", "--json")
    held = json.loads(said)
    assert (code, held["holds"], held["grade"]) == (0, True, "self-declared")
    assert held["certificate"]["product"] == "Acme"
    later = (datetime.now(UTC) + timedelta(days=400)).date()
    code, said = desk.run("verify", "certificate.zip", "--trust", "trust", "--at", later, "--json")
    refused = json.loads(said)
    assert (code, refused["holds"], refused["certificate"]) == (1, False, None)
    assert [each["code"] for each in refused["problems"]] == ["EXPIRED"]


def test_a_refusal_comes_first(lab: Lab, desk: Desk) -> None:
    """Then follows a line for each problem, with its code."""
    desk.run("certify", lab.run, *NAMED, "--key", "vendor-key")
    Path("revoked").write_text(Path("vendor-key.pub").read_text())
    code, said = desk.run("verify", "certificate.zip", "--trust", "trust", "--revoked", "revoked")
    assert code == 1
    lines = said.splitlines()
    assert lines[0] == "Refused: 1 problem, so this certifies nothing."
    assert lines[1].startswith("  REVOKED_SIGNER: The key SHA256:")


def test_a_run_that_lacks_something_is_not_signed(lab: Lab, desk: Desk) -> None:
    """The list says what is missing, and no file is written."""
    words = ("--profile", "gold", "--product", "Acme", "--version", "1", "--key", "vendor-key")
    code, said = desk.run("certify", lab.run, *words)
    assert code == 1
    assert said.startswith("Not certified: this is missing or wrong.\n  PROFILE_UNKNOWN: ")
    assert not Path("certificate.zip").exists()


def test_a_choice_that_no_command_can_have_made_is_not_certified(lab: Lab, desk: Desk) -> None:
    """The run cannot be planned again, and the list says so."""
    run = forged(lab.run, desk.path / "forged", said=lambda run: run["selection"].update(shard="x"))
    code, said = desk.run("certify", run, "--profile", "small", "--check")
    assert code == 1
    assert said.startswith("Not certified: this is missing or wrong.\n  RUN_INVALID: ")


def test_a_run_that_says_it_was_merged_is_not_certified(lab: Lab, desk: Desk) -> None:
    """Its requests cannot be made again, so an inconvenient one may have been left out."""
    run = forged(lab.run, desk.path / "merged", said=lambda run: run.update(drawn_by=None))
    code, said = desk.run("certify", run, "--profile", "small", "--check")
    assert code == 3
    assert "could not be recomputed: The run was merged from shards" in said


def test_a_run_that_ended_in_the_year_9999_is_not_certified(lab: Lab, desk: Desk) -> None:
    """No certificate could expire after it, and one message says so."""
    finished = "9999-12-31T23:59:59+00:00"
    run = forged(lab.run, desk.path / "late", said=lambda run: run.update(finished=finished))
    code, said = desk.run("certify", run, "--profile", "small", "--check")
    assert (code, said.count("\n")) == (2, 1)
    assert f"The run cannot have ended at {finished}." in said


def test_the_real_profiles_are_not_met_by_a_quick_run(quick_run: Path, tmp_path: Path) -> None:
    """The command as a process says so, with what to do."""
    done = command("certify", quick_run, "--profile", "core", "--check", cwd=tmp_path)
    assert done.code == 1, done.said
    assert "PROFILE_NOT_MET: core@1: the depth is quick" in done.out
    assert "Run again with --depth full." in done.out


def test_a_certifier_certifies_its_own_run(lab: Lab, desk: Desk) -> None:
    """Signed in the namespace of certifiers, it is certified."""
    code, _ = desk.run("certify", lab.run, *NAMED, "--key", "lab-key", "--as", "certifier")
    assert code == 0
    code, said = desk.run("verify", "certificate.zip", "--trust", "trust")
    assert code == 0
    assert said.startswith("Certified by lab@example.org until ")


def test_a_run_without_a_challenge_is_not_countersigned(lab: Lab, desk: Desk) -> None:
    """Nor is a bundle that does not hold."""
    desk.run("certify", lab.run, *NAMED, "--key", "vendor-key")
    words = ("--countersign", "--key", "lab-key", "--trust", "trust", "--output", "both.zip")
    code, said = desk.run("certify", "certificate.zip", *words)
    assert code == 1
    assert "NONCE_MISMATCH: lab@example.org signed, but did not run the suite" in said
    assert not Path("both.zip").exists()
    Path("broken.zip").write_bytes(Path("certificate.zip").read_bytes()[:-9])
    code, said = desk.run("certify", "broken.zip", *words)
    assert code == 1
    assert "BUNDLE_INVALID: it is not a zip, or it was cut off" in said


def test_a_challenged_run_is_countersigned_and_nothing_else_changes(
    lab: Lab, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second signature makes it a certificate, and the statement stays as it was."""
    desk.run("certify", lab.run, *NAMED, "--key", "vendor-key")
    monkeypatch.setattr(seams, "is_challenged", lambda _files: True)
    words = ("--key", "lab-key", "--trust", "trust", "--output", "both.zip")
    code, said = desk.run("certify", "certificate.zip", "--countersign", *words)
    assert code == 0, said
    assert said.startswith("Certified by lab@example.org until ")
    before, after = members_of(Path("certificate.zip")), members_of(Path("both.zip"))
    changed = {name for name in after if before.get(name) != after[name]}
    assert "certificate.json" in changed
    assert len(changed) == 2
    assert len(after) == len(before) + 1
    code, said = desk.run("verify", "both.zip", "--trust", "trust")
    assert (code, said.partition(" until")[0]) == (0, "Certified by lab@example.org")
    code, _ = desk.run("certify", "certificate.zip", "--countersign", *words, "--key", "vendor-key")
    assert code == 1  # a vendor's key does not certify


def test_verify_needs_no_network(lab: Lab, tmp_path: Path) -> None:
    """As a process that has none, it comes to an end. It knows no profile of this name."""
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    (tmp_path / "trust").write_text("")
    shutil.copy(lab.bundle, tmp_path / "b.zip")
    environment = {"PYTHONPATH": str(tmp_path)}
    done = command("verify", "b.zip", "--trust", "trust", cwd=tmp_path, env=environment)
    assert done.code == 1, done.said
    assert "UNTRUSTED_SIGNER" in done.out
    assert "PROFILE_UNKNOWN: the profile small@1 is not one of core@1, full@1" in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify", "none.zip", "--trust", "trust"), "none.zip: cannot be read"),
        (("verify", "trust", "--trust", "none"), "none: cannot be read"),
        (("verify", "trust", "--trust", "lab-key"), "lab-key:1: "),
        (("verify", "trust", "--trust", "trust", "--at", "soon"), "'soon' is not a date"),
        (
            ("registry", "list", "--trust", "trust", "--challenges", "none"),
            "none:1: the file is missing",
        ),
        (("certify", ".", "--product", "x"), "Specify --profile, --version, --key."),
        (("certify", "trust", "--countersign"), "Specify --key, --trust."),
        (("certify", ".", *NAMED, "--key", "trust"), "trust: not a private key of OpenSSH"),
        (("certify", ".", *NAMED, "--key", "lab-key"), "run.json: cannot be read"),
    ],
)
def test_wrong_usage_is_one_message(desk: Desk, words: tuple[str, ...], said: str) -> None:
    """With exit code 2."""
    code, text = desk.run(*words)
    assert code == 2
    assert said in text
    assert "Traceback" not in text


def test_without_the_extra_both_say_what_to_install(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message, with the command."""
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    for words in (("certify", ".", *NAMED), ("verify", "x.zip", "--trust", "trust")):
        code, said = desk.run(*words)
        assert code == 2
        assert "pip install 'kaicalls-conformance[certify]'" in said


def test_the_documentation_lists_every_code() -> None:
    """Whoever meets a code finds it there."""
    assert set(Code) <= set(re.findall("`([A-Z_]+)`", PAGE))
