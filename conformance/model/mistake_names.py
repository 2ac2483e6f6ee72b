"""What is wrong with a request that is meant to be wrong, in words for people."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.model.exchange import Exchange
from conformance.model.labels import Form

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
"""How a request is wrong, as what is odd in it."""
SCENARIOS = {
    "deletion": "an object that was deleted",
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
}
"""What the mistakes of a scenario send, where a request itself does not say it."""

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
"""What is odd in bodies that are no JSON: one parser stumbles over all of them."""


def mistake_of(exchange: Exchange) -> str:
    """The mistake of a request in words; empty where there is none, or no words are known."""
    facts = exchange.facts
    if not facts.mistake:
        return ""
    return facts.flaw or FORMS.get(facts.form) or SCENARIOS.get(exchange.scenario, "")
