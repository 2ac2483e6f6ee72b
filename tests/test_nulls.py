"""Null servers: what passes on a server that implements nothing is listed and explained."""

from __future__ import annotations

import pytest

from tests.nulls import page
from tests.nulls.explained import EXPLAINED
from tests.nulls.harness import result
from tests.nulls.servers import NULLS
from tests.support.contracts import real

PROVES = (
    *("key-header", "key-expired", "key-revoked", "status-401", "status-403", "scope-required"),
    *("business-rows", "business-empty"),
    *("paging-supported", "paging-complete", "paging-exclusive", "paging-order", "has-more-false"),
    *("deleted-resource", "refused-unchanged", "reference-known", "signup-limit", "status-402"),
)
"""Clauses that no server passes by doing nothing."""


def test_the_page_is_fresh() -> None:
    """It has a row for each null server, as stored: run `python -m tests.nulls`."""
    found = page.results()
    assert list(found) == list(NULLS)
    assert page.PAGE.read_text(encoding="utf-8") == page.page(found, real())


def test_every_vacuous_clause_is_explained() -> None:
    """Each clause that passes on a null server has a sentence, and no other clause has one."""
    assert set(EXPLAINED) == set(page.passing(page.results(), real()))


def test_no_null_server_conforms() -> None:
    """None ends with exit 0, and some clauses pass on none of them."""
    found = page.results()
    assert all(each.exit_code for each in found.values())
    assert not set(PROVES) & set(page.passing(found, real()))


def test_nothing_passes_without_a_server() -> None:
    """Where connections are refused, no cell is judged."""
    assert result("refuses connections") == page.results()["refuses connections"]


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in NULLS if name != "refuses connections"])
def test_the_stored_results_are_fresh(name: str) -> None:
    """The same clauses pass now: run `python -m tests.nulls`."""
    assert result(name).passed.keys() == page.results()[name].passed.keys()
