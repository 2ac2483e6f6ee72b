"""Requests with one wrong value each, so that the refusal of one hides no other."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

from conformance.base.drawing import stable_hash
from conformance.model import Effect, Facts, Operation, Parameter, Role
from conformance.plan.registry import Depth
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.ids import MALFORMED
from conformance.scenarios.generated.generate import Drawing, Wrong
from conformance.scenarios.odd.odd_values import WRONG_TYPE, odd_value
from conformance.transport.message import query_text

NUMBERS = ("integer", "number")
"""The types of numbers."""
OTHER_TYPE, BEYOND, ODD_FORMAT = "incorrect_type", "beyond", "odd_format"
"""Mistakes: a value of another type, one that only a bound of the server could exclude, and one
that passes many a check of its format, but not every parser.
"""
INTERNAL_ERROR = 500
"""The lowest status of a server fault."""
DIALLED = 6
"""Digits of the shortest text that may be somebody's phone number."""
LENIENT = 3
"""Accepted requests after which the other wrong values of an operation are sent together."""
ALONE = {Depth.QUICK: 1, Depth.FULL: 3, Depth.DEEP: 12}
"""Wrong values of a member of a body that are sent alone."""
TOGETHER = {Depth.QUICK: 0, Depth.FULL: 3, Depth.DEEP: 6}
"""Requests with a wrong value of each member, of those that are not sent alone."""
FAR = 999_999_999
"""A number that 32 bits hold, and that leaves every calendar as days or hours."""
OF_FORMATS: dict[str, list[Any]] = {
    "date-time": ["2016-12-31T23:59:60Z"],
    "uri": ["http://", "https://example.com:99999/"],
}
"""The values with an odd format, by format. They reach nobody."""
OF_NUMBERS, OF_WORDS = 6, 1
"""Wrong values of a number, and of a text in a query with a format or a list of words."""


def counts_of(operation: Operation, depth: Depth) -> dict[str, int]:
    """How many wrong values of each parameter are sent alone, by name.

    A quick run has only those of the last parameter. Headers get none. Nor does the member that
    selects the operation, except for the members inside it.
    """
    counts = {}
    for parameter in operation.parameters:
        if parameter.place == "header":
            continue
        inside = len(parameter.schema.get("properties", {}))
        if parameter.name != operation.when:
            odd_formats = len(_of_format(operation, parameter)) if depth is Depth.FULL else 0
            counts[parameter.name] = _count(operation, parameter, depth) + inside + odd_formats
        elif inside:
            counts[parameter.name] = inside
    if depth is Depth.QUICK and counts:
        last = list(counts)[-1]
        return {last: counts[last]}
    return counts


def requests_of(operation: Operation, depth: Depth) -> int:
    """How many requests with wrong values an operation gets, at most."""
    together = TOGETHER[depth] if operation.body else 0
    return sum(counts_of(operation, depth).values()) + together


def _count(operation: Operation, parameter: Parameter, depth: Depth) -> int:
    """How many wrong values of a parameter are sent alone, at most.

    Other scenarios send wrong limits and cursors of lists. In a full run, they also send malformed
    ids of the object itself, and null for a required member. A text outside a body has no type that
    could be wrong, so it gets a value only if it has a format or a list of words.
    """
    paging = operation.paging
    if paging is not None and parameter.name in (paging.limit, paging.after):
        return 0
    if depth is not Depth.FULL:
        return ALONE[depth]
    if parameter.schema.get("type") in NUMBERS:
        return OF_NUMBERS
    if parameter.place == "body":
        if parameter.references:
            return 0 if parameter == operation.selector else 1
        return ALONE[depth] - 1 if parameter.required else ALONE[depth]
    return OF_WORDS if {"enum", "format"} & set(parameter.schema) else 0


def wants_control(operation: Operation) -> bool:
    """Whether the codes of refusals are judged, which requires a valid request as a control.

    For operations that only read, or that cost money, they are not.
    """
    return bool(operation.body) and operation.effect is Effect.WRITE and operation.keyed


def has_clearly_invalid(operation: Operation, depth: Depth) -> bool:
    """Whether some member of an operation gets a value that can only be called invalid."""
    counts = counts_of(operation, depth)
    members = [each for each in operation.body if each.name in counts]
    return any(not each.references and each.name != operation.when for each in members)


