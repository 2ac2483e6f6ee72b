"""The forms of titles: one template for each thing that can be wrong, in several wordings.

The forms of a title are ordered by preference: the first one is used whose words are known and that
is short enough. So the last form needs no words except ``tenant`` and ``sort``, which are always
known.

Other words are known only for some causes:

- ``route`` and ``object`` (such as "an agent"), if there is only one.
- ``member``, ``flaw``, ``code``, and the statuses ``wanted`` and ``got``.
- ``stored``, if a value that was stored earlier makes requests fail.

These words depend on all findings of a cause together:

- ``all``, if several members are not stored.
- ``errors``, the status of wrong errors, and ``filters``, the filters that are wrong.
- ``later``, if only later pages are wrong.
- ``wrongly``, if a list lacks what it should find.
- ``refuses``, if valid requests are refused.
- ``coded``, a registered code that always comes with another status.
- ``others``, if changes show in objects that they do not name.
- ``outdated``, the route of a read that does not show a change that was stored.
- ``accepting``, the route of the only operation that accepts deleted objects.
- ``wraps``, if an object is inside another one.
- ``showing``, the only list that still shows deleted objects.
- ``issuer``, the route of the only operation whose secrets are revealed, if others issue some, too.
- ``only_filter``, the only filter with which walks fail.
- ``only_for``, if the operations are exactly the writes, or exactly those without a scope.
"""

from __future__ import annotations

from collections.abc import Mapping

Forms = tuple[str, ...]
"""One title in several forms, the most specific one first."""
Cases = Mapping[str, Forms]
"""The forms for what a rule finds, by what was wrong or by a part of the expectation."""

ACCEPTED, STATUS, CODE, LACKING = "was taken", "is a wrong status", "is a wrong code", "is lacking"
"""What was wrong: a request succeeded, the status, the code of an error, a missing member."""
ANY = ""
"""Stands for everything else that a rule finds."""


def refusals(subject: str, *if_accepted: str, brief: str = "") -> Cases:
    """The forms for a rule about requests that must be refused; ``if_accepted`` if one succeeds.

    ``brief`` is the subject in fewer words, for titles that also name the route.
    """
    of_one = brief or subject
    return {
        ACCEPTED: if_accepted,
        CODE: (f"{of_one} gets a wrong code from {{route}}", f"{subject} gets a wrong code"),
        STATUS: (
            f"{of_one} gets {{got}} from {{route}}",
            f"{subject} gets {{got}}",
            f"{subject} gets a wrong status",
        ),
    }


def always(*forms: str) -> Cases:
    """The forms for a rule that finds only one thing."""
    return {ANY: forms}


def filtered(fault: str) -> Forms:
    """The forms for a fault of the walks of one list with a filter."""
    return f"{{route}} filtered by {{only_filter}} {fault}", f"{{route}} with {{flaw}} {fault}"


def of_errors(*subjects: str) -> Cases:
    """The forms for a fault in the form of errors; the subjects are ordered by preference."""
    faults = {
        "a message for people": "reveal internals",
        "a code of the registry": "have an unknown code",
        "a JSON value": "are not JSON",
        "application/json": "are not sent as JSON",
        "an object": "have the wrong structure",
        CODE: "have no valid code",
        ANY: "have no message text",
    }
    return {
        case: tuple(f"{subject} {fault}" for subject in subjects) for case, fault in faults.items()
    }
