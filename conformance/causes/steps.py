"""The steps that reproduce a cause: requests in order, with values from earlier responses.

A request often contains a value from an earlier response, such as the id of a new object or the
cursor of a page. These values have changed when the request is repeated later. So the steps start
with the requests whose responses showed the values, and carry each value over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import pairwise
from urllib.parse import quote, quote_plus

from conformance.base.values import as_text, pointed, read_json
from conformance.causes.origins import Origin, Path, origins_of, values_of
from conformance.causes.shown import Shown, shown_of, shows_again
from conformance.causes.story import story_of
from conformance.model import Body, Exchange, Finding, Placeholder, Request, Run, SecretKind
from conformance.reading import at_once, keys_of, without_place

MARK = Placeholder(SecretKind.VALUE, "mark")
"""Replaces the place name that all unique texts of a run contain, so that they are new again."""

CHANCE = "depends on which request is carried out first"
"""Why requests at the same time may not show a cause again."""


@dataclass(frozen=True)
class Capture:
    """A member that a step takes from its response to replace a placeholder in later requests.

    ``in_url``: the placeholder is for the value as URLs encode it.
    """

    placeholder: str
    path: Path
    in_url: bool = False

    def value_in(self, exchange: Exchange) -> str | None:
        """The value of the member in a response; None if there is none."""
        if exchange.response is None:
            return None
        return as_text(pointed(read_json(exchange.response.body.kept).value, self.path))


@dataclass(frozen=True)
class Sending:
    """One step: an exchange of the run, its request with placeholders, and its captures.

    ``shown``: the exchange is one of those that show the cause. ``finding`` is the main finding of
    the cause, with placeholders, if this is the decisive step; None for all other steps. ``again``
    is the exchange that repeated it at the end of the run; None if it was not repeated. ``caveat``
    says why a fresh server may respond otherwise; empty if it should not. ``at_once``: the request
    was sent while the step before it was under way.
    """

    exchange: Exchange
    request: Request
    captures: tuple[Capture, ...]
    shown: bool
    finding: Finding | None = None
    again: Exchange | None = None
    caveat: str = ""
    at_once: bool = False

    @property
    def differed_when_repeated(self) -> bool:
        """Whether the step was repeated at the end of the run, but did not lead to the cause again.

        A decisive step differs if it did not show the finding again, and any other if its response
        lacked a value that later steps or the finding need.
        """
        if self.again is None:
            return False
        if self.finding:
            return not shows_again(self.finding, self.exchange, self.again)
        return any(capture.value_in(self.again) is None for capture in self.captures)


def steps_of(run: Run, shown: Sequence[Shown]) -> list[list[Sending]]:
    """The steps that reproduce each of some causes, in their order.

    A cause without exchanges has no steps.
    """
    exchanges = [exchange for each in shown for exchange in each.exchanges]
    named: dict[str, set[str]] = {}  # by id of the exchange, the values that its finding names
    for each in shown:
        if each.decisive:
            values = each.expected_values | each.actual_values
            named.setdefault(each.decisive.id, set()).update(values)
    origins = origins_of(run, exchanges, named)
    keys_of_run = keys_of(run)
    return [_steps(run, each, origins, keys_of_run) for each in shown]


def causes_not_shown_again(run: Run) -> frozenset[str]:
    """The ids of the causes whose steps were repeated at the end of the run, but did not show them.

    Empty if the run did not repeat any steps. Scans the whole log otherwise.
    """
    if not run.again:
        return frozenset()
    steps_of_causes = steps_of(run, [shown_of(run, cause) for cause in run.causes])
    return frozenset(
        cause.id
        for cause, steps in zip(run.causes, steps_of_causes, strict=True)
        if any(step.differed_when_repeated for step in steps)
    )


Names = dict[str, tuple[str, str]]
"""By value, the placeholders that replace it: in a body, and in a URL."""


def _steps(
    run: Run, shown: Shown, origins: Mapping[str, Origin], keys: Collection[str]
) -> list[Sending]:
    """The steps that reproduce a cause.

    The ``keys`` of the run determine the place name in its unique texts, which MARK replaces.
    """
    story, decisive = story_of(run, shown, origins), shown.decisive
    sources = {exchange.id for exchange in story.exchanges}
    names = _placeholders_of(story.exchanges, shown.expected_values, origins, sources)
    requests = [_with_placeholders(each.request, names, keys) for each in story.exchanges]
    expected = without_place(
        _text_with_placeholders(shown.finding.expected, names), keys, str(MARK)
    )
    finding = replace(shown.finding, expected=expected)
    used = "".join(text_of(request) for request in requests)
    captures = _captures(names, origins, used + expected)
    overlapping = _overlapping(story.exchanges, captures.keys())
    caveat = story.caveat or (CHANCE if overlapping else "")
    return [
        Sending(
            exchange,
            request,
            captures=tuple(captures.get(exchange.id, ())),
            shown=exchange in shown.exchanges,
            finding=finding if exchange is decisive else None,
            again=run.again.get(exchange.id),
            caveat=caveat if exchange is decisive else "",
            at_once=exchange.id in overlapping,
        )
        for exchange, request in zip(story.exchanges, requests, strict=True)
    ]


def _overlapping(exchanges: Sequence[Exchange], captured: AbstractSet[str]) -> set[str]:
    """The ids of the exchanges that are to be sent together with the one before them.

    ``captured`` are the ids of exchanges from whose responses values are taken. These must end
    before the next request, so they are sent alone.
    """
    overlapping = set()
    for earlier, later in pairwise(exchanges):
        is_same_attempt = (earlier.case, earlier.attempt) == (later.case, later.attempt)
        is_same_step = earlier.facts.step is later.facts.step
        is_one_step = is_same_attempt and is_same_step and earlier.operation == later.operation
        if is_one_step and at_once(earlier, later) and captured.isdisjoint({earlier.id, later.id}):
            overlapping.add(later.id)
    return overlapping


def in_rounds(sendings: Iterable[Sending]) -> list[list[Sending]]:
    """Some steps in rounds: all steps of a round are sent at the same time. Most have one step."""
    rounds: list[list[Sending]] = []
    for each in sendings:
        if each.at_once and rounds:
            rounds[-1].append(each)
        else:
            rounds.append([each])
    return rounds


def _placeholders_of(
    needed: Sequence[Exchange],
    expected: Collection[str],
    origins: Mapping[str, Origin],
    sources: Collection[str],
) -> Names:
    """The placeholders of the values that steps take from the responses of earlier steps.

    These are values in the ``needed`` requests, and ``expected`` ones of the finding, whose origin
    is among the exchanges with the ids in ``sources``.
    """
    used = [value for exchange in needed for value in sorted(values_of(exchange))]
    carried = [
        value
        for value in dict.fromkeys([*used, *sorted(expected)])
        if value in origins and origins[value].exchange in sources
    ]
    names: Names = {}
    for number, value in enumerate(carried, 1):
        plain = Placeholder(SecretKind.VALUE, f"{number}")
        names[value] = (str(plain), str(replace(plain, name=f"{number}-in-url")))
    return names


def _text_with_placeholders(text: str, names: Names) -> str:
    """A text in which placeholders replace the values that are carried over."""
    for value, (plain, _) in names.items():
        text = text.replace(value, plain)
    return text


def _with_placeholders(request: Request, names: Names, keys: Collection[str]) -> Request:
    """A request with placeholders for the values that are carried over, and for the mark.

    In a URL, a value may be encoded in several ways.
    """
    url, body = request.url, request.body
    for value, (_, in_url) in names.items():
        for written in (quote(value, safe=""), quote_plus(value), quote(value), value):
            url = url.replace(written, in_url)
    if body and body.text:
        text = without_place(_text_with_placeholders(body.text, names), keys, str(MARK))
        body = Body(text=text, size=body.size, cut=body.cut)
    return replace(request, url=without_place(url, keys, str(MARK)), body=body)


def _captures(names: Names, origins: Mapping[str, Origin], used: str) -> dict[str, list[Capture]]:
    """What each step has to capture, by the id of the exchange: the placeholders in a text.

    ``used`` is that text: all requests of the steps, and what the finding expects.
    """
    captures: dict[str, list[Capture]] = {}
    for value, placeholders in names.items():
        origin = origins[value]
        for placeholder, in_url in zip(placeholders, (False, True), strict=True):
            if placeholder in used:
                capture = Capture(placeholder, origin.path, in_url)
                captures.setdefault(origin.exchange, []).append(capture)
    return captures


def text_of(request: Request) -> str:
    """All parts of a request that can contain a value."""
    body = request.body or Body()
    headers = "\n".join(text for header in request.headers for text in header)
    return f"{request.url}\n{headers}\n{body.kept}\n"
