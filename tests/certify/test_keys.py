"""Keys and detached signatures are those of OpenSSH, in both directions."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from conformance.base.errors import UsageError
from conformance.certify.keys import (
    CERTIFIER,
    VENDOR,
    Locked,
    SignatureInvalid,
    check_detached,
    load_private,
    public_key,
    public_line,
    sign_detached,
    signing_key,
)

MESSAGE = b"a verdict\n"


@pytest.fixture(scope="module", name="file")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a private key that ssh-keygen made."""
    return made(tmp_path_factory.mktemp("keys") / "key")


def made(path: Path, passphrase: str = "", kind: str = "ed25519") -> Path:
    """A new key in a file. Few rounds make a passphrase quick to check."""
    arguments = ["-q", "-t", kind, "-N", passphrase, "-a", "1", "-C", "somebody", "-f", str(path)]
    subprocess.run(["ssh-keygen", *arguments], check=True)
    return path


def verified(file: Path, signature: str, namespace: str, message: bytes) -> int:
    """The exit code of ``ssh-keygen -Y verify`` for a signature of a key."""
    signers = file.with_name("allowed_signers")
    public = file.with_name(f"{file.name}.pub").read_text()
    signers.write_text(f'tests@example.org namespaces="{VENDOR}" {public}')
    signed = file.with_name("message.sig")
    signed.write_text(signature)
    command = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", "tests@example.org"]
    command += ["-n", namespace, "-s", str(signed)]
    return subprocess.run(command, input=message, capture_output=True, check=False).returncode


def test_ssh_keygen_accepts_what_the_suite_signed(file: Path) -> None:
    """``ssh-keygen -Y verify`` alone checks a detached signature: message and namespace."""
    signature = sign_detached(load_private(file), VENDOR, MESSAGE)
    assert verified(file, signature, VENDOR, MESSAGE) == 0
    assert verified(file, signature, VENDOR, MESSAGE + b"!") != 0
    assert verified(file, signature, CERTIFIER, MESSAGE) != 0


@pytest.mark.parametrize("algorithm", ["sha512", "sha256"])
def test_the_suite_accepts_what_ssh_keygen_signed(file: Path, algorithm: str) -> None:
    """A signature of ``ssh-keygen -Y sign`` holds, with either hash that OpenSSH permits."""
    command = ["ssh-keygen", "-Y", "sign", "-f", str(file), "-n", CERTIFIER]
    command += ["-O", f"hashalg={algorithm}"]
    done = subprocess.run(command, input=MESSAGE, capture_output=True, check=True)
    signature = done.stdout.decode()
    public = public_key(file.with_name("key.pub").read_text())
    assert signing_key(signature) == public
    check_detached(public, CERTIFIER, MESSAGE, signature)
    with pytest.raises(SignatureInvalid, match="does not fit"):
        check_detached(public, CERTIFIER, b"another", signature)
    with pytest.raises(SignatureInvalid, match="not for 'kaicalls-conformance-vendor'"):
        check_detached(public, VENDOR, MESSAGE, signature)


def test_a_signature_of_another_key_does_not_hold(file: Path, tmp_path: Path) -> None:
    """Only the given key counts, not the one that the signature names."""
    other = load_private(made(tmp_path / "other"))
    signature = sign_detached(other, VENDOR, MESSAGE)
    with pytest.raises(SignatureInvalid, match="a different key"):
        check_detached(load_private(file).public, VENDOR, MESSAGE, signature)


def test_every_changed_byte_of_a_signature_is_noticed(file: Path) -> None:
    """A signature with one changed byte is malformed, or does not fit."""
    key = load_private(file)
    lines = sign_detached(key, VENDOR, MESSAGE).splitlines()
    content = base64.b64decode("".join(lines[1:-1]))
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        armored = "\n".join([lines[0], base64.b64encode(changed).decode(), lines[-1]])
        with pytest.raises(SignatureInvalid):
            check_detached(key.public, VENDOR, MESSAGE, armored)


@pytest.mark.parametrize(
    "armored", ["", "-----BEGIN SSH SIGNATURE-----", "x" * 10_000, "\x00", "-----BEGIN PGP"]
)
def test_what_is_no_signature_is_rejected(armored: str) -> None:
    """Any other text gives one error, not a traceback."""
    with pytest.raises(SignatureInvalid, match="not a signature"):
        signing_key(armored)


def test_fingerprint_and_public_line_are_those_of_ssh_keygen(file: Path) -> None:
    """A key is named as ``ssh-keygen -l`` and the .pub file name it."""
    public = load_private(file).public
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(file)], capture_output=True, check=True, text=True
    )
    assert public.fingerprint in listed.stdout
    assert file.with_name("key.pub").read_text() == f"{public_line(public)} somebody\n"
    assert public_key(public_line(public)) == public


def test_a_passphrase_opens_a_key(tmp_path: Path) -> None:
    """Without the passphrase the error names the variable for it."""
    file = made(tmp_path / "locked", "correct horse")
    public = public_key(file.with_name("locked.pub").read_text())
    assert load_private(file, "correct horse").public == public
    with pytest.raises(Locked, match="CONFORMANCE_PASSPHRASE"):
        load_private(file)
    with pytest.raises(UsageError, match="wrong passphrase"):
        load_private(file, "incorrect")


def test_a_passphrase_for_a_key_without_one_is_ignored(file: Path) -> None:
    """The variable may be set for another key."""
    assert load_private(file, "unneeded").public == load_private(file).public


def test_only_ed25519_keys_are_accepted(tmp_path: Path) -> None:
    """Another kind of key is refused, private and public, with the command for a new one."""
    file = made(tmp_path / "other", kind="ecdsa")
    with pytest.raises(UsageError, match="ssh-keygen -t ed25519"):
        load_private(file)
    with pytest.raises(ValueError, match="only ssh-ed25519"):
        public_key(file.with_name("other.pub").read_text())


def test_a_file_that_is_no_key_is_rejected(file: Path, tmp_path: Path) -> None:
    """A public key, other text, and a missing file each give one message."""
    with pytest.raises(UsageError, match="not a private key"):
        load_private(file.with_name("key.pub"))
    with pytest.raises(UsageError, match="cannot be read"):
        load_private(tmp_path / "missing")