def send_wrong(client: Client, drawing: Drawing, *, only_judged: bool) -> None:
    """Send some wrong values alone, in requests that are otherwise valid, and others together.

    The first is one that can only be called invalid, if there is any; with ``only_judged``, no
    other is sent. Once the server has accepted LENIENT of them, odd formats aside, the rest are
    sent together: where nothing is refused, no refusal hides what comes after.
    """
    if wants_control(client.operation):
        values = client.valid(client.operation)
        if values is None:
            return
        client.control_unless_shared(values)
    alone, left = _judged_first(client.operation, *_divide(client, drawing))
    if only_judged:
        alone, left = alone[:1], []
    accepted = 0
    while alone and accepted < LENIENT:
        wrong = alone.pop(0)
        if _send(client, [wrong]) and wrong.mistake != ODD_FORMAT:
            accepted += 1
    _send_together(client, alone, left)


def _judged_first(
    operation: Operation, alone: list[Wrong], left: list[Wrong]
) -> tuple[list[Wrong], list[Wrong]]:
    """The wrong values to send alone and those ``left``, with one moved to the very beginning.

    It is the first one that can only be called invalid; the codes of its refusal are judged.
    """
    clearly_invalid = [each for each in (*alone, *left) if _is_clearly_invalid(operation, each)]
    judged = clearly_invalid[:1]
    others = [each for each in alone if each not in judged]
    return judged + others, [each for each in left if each not in judged]


def _send_together(client: Client, alone: list[Wrong], left: list[Wrong]) -> None:
    """Send wrong values in requests that hold one for each of several members.

    Those that would have been sent ``alone`` are sent even if no other member has one.
    """
    waiting = alone + left
    for _ in range(TOGETHER[client.depth]):
        batch = _one_of_each(waiting)
        if len(batch) > 1 or any(wrong in alone for wrong in batch):
            _send(client, batch)
        waiting = [wrong for wrong in waiting if wrong not in batch]


def _send(client: Client, batch: list[Wrong]) -> bool:
    """Send wrong values in one request; returns whether it was accepted.

    If the server may have stored what is wrong, the next request gets a new object.
    """
    operation, values = client.operation, client.valid(client.operation)
    if values is None:
        return False
    changed = {**values, **{wrong.name: wrong.value for wrong in batch}}
    first = batch[0]
    is_other_type = first.place == "body" and first.mistake == OTHER_TYPE
    facts = Facts(flaw=WRONG_TYPE if is_other_type else odd_value(first.name))
    exchange = client.mistake(operation, changed, facts, role=_role(operation, batch))
    if exchange.ok or (exchange.status or 0) >= INTERNAL_ERROR:
        client.own.renew(operation)
    return exchange.ok


def _one_of_each(wrong: Iterable[Wrong]) -> list[Wrong]:
    """For each parameter, the first of some wrong values."""
    first: dict[str, Wrong] = {}
    for each in wrong:
        first.setdefault(each.name, each)
    return list(first.values())


def _divide(client: Client, drawing: Drawing) -> tuple[list[Wrong], list[Wrong]]:
    """The wrong values to send alone, and those left over, which only members of a body have.

    Those to send alone come in rounds with one value of each parameter, but odd formats first.
    """
    operation = client.operation
    alone: list[list[Wrong]] = []
    left: list[Wrong] = []
    for name, count in counts_of(operation, client.depth).items():
        parameter = operation.parameter(name)
        assert parameter is not None
        safe = _safe_values(operation, parameter, drawing)
        ordered = _drawn_order(safe, f"{client.seed} {operation.id} {name}")
        alone.append(ordered[:count])
        if parameter.place == "body":
            left += ordered[count:]
    # odd formats come first: they must be sent alone, before enough others have been accepted
    return sorted(_in_turn(alone), key=lambda each: each.mistake != ODD_FORMAT), left


def _in_turn(lists: Iterable[list[Wrong]]) -> list[Wrong]:
    """The first of each list, then the second of each, and so on."""
    rounds = zip_longest(*lists)  # a list that has no more yields None
    return [each for turn in rounds for each in turn if each is not None]


def _safe_values(operation: Operation, parameter: Parameter, drawing: Drawing) -> list[Wrong]:
    """The wrong values of a parameter that harm nobody. Those with an odd format are harmless.

    A parameter that selects the operation has none of its own, only those inside its object.
    """
    every = _outside_schemas(operation, parameter, drawing)
    if parameter.name != operation.when:
        drawn = drawing.wrong_values(operation)
        every = [wrong for wrong in drawn if _is_for(parameter, wrong)] + every
    return [
        wrong for wrong in every if wrong.mistake == ODD_FORMAT or _is_safe(parameter, wrong.value)
    ]


def _is_for(parameter: Parameter, wrong: Wrong) -> bool:
    """Whether a value is for a parameter, and no other scenario sends it.

    Others send a query parameter twice, which a list would do, and null for a required member.
    """
    if wrong.name != parameter.name:
        return False
    if parameter.place != "body":
        return not isinstance(wrong.value, list)
    return wrong.value is not None or not parameter.required


