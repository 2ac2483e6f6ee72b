"""What the commands that sign or verify have in common: the extra, the key, and its passphrase."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.base.errors import UsageError

if TYPE_CHECKING:
    from conformance.certify.keys import PrivateKey

NEEDED = ("cryptography", "rfc3161_client", "securesystemslib", "segno")
"""The packages that the extra brings."""
FILE = click.Path(path_type=Path, dir_okay=False)


def with_trust(*, required: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that adds the options for whom and what to trust to a command."""
    options = (
        click.option(
            "--trust",
            type=FILE,
            required=required,
            help="Whom to trust: an allowed_signers file of OpenSSH.",
        ),
        click.option("--revoked", type=FILE, help="Keys that are no longer trusted, one a line."),
        click.option(
            "--stamp-roots",
            type=FILE,
            help="Certificates of trusted authorities for time stamps, in PEM.",
        ),
        click.option(
            "--challenges", type=FILE, help="Accepted challenges that are newer than the suite."
        ),
    )

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


def require_extra() -> None:
    """Raise UsageError, with the command that installs them, if packages are missing."""
    if any(find_spec(name) is None for name in NEEDED):
        raise UsageError(
            "Certificates need more packages. "
            "Install them with: pip install 'kaicalls-conformance[certify]'"
        )


def private_key(path: Path) -> PrivateKey:
    """The private key in a file. Its passphrase comes from the environment or a prompt."""
    from conformance.certify.keys import PASSPHRASE, Locked, load_private

    try:
        return load_private(path, os.environ.get(PASSPHRASE))
    except Locked:
        if not sys.stdin.isatty():
            raise
        passphrase = click.prompt(f"Passphrase of {path}", hide_input=True, err=True)
        return load_private(path, passphrase)
