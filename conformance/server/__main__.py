"""``python -m conformance.server``: serve the packaged contract."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from conformance.contract import load
from conformance.errors import ConformanceError
from conformance.server import serve


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m conformance.server", description="Serve the contract as a sandbox."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=0, help="port to listen on; 0 takes a free one (%(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="what ids, keys and data are drawn from (%(default)s)"
    )
    parser.add_argument(
        "--database",
        default=":memory:",
        help="file of an SQLite database, to keep data (%(default)s)",
    )
    parser.add_argument(
        "--target-out",
        type=Path,
        default=Path("target.yaml"),
        help="target file to write (%(default)s)",
    )
    parser.add_argument("--log", type=Path, help="file that gets a line of JSON for each request")
    parser.add_argument("--spec", type=Path, help="directory of another contract")
    options = vars(parser.parse_args(arguments))
    try:
        serve(load(options.pop("spec")), **options, out=sys.stdout)
    except ConformanceError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
