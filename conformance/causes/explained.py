"""Which rules break along with another one, because the same problem breaks both."""

from __future__ import annotations

from collections.abc import Mapping

NO_RULE = ("nothing",)
"""A prefix that no rule has."""
EXPLAINED: Mapping[str, tuple[str, ...]] = {
    "auth.missing": ("auth.",),
    "auth.invalid": ("auth.",),
    "scope.refused": ("scope.opens",),
    "tenant.object": ("owner.", "tenant.object"),
    "owner.across": ("owner.nested",),
    "tenant.rows": ("tenant.", "account.", "paging.complete"),
    "list.items": ("list.", "success.", "paging."),
    "list.more-flag": ("success.shape", "paging.more-"),
    "list.limit": ("list.maximum", "paging."),
    "list.maximum": ("paging.more-",),
    "list.position": ("success.shape", "paging."),
    "paging.filter": ("paging.complete", "paging.exclusive", "paging.more-", "tenant.filter"),
    "create.dated": ("paging.order",),
    "paging.order": ("paging.",),
    "paging.precision": ("paging.advances", "paging.exclusive", "paging.complete", "paging.more-"),
    "paging.exclusive": ("paging.advances", "paging.precision", "paging.more-true"),
    "paging.advances": ("paging.complete", "paging.more-", "sample.", "tenant.empty"),
    "paging.complete": ("paging.complete", "paging.precision", "paging.more-"),
    "paging.more-false": ("paging.more-true", "paging.more-early"),
    "update.read-back": ("update.",),
    "delete.gone": ("delete.shown", "delete.lasting"),
    "parameter.missing": ("parameter.blank",),
}
"""By rule, the prefixes of the rules that break along with it on the same operations."""
