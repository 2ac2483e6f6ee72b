"""``python -m benches.startup``: how long the quick commands take, as ratios to an empty Python."""

from __future__ import annotations

import sys

from benches.measure import Process, costs

COMMANDS = (
    "-c pass",
    "-c import\tclick",
    "-m conformance --version",
    "-m conformance --help",
    "-m conformance run --help",
    "-m conformance clauses",
    "-m conformance explain paging-exclusive",
    "-m conformance init --force /dev/null",
)
"""What Python is started with. A tab stands for a space within an argument."""


def main() -> None:
    """Print a row for each command: CPU seconds, and how many times those of an empty Python."""
    print(f"{'python ...':<44}{'CPU s':>8}{'ratio':>8}")
    measured = costs([Process([sys.executable, *_words(command)]) for command in COMMANDS])
    for command, each in zip(COMMANDS, measured, strict=True):
        name = " ".join(_words(command))
        print(f"{name:<44}{each.seconds:>8.2f}{each.seconds / measured[0].seconds:>8.1f}")


def _words(command: str) -> list[str]:
    return [word.replace("\t", " ") for word in command.split(" ")]


if __name__ == "__main__":
    main()
