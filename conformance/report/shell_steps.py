"""The steps that reproduce a cause, as numbered shell lines.

Variables carry values from a response to later steps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from shlex import quote as quoted

from conformance.base.text import clean
from conformance.causes.shown import STATUS
from conformance.causes.steps import MARK, Capture, Sending, in_rounds, text_of
from conformance.causes.story import filling_of
from conformance.model import Exchange, Finding, Placeholder, Run, SecretKind
from conformance.model.placeholder import PATTERN
from conformance.report import view
from conformance.report.curl import BODY, BODY_AND_HEADERS, PRINTED, curl, unset_checks, variable

FROM_ONE_ADDRESS = "# Send all from one address that has sent no request within the window."
NEW_MARK = f'# for texts that must be unique\n{variable(str(MARK))}=$(printf %04x "$RANDOM")'
"""The lines that choose a new value for MARK, which makes the texts in requests unique."""
LONGEST = 4_000
"""Maximum characters of a line."""
ITEMS_EXPECTED = 10
"""The number of items that a list of a server with some data is expected to have."""
LONGEST_VALUE = 200
"""Maximum characters of a value in a comment."""


def block(run: Run, sendings: Sequence[Sending]) -> str:
    """Some steps as shell lines; empty if there are none."""
    return "\n".join(_lines(run, sendings))


def outcome(sendings: Sequence[Sending]) -> str:
    """A sentence on the result of repeating the steps at the end of the run.

    Empty if the decisive step was not repeated, unless the repetition of an earlier step differed.
    """
    for number, step in enumerate(sendings, 1):
        if step.differed_when_repeated:
            return f"Sent again at the end of the run: step {number} {_difference(step)}."
    if any(step.again and step.finding for step in sendings):
        return "Sent again at the end of the run: same result."
    return ""


def _difference(step: Sending) -> str:
    """How the repetition of a step differs, such as ``returned 404, not 200``."""
    before, after = _returned(step.exchange), _returned(step.again or step.exchange)
    if before != after:
        return f"{after}, not {before.removeprefix('returned ')}"
    if step.finding is None:
        return "lacked a value that later steps need"
    return "did not show the finding"


def _lines(run: Run, sendings: Sequence[Sending]) -> Iterator[str]:
    """What to set up first, then the lines of each step. Simultaneous steps are awaited."""
    if filling_of(run, [each.exchange for each in sendings if each.shown]):
        yield FROM_ONE_ADDRESS
    sent = "".join(text_of(each.request) for each in sendings)
    yield from unset_checks(sent)
    if str(MARK) in sent:
        yield NEW_MARK
    number = 0
    for steps in in_rounds(sendings):
        for each in steps:
            number += 1
            yield f"# {number}. {clean(_description(each))}"
            yield from _expectation(each)
            yield from _items_needed(each)
            yield from _request(each, alone=len(steps) == 1)
        if len(steps) > 1:
            yield "wait\necho"


def _items_needed(step: Sending) -> Iterator[str]:
    """A comment if a value is taken from far down a list, which may be shorter elsewhere."""
    indices = [part for capture in step.captures for part in capture.path if isinstance(part, int)]
    needed = max(indices, default=0) + 1
    if needed > ITEMS_EXPECTED:
        yield f"# A fresh server may lack this: the list needs at least {needed:,} items."


def _request(step: Sending, *, alone: bool) -> Iterator[str]:
    """The lines that send a request, ``alone`` or at the same time as others, and take values.

    If the request is one of those that show the cause, its response is printed in full.
    """
    if not alone:
        yield _line(step, waits=False)
        return
    if not step.captures:
        yield f"{_line(step)}\necho"
        return
    output = BODY_AND_HEADERS if step.shown else BODY
    yield f"response=$(\n{_line(step, output)}\n)"
    if step.shown:
        yield "printf '%s\\n' \"$response\""
    yield from (_assignment(capture) for capture in step.captures)


def _expectation(step: Sending) -> Iterator[str]:
    """The lines before a step that say what the contract requires of it.

    The first may say why a fresh server might not show the cause. For a decisive step, the next
    lines print the required values that come from earlier responses, because these differ every
    time. The last is a comment on what is required, and what the response was.
    """
    if step.caveat:
        yield f"# This may not show on a fresh server: it {step.caveat}."
    if step.finding is None:
        return
    for placeholder in dict.fromkeys(Placeholder.all_in(step.finding.expected[:LONGEST_VALUE])):
        if placeholder.kind is SecretKind.VALUE:
            name = variable(str(placeholder))
            yield f'echo "{name}: ${name}"'
    yield f"# {_required(step, step.finding)}"


def _required(step: Sending, finding: Finding) -> str:
    """A sentence such as ``the contract requires /has_more to be a boolean; in the run: "true"``.

    Variables stand for the values that come from earlier responses.
    """
    named = PATTERN.sub(lambda found: f"${{{variable(found[0])}}}", finding.expected)
    expected = view.shown(named, LONGEST_VALUE)
    if finding.where == STATUS:
        return f"the contract requires {expected}; this server {_returned(step.exchange)}"
    place = view.shown(finding.where, LONGEST_VALUE)
    if place in ("", "/"):
        required = expected
    elif expected.startswith(("no ", "nothing ")):
        required = f"{expected} at {place}"
    else:
        required = f"{place} to be {expected}"
    actual = view.shown(finding.actual, LONGEST_VALUE)
    return f"the contract requires {required}; in the run: {actual}"


def _line(step: Sending, output: str = PRINTED, *, waits: bool = True) -> str:
    """The line of a request, or a comment with its exchange id if it is too long for a shell."""
    line = curl(step.request, output, waits=waits)
    if len(line) <= LONGEST:
        return line
    return f"# too long for a shell line: see exchange {clean(step.exchange.id)} in the log"


def _assignment(capture: Capture) -> str:
    """The line that takes a value from the last response.

    The jq path has its member names as JSON, so that none of them is read as jq syntax.
    """
    path = "." + "".join(f"[{json.dumps(part)}]" for part in capture.path)
    encoding = "|@uri" if capture.in_url else ""
    name = variable(capture.placeholder)
    return f'{name}=$(printf %s "$response" | jq -r {quoted(path + encoding)})'


def _description(step: Sending) -> str:
    """What a step does, such as ``GET with the key full, returned 200 in the run (exchange 7)``."""
    exchange = step.exchange
    key = f"with the key {exchange.identity}" if exchange.identity else "without a key"
    when = "sent at the same time, " if step.at_once else ""
    returned = f"{_returned(exchange)} in the run (exchange {exchange.id})"
    text = f"{exchange.request.method} {key}, {when}{returned}"
    if step.again is None:
        return text
    return f"{text}, {_returned(step.again)} at its end"


def _returned(exchange: Exchange) -> str:
    return f"returned {exchange.response.status}" if exchange.response else "got no response"
