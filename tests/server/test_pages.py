"""The limit and the cursor of a list."""

from __future__ import annotations

import pytest

from tests.server.sandbox import Api, refused


def test_has_more_is_exact(api: Api) -> None:
    """has_more is false when nothing remains, even if the page is full."""
    assert (api.get("/agents", "other", limit=12).json or {})["has_more"] is False
    assert (api.get("/agents", "other", limit=11).json or {})["has_more"] is True


def test_a_cursor_of_any_precision_and_zone_is_exact(api: Api) -> None:
    """The same instant in another zone or with more digits gives the same page."""
    page = (api.get("/calls", limit=15).json or {})["calls"]
    at = next(index for index, call in enumerate(page) if call["created_at"].endswith("09.250Z"))
    below = page[at + 1]["id"]

    def first(after: str) -> str:
        return str((api.get("/calls", after=after, limit=1).json or {})["calls"][0]["id"])

    text = page[at]["created_at"]
    hour = int(text[11:13])
    shifted = f"{text[:11]}{hour + 2:02}{text[13:-1]}+02:00"
    assert first(text) == first(text[:-1] + "000000000Z") == first(shifted) == below
    assert first(text[:-1] + "0000000000001Z") == page[at]["id"]
    assert first(text[:-4] + "249999999999Z") == below


def test_a_cursor_may_lie_anywhere_in_time(api: Api) -> None:
    """A cursor before every call gives an empty page, one after every call the first page."""
    assert api.get("/calls", after="0001-01-01").json == {"calls": [], "has_more": False}
    assert api.get("/calls", after="9999-12-31T23:59:59Z").json == api.get("/calls").json


@pytest.mark.parametrize("limit", ["0", "-1", "abc", "1.5", "1e2", " 5", "٣", "00", "+5", "0x10"])
def test_a_limit_that_is_no_positive_number_is_400(api: Api, limit: str) -> None:
    """The limit must be a whole number above zero, in ASCII digits."""
    assert refused(api.get("/calls", limit=limit), 400, "invalid_request")


@pytest.mark.parametrize(
    "after",
    ["yesterday", "2026-13-01T00:00:00Z", "12", "2026-04-17T12:00:00." + "1" * 5000 + "Z", "\0"],
)
def test_a_cursor_that_is_no_timestamp_is_400(api: Api, after: str) -> None:
    """The cursor must be a timestamp."""
    assert refused(api.get("/agents", after=after), 400, "invalid_request")


def test_a_limit_is_capped_and_an_empty_value_is_absent(api: Api) -> None:
    """A limit above 100 gives 100 items; empty values and unknown parameters change nothing."""
    for limit, length in (("101", 100), ("9" * 5000, 100), ("0100", 100), ("", 20)):
        assert len((api.get("/calls", limit=limit).json or {})["calls"]) == length
    assert (
        api.get("/calls", after="", id="", agent_id="", unknown="x").json == api.get("/calls").json
    )
    assert set(api.target["maximum"].values()) == {100}
