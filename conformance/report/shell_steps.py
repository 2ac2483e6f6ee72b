"""The steps that repeat a cause, as numbered lines for a shell.

What a later step needs of a response is carried over in a variable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from shlex import quote as quoted

from conformance.base.text import clean
from conformance.causes.steps import Capture, Sending, filling_of, text_of
from conformance.model import Exchange, Run
from conformance.report.curl import curl, owed, variable

FROM_ONE_ADDRESS = "# All from one address, which must not have been used within the window."
LONGEST = 4_000
"""Characters of a line."""


def block(run: Run, sendings: Sequence[Sending]) -> str:
    """Some steps as lines for a shell; empty without any."""
    return "\n".join(_lines(run, sendings))


def outcome(sendings: Sequence[Sending]) -> str:
    """What came of some steps at the end of the run, as a sentence; empty if they were not sent."""
    if not any(each.again for each in sendings):
        return ""
    for number, each in enumerate(sendings, 1):
        if each.came_otherwise:
            return f"Sent again at the end of the run: step {number} was answered otherwise."
    return "Sent again at the end of the run: answered as before."


def _lines(run: Run, sendings: Sequence[Sending]) -> Iterator[str]:
    """The lines of some steps."""
    if filling_of(run, [each.exchange for each in sendings if each.shown]):
        yield FROM_ONE_ADDRESS
    yield from owed("".join(text_of(each.request) for each in sendings))
    for number, each in enumerate(sendings, 1):
        yield f"# {number}. {clean(_said(each))}"
        if not each.captures:
            yield f"{_line(each)}\necho"
            continue
        yield f"answer=$(\n{_line(each, quiet=True)}\n)"
        if each.shown:
            yield "printf '%s\\n' \"$answer\""
        yield from (_taken(capture) for capture in each.captures)


def _line(each: Sending, *, quiet: bool = False) -> str:
    """The line of a request, or where to find one that is too long for a shell."""
    line = curl(each.request, quiet=quiet)
    if len(line) <= LONGEST:
        return line
    return f"# too long for a shell line; the log has it as {clean(each.exchange.id)}"


def _taken(capture: Capture) -> str:
    """The line that takes a value from the last response. Names are JSON: nothing expands."""
    path = "." + "".join(f"[{json.dumps(step)}]" for step in capture.path)
    form = "|@uri" if capture.in_url else ""
    name = variable(capture.placeholder)
    return f'{name}=$(printf %s "$answer" | jq -r {quoted(path + form)})'


def _said(each: Sending) -> str:
    """What a step does, for people, such as ``GET as full, answered 200 in the run``."""
    exchange = each.exchange
    key = f"as {exchange.identity}" if exchange.identity else "without a key"
    said = f"{exchange.request.method} {key}, {_answered(exchange)} in the run"
    if each.again is None:
        return said
    return f"{said}, {_answered(each.again)} at its end"


def _answered(exchange: Exchange) -> str:
    return f"answered {exchange.response.status}" if exchange.response else "not answered"
