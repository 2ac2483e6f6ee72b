"""``init --url`` examines a server and writes its findings into a target file."""

from __future__ import annotations

import re
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
MOST = 120
"""Maximum number of requests of a first look."""


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
    """The result of a first look: the outcome of the command, its file, and the server."""

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
        """The members as parsed from the file."""
        members: dict[str, Any] = yaml.safe_load(self.text)
        return members


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """A first look at a server that lacks some routes."""
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


def test_a_first_look_sends_few_requests_and_changes_nothing(look: Look) -> None:
    """Each write is sent once, without a key and a body, so the server must reject it."""
    assert look.outcome.code == 0, look.outcome.said
    assert len(look.app.asked) <= MOST
    writes = [request for request in look.app.asked if request.method != "GET"]
    assert len({(each.method, each.path) for each in writes}) == len(writes)
    assert {(each.header("authorization"), each.body) for each in writes} == {(None, b"")}


def test_findings_are_in_the_file_with_their_origin(look: Look) -> None:
    """The name, the address, the business of the key, and the missing routes."""
    assert look.members["name"] == look.origin.removeprefix("http://")
    assert look.members["url"] == f"{look.origin}{look.app.contract.base_path}"
    assert look.members["businesses"] == {"main": look.app.main_tenant()}
    assert look.members["inapplicable"] == ["GET /events", "GET /usage"]
    assert "# The only business in the lists of the key.\nbusinesses:" in look.text
    assert look.members["allow"] == ["read"]


def test_page_sizes_are_in_the_file_and_in_the_notes(look: Look) -> None:
    """The maxima of four lists as a member, the defaults of two as a note."""
    assert look.members["maximum"] == dict.fromkeys(
        ("list_calls", "list_agents", "list_transcripts", "list_leads"), 100
    )
    assert (
        "Without a limit, a page contains 20 of GET /calls, 20 of GET /agents." in look.outcome.out
    )


def test_missing_members_are_listed_with_what_they_unlock(look: Look) -> None:
    """They are lines to copy, with the most useful first."""
    unlocks = look.text.partition("have more cells judged:")[2].splitlines()
    assert unlocks[1].startswith("# | allow: [read, write, spend, flood]  # write: ")
    keys = [line for line in unlocks if line.startswith("# |   ") and "_KEY}" in line]
    gains = [int(line.split("# ")[2].split()[0].replace(",", "")) for line in keys]
    assert gains == sorted(gains, reverse=True)
    assert {line.split()[2].rstrip(":") for line in keys} == {*KEY_ROLES} - {"full", "read_only"}


def test_each_line_that_may_be_uncommented_is_there_once(look: Look) -> None:
    """With the comments removed from the keys, the file is valid YAML."""
    assert look.text.count("\n#   other: ${OTHER_KEY}") == 1
    uncommented = re.sub(r"(?m)^# (  \w+: \$\{.*)$", r"\1", look.text)
    assert set(yaml.safe_load(uncommented)["keys"]) == set(KEY_ROLES)


def test_what_was_found_is_not_listed_as_missing(look: Look) -> None:
    """The business in the file is not requested again, and absent routes are not counted."""
    unlocks = look.text.partition("have more cells judged:")[2]
    assert "main: its id" not in unlocks
    (line,) = [line for line in unlocks.splitlines() if "# |   test: " in line]
    operations = look.app.contract.operations.values()
    there = [each for each in operations if each.route not in look.members["inapplicable"]]
    assert int(line.split()[-2]) <= sum(each.takes_key for each in there)


def test_notes_contain_what_has_no_member(look: Look) -> None:
    """Lists, clocks, the kind of key, and the redirect of the bare address."""
    for told in ("readable lists hold items", "The key begins with kc_live_.", "this one agree."):
        assert told in look.outcome.out
    assert "The bare address redirects to https://www.example.com/." in look.outcome.out
    assert "does not use TLS" in look.outcome.out


def test_an_openapi_document_cannot_inject_lines(look: Look) -> None:
    """Its routes are on one line, truncated, and have no effect."""
    assert look.members["allow"] == ["read"]
    assert "\nallow: [read, write" not in look.text
    (more,) = [line for line in look.text.splitlines() if "document also has" in line]
    assert len(more) < 300
    assert "SUMMARY" not in look.text
    routes = len(look.app.contract.routes)
    assert f"The target's OpenAPI document has 1 of {routes} routes." in look.text


def test_the_key_is_not_in_the_file(look: Look) -> None:
    """The file names the environment variable instead."""
    assert look.key not in look.text + look.outcome.said
    assert "full: ${CONFORMANCE_KEY}" in look.text


def test_the_file_is_valid_for_a_run(look: Look) -> None:
    """Nothing in it is rejected."""
    env = {"CONFORMANCE_KEY": look.key}
    outcome = servers.command("plan", "--target", look.file, cwd=look.file.parent, env=env)
    assert outcome.code == 0, outcome.said


def test_an_existing_file_is_kept(look: Look) -> None:
    """This is checked before anything is sent."""
    look.app.asked.clear()
    arguments = ("init", "--url", look.origin, "--key-file", look.file.parent / "key")
    outcome = servers.command(*arguments, cwd=look.file.parent)
    assert outcome.code == 2
    assert look.app.asked == []


def test_no_file_is_written_for_a_dead_address(tmp_path: Path) -> None:
    """A server that cannot be reached cannot be described."""
    arguments = ("init", "--url", "http://127.0.0.1:9/api/v1")
    outcome = servers.command(
        *arguments, cwd=tmp_path, env={"CONFORMANCE_KEY": "kc_live_" + "a" * 30}
    )
    assert outcome.code == 3
    assert list(tmp_path.glob("*.yaml")) == []
    servers.no_traceback(outcome)
