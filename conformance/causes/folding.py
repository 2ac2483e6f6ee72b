"""Decides which group of findings explains which other group, so that both are one cause."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace

from conformance.causes.explained import EXPLAINED, NO_RULE
from conformance.causes.finding_key import (
    CONTENT_TYPE,
    DETAIL,
    DRAWN,
    ERROR,
    FAULT,
    FILTER,
    FILTERED,
    LISTS,
    NOT_REFUSED,
    OBJECTS,
    OF_PAGES,
    READ_BACK,
    STATUS,
    UNKNOWN,
    Key,
    depth,
    shape_in,
)
from conformance.causes.groups import Group
from conformance.causes.harm import was_refused
from conformance.causes.losing_lists import COMPLETE, ORDER
from conformance.model import ON_NO_PAGE, Contract
from conformance.model.mistake_names import REFUSABLE, SCENARIOS, UNKNOWN_ID

PRECISION = "paging.precision"
"""The rule that finds items of the same second lost or repeated, in walks of its own."""
HEAD = "the head of the list"
"""What is expected of an item that a first page lacks, in findings."""
OF_SOME_PAGES = (FILTER, "list.maximum")
"""Rules about pages with a certain filter or limit, which do not explain what other pages show."""
OF_NEW_OBJECTS = {"create.read-back", "create.shown"}
"""Rules that find a new object that cannot be read, at once and later."""
LATER_LOOKS = (".shown", ".lasting")
"""Endings of the rules that look at all later responses, and so also find what others find."""

WHOLE = ("", "status")
"""Places of findings that are about an object as a whole, rather than about a member."""

PLAIN = ("", REFUSABLE)
"""The flaws of requests with nothing odd, except perhaps values that a server may refuse."""
MISTAKES = {*SCENARIOS.values()} - {DRAWN}
"""The flaws of requests that clients send by mistake, unlike what is drawn or malformed."""
UNLISTED = "status.listed"
OF_SUCCESS_STATUS = (UNLISTED, "success.status")
"""Rules about the status of a success, which do not explain that there should be none."""
ABOUT_SUCCESS = ("success.", "status.")
"""Prefixes of the rules that such a status breaks, too."""
DISCLOSURES = ("tenant.", "owner.", "figures.", "secret.")
"""Prefixes of the rules that find what a response must not show to the key."""
OF_ACCESS = ("auth.", "scope.", "account.", *DISCLOSURES)
"""Prefixes of the rules about what a key reaches."""
AT_ONCE = "at the same time"
"""The end of what is expected in findings that only simultaneous requests show."""
MOST = 300
"""Maximum number of groups that are compared with each other."""

SYSTEMIC = 5
"""The fewest lists that lose items without a filter, so that others lose them for that reason."""

SUBJECTS = (
    *("parameter", "create", "update", "delete", "refused"),
    *("rate", "payment", "trigger", "tenant"),
)
"""Prefixes of rules that check the same thing in several ways."""


def root_groups(contract: Contract, groups: list[Group]) -> list[Group]:
    """The groups that no other group explains; each gets those that it explains in ``folded``.

    Beyond MOST, groups are not folded: a target with that many is broken at random.
    """
    roots: list[Group] = []
    losing = _lists_that_lose_items(groups)
    ordered = sorted(groups, key=lambda group: _explaining_most_first(group, losing))
    for group in ordered[:MOST]:
        root = _root_of(contract, group, roots)
        if root is None:
            roots.append(group)
        else:
            root.folded.append(group)
    return roots + ordered[MOST:]


def _lists_that_lose_items(groups: Iterable[Group]) -> set[str]:
    """The ids of the operations that lose items of other seconds than that of the cursor."""
    return {
        operation
        for group in groups
        if group.key.rule == COMPLETE and group.key.actual == ON_NO_PAGE
        for operation in group.operations
    }


def _root_of(contract: Contract, group: Group, roots: list[Group]) -> Group | None:
    """The first root that explains a group, directly or through a group folded into it."""
    for root in roots:
        if _shows_missed_member(root, group):
            continue  # this root cannot explain the group
        for part in root.parts():
            if explains(contract, part, group) or _lack_one_check(contract, part, group):
                return root
    return None


def _shows_missed_member(root: Group, group: Group) -> bool:
    """Whether the reads that a root is about show the member that the look of a group misses.

    The reads are right after a write, and miss only other members. The look comes later.
    """
    read_back = [part.key.where for part in root.parts() if part.key.rule in READ_BACK]
    missed_by_reads = {place.strip("/") for place in read_back}
    missed_later = group.key.where.strip("/")
    misses_whole = not missed_by_reads.isdisjoint(WHOLE) or missed_later in WHOLE
    if not missed_by_reads or misses_whole:
        return False
    return group.key.rule.endswith(LATER_LOOKS) and missed_later not in missed_by_reads


def _explaining_most_first(
    group: Group, losing: Set[str]
) -> tuple[int, float, int, bool, bool, bool, int, Key]:
    """A sort key: groups that explain more come first.

    They are ordered by depth, then by the place of the rule in EXPLAINED, then by the number of
    operations, the most first. Of groups with equally many, special ones come later: server faults
    that only odd requests provoke, and problems that only simultaneous requests show. Among the odd
    requests, those for an unknown id come first, and the oddest ones last.
    """
    key = group.key
    is_odd = key.rule == FAULT and key.flaw not in PLAIN
    is_special = is_odd or key.expected.endswith(AT_ONCE)
    is_oddest = is_odd and key.flaw not in MISTAKES
    is_not_unknown_id = is_odd and key.flaw != UNKNOWN_ID
    operations, exchanges = len(group.operations), len(group.exchanges)
    rank = _rank(group, losing)
    return depth(key), rank, -operations, is_special, is_oddest, is_not_unknown_id, -exchanges, key


def _rank(group: Group, losing: Set[str]) -> float:
    """The place of the rule of a group in EXPLAINED; a lower one explains more.

    Lists in ``losing`` lose items whatever their second, so a loss within one second comes later. A
    loss on first pages comes after one on any page.
    """
    rules, key = list(EXPLAINED), group.key
    if key.rule == UNLISTED and key.actual != NOT_REFUSED:
        return -1  # before all others of its depth
    if key.rule == COMPLETE and HEAD in key.expected:
        return rules.index(COMPLETE) + 0.25
    loses_within_second = key.rule == PRECISION and key.actual == ON_NO_PAGE
    if loses_within_second and group.operations.keys() <= losing:
        return rules.index(COMPLETE) + 0.5
    return rules.index(key.rule) if key.rule in rules else len(rules)


def explains(contract: Contract, one: Group, other: Group) -> bool:
    """Whether the problem of one group also causes the other.

    Either the responses or the keys show it. Or the other group is on no further operation, and
    both have the same wrong refusal, rules that break together, or the same subject.
    """
    if _by_response(one, other) or _are_alike(one, other):
        return True
    if not other.operations.keys() <= one.operations.keys():
        return False
    if other.key.names_in_member:
        return False  # a missing check of a member is a mistake of its own
    if _refuses_alike(one, other):
        return True
    return _by_rule(one, other) or _shares_subject(contract, one, other)


def _shares_subject(contract: Contract, one: Group, other: Group) -> bool:
    """Whether the subject of two groups tells that they are one cause.

    It does on a single operation and, for faults of the server, on all operations of one route. For
    a rule of LATER_LOOKS, it does anywhere.
    """
    if _subject(one) != _subject(other):
        return False
    if len(one.operations) == 1 or other.key.rule.endswith(LATER_LOOKS):
        return True
    known = [contract.operations[name] for name in one.operations if name in contract.operations]
    routes = {(operation.method, operation.path) for operation in known}
    is_one_route = len(known) == len(one.operations) and len(routes) == 1
    return one.key.rule == FAULT and is_one_route


def _by_rule(one: Group, other: Group) -> bool:
    """Whether one group explains the other because of their rules, on the same operations."""
    if other.key.rule == ERROR and other.key.shape != "" and one.key.shape == other.key.shape:
        return True
    is_refusal = one.key.rule.startswith(OF_ACCESS) and was_refused(one.finding)
    if is_refusal and not was_refused(other.finding):
        return False  # a refusal does not make other requests succeed
    if _fails_in_other_walks(one, other):
        return False
    return other.key.rule.startswith(EXPLAINED.get(one.key.rule, NO_RULE))


def _fails_in_other_walks(one: Group, other: Group) -> bool:
    """Whether a mistake in the items of some walks does not explain what other walks show.

    A mistake that needs a filter does not explain walks without one. The wrong order of some walks
    does not explain a mistake in walks that are in order. Findings of the same rule, and those in
    the walks of PRECISION, may always be explained. A filter that is not applied, and a maximum
    that does not hold, explain only what is wrong with pages in the same cases.
    """
    if one.key.rule in OF_SOME_PAGES and other.key.rule.startswith(OF_PAGES):
        return one.cases.isdisjoint(other.cases)
    if one.key.rule not in (ORDER, COMPLETE):
        return False
    if other.key.rule in (one.key.rule, PRECISION):
        return False
    if one.is_filtered and not other.is_filtered:
        return True
    return one.key.rule == ORDER and one.cases.isdisjoint(other.cases)


def _refuses_alike(one: Group, other: Group) -> bool:
    """Whether unknown and foreign ids get the same wrong refusal: one lookup serves both."""
    if {one.key.rule, other.key.rule} != {UNKNOWN, OBJECTS} or one.key.actual == NOT_REFUSED:
        return False
    return (one.key.actual, one.key.shape) == (other.key.actual, other.key.shape)


def _by_response(one: Group, other: Group) -> bool:
    """Whether one group has all exchanges of the other, and explains at least as much of them.

    A wrong status explains everything. But if a rule about the status of successes finds a success
    where a refusal was due, it explains only other rules about successes. What a response discloses
    is explained only by rules about what a key reaches.
    """
    if not other.exchanges.keys() <= one.exchanges.keys():
        return False
    if one.key.rule in OF_SUCCESS_STATUS and one.key.actual == NOT_REFUSED:
        return other.key.rule.startswith(ABOUT_SUCCESS)
    discloses = other.key.rule.startswith(DISCLOSURES) and other.key.where != "status"
    if discloses and not one.key.rule.startswith(OF_ACCESS):
        return False
    if depth(one.key) <= STATUS:
        return True
    return depth(one.key) <= depth(other.key) <= DETAIL


def _are_alike(one: Group, other: Group) -> bool:
    """Whether two groups differ only in what may differ between the effects of one mistake.

    If many lists lose items without a filter, those that do so with a filter are no other mistake.
    """
    if _lack_one_part(one, other) or _fail_alike(one, other):
        return True
    if _loses_in_any_second(one, other) or _lose_new_objects(one, other):
        return True
    without_filter = replace(other.key, flaw="", kind="")
    differ_in_filter = other.key.flaw == FILTERED and without_filter == one.key
    return differ_in_filter and len(one.operations) >= SYSTEMIC


def _lose_new_objects(one: Group, other: Group) -> bool:
    """Whether objects of the same creation cannot be read, at once and later."""
    if {one.key.rule, other.key.rule} != OF_NEW_OBJECTS or other.key.where != "status":
        return False
    is_same_response = (one.key.where, one.key.actual) == (other.key.where, other.key.actual)
    return is_same_response and not one.operations.keys().isdisjoint(other.operations)


def _loses_in_any_second(one: Group, other: Group) -> bool:
    """Whether a list of one group loses items anywhere, so that it loses those of one second, too.

    ``_rank`` puts the other group later only if all its lists lose items of other seconds. A cursor
    without its fraction of a second loses items where the newest come first, and repeats them where
    the oldest do.
    """
    if one.key.rule == other.key.rule == PRECISION:
        return True
    if one.key.rule != COMPLETE or other.key.rule not in (COMPLETE, PRECISION):
        return False
    if one.key.flaw != other.key.flaw:
        return False
    loses = one.key.actual == other.key.actual == ON_NO_PAGE
    return loses and not one.operations.keys().isdisjoint(other.operations)


def _fail_alike(one: Group, other: Group) -> bool:
    """Whether the same oddity makes the server fail, whatever the response looks like."""
    if one.key.rule != FAULT or not one.key.flaw:
        return False
    return replace(one.key, shape="") == replace(other.key, shape="")


def _lack_one_part(one: Group, other: Group) -> bool:
    """Whether the same part is wrong in errors that differ only in their status.

    At least one operation has errors of both. Errors with a wrong label may also differ in their
    shapes, if they come from the same operations. A wrong whole body, "/", is not a part.
    """
    if one.key.rule != ERROR or one.key.where == "/":
        return False
    if one.key.where == CONTENT_TYPE:
        is_same_label = replace(one.key, shape="") == replace(other.key, shape="")
        return is_same_label and one.operations.keys() == other.operations.keys()
    own_key = replace(one.key, shape=shape_in(one.key))  # without the status
    other_key = replace(other.key, shape=shape_in(other.key))
    return own_key == other_key and not one.operations.keys().isdisjoint(other.operations)


def _lack_one_check(contract: Contract, one: Group, other: Group) -> bool:
    """Whether two groups show that one check is missing.

    An id in a member may be foreign or unknown. Or the objects of some kinds are open to other
    tenants: to read one of them, and in lists of them.
    """
    if one.key.names_in_member and other.key.names_in_member:
        shared = one.operations.keys() & other.operations.keys()
        return one.key.where == other.key.where and bool(shared)
    if (one.key.rule, other.key.rule) != (OBJECTS, LISTS) or one.key.actual != NOT_REFUSED:
        return False
    # of each group, only the kinds for which there are operations of the other sort, too
    kinds = _kinds_of(contract, one, "list")
    return bool(kinds) and kinds == _kinds_of(contract, other, "read")


def _kinds_of(contract: Contract, group: Group, action: str) -> set[str]:
    """The kinds of object in a group for which the contract has an operation with an action."""
    named = [contract.operations[name] for name in group.operations if name in contract.operations]
    return {each.kind for each in named if any(contract.operations_by(action, each.kind))}


def _subject(group: Group) -> object:
    """What two groups on one operation must share to be one cause.

    For faults, the status and shape; for the rules in SUBJECTS, their first word. Any other group
    shares nothing, and is its own subject.
    """
    if group.key.rule == FAULT:
        return FAULT, group.key.actual, group.key.shape
    beginning = group.key.rule.partition(".")[0]
    return beginning if beginning in SUBJECTS else group
