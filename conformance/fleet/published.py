"""Runs that the owners of targets publish: fetched within bounds, and verified by replay.

What an owner publishes is hostile until it has been verified.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import HTTPBasicAuth
from requests.utils import get_auth_from_url
from urllib3.exceptions import HTTPError

from conformance.base import stored
from conformance.base.errors import UsageError, reason
from conformance.certify import bundle
from conformance.fleet import archive, unit
from conformance.run import runfile

LARGEST = archive.LARGEST
"""Maximum bytes that are fetched for a file."""
REDIRECTS = 3
"""Maximum number of redirects that are followed."""
SECONDS = 20
"""Seconds without a byte after which a transfer is given up. The unit as a whole has a limit."""
BLOCK = 1 << 16
OK = 200
FOLLOWED = (301, 302, 303, 307, 308)
"""The statuses of redirects."""
EVIDENCE = (runfile.RUN, runfile.PACKED)
"""The files of a run that are taken from a directory."""


def fetch(source: str, folder: Path) -> None:
    """Fetch a published run into the folder of a target, as ``run`` or as ``bundle.zip``.

    A source that ends with ``.zip`` is a bundle, or the zip of a run; any other is the directory of
    a run. Raises UsageError if it cannot be fetched, and bundle.Invalid if it is not safe.
    """
    copy = _download if "://" in source else _copy_file
    if not source.endswith(".zip"):
        (folder / unit.RUN).mkdir()
        for name in EVIDENCE:
            copy(f"{source.rstrip('/')}/{name}", folder / unit.RUN / name)
        return
    to = folder / unit.BUNDLE
    copy(source, to)
    try:
        with bundle.unpacked(to):
            pass
    except bundle.Invalid:  # then it must be the zip of a run
        (folder / unit.RUN).mkdir()
        with to.open("rb") as file:
            bundle.extract(file, folder / unit.RUN, archive.RUN)
        to.unlink()


@contextmanager
def evidence(folder: Path) -> Iterator[Path]:
    """Yield the directory with the run that was fetched into ``folder``.

    A bundle is unpacked into a temporary directory. Raises bundle.Invalid for a file that is not a
    bundle, and UsageError for a link.
    """
    if os.path.lexists(folder / unit.BUNDLE):
        with bundle.unpacked(folder / unit.BUNDLE) as directory:
            yield directory
    else:
        yield folder / unit.RUN


def _copy_file(source: str, to: Path) -> None:
    """Copy a file of this machine, within bounds. Raises UsageError."""
    try:
        with stored.opened(Path(source)) as file:
            _write(file.read, to, source)
    except OSError as error:
        raise UsageError(f"{source}: cannot be read: {reason(error)}") from None


def _download(source: str, to: Path) -> None:
    """Download an address, within bounds, and without decoding the content. Raises UsageError."""
    try:
        with requests.Session() as session, _after_redirects(session, source) as response:
            _write(lambda size: response.raw.read(size, decode_content=False), to, source)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise UsageError(f"{_shown(source)}: cannot be fetched: {type(error).__name__}") from None


def _after_redirects(session: requests.Session, source: str) -> requests.Response:
    """Request an address, follow a few redirects, and return the last response.

    Raises UsageError if the last status is not 200, or if a redirect leads from https to http, to
    another scheme, or to another host that is not public. Nothing from the .netrc file is sent,
    because a redirect could ask for any of it.
    """
    address = source
    for _ in range(REDIRECTS + 1):
        if urlsplit(address).scheme not in ("http", "https"):
            raise UsageError(f"{_shown(source)}: only http and https addresses are fetched")
        host = urlsplit(address).hostname
        if host != urlsplit(source).hostname and _is_private(host):
            raise UsageError(f"{_shown(source)}: redirects to a host that is not public")
        response = session.get(
            address,
            stream=True,
            allow_redirects=False,
            timeout=SECONDS,
            auth=_authenticate,
            headers={"Accept-Encoding": "identity"},
        )
        if response.status_code not in FOLLOWED:
            break
        response.close()
        next_address = urljoin(address, response.headers.get("Location", ""))
        if urlsplit(address).scheme == "https" and urlsplit(next_address).scheme != "https":
            raise UsageError(f"{_shown(source)}: redirects from https to something else")
        address = next_address
    if response.status_code != OK:
        raise UsageError(
            f"{_shown(source)}: the response has status {response.status_code} instead of {OK}"
        )
    return response


def _authenticate(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add the name and the password in the address of a request, if there are any, as a header."""
    name, password = get_auth_from_url(request.url or "")
    if name or password:
        HTTPBasicAuth(name, password)(request)
    return request


def _is_private(host: str | None) -> bool:
    """Whether a host has an address that is not public; False if its name cannot be resolved."""
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:  # a proxy may be able to resolve the name
        return False
    for *_, socket_address in found:
        address = str(socket_address[0]).partition("%")[0]  # without the zone
        if not ip_address(address).is_global:
            return True
    return False


def _shown(source: str) -> str:
    """A source as messages show it: without name, password and query, which may be secret."""
    if "://" not in source:
        return source
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _write(read: Callable[[int], bytes], to: Path, source: str) -> None:
    """Write what ``read`` returns to a new file. Raises UsageError for more than LARGEST bytes."""
    bytes_left = LARGEST
    with to.open("xb") as written:
        while block := read(BLOCK):
            bytes_left -= len(block)
            if bytes_left < 0:
                raise UsageError(f"{_shown(source)}: has more than {LARGEST:,} bytes")
            written.write(block)
