"""The options of a run that bind it to a challenge and to time stamps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from conformance import __version__
from conformance.base.errors import UsageError
from conformance.command.periods import between

if TYPE_CHECKING:
    from conformance.base.options import Choice
    from conformance.certify.commitment import Challenge, Freeze
    from conformance.run.binding import Stamping
    from conformance.run.planning import Prepared

FILE = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True)
class Answered:
    """A challenge that a run answers, its freeze, and the files of both, by name."""

    freeze: Freeze
    challenge: Challenge
    files: dict[str, bytes]


@dataclass(frozen=True)
class Binding:
    """What binds a run: its challenge, and how it gets time stamps; None if not chosen."""

    answered: Answered | None
    stamping: Stamping | None

    def of(self, prepared: Prepared) -> Prepared:
        """The prepared run with its time stamps, and with its challenge if there is one.

        The nonce of the challenge becomes the salt. Raises UsageError for a challenge if the run is
        not the one that was frozen.
        """
        prepared = replace(prepared, stamping=self.stamping)
        if self.answered is None:
            return prepared
        from conformance.certify import commitment
        from conformance.run.binding import Challenged

        freeze, files = self.answered.freeze, self.answered.files
        declaration, contract = prepared.target.declaration, prepared.contract
        departures = commitment.departures(freeze, declaration, contract.digest, __version__)
        if departures:
            lines = "\n".join(f"  {each}" for each in departures)
            raise UsageError(
                f"This run is not the one that was frozen on {freeze.frozen}:\n{lines}\n"
                "Restore what was frozen, or freeze again and ask for another challenge."
            )
        digest = commitment.digest_of(files[commitment.CHALLENGE])
        challenged = Challenged(self.answered.challenge.nonce, digest, files)
        return replace(prepared, challenged=challenged, salt=challenged.nonce)


def _read_challenge(challenge_at: Path, freeze_at: Path, choice: Choice) -> Answered:
    """Read the chosen challenge and its freeze.

    Raises UsageError for files that do not belong together, for a challenge that has expired, and
    for options that a challenged run cannot have.
    """
    if click.get_current_context().get_parameter_source("seed") is ParameterSource.COMMANDLINE:
        raise UsageError("--seed cannot be used with --challenge, which brings its own seed.")
    if choice.shard:
        raise UsageError("--shard cannot be used with --challenge, which is for a whole run.")
    if not choice.target:
        raise UsageError("--challenge needs --target: the target file that was frozen.")
    with needing_extra():
        from conformance.certify import attached, commitment

    freeze_text, freeze_signature = attached.signed_file(freeze_at)
    challenge_text, challenge_signature = attached.signed_file(challenge_at)
    contents = (freeze_text, freeze_signature, challenge_text, challenge_signature)
    try:
        answered = Answered(
            commitment.freeze_in(freeze_text),
            commitment.challenge_in(challenge_text),
            dict(zip(commitment.NAMES, contents, strict=True)),
        )
        expires = commitment.moment(answered.challenge.expires)
    except ValueError as error:
        raise UsageError(f"{challenge_at} or its freeze cannot be read: {error}") from None
    if answered.challenge.freeze != commitment.digest_of(freeze_text):
        raise UsageError(f"{challenge_at} was issued for a different freeze than {freeze_at}.")
    if datetime.now(UTC) >= expires:
        raise UsageError(f"{challenge_at} expired at {expires}. Ask the certifier for another one.")
    return answered


def _stamping(url: str, every: timedelta) -> Stamping:
    """How a run gets time stamps from an authority. Raises UsageError if ``url`` is no URL."""
    with needing_extra():
        from conformance.certify import authority
    from conformance.run.binding import Stamping

    return Stamping(authority.stamp_requester(url), every.total_seconds())


@contextmanager
def needing_extra() -> Iterator[None]:
    """Around imports of ``certify``: raise UsageError, with what to install, if they fail."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"This needs more packages ({error.name}): pip install 'kaicalls-conformance[certify]'"
        ) from None


def with_binding(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for a challenge and for time stamps to a command that has a ``choice``.

    It receives them as one ``binding``. A challenge also replaces the seed of the choice.
    """

    @wraps(command)
    def chosen(
        *,
        choice: Choice,
        challenge: Path | None,
        freeze: Path | None,
        stamp: str | None,
        stamp_every: timedelta,
        **given: Any,
    ) -> Any:
        answered = None
        if challenge is not None:
            freeze_at = freeze or challenge.with_name("freeze.json")
            answered = _read_challenge(challenge, freeze_at, choice)
            choice = replace(choice, seed=answered.challenge.seed)
        elif freeze is not None:
            raise UsageError("--freeze belongs to a challenge: add --challenge.")
        stamping = _stamping(stamp, stamp_every) if stamp else None
        return command(choice=choice, binding=Binding(answered, stamping), **given)

    decorated: Callable[..., Any] = chosen
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated


OPTIONS = (
    click.option(
        "--challenge",
        type=FILE,
        help="A certifier's challenge.json, which brings seed and nonce.",
    ),
    click.option(
        "--freeze",
        type=FILE,
        help="The freeze.json that it answers to; by default the one next to it.",
    ),
    click.option("--stamp", metavar="URL", help="Authority for time stamps (RFC 3161) of the log."),
    click.option(
        "--stamp-every",
        type=between(timedelta(seconds=1), timedelta(minutes=10)),
        default="5m",
        show_default=True,
        help="Time between two of them.",
    ),
)
