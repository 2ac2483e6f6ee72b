"""How bad a cause is for the users of a target."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.causes.finding_key import FAULT, Key
from conformance.model import Contract, Finding, Harm

BY_RULE: Mapping[str, Harm] = {
    "secret.": Harm.ISOLATION,
    "scope.refused": Harm.ISOLATION,
    "tenant.empty": Harm.ANSWER,
    "auth.prefixes": Harm.ANSWER,
    "auth.": Harm.ISOLATION,
    "scope.opens": Harm.ANSWER,
    "refused.": Harm.EFFECT,
    "trigger.effect": Harm.EFFECT,
    "payment.terms": Harm.ANSWER,
    "payment.": Harm.EFFECT,
    "rate.retry-after": Harm.FORM,
    "rate.": Harm.EFFECT,
    "list.": Harm.LOSS,
    "error": Harm.FORM,
    "success.label": Harm.FORM,
    "success.shape": Harm.FORM,
}
"""By the beginning of a rule, where the area of its clause does not say it."""

BY_AREA: Mapping[str, Harm] = {
    "keys": Harm.ISOLATION,
    "tenants": Harm.ISOLATION,
    "limits": Harm.EFFECT,
    "pages": Harm.LOSS,
    "walks": Harm.LOSS,
    "writes": Harm.LOSS,
}
"""By the area of the clause. In all others only responses are wrong."""

REFUSED = "4"
"""How the status of a refusal begins."""


def harm_of(contract: Contract, key: Key, finding: Finding) -> Harm:
    """The harm of what findings of a key show, the first of which is given.

    A refusal with another status than the contract says reaches nothing.
    """
    if key.rule == FAULT or _was_refused(finding):
        return Harm.ANSWER
    for beginning, harm in BY_RULE.items():
        if key.rule.startswith(beginning):
            return harm
    return BY_AREA.get(contract.clauses[finding.clause].area, Harm.ANSWER)


def _was_refused(finding: Finding) -> bool:
    """Whether a request that had to be refused was refused, but with another status."""
    if finding.where != "status":
        return False
    return finding.expected.startswith(REFUSED) and finding.actual.startswith(REFUSED)
