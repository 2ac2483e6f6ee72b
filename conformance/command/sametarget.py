"""Whether a stored run is of the server that somebody names: what it says of that may be forged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance.base.errors import UsageError

if TYPE_CHECKING:
    from conformance.model import Declaration, Run

LONGEST = 200
"""Characters of an address that a message shows."""


def require_same(run: Run, url: str) -> None:
    """Raise UsageError unless a stored run is of the server at an address, by all that it says."""
    from conformance.report import view

    if run.target.url != url:
        raise UsageError(
            f"That run was of {view.shown(run.target.url, LONGEST)}, not of {url}: "
            "give the target that it was sent to"
        )
    require_consistent(run)


def require_same_server(run: Run, embedded: Declaration) -> None:
    """Raise UsageError unless a stored run is of the server that this suite embeds.

    Its port is another one each time. All else of its declaration is the same in every run.
    """
    if replace(run.target, url=embedded.url) != embedded:
        raise UsageError(
            "That run says that it was of the embedded server, but declares another target than "
            "this suite embeds. Give the target that it was sent to, or run again"
        )


def require_consistent(run: Run) -> None:
    """Raise UsageError if the log of a stored run holds requests to another server than its own."""
    from conformance.report import view

    own = _origin(run.target.url)
    for exchange in run.exchanges:
        if _origin(exchange.request.url) != own:
            raise UsageError(
                f"That run says that it was of {view.shown(run.target.url, LONGEST)}, but its log "
                f"holds a request to {view.shown(exchange.request.url, LONGEST)}: its files do not "
                "belong together"
            )


def _origin(url: str) -> tuple[str, str] | None:
    """Scheme and host of an address; None for a text that is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme, parts.netloc
