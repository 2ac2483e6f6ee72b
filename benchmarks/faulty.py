"""``python -m benchmarks.faulty NAME TARGET LOG``: a server with a fault of ``tests/faults``.

It writes the target file and a line for each request, and prints ``ready URL``, as `serve` does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.server.application import application
from conformance.server.declaration import target_file
from conformance.server.serve import listen
from tests.faults.faults import FAULTS
from tests.support import contracts

HOST = "127.0.0.1"


def main(name: str, target: str, log: str) -> None:
    """Serve until the process is ended."""
    contract = contracts.real()
    with Path(log).open("a", encoding="utf-8") as journal:
        app = application(contract, journal=journal, kind=FAULTS[name].kind)
        server = listen(app, HOST, 0)
        url = f"http://{HOST}:{server.effective_port}{contract.base_path}"
        Path(target).write_text(target_file(app, url), encoding="utf-8")
        print("ready", url, flush=True)
        server.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
