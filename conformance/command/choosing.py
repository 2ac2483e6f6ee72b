"""The options of a run as click options, and decorators that add them to a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from conformance.base.options import KEY_IS_SEEN, OPTIONS, Choice, Option
from conformance.command.saying import say

OF_ADDRESS = ("spec", "url", "key", "key_file")
"""The fields of a choice that name a target without a target file."""
OF_TARGET = ("spec", "url", "key", "key_file", "target", "max_seconds")
"""The fields of a choice that name a target, and the time limit."""

OF_DOCUMENT = ("spec", "edition", "url", "target")
"""The fields of a choice that name a target which needs no key, and the contract."""


def with_choice(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a run to a command, which receives them as one ``choice``."""
    return _with(OPTIONS, command)


def with_target(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a target to a command, which receives them as one ``choice``."""
    return _with([option for option in OPTIONS if option.field in OF_TARGET], command)


def with_address(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a target without a target file to a command."""
    return _with([option for option in OPTIONS if option.field in OF_ADDRESS], command)


def with_source(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a target which needs no key to a command."""
    return _with([option for option in OPTIONS if option.field in OF_DOCUMENT], command)


def _with(options: Sequence[Option], command: Callable[..., Any]) -> Callable[..., Any]:
    """Add options to a command, which receives their values as one ``choice``.

    A target file overrides an address or a key from the environment, and a key file overrides such
    a key. A key on the command line causes a warning.
    """

    @wraps(command)
    def chosen(**parameters: Any) -> Any:
        values = {option.field: parameters.pop(option.field) for option in options}
        if values.get("target"):  # a file overrides the environment; a flag overrides the file
            for name in ("url", "key"):
                if name in values and _from_environment(name):
                    values[name] = None
        if values.get("key_file") and _from_environment("key"):
            values["key"] = None
        if values.get("key") and not _from_environment("key"):
            say(KEY_IS_SEEN, err=True)
        return command(choice=Choice(**values), **parameters)

    decorated: Callable[..., Any] = chosen
    for option in reversed(options):
        decorated = _click_option(option)(decorated)
    return decorated


def with_spec(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option for another contract to a command."""
    (spec,) = (option for option in OPTIONS if option.field == "spec")
    return _click_option(spec)(command)


def with_edition(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option for an edition of the contract to a command."""
    (edition,) = (option for option in OPTIONS if option.field == "edition")
    return _click_option(edition)(command)


def with_challenges(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option for accepted challenges to a command for a stored run."""
    (challenges,) = (option for option in OPTIONS if option.field == "challenges")
    return _click_option(challenges)(command)


def with_strict_waivers(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that makes useless waivers an error to a command."""
    return click.option(
        "--strict-waivers",
        is_flag=True,
        help="Exit 2 if a waiver of the target file has expired, is stale, or matches nothing.",
    )(command)


def with_details(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option for a longer summary to a command."""
    return click.option(
        "-v",
        "--verbose",
        "details",
        is_flag=True,
        help="Print the evidence for each cause, and every reason.",
    )(command)


def with_yes(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that confirms all requests in advance to a command."""
    return click.option(
        "--yes",
        is_flag=True,
        envvar="CONFORMANCE_YES",
        help="Send requests that write, spend or flood without asking. Required if there is no "
        "terminal.",
    )(command)


def with_output(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option for the output directory to a command."""
    return click.option(
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("reports"),
        show_default=True,
        help="Directory for reports.",
    )(command)


def _from_environment(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.ENVIRONMENT


def _click_option(option: Option) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that adds an option of a run to a command."""
    return click.option(
        f"--{option.flag}",
        option.field,
        type=_click_type(option),
        default=None if option.repeatable else option.default,
        show_default=option.default not in (None, ()),
        multiple=option.repeatable,
        envvar=option.environment,
        help=option.help,
    )


def _click_type(option: Option) -> Any:
    if option.choices:
        return click.Choice(option.choices)
    if option.kind is Path:
        return click.Path(path_type=Path, file_okay=not option.directory, dir_okay=option.directory)
    return option.kind