def _drawn_order(wrong: list[Wrong], seed: str) -> list[Wrong]:
    """Wrong values in a drawn order: those of the right type, then those of other types.

    A server that fails on one number or container mostly fails on all, so containers, scalars and
    null take turns. The largest number comes first, and empty texts come last.
    """
    shuffled = sorted(wrong, key=lambda each: stable_hash(f"{seed} {query_text(each.value)}"))
    kinds: dict[str, list[Wrong]] = {"container": [], "scalar": [], "null": []}
    bounds: list[Wrong] = []
    last: list[Wrong] = []
    for each in shuffled:
        if each.value == "":
            last.append(each)
        elif each.mistake != OTHER_TYPE:
            bounds.append(each)
        else:
            kinds[_kind_of(each.value)].append(each)
    bounds.sort(key=_turn_of_bound)
    return [*bounds, *_in_turn(kinds.values()), *last]


def _turn_of_bound(wrong: Wrong) -> float:
    """The sort key of a value of the right type: the largest number first, FAR after all others."""
    if wrong.value == FAR:
        return 1
    return -abs(wrong.value) if isinstance(wrong.value, int | float) else 0


def _kind_of(value: Any) -> str:
    """The kind of type that a value has."""
    if isinstance(value, dict | list):
        return "container"
    return "null" if value is None else "scalar"


def _of_format(operation: Operation, parameter: Parameter) -> list[Any]:
    """Odd values of the format of a parameter; none if accepting them may cost money."""
    is_cursor = operation.paging is not None and parameter.name == operation.paging.after
    if operation.effect is Effect.SPEND or is_cursor:
        return []
    return OF_FORMATS.get(parameter.schema.get("format", ""), [])


def _outside_schemas(operation: Operation, parameter: Parameter, drawing: Drawing) -> list[Wrong]:
    """Wrong values that no schema gives: negative and huge numbers, odd arrays, malformed ids.

    An object comes once for each of its documented members, with 7 as the wrong value of that
    member. Odd formats come last.
    """
    negative, huge = drawing.numbers("negative")[0], drawing.numbers("huge")[0]
    values: list[Any] = []
    if parameter.schema.get("type") in NUMBERS:
        values = [negative, FAR, huge]
    elif parameter.schema.get("type") == "array":
        values = [[negative], []]
    elif parameter.references:
        values = [MALFORMED]
    elif parameter.schema.get("properties"):
        values = [{**(parameter.example or {}), name: 7} for name in parameter.schema["properties"]]
    mistakes = [(BEYOND, value) for value in values]
    mistakes += [(ODD_FORMAT, value) for value in _of_format(operation, parameter)]
    place, name = parameter.place, parameter.name
    return [Wrong(place, name, mistake, value) for mistake, value in mistakes]


def _is_safe(parameter: Parameter, value: Any) -> bool:
    """Whether a drawn value leaves the path intact, and reaches nobody if dialled or visited."""
    text = query_text(value)
    if parameter.place == "path" and not text:
        return False
    if "@" in text or "://" in text:
        return False
    digits = sum(character.isdigit() for character in text)
    may_be_dialled = parameter.phone or "pattern" in parameter.schema
    return not (may_be_dialled and digits >= DIALLED)


def _role(operation: Operation, batch: list[Wrong]) -> Role:
    """A probe if the code of a refusal is judged, for which every value must be clearly invalid.

    The code for a wrong id or an empty value is open. Numbers and booleans may be accepted as
    texts, and texts as numbers.
    """
    if not wants_control(operation):
        return Role.BYSTANDER
    is_judged = all(_is_clearly_invalid(operation, wrong) for wrong in batch)
    return Role.PROBE if is_judged else Role.BYSTANDER


def _is_clearly_invalid(operation: Operation, wrong: Wrong) -> bool:
    """Whether a value can only be called invalid: no server may read it as the member's type.

    Some validators take a single item for a list of it, and a list of one for its only element.
    """
    parameter = operation.parameter(wrong.name)
    if parameter is None or parameter.references or wrong.mistake != OTHER_TYPE:
        return False
    value, wanted = wrong.value, parameter.schema.get("type")
    if wanted not in ("array", "object"):
        return isinstance(value, dict)
    if not value:  # some languages do not tell an empty text, array and object apart
        return False
    if wanted == "array":
        item = parameter.schema.get("items", {}).get("type")
        unlike_item = str if item == "object" else dict
        return isinstance(value, unlike_item)
    if isinstance(value, list):
        return not any(isinstance(each, dict) for each in value)
    return isinstance(value, str)
