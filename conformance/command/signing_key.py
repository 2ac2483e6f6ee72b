"""What the commands that sign or verify have in common: whom to trust, the key, its passphrase."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from conformance.certify.keys import PrivateKey

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
        click.option("--revoked", type=FILE, help="Keys that are no longer trusted, one per line."),
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


def private_key(path: Path) -> PrivateKey:
    """The private key in a file. Its passphrase comes from the environment or a prompt.

    Raises Locked if it needs one, but there is none in the environment and no terminal.
    """
    from conformance.certify.keys import PASSPHRASE, Locked, load_private

    try:
        return load_private(path, os.environ.get(PASSPHRASE))
    except Locked:
        if not sys.stdin.isatty():
            raise
        passphrase = click.prompt(f"Passphrase of {path}", hide_input=True, err=True)
        return load_private(path, passphrase)
