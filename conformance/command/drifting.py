"""``drift``: how the OpenAPI document of a target differs from the contract."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.base.errors import UsageError
from conformance.base.options import Choice
from conformance.command.choosing import with_source
from conformance.command.commands import load
from conformance.command.saying import print_json, say


@click.command()
@with_source
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="An OpenAPI document (JSON), instead of the one that a target serves.",
)
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--markdown", "form", flag_value="markdown", help="Print a Markdown page.")
def drift(choice: Choice, file: Path | None, form: str | None) -> int:
    """Compare the OpenAPI document of --target, --url or --file with the contract.

    It sends one or two reads, and no key. Exit codes: 0 nothing breaks clients of the contract, 1
    something does, 3 there is no document to compare.
    """
    if (choice.url or choice.target) and file:
        raise UsageError("Use either --file, or --target or --url.")
    if not (choice.url or choice.target or file):
        raise UsageError("Say where the document is: pass --target, --url or --file.")
    from conformance.drift import fetching, forms
    from conformance.run.planning import target_of

    contract = load(choice.spec, edition=choice.edition)
    if file:
        source = str(file)
        found = fetching.drift_of_text(contract, _text_of(file))
    else:
        target = target_of(contract, choice)
        source = target.declaration.url
        found = fetching.drift_of_target(contract, target)
    if form == "json":
        print_json(forms.as_data(found, contract, source))
    else:
        write = forms.markdown if form else forms.text
        say(write(found, contract, source))
    return int(bool(found.breaking))


def _text_of(file: Path) -> str:
    """The text of a file. Raises UsageError if it is too large or no text."""
    from conformance.drift.fetching import LARGEST

    with file.open("rb") as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UsageError(f"{file}: the file has more than {LARGEST:,} bytes.")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise UsageError(f"{file}: this is not UTF-8 text.") from None
