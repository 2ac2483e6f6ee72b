"""The options of a run are described once, and offered by both the command and pytest."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from conformance.base.options import OPTIONS, Choice, Depth, Option
from conformance.command.cli import group

NAMES = [option.field for option in OPTIONS]


def option_of(name: str) -> Option:
    """One of the options, by the field of the choice."""
    return OPTIONS[NAMES.index(name)]


@pytest.fixture(scope="module")
def help_of_pytest() -> str:
    """The help text of pytest."""
    command = [sys.executable, "-m", "pytest", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize("name", NAMES)
def test_a_command_offers_the_option(command: str, name: str) -> None:
    """The option has the described name, help and default."""
    option = option_of(name)
    offered = next(each for each in group.commands[command].params if each.name == name)
    assert isinstance(offered, click.Option)
    assert offered.opts == [f"--{option.flag}"]
    assert offered.help == option.help
    assert offered.multiple == option.repeatable
    assert offered.envvar == option.environment
    assert offered.default in (option.default, None) or option.repeatable


@pytest.mark.parametrize("name", NAMES)
def test_pytest_offers_the_option(help_of_pytest: str, name: str) -> None:
    """The option has the same name with a prefix, and the same help."""
    option = option_of(name)
    assert f"--conformance-{option.flag}" in help_of_pytest
    assert option.help in help_of_pytest


def test_the_depth_is_one_of_three() -> None:
    """The option offers the values of ``Depth``."""
    assert option_of("depth").choices == tuple(depth.value for depth in Depth)
    assert Depth(Choice().depth) is Depth.FULL
