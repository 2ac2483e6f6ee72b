"""What is signed can be checked by other tools, and names what judged the run."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from conformance.certify import envelope, suite
from conformance.certify.keys import SignatureInvalid
from tests.certify.bundles import LABS_KEY, STRANGERS_KEY, VENDORS_KEY, claims

PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1"}'


def test_an_envelope_is_signed_as_dsse_demands() -> None:
    """The signature is over the encoding of type and payload, whichever tool checks it."""
    written = json.loads(envelope.signed(PAYLOAD, VENDORS_KEY, {}))
    assert base64.b64decode(written["payload"]) == PAYLOAD
    assert written["payloadType"] == "application/vnd.in-toto+json"
    (signature,) = written["signatures"]
    encoded = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(PAYLOAD), PAYLOAD)
    VENDORS_KEY.public.require(base64.b64decode(signature["sig"]), encoded)
    assert signature["keyid"] == VENDORS_KEY.public.keyid


def test_an_envelope_takes_several_signatures() -> None:
    """A second one leaves the first one as it was."""
    first = envelope.read(envelope.signed(PAYLOAD, VENDORS_KEY, {}))
    both = envelope.read(envelope.signed(PAYLOAD, LABS_KEY, first.signatures))
    for key in (VENDORS_KEY, LABS_KEY):
        envelope.require(both, key.public)
    with pytest.raises(SignatureInvalid, match="no signature of the key"):
        envelope.require(both, STRANGERS_KEY.public)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"payload": 1}', "nonsense"])
def test_another_text_is_not_an_envelope(text: str) -> None:
    """One error, whatever it is."""
    with pytest.raises(ValueError, match=r"DSSE|JSON"):
        envelope.read(text)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("vnd.in-toto+json", "octet-stream"),
        lambda text: text + " ",
        lambda text: text.replace('"keyid"', '"comment": "gold",\n   "keyid"'),
    ],
)
def test_nothing_in_an_envelope_goes_unread(change: object) -> None:
    """It is exactly what the suite writes, so nothing can be hidden in it."""
    assert callable(change)
    changed = change(envelope.signed(PAYLOAD, VENDORS_KEY, {}))
    with pytest.raises(ValueError, match=r"its payload must be|written as the suite|DSSE"):
        envelope.require(envelope.read(changed), VENDORS_KEY.public)


def test_a_claim_is_a_short_visible_name() -> None:
    """A product cannot hide or reverse what stands next to it."""
    assert claims().faults == []
    assert replace(claims(), product="Telefon \u96fb\u8a71 \u03b2 3.1").faults == []
    alike = (
        "Acme ",
        "A\xa0b",
        "\uff21cme",
        "\u0410cme",
        "Acm\u0435",
        "A  b",
        "Acme\u2800",
        "Acme\u0338",
    )
    for product in ("", " ", "x" * 101, "a\nb", "\u202eemcA", "a\x1b[31m", *alike):
        assert replace(claims(), product=product).faults
    assert replace(claims(), relation="auditor").faults
    assert replace(claims(), expires="2027-01-01").faults
    assert replace(claims(), issued="2027-01-01T00:00:00+02:00").faults


def test_suite_and_packages_have_digests() -> None:
    """What the suite needs to run is part of it, and what tests it is not."""
    assert len(suite.suite_digest()) == len(suite.lock_digest()) == 64
    needed = suite._needed()
    assert {"requests", "urllib3", "jinja2", "pytest"} <= needed.keys()
    assert not {"ruff", "sphinx", suite.DISTRIBUTION} & needed.keys()
