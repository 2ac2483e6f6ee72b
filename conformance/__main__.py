"""``python -m conformance``: installs the signal handlers, then imports and runs the command."""

from __future__ import annotations

from typing import NoReturn

from conformance.command import signals


def main() -> NoReturn:
    """Run the command; exits with a documented code even if a signal arrives during an import."""
    signals.guarded(_command)


def _command() -> int:
    from conformance.command import cli  # noqa: PLC0415 - takes long enough to be interrupted

    return cli.outcome()


if __name__ == "__main__":
    main()
