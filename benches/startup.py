"""``python -m benches.startup``: how long the quick commands take, as ratios to an empty Python."""

from __future__ import annotations

import sys

from benches.measure import cost

COMMANDS = (
    ("--version",),
    ("--help",),
    ("run", "--help"),
    ("clauses",),
    ("explain", "paging-exclusive"),
    ("init", "--force", "/dev/null"),
)


def main() -> None:
    """Print a row for each command: CPU seconds, and how many times those of an empty Python."""
    empty = cost([sys.executable, "-c", "pass"]).seconds
    click = cost([sys.executable, "-c", "import click"]).seconds
    print(f"{'command':<28}{'CPU s':>8}{'ratio':>8}")
    _row("python -c pass", empty, empty)
    _row("python -c 'import click'", click, empty)
    for words in COMMANDS:
        seconds = cost([sys.executable, "-m", "conformance", *words]).seconds
        _row(" ".join(words), seconds, empty)


def _row(name: str, seconds: float, empty: float) -> None:
    print(f"{name:<28}{seconds:>8.2f}{seconds / empty:>8.1f}")


if __name__ == "__main__":
    main()
