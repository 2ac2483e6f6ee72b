"""``nightly``: one command for cron, which judges a target and says only what changed."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.base.clock import Clock
from conformance.base.errors import Exit, UsageError
from conformance.base.options import Choice
from conformance.command import extras
from conformance.command.choosing import with_choice, with_details, with_output
from conformance.command.periods import between
from conformance.command.saying import say

if TYPE_CHECKING:
    from conformance.nightly.channels import Channel
    from conformance.nightly.dates import Certificate

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
LONGEST = timedelta(days=90)
"""Maximum of --max-age."""

with_channels = click.option(
    "--notify-config",
    type=FILE,
    help="Configuration file of Apprise with channels, besides those in CONFORMANCE_NOTIFY.",
)
with_age = click.option(
    "--max-age",
    type=between(timedelta(seconds=1), LONGEST),
    default="26h",
    show_default=True,
    help="Time after which a night that has not arrived is missing.",
)


@click.group(invoke_without_command=True)
@with_choice
@click.option("--keep", type=click.IntRange(1), help="Keep this many runs, and the last good one.")
@with_channels
@click.option(
    "--metrics",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the textfile collector of Prometheus, replaced each night: NAME.prom.",
)
@with_age
@click.option(
    "--certificate",
    "bundles",
    type=FILE,
    multiple=True,
    help="Bundle made by `certify`; gives notice before its certificate expires. May be repeated.",
)
@click.option(
    "--accept-less",
    is_flag=True,
    help="Accept this night as the last good one although it judged less than the one before.",
)
@click.option(
    "--fresh",
    is_flag=True,
    help="Create all objects, instead of using those of earlier nights again.",
)
@with_details
@with_output
@click.pass_context
def nightly(
    context: click.Context,
    choice: Choice,
    keep: int | None,
    notify_config: Path | None,
    metrics: Path | None,
    max_age: timedelta,
    bundles: tuple[Path, ...],
    accept_less: bool,
    fresh: bool,
    details: bool,
    output: Path,
) -> int:
    """Judge a target every night, and say only what changed. Never asks for confirmation.

    It compares with the last good night, which no red, interrupted or thinner one replaces. Exit
    codes: 0 nothing is new, 1 something is new, 3 not everything could be judged or sent.
    """
    if context.invoked_subcommand:  # it runs after this, and nothing else does
        return Exit.CONFORMS
    _begin(choice, context.obj)
    from conformance.command.nights import Options, night
    from conformance.nightly import lock

    _require_writable(metrics)
    options = Options(
        choice=_reusing(choice, output.absolute(), fresh),
        output=output.absolute(),
        clock=context.obj,
        max_age=max_age,
        channels=_channels(notify_config),
        certificates=_certificates(bundles),
        keep=keep,
        accept_less=accept_less,
        details=details,
        metrics=metrics,
    )
    output.mkdir(parents=True, exist_ok=True)
    with lock.held(output):
        return night(options)


def _begin(choice: Choice, clock: Clock) -> None:
    """Print the time and the target of a night, because a log has many nights.

    Raises UsageError without a target, and for a shard.
    """
    if not choice.target and not choice.url:
        raise UsageError("nightly needs a target: add --target or --url.")
    if choice.shard:
        raise UsageError("--shard cannot be used with nightly: a shard is not a whole night.")
    time = clock().strftime("%Y-%m-%d %H:%M:%S UTC")
    say(f"=== {time}: nightly of {choice.target or choice.url} ===")


def _reusing(choice: Choice, output: Path, fresh: bool) -> Choice:
    """The choice with the objects of earlier nights, unless the user chose others or none.

    Those objects are found by the runs in ``output``. Raises UsageError for both choices at once.
    """
    if fresh and choice.reuse:
        raise UsageError("--fresh cannot be used with --reuse: pass one of them.")
    return choice if fresh or choice.reuse else replace(choice, reuse=output)


def _require_writable(metrics: Path | None) -> None:
    """Raise UsageError if metrics cannot be written there, before anything is sent."""
    if metrics is None:
        return
    extras.require("metrics")
    if not os.access(metrics.parent, os.W_OK):
        raise UsageError(f"--metrics {metrics}: its directory is missing or not writable.")


def _channels(config: Path | None) -> tuple[Channel, ...]:
    """The channels of the environment and of a configuration file.

    Raises UsageError if Apprise is missing, or does not understand an address.
    """
    from conformance.nightly.channels import VARIABLE

    addresses = os.environ.get(VARIABLE, "").split()
    if not addresses and config is None:
        return ()
    extras.require("notify")
    from conformance.nightly import services

    return services.opened(addresses, config)


def _certificates(bundles: tuple[Path, ...]) -> tuple[Certificate, ...]:
    """The certificates in some bundles. Raises UsageError for a file that is not a bundle."""
    if not bundles:
        return ()
    extras.require("certify")
    from conformance.nightly.bundles import certificate_in

    return tuple(certificate_in(path) for path in bundles)


@nightly.command()
@click.argument(
    "directories",
    metavar="DIR...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
)
@with_channels
@with_age
@click.pass_obj
def check(
    clock: Clock, directories: tuple[Path, ...], notify_config: Path | None, max_age: timedelta
) -> int:
    """Check from outside that the last night arrived in each directory of reports.

    Run it by another scheduler, on another machine if you can. Exit codes: 0 all arrived, 1 a night
    is missing, 2 a state cannot be read or written, 3 a message could not be sent.
    """
    from conformance.nightly import watching

    channels, moment = _channels(notify_config), clock()
    codes = set()
    for path in directories:
        try:
            found = watching.check(path, moment, max_age, channels)
        except UsageError as error:  # the other directories matter, too
            say(str(error), err=True)
            codes.add(Exit.USAGE)
        else:
            say(str(found))
            codes.add(found.exit_code)
    worst_first = (Exit.VIOLATED, Exit.USAGE, Exit.UNJUDGED)
    return next((code for code in worst_first if code in codes), Exit.CONFORMS)
