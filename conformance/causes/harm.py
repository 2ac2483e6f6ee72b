"""The harm that a cause does to the users of a target."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.causes.finding_key import FAULT, Key
from conformance.model import NONE_OF_ITS_OWN, Contract, Finding, Harm

BY_RULE: Mapping[str, Harm] = {
    "secret.": Harm.ISOLATION,
    "scope.refused": Harm.ISOLATION,
    "tenant.empty": Harm.ANSWER,
    "auth.prefixes": Harm.ANSWER,
    "account.prefix": Harm.ANSWER,
    "auth.": Harm.ISOLATION,
    "scope.opens": Harm.ANSWER,
    "refused.": Harm.EFFECT,
    "trigger.effect": Harm.EFFECT,
    "payment.terms": Harm.ANSWER,
    "payment.": Harm.EFFECT,
    "rate.retry-after": Harm.FORM,
    "rate.": Harm.EFFECT,
    "list.limit": Harm.ANSWER,
    "list.maximum": Harm.ANSWER,
    "list.": Harm.LOSS,
    "error": Harm.FORM,
    "success.label": Harm.FORM,
    "success.shape": Harm.FORM,
}
"""The harm by rule prefix, if it differs from that of the area of the clause."""

BY_AREA: Mapping[str, Harm] = {
    "keys": Harm.ISOLATION,
    "tenants": Harm.ISOLATION,
    "limits": Harm.EFFECT,
    "pages": Harm.LOSS,
    "walks": Harm.LOSS,
    "writes": Harm.LOSS,
}
"""The harm by area of the clause. In all other areas only responses are wrong."""

REFUSED = "4"
"""The first digit of the status of a refusal."""


def harm_of(contract: Contract, key: Key, finding: Finding) -> Harm:
    """The harm of the findings with a key, given the main one of them.

    Faults, refusals with a wrong status, and data of the client itself expose nothing: the response
    is merely wrong.
    """
    if key.rule == FAULT or was_refused(finding) or finding.expected.startswith(NONE_OF_ITS_OWN):
        return Harm.ANSWER
    for beginning, harm in BY_RULE.items():
        if key.rule.startswith(beginning):
            return harm
    return BY_AREA.get(contract.clauses[finding.clause].area, Harm.ANSWER)


def was_refused(finding: Finding) -> bool:
    """Whether a request that had to be refused was refused with a different status."""
    if finding.where != "status":
        return False
    return finding.expected.startswith(REFUSED) and finding.actual.startswith(REFUSED)
