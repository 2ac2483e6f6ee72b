"""The titles of causes by rule, for rules about tenants, payments and walks."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.causes.forms import ACCEPTED, ANY, CODE, STATUS, Cases, always, filtered, refusals
from conformance.causes.sightings import OFFSET
from conformance.model import NONE_OF_ITS_OWN

FOREIGN_ITEMS = ("{route} shows items of another {tenant}", "Lists show items of another {tenant}")
REACHED = (
    "{route} reaches objects of another {tenant}",
    "{route} reaches foreign objects",
    "{object} of another {tenant} can be reached",
    "Objects of another {tenant} can be reached",
)
FALSE_TOO_EARLY = always(
    "{route} filtered by {only_filter} ends too early",
    '"{member}" of {route} is false too early',
    '"{member}" is false although items follow',
    "Lists say too early that nothing follows",
)

OF_DATA: Mapping[str, Cases] = {
    # --- tenants ---
    "figures.own": {
        STATUS: ("A report on another {tenant} gets a wrong status",),
        "nothing of another": ("{route} names another {tenant}", "Reports name another {tenant}"),
        "as under a URL": ("{route} shows outdated figures", "Reports show outdated figures"),
        ANY: ("{route} shows data of another {tenant}", "Reports show data of another {tenant}"),
    },
    "figures.grown": always(
        "{route} counts data of another {tenant}", "Reports count data of another {tenant}"
    ),
    "figures.empty": always(
        "A parameter makes {route} show foreign data", "A parameter makes reports show foreign data"
    ),
    "owner.inside": always(
        "{route} names another {tenant}", "Responses name another {tenant} inside"
    ),
    "owner.nested": always(
        "{route} refers to objects of another {tenant}",
        "Objects refer to those of another {tenant}",
    ),
    "owner.across": always(
        "{route} shows ids of another {tenant}", "Responses show ids of another {tenant}"
    ),
    "tenant.object": {
        "may not change": (
            "{route} changes objects of another {tenant}",
            "{route} changes foreign objects",
            "Objects of another {tenant} can be changed",
        ),
        "may not remove": (
            "{route} deletes objects of another {tenant}",
            "{route} deletes foreign objects",
            "Objects of another {tenant} can be deleted",
        ),
        "nothing created": (
            "{route} creates objects in another {tenant}",
            "{route} creates foreign objects",
            "Objects can be created in another {tenant}",
        ),
        "of its own": (
            "{route} returns an object of another {tenant}",
            "Creations return objects of another {tenant}",
        ),
        "nothing of another": (
            "{route} refers to another {tenant}",
            "Objects can refer to another {tenant}",
        ),
        "has it": (
            "{route} takes what another {tenant} has",
            "Items that another {tenant} has can be taken",
        ),
        "that nobody has": REACHED,
        "object that is refused": (
            "Errors of {route} reveal foreign objects",
            "Errors reveal objects of another {tenant}",
        ),
        "may not move": (
            "{route} moves an object to another {tenant}",
            "Changes move objects to another {tenant}",
        ),
        **refusals("An object of another {tenant}", *REACHED, brief="A foreign id"),
        ANY: REACHED,
    },
    "tenant.filter": {
        STATUS: ("A filter for another {tenant} gets a wrong status",),
        NONE_OF_ITS_OWN: (
            "{route} ignores a filter for another {tenant}",
            "A filter for another {tenant} is ignored",
        ),
        ANY: (
            "A filter of {route} shows items of another {tenant}",
            "A filter of {route} shows foreign items",
            "A filter shows items of another {tenant}",
        ),
    },
    "tenant.rows": {ANY: FOREIGN_ITEMS},
    "tenant.belongs": {ANY: FOREIGN_ITEMS},
    "owner.named": {ANY: FOREIGN_ITEMS},
    "tenant.empty": {
        STATUS: ("{route} fails if there are no items", "Lists without items are errors"),
        "as the list is empty": (
            '"{member}" is true although a list is empty',
            "An empty list says that more follows",
        ),
        ANY: (
            "{route} shows items to a {tenant} without data",
            "A {tenant} without data sees items",
        ),
    },
    # --- triggers and payments ---
    "payment.terms": {
        "a refusal": ("A false payment is accepted",),
        ANY: ("A request for payment lacks its terms",),
    },
    "payment.retry": always("A valid payment is not accepted"),
    "payment.elsewhere": always("{route} asks for payment", "Free operations ask for payment"),
    "payment.nothing": always("A request for payment already hands out data"),
    "trigger.answer": {
        ACCEPTED: ('Requests due for "{code}" succeed', "Requests that must fail succeed"),
        CODE: ('"{code}" is replaced by another code', "A provoked error has a wrong code"),
        ANY: ('"{code}" is replaced by another error', "A provoked error has a wrong status"),
    },
    "trigger.effect": always("{route} lists failures as successes", "Failures look like successes"),
    # --- walks ---
    "paging.order": always(
        *filtered("is out of order"),
        "Lists with {flaw} are out of order",
        "{route} is out of order",
        "Pages are out of order",
    ),
    "paging.advances": {
        STATUS: ("{route} refuses to show a page", "Lists refuse to show a page"),
        ANY: ("{route} returns the same page again", "Paging returns the same page again"),
    },
    "paging.exclusive": {
        "each item once": (
            *filtered("shows items twice"),
            "With {flaw}, single pages repeat items",
            "A page of {route} repeats items",
            "Single pages repeat items",
        ),
        ANY: (
            *filtered("repeats items"),
            "Paging with {flaw} repeats items",
            "Paging repeats items of {route}",
            "Paging repeats items",
        ),
    },
    "paging.complete": {
        "the head of the list": (
            *filtered("loses the first items"),
            "First pages with {flaw} lose items",
            "The first page of {route} loses items",
            "First pages lose items",
        ),
        ANY: (
            *filtered("loses items"),
            "Paging with {flaw} loses items",
            "Paging loses items of {route}",
            "Paging loses items",
        ),
    },
    "paging.precision": {
        "only items after": (
            "{route} repeats items of the same second",
            "Lists repeat items of the same second",
        ),
        ANY: ("{route} loses items of the same second", "Lists lose items of the same second"),
    },
    "paging.more-false": FALSE_TOO_EARLY,
    "paging.more-early": FALSE_TOO_EARLY,
    "paging.more-true": always(
        '"{member}" of {route} is true on the last page',
        '"{member}" is true although nothing follows',
        "Lists say on the last page that more follows",
    ),
    "paging.filter": always(
        "{route} applies the filter {filters} {wrongly}",
        "{route} applies filters {wrongly}",
        "Lists apply filters {wrongly}",
        "{route} ignores {filters} {later}",
        "{route} ignores filters {later}",
        "{route} ignores {filters}",
        "{route} ignores filters",
        "Lists ignore filters",
    ),
    "paging.matches": {
        ", whose ": ("{route} misses matches of a filter", "Filters miss matches"),
        ANY: ("{route} returns what its filter excludes", "Filters return what they exclude"),
    },
    "paging.ties": always("Pages end among items of the same time"),
    OFFSET: always(
        "{route} misreads timestamps with a UTC offset",
        "Timestamps with a UTC offset are misread",
    ),
}
"""The forms of a title by rule."""
