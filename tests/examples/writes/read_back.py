"""Examples of reads after a write: they show the values that were sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.model import Exchange
from tests.examples.base import (
    Example,
    Expected,
    accepted,
    example,
    examples_of,
    gap,
    judge_error,
    refused,
    silent,
)
from tests.support.exchanges import (
    answer,
    control,
    proxy,
    refusal,
    with_request_body,
    with_response_of,
    without_response,
)

CREATE, UPDATE = "create_agent", "update_agent"
SENT = {
    "name": "New",
    "first_message": "Hello  there ",
    "max_duration": 300,
    "voice": {"provider": "p"},
}
"""What a write sends of an agent."""

SHOWN = {"id": "a1", **SENT, "first_message": "Hello there", "status": "on"}
"""What a read shows of that agent, with its blanks tidied and a member beside."""


def write(operation: str, members: dict[str, Any], body: Any = None) -> Exchange:
    """An agent is created or changed with these members; the answer is the agent a1 or a body."""
    return answer(
        201 if operation == CREATE else 200,
        {"id": "a1", "name": "New"} if body is None else body,
        operation=operation,
        role="control",
        step="write",
        sent=members,
    )


def read(body: Any, sought: str = "a1") -> Exchange:
    """A read of the agent."""
    return answer(200, body, operation="read_agent", step="read", sought=sought)


def not_read(code: str) -> Exchange:
    """A read of the agent that is refused."""
    return refusal(code, operation="read_agent", step="read", sought="a1")


def _values(operation: str) -> Iterator[Example]:
    """A read shows each value that was sent, in its own spelling."""
    written = write(operation, SENT)
    yield accepted("the read shows what was sent", written, read(SHOWN))
    partly = read({"id": "a1", "name": "New"})
    yield accepted("the read shows only some of the members", written, partly)
    with_default = read({**SHOWN, "voice": {"provider": "p", "speed": 1}})
    yield accepted("the read adds a default inside a member", written, with_default)
    yield accepted("the read shows 300 as 300.0", written, read({**SHOWN, "max_duration": 300.0}))
    old_name = {**SHOWN, "name": "Old"}
    yield refused("the read shows another value", written, read(old_name))
    wrapped = read({"agent": old_name, "business": {"id": "b", "name": "New"}})
    yield refused("the read shows another value, in a wrapper of two objects", written, wrapped)
    other_voice = read({**SHOWN, "voice": {"provider": "q"}})
    yield refused("the read shows another value inside a member", written, other_voice)
    for sentence, value in (
        ("that sorts before", "Abe"),
        ("which is an object", {"name": "New"}),
        ("which is a list of letters", list("New")),
    ):
        yield refused(
            f"the read shows another value, {sentence}", written, read({**SHOWN, "name": value})
        )
    greeted = write(operation, {"first_message": "Hello"})
    emptied = read({"id": "a1", "first_message": None})
    yield refused("the read shows null for a text of the contract", greeted, emptied)
    with_data = write(operation, {"metadata": {"team": "front"}})
    without = read({"id": "a1", "metadata": None})
    yield refused("the read shows null for an object of the contract", with_data, without)
    enabled = write(operation, {"transfer_enabled": True})
    yield refused("the read shows true as 1", enabled, read({"id": "a1", "transfer_enabled": 1}))


def _answers(operation: str) -> Iterator[Example]:
    """The answer to the write shows what was sent, as far as it shows it."""
    shown = read(SHOWN)
    yield accepted("the answer shows what was sent", write(operation, SENT, SHOWN), shown)
    old = write(operation, SENT, {**SHOWN, "name": "Old"})
    yield refused("the answer shows another value", old, shown)
    yield refused("the answer shows another value, and no read follows", old)


def _lists(operation: str) -> Iterator[Example]:
    """A read shows a list item by item, each with its defaults."""
    written = write(operation, {"tags": [{"name": "a"}, "b"]})
    for expected, sentence, tags in (
        (Expected.ACCEPTED, "as sent", [{"name": "a"}, "b"]),
        (Expected.ACCEPTED, "with a default added", [{"name": "a", "on": True}, "b"]),
        (Expected.REFUSED, "with one item more", [{"name": "a"}, "b", "c"]),
        (Expected.REFUSED, "with one item less", [{"name": "a"}]),
        (Expected.REFUSED, "with another item", [{"name": "a"}, "c"]),
        (Expected.REFUSED, "that is a text", "b"),
    ):
        yield example(
            expected, f"the read shows a list {sentence}", written, read({"id": "a1", "tags": tags})
        )


def _reads(operation: str) -> Iterator[Example]:
    """The last read after a write shows the object that was written."""
    written, right, missing = write(operation, SENT), read(SHOWN), not_read("not_found")
    yield refused("the object is not found", written, missing)
    for identifier in ("a0", "a2"):
        another = read({**SHOWN, "id": identifier})
        yield refused(f"the read shows another object, {identifier}", written, another)
    other_request = control(role="setup")
    yield accepted(
        "the read shows what was sent, before another request", written, right, other_request
    )
    yield accepted("the second of two reads shows what was sent", written, missing, right)


def _two_writes(operation: str) -> Iterator[Example]:
    """A read belongs to the write before it that answered with the id that it asks for."""
    write_1 = write(operation, {"name": "a1"}, body={"id": "a1"})
    write_2 = write(operation, {"name": "a2"}, body={"id": "a2"})
    read_1 = read({"id": "a1", "name": "a1"}, "a1")
    read_2 = read({"id": "a2", "name": "a2"}, "a2")
    yield accepted("two writes, each with its read", write_1, read_1, write_2, read_2)
    crossed = (write_1, write_2, read_2, read_1)
    yield accepted("two writes, and their reads in the other order", *crossed)
    lost = without_response(write_1)
    yield judge_error("a write without a response, and a read", lost, read_1)


def _no_proof(operation: str) -> Iterator[Example]:
    """Write and read must both be answered."""
    written = write(operation, SENT)
    on_read: dict[str, Any] = {"operation": "read_agent", "step": "read"}
    yield gap("the read is answered 429", written, refusal("rate_limit_exceeded", **on_read))
    yield judge_error("the read is answered 502 by a proxy", written, proxy(**on_read))
    on_write: dict[str, Any] = {"operation": operation, "role": "control", "step": "write"}
    yield gap("the write is answered 429", refusal("rate_limit_exceeded", **on_write))
    yield silent("the write is refused", refusal("forbidden", **on_write))
    yield silent("there is no read", written)


def _another_reference(operation: str) -> Iterator[Example]:
    """What the request held in the end is what counts."""
    renamed = with_request_body(write(operation, {"agent_id": "gone"}), {"agent_id": "there"})
    shown = read({"id": "a1", "name": "New", "agent_id": "there"})
    yield accepted(
        "the read shows the reference that was sent in place of the first one", renamed, shown
    )


def _any_write(operation: str) -> Iterator[Example]:
    yield from _values(operation)
    yield from _answers(operation)
    yield from _lists(operation)
    yield from _reads(operation)
    yield from _two_writes(operation)
    yield from _no_proof(operation)
    yield from _another_reference(operation)


@examples_of("create.read-back", operation=CREATE)
def a_created_object_is_read_back() -> Iterator[Example]:
    """A read shows what was created."""
    yield from _any_write(CREATE)


@examples_of("update.read-back", operation=UPDATE)
def a_changed_object_is_read_back() -> Iterator[Example]:
    """A read shows what was changed."""
    yield from _any_write(UPDATE)


@examples_of("create.read-back", operation=CREATE)
def little_of_a_created_object_is_shown() -> Iterator[Example]:
    """A created object needs an id. It exists even if a read shows none of its members."""
    nameless = read({"id": "a1"})
    yield accepted("the read shows none of the members", write(CREATE, {"name": "New"}), nameless)
    without_id = write(CREATE, {"name": "New"}, body={"ok": True})
    yield refused("the write is answered without an id", without_id)
    members = {"name": "New", "first_message": "Hello"}
    emptied = read({"id": "a1", "name": None, "first_message": "Hello"})
    yield refused("the read shows null for a required member", write(CREATE, members), emptied)


@examples_of("update.read-back", operation=UPDATE)
def little_of_a_changed_object_is_shown() -> Iterator[Example]:
    """A change is not judged if a read shows none of its members."""
    renamed = write(UPDATE, {"name": "New"})
    yield silent("the read shows none of the members", renamed, read({"id": "a1"}))
    yield refused(
        "the read shows null for the only member", renamed, read({"id": "a1", "name": None})
    )
    off = write(UPDATE, {"transfer_enabled": False})
    unset = read({"id": "a1", "transfer_enabled": None})
    yield refused("the read shows null for false", off, unset)
    empties: tuple[Any, ...] = ({}, "", [])
    for empty in empties:
        cleared = write(UPDATE, {"metadata": empty})
        unset = read({"id": "a1", "metadata": None})
        yield silent(f"the read shows null for the empty value {empty!r}", cleared, unset)
    unsaid = write(UPDATE, {"voice": {"provider": "p"}})
    unset = read({"id": "a1", "voice": None})
    yield silent("the read shows null where the contract gives no value", unsaid, unset)
    both = write(UPDATE, {"name": "New", "first_message": "Hello"})
    emptied = read({"id": "a1", "name": None, "first_message": "Hello"})
    yield refused("the read shows null for one of two members", both, emptied)


# --- objects that only a list shows ---------------------------------------------------------------

HOOK = {"id": "w1", "url": "https://example.com/1"}


def hook_created() -> Exchange:
    """A webhook is created; the list has another name for the member that was sent."""
    return answer(
        201,
        {"webhook": {"id": "w1"}},
        operation="create_webhook",
        role="control",
        step="write",
        sent={"webhook_url": "https://example.com/1"},
    )


def hooks(*listed: dict[str, Any], more: bool = False, sought: str = "w1") -> Exchange:
    """A page of webhooks, where one is looked for."""
    body = {"webhooks": list(listed), "has_more": more}
    return answer(200, body, operation="list_webhooks", sought=sought, step="read")


@examples_of("create.read-back", operation="create_webhook")
def a_created_webhook_is_listed() -> Iterator[Example]:
    """A list shows what was created, unless it goes on."""
    listed = hooks({"id": "w0"}, HOOK, more=True)
    by_its_name = "the list shows the value, in a member of another name"
    yield accepted(by_its_name, hook_created(), listed)
    other_url = hooks({**HOOK, "url": "https://example.com/2"})
    yield refused("the list shows another value", hook_created(), other_url)
    yield refused("the list does not show the object", hook_created(), hooks({"id": "w0"}))
    null = with_response_of(hooks(), answer(200, None))
    yield refused("the list is null", hook_created(), null)
    goes_on = hooks({"id": "w0"}, more=True)
    yield gap("the list does not show the object, and goes on", hook_created(), goes_on)


@examples_of("create.read-back", operation="create_webhook")
def a_webhook_is_written_twice() -> Iterator[Example]:
    """A list is compared with the last write of the object that is looked for."""
    written_again = answer(
        200,
        {"webhook": {"id": "w1"}},
        operation="create_webhook",
        step="write",
        sent={"webhook_url": "https://example.com/2"},
    )
    second_url = hooks({**HOOK, "url": "https://example.com/2"})
    both = (hook_created(), second_url, written_again, second_url)
    yield accepted("the list shows what the second of two writes sent", *both)
    for first, second in (("w1", "w2"), ("w2", "w1")):
        created_1, created_2 = (
            replace(
                with_response_of(hook_created(), answer(201, {"webhook": {"id": identifier}})),
                id=identifier,
            )
            for identifier in (first, second)
        )
        wrong = hooks({"id": first, "url": "https://example.com/9"}, sought=first)
        sentence = f"the list shows {first} with another value, and {second} is created afterwards"
        yield refused(sentence, created_1, wrong, created_2)
