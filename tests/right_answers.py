"""Which responses each rule accepts: each class of responses is tried on each rule.

The table is made from an accepted example of the rule, whose probes are all answered in one way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache

from conformance.checks import RULES
from conformance.model import CodeRole, Exchange, Response, Role
from tests.examples import all_examples
from tests.examples.base import Example, Expected, in_a_word, outcomes
from tests.support.contracts import real
from tests.support.exchanges import answer, proxy, refusal

NO_CODE = {"error": {"message": "Something is wrong with the request"}}
"""The body of an error without a code."""


def _classes() -> Iterator[tuple[str, Response]]:
    """Each class of answers by its name, with an answer of it."""
    yield "200, no body", _response(answer(200, text="", media=None))
    yield "200, {}", _response(answer(200, {}))
    yield "200, other object", _response(answer(200, {"id": "zz-other", "other": True}))
    yield "200, not JSON", _response(answer(200, text="<html>Hello</html>", media="text/html"))
    yield "200, error inside", _response(refusal("internal_error", 200))
    yield "204", _response(answer(204, text="", media=None))
    yield "302", _response(answer(302, text="", media=None))
    for row in real().errors.values():
        yield f"{row.status} {row.code}", _response(refusal(row.code))
    for status in (400, 401, 402, 403, 404, 405, 429, 500):
        yield f"{status}, no code", _response(answer(status, NO_CODE))
    yield "502, no code", _response(proxy(502))


def _response(exchange: Exchange) -> Response:
    assert exchange.response is not None
    return exchange.response


CLASSES: Mapping[str, Response] = dict(_classes())
SUCCESSES = frozenset(name for name in CLASSES if name.startswith("20"))
FAULTS = frozenset(name for name in CLASSES if name.startswith(("5", "302", "405")))
"""Classes that are never the right answer to a documented request."""
SENDING = frozenset(
    f"400 {row.code}" for row in real().errors.values() if row.role is CodeRole.REFUSAL
)
GROUPS: Mapping[str, frozenset[str]] = {
    "any response": frozenset(CLASSES),
    "any success": SUCCESSES,
    "400 to 404 with a code": frozenset(
        f"{row.status} {row.code}" for row in real().errors.values() if row.status < 405
    ),
    "an error without a code": frozenset(
        name for name in CLASSES if name.endswith("no code") and not name.startswith(("429", "502"))
    ),
    "400 for the content": SENDING,
}
"""Names for several classes together, largest first."""


def tried() -> list[str]:
    """The rules that the table has, in its order."""
    return sorted({example.rule for example in all_examples() if _is_tried(example)})


@cache
def taken() -> dict[str, dict[str, Expected]]:
    """What each trial rule makes of each class of answers, in a word; by rule, then by class."""
    table: dict[str, dict[str, Expected]] = {}
    for example in [example for example in all_examples() if _is_tried(example)]:
        if example.rule not in table:
            table[example.rule] = dict(_tried(example))
    return dict(sorted(table.items()))


def _is_tried(example: Example) -> bool:
    """Whether an example passes, is of a trial rule, and has a probe."""
    passes = example.expected is Expected.ACCEPTED and RULES[example.rule].trial is not None
    return passes and any(each.role is Role.PROBE for each in example.exchanges)


def _tried(example: Example) -> Iterator[tuple[str, Expected]]:
    """What the rule of an example makes of each class of answers to its probes."""
    for name, response in CLASSES.items():
        exchanges = tuple(
            replace(each, response=response) if each.role is Role.PROBE else each
            for each in example.exchanges
        )
        yield name, in_a_word(outcomes(replace(example, exchanges=exchanges)))


def grouped(names: Iterable[str]) -> list[str]:
    """The names of classes for people: those that fill a group as its name."""
    left = list(names)
    words = []
    for group, members in GROUPS.items():
        if members <= set(left):
            words.append(group)
            left = [name for name in left if name not in members]
    return words + left
