"""Which answers each rule takes for right: each class of answers is tried on each rule.

The table is made from an accepted example of the rule: its last probe is answered in each way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from conformance.checks import RULES
from conformance.model import Exchange, Response, Role
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


def taken() -> dict[str, dict[str, Expected]]:
    """What each trial rule makes of each class of answers, in a word; by rule, then by class."""
    table = {}
    for example in all_examples():
        is_trial = RULES[example.rule].trial is not None
        if example.expected is Expected.ACCEPTED and is_trial and example.rule not in table:
            last = _last_probe(example)
            if last is not None:
                table[example.rule] = dict(_tried(example, last))
    return table


def _last_probe(example: Example) -> int | None:
    """The place of the last probe of an example; None without one."""
    places = [n for n, each in enumerate(example.exchanges) if each.role is Role.PROBE]
    return places[-1] if places else None


def _tried(example: Example, place: int) -> Iterator[tuple[str, Expected]]:
    """What the rule of an example makes of each class of answers to one of its requests."""
    for name, response in CLASSES.items():
        exchanges = list(example.exchanges)
        exchanges[place] = replace(exchanges[place], response=response)
        yield name, in_a_word(outcomes(replace(example, exchanges=tuple(exchanges))))
