"""What shows a cause: a finding and exchanges, and whether a later response shows it again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from conformance.base.values import ABSENT
from conformance.causes.finding_key import stable_text
from conformance.causes.telling import telling
from conformance.model import Cause, Exchange, Finding, KeyName, Response, Role, Run
from conformance.model.placeholder import PATTERN

STATUS = "status"
"""The place of a finding about the status."""
_WORD = re.compile(r"[\w:.+@/-]{6,}")


@dataclass(frozen=True)
class Shown:
    """The main finding of a cause, and the exchanges that show it, in log order."""

    finding: Finding
    exchanges: tuple[Exchange, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the exchanges."""
        return tuple(exchange.id for exchange in self.exchanges)

    @property
    def decisive(self) -> Exchange | None:
        """The exchange whose response departs from the contract; None if no exchange shows it.

        The last one shows it, because the others prepare it or are compared with it. If a status
        departs, such as ``500 Internal Server Error``, it is the last one with that status.
        """
        shown = with_wrong_status(self.finding, self.exchanges)
        return shown[-1] if shown else None

    @property
    def expected_values(self) -> set[str]:
        """The ids and timestamps in what the contract requires."""
        return _run_specific(self.finding.expected)

    @property
    def actual_values(self) -> set[str]:
        """The ids and timestamps in the actual value, and the texts of the list item around it."""
        values = _run_specific(self.finding.actual)
        response = self.decisive.response if self.decisive else None
        if response is not None:
            values.update(_texts_around(response.json, _path(self.finding.where)))
        return values


def with_wrong_status(finding: Finding, exchanges: Sequence[Exchange]) -> Sequence[Exchange]:
    """The exchanges whose status is the wrong one that a finding quotes.

    All of them if it is not about a status, or if none has that status.
    """
    if finding.where != STATUS:
        return exchanges
    status = finding.actual.partition(" ")[0]
    return [each for each in exchanges if str(each.status) == status] or exchanges


def shown_of(run: Run, cause: Cause) -> Shown:
    """What shows a cause of a run."""
    return Shown(cause.finding, tuple(telling(run, cause)))


def probe_of(run: Run, finding: Finding, ids: Iterable[str]) -> Exchange | None:
    """The exchange whose request best shows a finding; None if there are no exchanges.

    For a finding on the status, only exchanges with the wrong status count, if there are any. For
    any other, requests of the operation that is blamed are preferred. Then come probes, and then
    requests with the key full. Among equals, it is the first.
    """
    has_wrong_status = finding.where == STATUS
    return min(
        with_wrong_status(finding, run.exchanges_of(ids)),
        key=lambda exchange: (
            not has_wrong_status and exchange.operation != finding.operation,
            exchange.role is not Role.PROBE,
            exchange.identity != KeyName.FULL,
        ),
        default=None,
    )


def shows_again(finding: Finding, before: Exchange, after: Exchange) -> bool:
    """Whether a repeated request shows a finding again, judged by its status or by its shape.

    ``before`` showed the finding, and ``after`` repeats it. Ids and times may differ, and so may
    the index of an item in a list. Two requests without a response are alike.
    """
    if before.response is None or after.response is None:
        return before.status == after.status
    if finding.where == STATUS:
        return _is_as_wrong(finding, before.response.status, after.response.status)
    if before.response.ok != after.response.ok:
        return False
    in_list = any(step.isdecimal() for step in _path(finding.where))
    wanted = None if in_list else _text_wanted(finding)
    shapes_before = _shapes(finding.where, wanted, before.response, anywhere=False)
    return shapes_before <= _shapes(finding.where, wanted, after.response, anywhere=True)


def _is_as_wrong(finding: Finding, before: int, after: int) -> bool:
    """Whether a status is as wrong as it was before: the same, or another one of the same class.

    Different refusals (4xx) are not as wrong as each other, and an expected status is not wrong.
    """
    if before == after:
        return True
    same_class = before // 100 == after // 100 and before // 100 != 4
    return same_class and str(after) not in finding.expected


# --- shapes ---------------------------------------------------------------------------------------


def _path(where: str) -> list[str]:
    """The steps of a pointer into a body; empty for any other place."""
    return where.split("/")[1:] if where.startswith("/") else []


def _text_wanted(finding: Finding) -> list[str] | None:
    """The parts of the text that a finding expects at its place; None if it expects no text.

    Between two parts was a placeholder, for which there is another text in every run.
    """
    if not finding.expected.startswith('"'):
        return None
    with suppress(ValueError):  # a long text is cut, so that its JSON has no end
        text, _ = json.JSONDecoder().raw_decode(finding.expected)
        placeholders = [found.span() for found in PATTERN.finditer(text)]
        begins = [0, *(end for _, end in placeholders)]
        ends = [*(begin for begin, _ in placeholders), None]
        return [text[begin:end] for begin, end in zip(begins, ends, strict=True)]
    return None


def _consists_of(text: str, parts: list[str]) -> bool:
    """Whether a text has some parts in this order, the first and the last at its ends."""
    first, last, place = parts[0], parts[-1], 0
    if len(parts) == 1:
        return text == first
    for part in parts:
        place = text.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return text.startswith(first) and text.endswith(last)


def _shapes(
    where: str, wanted: list[str] | None, response: Response, *, anywhere: bool
) -> set[str]:
    """The shapes of the values at a place: of a header, or of a pointer into the body.

    ``wanted`` are the parts of the text that is expected there, if it is one. With ``anywhere``,
    the values in any item of a list count, whatever index the pointer has.
    """
    if where.startswith("/"):
        values = _values_at(response.json, _path(where), anywhere)
        return {_shape(value, wanted) for value in values}
    return {stable_text(response.header(where))}


def _shape(value: Any, wanted: list[str] | None) -> str:
    """The first word of a text, without ids, times and numbers; for anything else its type.

    If a certain text is wanted, which has the parts ``wanted``, all other texts have one shape,
    except for the empty one.
    """
    if not isinstance(value, str):
        return type(value).__name__
    if wanted is None or not value:
        return stable_text(value).partition(" ")[0]
    return "the wanted text" if _consists_of(value, wanted) else "another text"


def _values_at(value: Any, path: list[str], anywhere: bool) -> Iterator[Any]:
    """The values at a path, ABSENT for a missing member; nothing if there is no such place at all.

    With ``anywhere``, those in any item of a list, whatever its index in the path.
    """
    if path in ([], [""]):
        yield value
    elif isinstance(value, dict):
        yield from _values_at(value.get(path[0], ABSENT), path[1:], anywhere)
    elif isinstance(value, list):
        items = value if anywhere else _item(value, path[0])
        for item in items:
            yield from _values_at(item, path[1:], anywhere)


def _texts_around(value: Any, path: list[str]) -> Iterator[str]:
    """The texts among the members of the list items that a path leads through."""
    for step in path:
        if isinstance(value, list):
            value = next(iter(_item(value, step)), None)
            members = value.values() if isinstance(value, dict) else ()
            yield from (text for text in members if isinstance(text, str))
        else:
            value = value.get(step) if isinstance(value, dict) else None


def _item(items: list[Any], index: str) -> list[Any]:
    """A list of the one item with an index, given as text; empty if there is none."""
    return [item for place, item in enumerate(items) if str(place) == index]


def _run_specific(text: str) -> set[str]:
    """The words of a text with a digit, such as ids and timestamps."""
    return {word for word in _WORD.findall(text) if any(sign.isdigit() for sign in word)}
