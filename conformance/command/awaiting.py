"""Waits for a target that accepts no connection when a night begins, such as during a restart."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

from conformance.command.saying import say

LONGEST = 60.0
"""Maximum seconds to wait for a target."""
PAUSE = 1.0
"""Seconds between two looks."""
PORTS = {"http": 80, "https": 443}


def until_up(url: str, at_most: float = LONGEST) -> None:
    """Wait while the host of an address refuses connections, and say so once.

    It waits at most ``at_most`` seconds, and never longer than LONGEST. Any other error ends the
    wait: it is left to the run to report.
    """
    seconds = min(LONGEST, at_most)
    end = time.monotonic() + seconds
    is_announced = False
    while refuses(url) and time.monotonic() < end:
        if not is_announced:
            say(f"{url} accepts no connection. Waiting up to {seconds:.0f} seconds for a restart.")
            is_announced = True
        time.sleep(PAUSE)


def refuses(url: str) -> bool:
    """Whether the host of an address refuses a connection. Nothing is sent over it."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or PORTS[parts.scheme])
    try:
        socket.create_connection(address, timeout=PAUSE).close()
    except ConnectionRefusedError:
        return True
    except OSError:  # the first look of the run says what is wrong
        return False
    return False
