"""The steps of each cause of a run show it again when pasted into a shell, on a fresh server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from conformance.causes.origins import values_of
from conformance.causes.shown import shown_of, shows_again
from conformance.causes.steps import Sending, causes_not_shown_again, steps_of, text_of
from conformance.model import Body, Effect, Exchange, Response, Run
from conformance.reading import keys_of, without_place
from conformance.report import cards
from conformance.report.curl import variable
from conformance.run import runfile
from conformance.server.application import Application
from conformance.server.declaration import declaration
from tests import servers
from tests.faults.base import words
from tests.faults.faults import FAULTS
from tests.support.contracts import real
from tests.thirty import THIRTY

MORE = "jobs-of-foreign-run-later eval-moved-away sixth-taken change-of-agent-lost"
"""A fault for each kind of steps that the thirty do not have, such as two requests at once."""
FOUND = (*THIRTY, *words(MORE))
"""Faults that take one request or several to show, reads and writes."""

IDENTIFIER = r"[0-9a-f]{8}-[0-9a-f-]{27}"
"""The ids of the reference server."""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not shutil.which("jq"), reason="needs jq"),
]


def many() -> Application:
    """A fresh server with all faults. It has the same objects and keys every time."""
    return servers.faulty(type("Many", tuple(FAULTS[name].kind for name in FOUND), {}))


@dataclass
class Restarting:
    """A WSGI application that can be replaced by a fresh one at the same address."""

    app: Application = field(default_factory=many)

    def restart(self) -> None:
        """Forget all that was written."""
        self.app.store.close()
        self.app = many()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        return self.app(environ, start_response)


@dataclass(frozen=True)
class Place:
    """A server with faults, its keys as variables of a shell, and a run that judged it."""

    directory: Path
    server: Restarting
    keys: Mapping[str, str]

    @cached_property
    def run(self) -> Run:
        """The run, as stored."""
        return runfile.replay(servers.run_of(self.directory), real()).run

    @cached_property
    def shown(self) -> Sequence[cards.Card]:
        """What the report shows for each cause, with its steps."""
        return cards.with_steps(self.run, cards.cards(self.run))

    def pasted(self, lines: str) -> bytes:
        """What a shell prints for some lines on a fresh server, on both outputs."""
        self.server.restart()
        done = subprocess.run(
            ["bash", "-c", lines],
            env={"PATH": os.environ["PATH"], "HOME": str(self.directory), **self.keys},
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=60,
        )
        return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The server and its run, which has sent its steps again."""
    directory = tmp_path_factory.mktemp("steps")
    (directory / ".curlrc").write_text("silent\nshow-error\n")
    server = Restarting()
    with servers.serving(server) as origin:
        target = servers.target_file(server.app, origin, directory / "target.yaml")
        arguments = ("run", "--target", target, "--yes", "--try-steps")
        env = servers.without_waiting(directory)
        outcome = servers.command(*arguments, cwd=directory, env=env, timeout=1_200)
        assert outcome.code == 1, outcome.said
        told = declaration(server.app, origin)
        scoped = {f"scope:{name}": key for name, key in told["scoped_keys"].items()}
        secrets = {**told["keys"], **scoped}
        keys = {variable(f"{{key:{role}}}"): key for role, key in secrets.items()}
        yield Place(directory, server, keys)


def test_the_steps_of_every_cause_show_it_again(place: Place) -> None:
    """The decisive response has the status or the shape that it had in the run."""
    run = place.run
    assert len(run.causes) >= len(THIRTY) - 2
    steps = steps_of(run, [shown_of(run, cause) for cause in run.causes])
    wrong = []
    for card, sendings in zip(place.shown, steps, strict=True):
        said = place.pasted(card.steps)
        lacking = any(each.caveat for each in sendings)
        if b"jq: error" in said or not (lacking or is_shown(sendings, said)):
            wrong.append("\n".join([card.title, card.steps, said.decode(errors="replace")]))
    assert "\n\n".join(wrong) == ""


def is_shown(sendings: list[Sending], said: bytes) -> bool:
    """Whether the responses that a shell printed include one that shows the cause."""
    printed = [each for each in sendings if each.shown or not each.captures]
    for each, response in zip(printed, responses_in(said), strict=True):
        if each.finding:
            return shows_again(
                each.finding, each.exchange, replace(each.exchange, response=response)
            )
    return False


def responses_in(said: bytes) -> list[Response]:
    """The responses in what curl printed."""
    found = []
    while start := re.search(rb"^HTTP/1\.1 (\d+)[^\n]*\n", said, re.MULTILINE):
        head, _, rest = said[start.end() :].partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().split("\r\n")]
        headers = tuple((name, value) for name, _, value in lines)
        size = int(dict(headers).get("Content-Length", 0))
        body = Body(text=rest[:size].decode(), size=size)
        found.append(Response(int(start[1]), headers, body))
        said = rest[size:]
    return found


def test_a_run_may_send_its_steps_again(place: Place) -> None:
    """All come as before. What costs money, fills a limit or harms is not sent again."""
    run = place.run
    as_before = "Sent again at the end of the run: same result."
    assert {card.again for card in place.shown} == {"", as_before}
    assert causes_not_shown_again(run) == frozenset()
    assert {run.contract.operations[each.operation].effect for each in sent_again(run)} == {
        Effect.READ,
        Effect.WRITE,
    }
    made = [each.response for each in sent_again(run) if each.request.method == "POST"]
    ids = {id_ for each in made if each for id_ in re.findall(IDENTIFIER, each.body.kept)}
    written = [each for each in sent_again(run) if each.request.method not in ("GET", "POST")]
    assert written
    assert all(ids & values_of(each) for each in written)
    sent = "".join(text_of(each.request) for each in sent_again(run))
    assert "{value:" not in sent
    assert without_place(sent, keys_of(run), "elsewhere") == sent
    assert as_before in servers.text_of(servers.run_of(place.directory), "report.html")


def sent_again(run: Run) -> list[Exchange]:
    """The exchanges that repeat others at the end of a run."""
    return [each for each in run.exchanges if each.facts.again]
