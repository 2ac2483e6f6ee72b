"""Unknown ids have the form of a known one, so no server can call them malformed."""

from __future__ import annotations

import re

import pytest

from conformance.scenarios.client.ids import unknown_id

FORMS = {
    "a small number": ("4017", r"700[0-9]{4}"),
    "a number of 64 bits": ("1900000000545262487", r"1900000[0-9]{12}"),
    "a prefix and digits": ("run-17", r"run-70000[0-9]{2}"),
    "a counter with zeros": ("run-000017", r"run-[0-9]{6}"),
    "hexadecimal": ("call_8f3a90c27be1d45f6a0b", r"call_[0-9a-f]{20}"),
    "a UUID": ("5e8b3a52-1c55-4b9e-9d3e-6f1f0a2b7c41", r"5e8b3a52-1c55-4b9e-9d3e-[0-9a-f]{12}"),
    "a ULID, whose alphabet lacks I, L, O and U": (
        "01KB5SMZ9YE2J31P7E4VRRNE1T",
        r"01KB5SMZ9YE2J3[0-9A-HJKMNP-TV-Z]{12}",
    ),
    "base 58, which lacks 0, I, O and l": (
        "cus_3QFnxR7bWzYt2MkVp9sD",
        r"cus_[1-9A-HJ-NP-Za-km-z]{20}",
    ),
    "a phone number": ("+14155552009", r"\+1[2-4][0-9]{2}5550[12][0-9]{2}"),
}


@pytest.mark.parametrize(("sample", "form"), FORMS.values(), ids=FORMS)
def test_an_unknown_id_has_the_form_of_a_known_one(sample: str, form: str) -> None:
    """Whatever the seed; and it is another one."""
    for seed in range(50):
        unknown = unknown_id(seed, sample)
        assert re.fullmatch(form, unknown), unknown
        assert unknown != sample
        assert not sample.isdigit() or int(unknown) < 2**63


@pytest.mark.parametrize("sample", ["²²", "call_²", "\u0663\u0664", "a!" * 1_000, "abc\n", ""])
def test_an_odd_id_has_an_unknown_one(sample: str) -> None:
    """Digits that Python cannot count with, and signs at the end, cause no crash."""
    assert unknown_id(1, sample) != sample
