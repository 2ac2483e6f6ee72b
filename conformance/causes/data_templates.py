"""The titles of causes by rule, for rules about data: of tenants, in walks, and in writes."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.causes.forms import ANY, STATUS, Cases, always, refusals
from conformance.model import NEW_ID, NONE_OF_ITS_OWN

FOREIGN_ITEMS = ("{route} shows items of another {tenant}", "Lists show items of another {tenant}")
REACHED = (
    "{route} reaches objects of another {tenant}",
    "{route} reaches foreign objects",
    "{object} of another {tenant} can be reached",
    "Objects of another {tenant} can be reached",
)
CHANGE_NOT_SHOWN = ("{route} works on {another}", "{outdated} does not show changes")

FALSE_TOO_EARLY = always(
    "{route} filtered by {only_filter} ends too early",
    '"{member}" of {route} is false too early',
    '"{member}" is false although items follow',
    "Lists say too early that nothing follows",
)
STILL_SHOWN = "{showing} still shows deleted objects"
"""The form for objects that only one list still shows."""
ALSO_DELETES = ("{route} also deletes other objects", "Deletions also delete other objects")
"""The forms for a deletion that removes more than it should."""
NOT_STORED: Cases = {
    STATUS: ("{object} cannot be read after it is created", "A created object cannot be read"),
    NEW_ID: (
        '{route} returns no "{member}" of the new object',
        "{route} returns no id of the new object",
        "Creations return no id of the new object",
    ),
    ANY: (
        "Objects do not keep {flaw}",
        "{route} does not store {all}",
        '{route} does not store "{member}" as sent',
        "{route} does not store what was sent",
        "Creations do not store what was sent",
    ),
}

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
    # --- walks ---
    "paging.order": always(
        "{route} filtered by {only_filter} is out of order",
        "{route} with {flaw} is out of order",
        "{route} is out of order",
        "Pages are out of order",
    ),
    "paging.advances": {
        STATUS: ("{route} refuses to show a page", "Lists refuse to show a page"),
        ANY: ("{route} returns the same page again", "Paging returns the same page again"),
    },
    "paging.exclusive": {
        "each item once": (
            "{route} filtered by {only_filter} shows items twice",
            "{route} with {flaw} shows items twice",
            "A page of {route} repeats items",
            "Single pages repeat items",
        ),
        ANY: (
            "{route} filtered by {only_filter} repeats items",
            "{route} with {flaw} repeats items",
            "Paging with {flaw} repeats items",
            "Paging repeats items of {route}",
            "Paging repeats items",
        ),
    },
    "paging.complete": {
        "the head of the list": (
            "{route} filtered by {only_filter} loses the first items",
            "{route} with {flaw} loses the first items",
            "The first page of {route} loses items",
            "First pages lose items",
        ),
        ANY: (
            "{route} filtered by {only_filter} loses items",
            "{route} with {flaw} loses items",
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
    # --- writes ---
    "update.read-back": {
        STATUS: ("{object} cannot be read after it is changed", "A changed object cannot be read"),
        ANY: (
            *CHANGE_NOT_SHOWN,
            "Objects do not keep {flaw}",
            "{route} does not store {all}",
            '{route} does not change "{member}" as sent',
            "{route} does not store what was sent",
            "Changes are not stored as sent",
        ),
    },
    "update.others": {
        "was there before": ("{route} removes other objects", "Changes remove other objects"),
        "only plans": ("{route} creates what it only plans", "Dry runs create objects"),
        ANY: ("{route} changes other objects", "Changes also change other objects"),
    },
    "update.alone": {
        "as it was not sent": (
            '{route} changes "{member}", which was not sent',
            "{route} changes what was not sent",
            "Changes affect what was not sent",
        ),
        "no change of": ("{route} changes other objects", "Changes also change other objects"),
        "belongs": ("{route} moves objects in lists", "Changed objects move in lists"),
        ANY: (
            '{route} does not keep "{member}"',
            "{route} does not keep changes",
            "Changes are not kept",
        ),
    },
    "update.besides": {
        "as it was not sent": (
            '{route} changes "{member}", which was not sent',
            "{route} changes what was not sent",
            "Actions change what was not sent",
        ),
        "as it was sent": (
            '{route} does not store "{member}" as sent',
            "{route} does not store what was sent",
            "Actions do not store what was sent",
        ),
        "as the answer says": ("{route} has no effect", "A confirmed action has no effect"),
        ANY: ("{route} also affects other objects", "Actions also affect other objects"),
    },
    "update.lasting": {
        "was not deleted": ("{route} removes an object", "Changes remove objects"),
        "at the same time": (
            "{route} loses one of two simultaneous changes",
            "One of two simultaneous changes is lost",
        ),
        ANY: ('{route} loses a change to "{member}"', "{route} loses changes", "Changes get lost"),
    },
    "create.read-back": NOT_STORED,
    "create.others": always("{route} removes other objects", "Creations remove other objects"),
    "create.named": {
        "as in the first result": (  # before the shorter text that it contains
            "{route} does not repeat its result",
            "Repetitions do not return the first result",
        ),
        "the first result": ("{route} refuses a repeated request", "Repetitions are refused"),
        "of its own": ("{route} mixes up idempotency keys", "Idempotency keys are mixed up"),
        "at the same time": (
            "{route} carries out simultaneous duplicates",
            "Simultaneous duplicates are all carried out",
        ),
        ANY: ("{route} carries out a repeated request", "Repetitions are carried out again"),
    },
    "create.one": {
        "one object": ("{route} lists a new object twice", "New objects are listed twice"),
        ANY: ("{route} issues an id twice", "Creations issue an id twice"),
    },
    "create.listed": always("New objects of {route} are not listed", "New objects are not listed"),
    "create.lasting": {
        "was not deleted": ("{object} disappears by itself", "Objects disappear by themselves"),
        "an id of its own": ("{route} issues an id twice", "Creations issue an id twice"),
        ANY: ("{route} changes earlier objects", "Creations change earlier objects"),
    },
    "create.count": {
        "one object": ("{route} creates two objects", "Creations create two objects"),
        ANY: NOT_STORED[ANY],
    },
    "create.position": always(
        '{object} shows different values of "{member}"', "Objects show different creation times"
    ),
    "create.shown": {
        STATUS: NOT_STORED[STATUS],
        ANY: (
            '{route} does not keep "{member}" as sent',
            "{route} does not keep what was sent",
            "New objects are not shown as sent",
        ),
    },
    "update.shown": always(
        *("{route} changes {others}", *CHANGE_NOT_SHOWN),
        'The "{member}" that {route} sets is not shown everywhere',
        "Changes are not shown everywhere",
    ),
    "delete.shown": always(
        STILL_SHOWN, "Deletions by {route} do not last", "Deleted objects are shown again"
    ),
    "refused.shown": always(
        "{route} carries out what it refuses", "Refused requests are carried out"
    ),
    "create.dated": always(
        '{route} shows another "{member}"', "Responses disagree on creation times"
    ),
    "create.newest": always(
        "New objects of {route} are not the newest", "New objects are not the newest"
    ),
    "delete.gone": {
        "was not deleted": ALSO_DELETES,
        ANY: (
            "{accepting} accepts deleted objects",
            STILL_SHOWN,
            "{route} does not delete",
            "Deleted objects are still there",
        ),
    },
    "delete.others": always(*ALSO_DELETES),
    "delete.lasting": {
        "was not deleted": ALSO_DELETES,
        "as it was last sent": ("{route} changes other objects", "Deletions change other objects"),
        ANY: (STILL_SHOWN, "What {route} deletes comes back", "Deleted objects come back"),
    },
    "refused.lasting": {
        "was not deleted": (
            "{route} removes objects when it refuses",
            "Refused requests remove objects",
        ),
        "no object": ("{route} brings back what it refuses", "Refused requests undo deletions"),
        ANY: ("{route} does what it refuses", "Refused requests take effect"),
    },
    "refused.effect": {
        "no object created": (
            "{route} creates what it refuses",
            "Refused creations take effect",
        ),
        "its deletion was refused": (
            "{route} deletes what it refuses",
            "Refused deletions take effect",
        ),
        ANY: ("{route} does what it refuses", "Refused requests take effect"),
    },
}
"""The forms of a title by rule."""
