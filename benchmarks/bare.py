"""``python -m benchmarks.bare FILE URL`` sends the requests of a file, one after the other.

It imports and does nothing else: no log, no judgement, no reports.
"""

from __future__ import annotations

import base64
import json
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import requests


def main(file: str, url: str) -> None:
    """Send them all over one session. A request that the library refuses is left out."""
    origin = urlsplit(url)._replace(path="").geturl()
    with requests.Session() as session:
        session.headers.clear()
        for method, path, headers, body in json.loads(Path(file).read_text(encoding="utf-8")):
            content = None if body is None else base64.b64decode(body)
            with suppress(requests.RequestException, ValueError):
                session.request(
                    method, origin + path, headers=headers, data=content, allow_redirects=False
                )


if __name__ == "__main__":
    main(*sys.argv[1:])
