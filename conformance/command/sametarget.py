"""Checks that a stored run, which may be forged, belongs to the server that the user names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance.base.errors import UsageError

if TYPE_CHECKING:
    from conformance.model import Declaration, Run

LONGEST = 200
"""Maximum number of characters of an address in a message."""


def require_same(run: Run, url: str) -> None:
    """Raise UsageError unless everything in a stored run refers to the server at an address."""
    from conformance.report import view

    if run.target.url != url:
        raise UsageError(
            f"That run tested {view.shown(run.target.url, LONGEST)}, not {url}. "
            "Specify the target that it was sent to."
        )
    require_consistent(run)


def require_same_server(run: Run, embedded: Declaration) -> None:
    """Raise UsageError unless a stored run used the server that this suite embeds.

    Its port differs each time. The rest of its declaration is the same in every run.
    """
    if replace(run.target, url=embedded.url) != embedded:
        raise UsageError(
            "That run claims to have used the embedded server, but its target differs from the one "
            "that this suite embeds. Specify the target that it was sent to, or run again."
        )


def require_consistent(run: Run) -> None:
    """Raise UsageError if a stored run logged requests to a server other than its target."""
    from conformance.report import view

    own = _origin(run.target.url)
    for exchange in run.exchanges:
        if _origin(exchange.request.url) != own:
            raise UsageError(
                f"That run claims to have tested {view.shown(run.target.url, LONGEST)}, but its "
                f"log has a request to {view.shown(exchange.request.url, LONGEST)}. "
                "Its files do not belong together."
            )


def _origin(url: str) -> tuple[str, str] | None:
    """The scheme and host of an address; None for a text that is not one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme, parts.netloc
