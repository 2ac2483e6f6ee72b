"""``python -m benchmarks.judging RUN`` judges a stored run, and prints how many seconds it took.

The seconds are those of reading the log and judging it: no start, no contract and no reports.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from conformance import checks
from conformance.contract import load
from conformance.run import runfile


def main(directory: Path) -> None:
    """Judge once."""
    contract = load(None, frozenset(checks.RULES))
    began = time.perf_counter()
    runfile.replay(directory, contract)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
