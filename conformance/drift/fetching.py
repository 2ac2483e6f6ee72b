"""Gets the OpenAPI document of a target, without a key and without following redirects.

No key is sent, so a document that quotes its request cannot leak one.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from conformance.base.errors import Unjudgeable
from conformance.base.values import cut, read_json
from conformance.drift.change import Drift, named
from conformance.drift.compare import drift
from conformance.model import Contract, Json, Operation
from conformance.target import Target
from conformance.transport.clients import client_of
from conformance.transport.http import HttpWire
from conformance.transport.wire import Wire, WireFailure, WireRequest

LARGEST = 8 * 1024 * 1024
"""Maximum bytes of a document. That of the contract has 0.2 MB."""
LONGEST = 200
"""Maximum characters of the reason why an operation gave no document."""
ADVICE = "If you have the document, compare it with --file."


def drift_of_target(contract: Contract, target: Target, seed: int = 0) -> Drift:
    """Fetch the document that a target serves, and return how it differs from the contract.

    The requests look like those of a run with the same seed. Raises Unjudgeable, with the reason,
    if there is no document, or none that can be compared.
    """
    url = target.declaration.url.rstrip("/")
    wire = HttpWire(target.timeout, target.trust)
    client = client_of(target.declaration, seed)
    headers = tuple((name, value) for name, value in client.headers if value is not None)
    reasons = []
    for operation in _publishing(contract):
        try:
            document = document_in(_body(wire, f"{url}{operation.path}", headers))
            return drift(contract, document, urlsplit(url).path)
        except ValueError as error:
            reasons.append(f"  {operation.route}: {cut(named(error), LONGEST)}")
    raise Unjudgeable(
        "\n".join([f"{named(url)}: there is no OpenAPI document to compare.", *reasons, ADVICE])
    )


def drift_of_text(contract: Contract, text: str) -> Drift:
    """How a document, given as text, differs from the contract. Raises Unjudgeable."""
    try:
        return drift(contract, document_in(text))
    except ValueError as error:
        raise Unjudgeable(f"This document cannot be compared: {error}.") from None


def document_in(text: str) -> Json:
    """The OpenAPI document in a text. Raises ValueError, with the reason, if there is none."""
    read = read_json(text)
    if not isinstance(read.value, dict):
        raise ValueError(getattr(read.value, "reason", "it is not a JSON object"))
    version = read.value.get("openapi")
    if not isinstance(version, str) or not version.startswith(("3.0", "3.1")):
        raise ValueError("it is not an OpenAPI document of version 3.0 or 3.1")
    return read.value


def _publishing(contract: Contract) -> Iterator[Operation]:
    """The operations that may serve the document: plain reads without a key that are not lists."""
    for operation in contract.operations.values():
        if operation.plain_read and not operation.keyed and operation.paging is None:
            yield operation


def _body(wire: Wire, url: str, headers: tuple[tuple[str, str], ...]) -> str:
    """Request a URL, and return the body as text.

    Raises ValueError, with the reason, if there is none.
    """
    try:
        response = wire.send(WireRequest("GET", url, headers, None, most=LARGEST))
    except WireFailure as failure:
        raise ValueError(str(failure)) from None
    if response.status != 200:
        raise ValueError(f"the status is {response.status}")
    if response.cut:
        raise ValueError(f"it is incomplete, or has more than {LARGEST:,} bytes")
    return response.body.decode("utf-8")
