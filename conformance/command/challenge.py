"""``challenge``: packs what a dispute about a finding needs into one file, and sends nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import click

from conformance.base.errors import UsageError
from conformance.command.choosing import with_challenges, with_spec
from conformance.command.commands import load
from conformance.command.explaining import CAUSE
from conformance.command.replay import LATEST, RUN, recomputed
from conformance.command.saying import say

SUFFIX = ".zip"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of each file in the pack, so that the same challenge is always the same file."""


@click.command()
@click.argument("what", metavar="CLAUSE|CAUSE")
@click.option(
    "--of", "found_in", type=RUN, default=LATEST, show_default=True, help="The run of the finding."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Directory or zip file to write. By default the current directory.",
)
@with_spec
@with_challenges
def challenge(
    what: str, found_in: Path, output: Path, spec: Path | None, challenges: Path | None
) -> None:
    """Pack a challenge of a finding: clause, reasoning, evidence, steps and a form to fill in.

    CAUSE is its number or id in the report. For a CLAUSE, all causes that break it are packed.
    """
    from conformance.base import files
    from conformance.command import challenge_pack, explain
    from conformance.command.concluding import placed

    contract = load(spec, challenges)
    if not CAUSE.fullmatch(what):
        explain.clause_of(contract, what)  # raises UsageError for an unknown clause
    run = placed(recomputed(found_in, contract).run, found_in)
    disputed = challenge_pack.disputed(run, what)
    path = _place(output, disputed.name)
    with files.replacing(path) as written:
        written.write_bytes(_packed(disputed.name, challenge_pack.texts(disputed)))
    say(
        f"Wrote {path}. It contains requests and responses of the target, so read it. Then fill in "
        "README.md, and send the file to whoever decides. Nothing has been sent."
    )


def _place(output: Path, name: str) -> Path:
    """The file to write, whose directory is created if necessary.

    Raises UsageError if the file already exists.
    """
    path = output if output.suffix == SUFFIX else output / f"{name}{SUFFIX}"
    if path.exists():
        raise UsageError(f"{path} already exists. Remove it, or choose another --output.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _packed(folder: str, texts: Mapping[str, str]) -> bytes:
    """Some files, by name, as a zip archive with one folder."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", LONG_AGO), text.encode())
    return stream.getvalue()
