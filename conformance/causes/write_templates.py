"""The titles of causes by rule, for rules about the effects of writes."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.causes.forms import ANY, STATUS, Cases, always
from conformance.model import NEW_ID

CHANGE_NOT_SHOWN = ("{route} works on {another}", "{outdated} does not show changes")
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

OF_WRITES: Mapping[str, Cases] = {
    "update.read-back": {
        STATUS: ("{object} cannot be read after it is changed", "A changed object cannot be read"),
        ANY: (
            *CHANGE_NOT_SHOWN,
            "Objects do not keep {flaw}",
            "{route} does not store {all}",
            '{route} does not keep "{member}" as sent',
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
