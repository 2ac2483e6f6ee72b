"""The trust file decides who may sign what, and when; it is an allowed_signers file of OpenSSH."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conformance.base.errors import UsageError
from conformance.certify.codes import Code, Problem
from conformance.certify.keys import CERTIFIER, VENDOR, PrivateKey, public_line
from conformance.certify.trust import Trust

KEY = PrivateKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = PrivateKey(Ed25519PrivateKey.from_private_bytes(bytes([1] * 32)))
LINE = public_line(KEY)
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
BOTH = 'namespaces="kaicalls-conformance-*"'


def trust(tmp_path: Path, *lines: str, revoked: str | None = None) -> Trust:
    """The trust of a file with some lines."""
    file, gone = tmp_path / "trust", tmp_path / "revoked"
    file.write_text("\n".join(lines))
    if revoked is not None:
        gone.write_text(revoked)
    return Trust.read(file, None if revoked is None else gone)


def code(found: str | Problem) -> Code:
    """The code of a problem."""
    assert isinstance(found, Problem)
    return found.code


def test_a_listed_key_names_its_principal(tmp_path: Path) -> None:
    """Comments, blank lines and a comment after the key are ignored."""
    lines = ["# signers", "", f"a@example.org,b@example.org {BOTH} {LINE} of the lab"]
    for namespace in (VENDOR, CERTIFIER):
        assert trust(tmp_path, *lines).signer_of(KEY.public, namespace, NOW) == "a@example.org"


def test_a_key_that_is_not_listed_is_untrusted(tmp_path: Path) -> None:
    """Nobody is trusted without a line."""
    found = trust(tmp_path, f"a {BOTH} {LINE}").signer_of(OTHER.public, VENDOR, NOW)
    assert code(found) is Code.UNTRUSTED_SIGNER
    assert code(trust(tmp_path).signer_of(KEY.public, VENDOR, NOW)) is Code.UNTRUSTED_SIGNER


@pytest.mark.parametrize(
    ("namespaces", "vendor", "certifier"),
    [
        (VENDOR, True, False),
        (f"{VENDOR},{CERTIFIER}", True, True),
        ("kaicalls-*", True, True),
        (f"kaicalls-*,!{CERTIFIER}", True, False),
        ("*-certifie?", False, True),
        ("git", False, False),
    ],
)
def test_a_key_signs_only_in_its_namespaces(
    tmp_path: Path, namespaces: str, vendor: bool, certifier: bool
) -> None:
    """A vendor's key never certifies."""
    read = trust(tmp_path, f'a namespaces="{namespaces}" {LINE}')
    for namespace, may in ((VENDOR, vendor), (CERTIFIER, certifier)):
        assert (read.signer_of(KEY.public, namespace, NOW) == "a") is may


def test_a_key_signs_only_between_its_dates(tmp_path: Path) -> None:
    """Before the first date it is untrusted, after the last it has expired."""
    dates = 'valid-after="20260101Z",valid-before="202612312359Z"'
    read = trust(tmp_path, f"a {BOTH},{dates} {LINE}")
    assert read.signer_of(KEY.public, VENDOR, NOW) == "a"
    early = read.signer_of(KEY.public, VENDOR, NOW - timedelta(days=300))
    late = read.signer_of(KEY.public, VENDOR, NOW + timedelta(days=300))
    assert (code(early), code(late)) == (Code.UNTRUSTED_SIGNER, Code.EXPIRED)


def test_a_key_may_have_several_lines(tmp_path: Path) -> None:
    """One line that permits the signature is enough, such as a renewed one."""
    old = f'a {BOTH},valid-before="20260101Z" {LINE}'
    assert trust(tmp_path, old, f"b {BOTH} {LINE}").signer_of(KEY.public, VENDOR, NOW) == "b"


@pytest.mark.parametrize("revoked", [LINE, KEY.public.fingerprint, f"# lost\n{LINE} comment\n"])
def test_a_revoked_key_is_refused(tmp_path: Path, revoked: str) -> None:
    """A revoked key is named by its line or its fingerprint."""
    read = trust(tmp_path, f"a {BOTH} {LINE}", revoked=revoked)
    assert code(read.signer_of(KEY.public, VENDOR, NOW)) is Code.REVOKED_SIGNER


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"a {LINE}", "say what the key may sign"),
        (f'a namespaces="" {LINE}', "say what the key may sign"),
        (f"*@example.org {BOTH} {LINE}", "without wildcards"),
        (f"a cert-authority,{BOTH} {LINE}", "cert-authority"),
        (f"a {BOTH},verify-required {LINE}", "verify-required is not supported"),
        (f'a {BOTH},valid-after="tomorrow" {LINE}', "not a valid time"),
        (f'a {BOTH},valid-before="20261301Z" {LINE}', "does not match format|unconverted"),
        (f"a {BOTH},{BOTH} {LINE}", "occurs twice"),
        (f"a {BOTH} ssh-rsa AAAA", "only ssh-ed25519"),
        (f"a {BOTH} ssh-ed25519", "too short|expected options"),
        (f"a {BOTH} {LINE[:-8]}", "too short|not base64"),
        ("a", "expected options and a key"),
    ],
)
def test_a_line_that_is_not_understood_is_refused(tmp_path: Path, line: str, said: str) -> None:
    """Whoever writes a trust file learns which line is wrong, and why."""
    with pytest.raises(UsageError, match=rf"trust:2: .*({said})"):
        trust(tmp_path, "# first", line)


def test_a_revocation_that_is_not_understood_is_refused(tmp_path: Path) -> None:
    """A typing error must not leave a key in force."""
    with pytest.raises(UsageError, match="revoked:1: not a public key"):
        trust(tmp_path, f"a {BOTH} {LINE}", revoked="SHA256:short")


def test_a_missing_trust_file_is_one_message(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(UsageError, match="nowhere: cannot be read"):
        Trust.read(tmp_path / "nowhere")
