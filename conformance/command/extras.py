"""The packages that only some users need: whether they are there, and what installs them."""

from __future__ import annotations

from importlib.util import find_spec

from conformance.base.errors import UsageError

EXTRAS: dict[str, tuple[str, tuple[str, ...]]] = {
    "certify": ("Certificates", ("cryptography", "rfc3161_client", "securesystemslib", "segno")),
    "fleet": ("Clusters of Dask", ("distributed",)),
    "metrics": ("Metrics", ("prometheus_client",)),
    "notify": ("Notices", ("apprise",)),
}
"""What each extra is for, and the packages that it brings."""


def require(extra: str) -> None:
    """Raise UsageError, with what to install, if a package of an extra is missing."""
    what, packages = EXTRAS[extra]
    if all(find_spec(name) for name in packages):
        return
    need, them = ("one more package", "it") if len(packages) == 1 else ("more packages", "them")
    raise UsageError(
        f"{what} need {need}. Install {them} with: pip install 'kaicalls-conformance[{extra}]'"
    )
