"""The steps that reproduce a cause, as numbered shell lines.

Variables carry values from a response to later steps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from shlex import quote as quoted

from conformance.base.text import clean
from conformance.causes.steps import Capture, Sending, filling_of, text_of
from conformance.model import Exchange, Run
from conformance.report.curl import curl, owed, variable

FROM_ONE_ADDRESS = "# Send all from one address that has sent no request within the window."
LONGEST = 4_000
"""Maximum characters of a line."""


def block(run: Run, sendings: Sequence[Sending]) -> str:
    """Some steps as shell lines; empty if there are none."""
    return "\n".join(_lines(run, sendings))


def outcome(sendings: Sequence[Sending]) -> str:
    """A sentence on the result of repeating the steps at the end of the run; empty if not sent."""
    if not any(each.again for each in sendings):
        return ""
    for number, each in enumerate(sendings, 1):
        if each.came_otherwise:
            return (
                f"Sent again at the end of the run: step {number} did not return the same status."
            )
    return "Sent again at the end of the run: same result."


def _lines(run: Run, sendings: Sequence[Sending]) -> Iterator[str]:
    if filling_of(run, [each.exchange for each in sendings if each.shown]):
        yield FROM_ONE_ADDRESS
    yield from owed("".join(text_of(each.request) for each in sendings))
    for number, each in enumerate(sendings, 1):
        yield f"# {number}. {clean(_description(each))}"
        if not each.captures:
            yield f"{_line(each)}\necho"
            continue
        yield f"response=$(\n{_line(each, quiet=True)}\n)"
        if each.shown:
            yield "printf '%s\\n' \"$response\""
        yield from (_assignment(capture) for capture in each.captures)


def _line(each: Sending, *, quiet: bool = False) -> str:
    """The line of a request, or a comment with its exchange id if it is too long for a shell."""
    line = curl(each.request, quiet=quiet)
    if len(line) <= LONGEST:
        return line
    return f"# too long for a shell line: see exchange {clean(each.exchange.id)} in the log"


def _assignment(capture: Capture) -> str:
    """The line that takes a value from the last response. Names are JSON, so nothing expands."""
    path = "." + "".join(f"[{json.dumps(step)}]" for step in capture.path)
    form = "|@uri" if capture.in_url else ""
    name = variable(capture.placeholder)
    return f'{name}=$(printf %s "$response" | jq -r {quoted(path + form)})'


def _description(each: Sending) -> str:
    """What a step does, such as ``GET with the key full, returned 200 in the run``."""
    exchange = each.exchange
    key = f"with the key {exchange.identity}" if exchange.identity else "without a key"
    text = f"{exchange.request.method} {key}, {_returned(exchange)} in the run"
    if each.again is None:
        return text
    return f"{text}, {_returned(each.again)} at its end"


def _returned(exchange: Exchange) -> str:
    return f"returned {exchange.response.status}" if exchange.response else "got no response"
