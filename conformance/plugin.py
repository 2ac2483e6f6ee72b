"""The entry point of the pytest plugin: registers only its options until a target is given.

pytest loads this module in every project of an environment where the package is installed, so it
imports nothing from the suite except those options.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.base.options import OPTIONS, Choice, Option

PREFIX = "conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run, prefixed so that they cannot clash with those of other plugins."""
    group = parser.getgroup(PREFIX, "API contract conformance")
    for option in OPTIONS:
        group.addoption(f"--{PREFIX}-{option.flag}", **_arguments(option))
    group.addoption(f"--{PREFIX}-output", type=Path, help="Directory for the reports of this run.")


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Reject a key on the command line if pytest is about to write its arguments to a file."""
    arguments = early_config.known_args_namespace
    if arguments.debug and getattr(arguments, f"{PREFIX}_key"):
        raise pytest.UsageError(
            f"--debug writes all arguments to a file, including the key from --{PREFIX}-key. "
            f"Pass the key in CONFORMANCE_KEY or with --{PREFIX}-key-file."
        )


def pytest_configure(config: pytest.Config) -> None:
    """Load the suite if a target is given. Raises pytest.UsageError if it cannot be used."""
    choice = Choice(**{option.field: _value_of(option, config) for option in OPTIONS})
    if choice.url or choice.target:
        from conformance.run import bare

        bare.start(config, choice, config.getoption(f"{PREFIX}_output"))


def _arguments(option: Option) -> dict[str, Any]:
    """The keyword arguments of argparse for an option."""
    arguments: dict[str, Any] = {"dest": f"{PREFIX}_{option.field}", "help": option.help}
    if option.repeatable:
        return {**arguments, "action": "append"}
    if option.choices:
        arguments["choices"] = option.choices
    return {**arguments, "type": option.kind, "default": option.default}


def _value_of(option: Option, config: pytest.Config) -> Any:
    """The value of an option in a pytest session; a tuple for a repeatable one."""
    value = config.getoption(f"{PREFIX}_{option.field}")
    return tuple(value or ()) if option.repeatable else value
