"""The title of a cause: a sentence on what is wrong, for the person who has to fix it.

There is one template for each rule. Titles contain no values of the target, so that they are short
and the same in every run; the values are in the details of a cause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.causes.finding_key import FAULT, Key
from conformance.model import Contract, Finding

LONGEST = 60
"""Maximum characters of a title."""

BY_RULE: Mapping[str, str] = {
    FAULT: "The server fails",
    "auth.revoked": "A revoked key still works",
    "auth.expired": "An expired key still works",
    "tenant.rows": "Lists show items of another {tenant}",
    "paging.complete": "Paging loses items",
}
"""The template by rule, or by what replaces the rule in a key."""


def title_of(contract: Contract, key: Key, finding: Finding, operations: Sequence[str]) -> str:
    """The title of a cause, given the key, the first finding and the operations."""
    template = BY_RULE.get(key.rule, contract.clauses[finding.clause].id)
    return template.format(tenant=contract.tenant)
