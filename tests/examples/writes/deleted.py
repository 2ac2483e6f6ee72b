"""Examples of deletions: one object is gone, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.model import Exchange
from tests.examples.base import Example, accepted, examples_of, gap, judge_error, refused, silent
from tests.support.exchanges import answer, labelled, refusal, without_response


def evaluation(step: str, *, identifier: str = "e1", **members: Any) -> Exchange:
    """A read of an eval before or after a deletion."""
    role = "control" if "before" in step else "probe"
    body = {"id": identifier, "name": "Greets", **members}
    return answer(200, body, operation="read_eval", role=role, step=step, sought=identifier)


def missing(step: str, *, identifier: str = "e1") -> Exchange:
    """A read of an eval that is not found, before or after a deletion."""
    role = "control" if "before" in step else "probe"
    on_read: dict[str, Any] = {"operation": "read_eval", "role": role}
    return refusal("not_found", step=step, sought=identifier, **on_read)


def deletion() -> Exchange:
    """The eval e1 is deleted."""
    return answer(200, None, operation="delete_eval", role="control", step="delete")


def older(step: str) -> Exchange:
    """A read of the eval e2, which is older, before or after the deletion."""
    return evaluation(f"older-{step}", identifier="e2")


@examples_of("delete.gone", operation="delete_eval")
def a_deleted_object_is_gone() -> Iterator[Example]:
    """After a deletion the object is not found, or marked as deleted. An older one stays."""
    deleted = (evaluation("before"), older("before"), deletion())
    yield accepted(
        "the object is gone, and the older one is there", *deleted, missing("after"), older("after")
    )
    as_deleted = evaluation("after", status_text="deleted")
    yield accepted("the object is shown as deleted", *deleted, as_deleted, older("after"))
    unchanged = evaluation("after")
    yield refused("the object is there as before", *deleted, unchanged, older("after"))
    older_gone = missing("older-after", identifier="e2")
    yield refused("the older object is gone, too", *deleted, missing("after"), older_gone)
    sentence = "the older object is gone, and there is no read of the deleted one"
    yield refused(sentence, older("before"), deletion(), older_gone)


@examples_of("delete.gone", operation="delete_eval")
def a_deleted_object_is_listed() -> Iterator[Example]:
    """A list does not show the object as it was."""
    both = [{"id": "e1", "name": "One"}, {"id": "e2", "name": "Two"}]
    body = {"evals": both, "has_more": False}
    listed = answer(200, body, operation="list_evals", sought="e1", step="listed-before")
    still_listed = labelled(listed, step="listed-after")
    yield refused(
        "the object is listed as before",
        evaluation("before"),
        older("before"),
        listed,
        deletion(),
        missing("after"),
        older("after"),
        still_listed,
    )


@examples_of("delete.gone", operation="delete_eval")
def another_object_is_gone() -> Iterator[Example]:
    """The other object counts by its id: it may be the same one, or sort before it."""

    def other(step: str, identifier: str) -> Exchange:
        return labelled(older(step), sought=identifier)

    def other_missing(identifier: str) -> Exchange:
        return missing("older-after", identifier=identifier)

    before, after = evaluation("before"), missing("after")
    only_one = (before, other("before", "e1"), deletion(), after, other_missing("e1"))
    yield accepted("the older object is the deleted one", *only_one)
    newer_gone = (
        *(before, other("before", "e1"), evaluation("newer-before", identifier="e2")),
        *(deletion(), after, other_missing("e1")),
        missing("newer-after", identifier="e2"),
    )
    yield refused("the older object is the deleted one, and the newer one is gone", *newer_gone)
    sorts_before = (before, other("before", "e0"), deletion(), after, other_missing("e0"))
    yield refused("an object whose id sorts before is gone", *sorts_before)


@examples_of("delete.gone", operation="delete_eval")
def no_deletion_to_judge() -> Iterator[Example]:
    """A deletion is judged if it was accepted, and the object was read before and after."""
    forbidden = refusal("forbidden", step="delete")
    yield silent("the deletion is refused", evaluation("before"), older("before"), forbidden)
    deleted = (evaluation("before"), older("before"), deletion())
    yield silent("there is no read afterwards", *deleted)
    never_seen = (missing("before"), deletion(), missing("after"))
    yield gap("the object was not found before", *never_seen)
    lost = replace(without_response(evaluation("after")), failure="connection reset")
    yield judge_error("the read afterwards gets no response", *deleted, lost)
