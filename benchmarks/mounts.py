"""``python -m benchmarks.mounts DIRECTORY COUNT``: one server with several faulty APIs.

Each of them is mounted below many paths, and the target file of each path names its keys as
variables. These are in ``keys.json``. One more target file is that of a port that never responds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from waitress.server import create_server

from tests.faults.faults import FAULTS
from tests.fleet.targets import described, never_responding
from tests.servers import faulty

HANGING = "hanging"
APIS = 10
"""Different servers. The first one is correct."""


def main(directory: Path, count: int) -> None:
    """Serve until the process is ended."""
    kinds = [fault.kind for fault in FAULTS.values() if "envelope-unrouted" in fault.breaks]
    apps = [faulty(), *[faulty(kind, seed) for seed, kind in enumerate(kinds[: APIS - 1], 1)]]

    def dispatch(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        mount, _, rest = environ["PATH_INFO"].lstrip("/").partition("/")
        number = int(mount[1:]) if mount[1:].isdigit() else 0
        app: Any = apps[number % len(apps)]
        result: Iterable[bytes] = app({**environ, "PATH_INFO": f"/{rest}"}, start_response)
        return result

    server = create_server(dispatch, host="127.0.0.1", port=0, threads=8)
    origin = f"http://127.0.0.1:{server.effective_port}"
    keys: dict[str, str] = {}
    with never_responding() as silent:
        for number in range(count - 1):
            app = apps[number % len(apps)]
            keys |= described(app, f"{origin}/t{number}", f"target-{number:03}", directory)
        keys |= described(apps[0], silent, HANGING, directory)
        (directory / "keys.json").write_text(json.dumps(keys))
        print("ready", origin, flush=True)
        server.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
