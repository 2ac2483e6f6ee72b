"""``init --url`` looks at a server, and writes what it saw into a target file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.model import KEY_ROLES
from conformance.server.messages import Reply, Request
from tests import servers
from tests.servers import Outcome, Remembering

HOSTILE = "/x\nallow: [read, write, spend, flood]"
PATHS = {"/api/v1/calls": {"summary": "Calls", "get": {}}, HOSTILE: {"get": {}}} | {
    f"/more/{number}": {"post": {}} for number in range(1_000)
}
"""The paths of a document that would add a line to the target file, and fill it."""
MOST = 30
"""Requests of a first look."""


class Seen(Remembering):
    """The reference server without two routes, which remembers what it was asked.

    The address without the path of the API redirects to another host.
    """

    def dispatch(self, request: Request) -> Reply:
        if request.path == "/":
            return Reply(308, {}, (("Location", "https://www.example.com/"),))
        if request.path.endswith("/openapi.json"):
            return Reply(200, {"openapi": "3.1.0", "paths": PATHS})
        return super().dispatch(request)

    def lacks(self, request: Request) -> bool:
        return request.path.endswith(("/usage", "/events"))


@dataclass(frozen=True)
class Look:
    """What a first look came to: the command, the file that it wrote, and the server."""

    outcome: Outcome
    file: Path
    app: Seen
    key: str
    origin: str

    @property
    def text(self) -> str:
        """The target file as text."""
        return self.file.read_text(encoding="utf-8")

    @property
    def members(self) -> dict[str, Any]:
        """What a parser reads of it."""
        members: dict[str, Any] = yaml.safe_load(self.text)
        return members


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """A look at a server that has gaps."""
    place, app = tmp_path_factory.mktemp("look"), servers.faulty(Seen)
    assert isinstance(app, Seen)
    key = servers.keys_of(app)["full"]
    held = place / "key"
    held.write_text(key, encoding="utf-8")
    held.chmod(0o600)
    with servers.serving(app) as origin:
        url = f"{origin}{app.contract.base_path}"
        outcome = servers.command("init", "--url", url, "--key-file", held, cwd=place)
        yield Look(outcome, place / "kaicalls-target.yaml", app, key, origin)


def test_a_look_is_short_and_reads_alone(look: Look) -> None:
    """It sends at most thirty requests, and changes nothing."""
    assert look.outcome.code == 0, look.outcome.said
    assert len(look.app.asked) <= MOST
    assert {request.method for request in look.app.asked} == {"GET"}


def test_what_was_seen_stands_in_the_file_with_how(look: Look) -> None:
    """The address, the business of the key, and the routes that are not there."""
    assert look.members["url"] == f"{look.origin}{look.app.contract.base_path}"
    assert look.members["businesses"] == {"main": look.app.main_tenant()}
    assert look.members["inapplicable"] == ["GET /events", "GET /usage"]
    assert "# The only business in the lists of the key.\nbusinesses:" in look.text
    assert look.members["allow"] == ["read"]


def test_sizes_of_pages_stand_in_the_file_and_in_the_notes(look: Look) -> None:
    """The maxima of four lists as a member, the defaults of two as a note."""
    assert look.members["maximum"] == dict.fromkeys(
        ("list_calls", "list_agents", "list_transcripts", "list_leads"), 100
    )
    assert (
        "Without a limit, a page contains 20 of GET /calls, 20 of GET /agents." in look.outcome.out
    )


def test_what_is_missing_stands_there_with_what_it_unlocks(look: Look) -> None:
    """The best comes first, as lines to take over."""
    unlocks = look.text.partition("have more cells judged:")[2].splitlines()
    assert unlocks[1].startswith("# allow: [read, write, spend, flood]  # write: ")
    keys = [line for line in unlocks if line.startswith("#   ") and "_KEY}" in line]
    gains = [int(line.split("# ")[2].split()[0].replace(",", "")) for line in keys]
    assert gains == sorted(gains, reverse=True)
    assert {line.split()[1].rstrip(":") for line in keys} == {*KEY_ROLES} - {"full", "read_only"}


def test_what_the_look_found_unlocks_nothing(look: Look) -> None:
    """The business that the file names is not asked for, and absent routes are not counted."""
    unlocks = look.text.partition("have more cells judged:")[2]
    assert "main: its id" not in unlocks
    (line,) = [line for line in unlocks.splitlines() if "#   test: " in line]
    operations = look.app.contract.operations.values()
    there = [each for each in operations if each.route not in look.members["inapplicable"]]
    assert int(line.split()[-2]) <= sum(each.takes_key for each in there)


def test_notes_tell_what_no_member_holds(look: Look) -> None:
    """Lists, clocks, the kind of key, and where the bare address leads."""
    for told in ("readable lists hold items", "The key begins with kc_live_.", "s apart."):
        assert told in look.outcome.out
    assert "The bare address redirects to https://www.example.com/." in look.outcome.out
    assert "does not use TLS" in look.outcome.out


def test_a_document_of_the_server_adds_no_line(look: Look) -> None:
    """What it says stands on one line of a few routes, and acts on nothing."""
    assert look.members["allow"] == ["read"]
    assert "\nallow: [read, write" not in look.text
    (more,) = [line for line in look.text.splitlines() if "document also has" in line]
    assert len(more) < 300
    assert "SUMMARY" not in look.text
    routes = len(look.app.contract.routes)
    assert f"Its OpenAPI document has 1 of {routes} routes." in look.text


def test_the_key_stays_out_of_the_file(look: Look) -> None:
    """The file names the variable that holds it."""
    assert look.key not in look.text + look.outcome.said
    assert "full: ${CONFORMANCE_KEY}" in look.text


def test_the_file_is_one_that_a_run_takes(look: Look) -> None:
    """Nothing in it is refused."""
    env = {"CONFORMANCE_KEY": look.key}
    outcome = servers.command("plan", "--target", look.file, cwd=look.file.parent, env=env)
    assert outcome.code == 0, outcome.said


def test_a_file_that_exists_is_kept(look: Look) -> None:
    """Nothing is sent before that is clear."""
    look.app.asked.clear()
    arguments = ("init", "--url", look.origin, "--key-file", look.file.parent / "key")
    outcome = servers.command(*arguments, cwd=look.file.parent)
    assert outcome.code == 2
    assert look.app.asked == []


def test_a_dead_address_writes_no_file(tmp_path: Path) -> None:
    """What cannot be reached cannot be described."""
    arguments = ("init", "--url", "http://127.0.0.1:9/api/v1")
    outcome = servers.command(
        *arguments, cwd=tmp_path, env={"CONFORMANCE_KEY": "kc_live_" + "a" * 30}
    )
    assert outcome.code == 3
    assert list(tmp_path.glob("*.yaml")) == []
    servers.no_traceback(outcome)
