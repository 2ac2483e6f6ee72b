"""Descriptions of what is wrong with requests that are meant to be wrong.

They are part of the ids of causes, so they never change.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.model.exchange import Exchange
from conformance.model.labels import Form, Role, Step

FORMS: Mapping[Form | None, str] = {
    Form.OMITTED: "a required parameter left out",
    Form.NULL: "null for a required parameter",
    Form.INVENTED: "an invented path",
    Form.MISSING: "no key",
    Form.SCHEME: "a key in another scheme",
    Form.MISPLACED: "a key in another place",
    Form.SPELLED: "another spelling of the path",
    Form.UNKNOWN: "an unknown key",
    Form.ALTERED: "an altered key",
    Form.EXPIRED: "an expired key",
    Form.REVOKED: "a revoked key",
}
"""What is odd about a request, by its form."""
SCENARIOS = {
    "change-to-zero": "zero or an empty text",
    "creation": "an id in the body",
    "deletion": "an object that was deleted",
    "filtered-walk": "a filter",
    "foreign-figures": "another business",
    "foreign-filter": "a filter for another business",
    "foreign-object": "an object of another business",
    "generated": "drawn values",
    "invalid-parameter": "a value that must be refused",
    "object-for-an-empty-business": "an object of another business",
    "plain-read": "an id that is almost that of an object",
    "refused-creation": "a mistake in a write",
    "refused-write": "a mistake in a write",
    "unknown-id": "an id that names nothing",
    "unknown-route": "an unknown path",
    "walk": "a limit or a cursor",
    "walk-with-option": "an optional parameter",
}
"""What is odd about the requests of a scenario if the request itself does not say."""
UNKNOWN_ID = SCENARIOS["unknown-id"]
OF_LOOKUPS = frozenset(
    SCENARIOS[name]
    for name in ("deletion", "foreign-filter", "foreign-object", "plain-read", "unknown-id")
)
"""The mistakes in ids, for which 403 or 404 is due. A lookup that fails on one fails on others."""
SPOT = "spot-"
"""The prefix of scenarios of spot checks, which send what those of a full run send."""

NOT_PARSED = frozenset(
    {
        "a body that is cut off",
        "an empty body",
        "NaN in the body",
        "Infinity in the body",
        "a body that is no UTF-8",
        "a body in UTF-16",
        "a byte order mark in the body",
        "two JSON values in the body",
        "a comment in the body",
        "a control character in the body",
    }
)
"""The oddities of bodies that are not JSON. A parser that fails on one fails on all of them."""

NUL, NUL_AND_MORE = "a null character in a text", "a null character and signs of code in a text"
"""The oddities of texts with a null character. What fails on one fails on the other."""

ODD_VALUE, HUGE_VALUE, EMPTY = "an odd value of ", "a huge value of ", "an empty parameter"
"""Oddities of a parameter: two that its name follows, and one that names no parameter."""
REPEATED = "the values of an earlier creation"
OPTIONAL = "optional members"
REFUSABLE = "values that a server may refuse"


def mistake_of(exchange: Exchange) -> str:
    """A description of the mistake in a request; empty if it has none, or an unknown one.

    The request's own label says it, or else its form, or else its scenario.
    """
    facts = exchange.facts
    if not facts.mistake:
        return ""
    scenario = exchange.scenario.removeprefix(SPOT)
    return facts.flaw or FORMS.get(facts.form) or SCENARIOS.get(scenario, "")


def oddity_of(exchange: Exchange) -> str:
    """What is odd about a request that a server may refuse, even if nothing is wrong with it.

    Empty if a server must accept the request. A bystander whose label names no flaw is odd for its
    optional members. If nothing else is known, the oddity is values that a server may refuse.
    """
    if not exchange.facts.mistake:
        return ""
    if exchange.facts.step is Step.REPEATED:
        return REPEATED
    if exchange.role is Role.BYSTANDER and not exchange.facts.flaw:
        return OPTIONAL
    return mistake_of(exchange) or REFUSABLE
