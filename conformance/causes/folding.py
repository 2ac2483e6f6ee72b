"""Decides which group of findings explains which other group, so that both are one cause."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.causes.finding_key import ERROR, FAULT, Key
from conformance.causes.groups import Group

GENERATED = "generated"
"""The flaw of generated requests, which may have any flaw."""

NOTHING = ("nothing",)
EXPLAINED: Mapping[str, tuple[str, ...]] = {
    "auth.missing": ("auth.",),
    "auth.invalid": ("auth.",),
    "tenant.rows": ("tenant.", "account.", "paging.complete", "paging.filter"),
    "list.items": ("list.", "success.", "paging."),
    "list.more-flag": ("success.shape", "paging.more-"),
    "list.limit": ("list.maximum", "paging."),
    "list.maximum": ("paging.more-",),
    "list.position": ("success.shape", "paging."),
    "paging.filter": ("paging.complete", "paging.exclusive", "paging.more-", "tenant.filter"),
    "paging.order": ("paging.",),
    "paging.precision": ("paging.exclusive", "paging.complete", "paging.more-"),
    "paging.exclusive": ("paging.advances", "paging.precision", "paging.more-true"),
    "paging.advances": ("paging.complete", "paging.more-", "sample.", "tenant.empty"),
    "paging.complete": ("paging.precision", "paging.more-"),
    "paging.more-false": ("paging.more-true",),
    "update.read-back": ("update.",),
}
"""By rule, the prefixes of the rules that break along with it on the same operations."""

MOST = 300
"""Maximum number of groups that are compared with each other."""

SUBJECTS = ("parameter", "create", "update", "delete", "rate", "payment", "trigger", "tenant")
"""Prefixes of rules that check the same thing in several ways."""

OF_SUCCESS = ("success.", "status.")
TRANSFER, STATUS, LABEL, BODY, CODE, REST, OTHER = range(7)
"""How much a key explains: problems with a whole response come before problems with its parts."""
PLACES = {"Content-Type": LABEL, "/": BODY, "/error": BODY, "/error/code": CODE}
"""For findings on the form of errors, by place."""
OF_ONE_RESPONSE = {"status": STATUS, "/error/code": REST, "Content-Type": REST}
"""For all other findings on one response, by place."""


def folded(groups: list[Group]) -> list[Group]:
    """The groups that no other group explains, each with those that it explains.

    Beyond MOST, groups are not folded: a target with that many is broken at random.
    """
    roots: list[Group] = []
    ordered = sorted(groups, key=_explaining_most_first)
    for group in ordered[:MOST]:
        root = _root_of(group, roots)
        if root is None:
            roots.append(group)
        else:
            root.folded.append(group)
    return roots + ordered[MOST:]


def _root_of(group: Group, roots: list[Group]) -> Group | None:
    """The first root that explains a group, directly or through a group folded into it."""
    for root in roots:
        if any(explains(part, group) for part in root.whole()):
            return root
    return None


def _explaining_most_first(group: Group) -> tuple[int, int, int, int, Key]:
    """A sort key: groups that explain more come first, then those that reach further."""
    rules, key = list(EXPLAINED), group.key
    place = rules.index(key.rule) if key.rule in rules else len(rules)
    return depth(key), place, -len(group.operations), -len(group.exchanges), key


def depth(key: Key) -> int:
    """How much of a response a key explains; 0 explains most.

    A broken transfer spoils a whole response, and a wrong status everything but the transfer.
    Between two successes, the status is a matter of form.
    """
    if key.rule == "transfer.whole":
        return TRANSFER
    if key.rule == ERROR:
        return PLACES.get(key.where, CODE)
    if key.rule.startswith(OF_SUCCESS) and key.actual.startswith("2"):
        return REST
    return OF_ONE_RESPONSE.get(key.where, OTHER)


def explains(one: Group, other: Group) -> bool:
    """Whether the problem of one group also causes the other."""
    if _by_response(one, other):
        return True
    if not other.operations.keys() <= one.operations.keys():
        return False
    if other.key.rule.startswith(EXPLAINED.get(one.key.rule, NOTHING)):
        return True
    if one.key.rule == other.key.rule == FAULT and other.key.flaw == GENERATED:
        return True
    return len(one.operations) == 1 and _subject(one) == _subject(other)


def _by_response(one: Group, other: Group) -> bool:
    """Whether one group covers every response of the other, at a level that explains it."""
    if not other.exchanges.keys() <= one.exchanges.keys():
        return False
    if depth(one.key) <= STATUS:
        return True
    return depth(one.key) <= depth(other.key) <= REST


def _subject(group: Group) -> object:
    """What groups on one operation must share to be one cause; unique for most groups."""
    beginning = group.key.rule.partition(".")[0]
    return beginning if beginning in (*SUBJECTS, FAULT) else group
