"""Placeholders of secrets: one spelling, written and read by the same type."""

from __future__ import annotations

from string import ascii_letters

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model import Placeholder, SecretKind

NAMES = st.text(ascii_letters + "0123456789_.:/@+-", max_size=40)
SUFFIXES = st.sampled_from(["", "part", "last-char", "no-prefix"])
PLACEHOLDERS = st.builds(Placeholder, st.sampled_from(SecretKind), NAMES, SUFFIXES)


@given(PLACEHOLDERS)
def test_a_placeholder_is_read_as_it_was_written(placeholder: Placeholder) -> None:
    """What str gives, parse takes, alone and within a text."""
    assert Placeholder.parse(str(placeholder)) == placeholder
    assert list(Placeholder.all_in(f"a {placeholder}b{placeholder}")) == [placeholder] * 2


@pytest.mark.parametrize(
    "text", ["", "{key:full", "key:full", "{key: full}", "{other:full}", "{key:full~}", "{key:a$b}"]
)
def test_other_texts_are_no_placeholders(text: str) -> None:
    """Nothing but the exact form is taken for a placeholder."""
    assert Placeholder.parse(text) is None


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        ("full", "{key:full}"),
        ("full~last-char", "{key:full~last-char}"),
        ("scope:calls:read", "{key:scope:calls:read}"),
        ("unknown:kc_live_", "{unknown:kc_live_}"),
        ("unknown:", "{unknown:}"),
        ("secret:api_key-1", "{secret:api_key-1}"),
    ],
)
def test_an_identity_names_a_placeholder(identity: str, text: str) -> None:
    """The identity of an exchange and the placeholder of its key are two forms of one name."""
    placeholder = Placeholder.of_identity(identity)
    assert str(placeholder) == text
    assert placeholder.identity == identity


@pytest.mark.parametrize(
    ("name", "member"),
    [("api_key-12", "api_key"), ("api-key-1", "api-key"), ("key", ""), ("here-we-go", "")],
)
def test_a_handed_out_secret_names_its_member(name: str, member: str) -> None:
    """The name is the member and a number; anything else names none."""
    assert Placeholder(SecretKind.SECRET, name).member == member
