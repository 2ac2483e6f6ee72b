"""`clean` on forged runs: only what the run created is deleted, whatever a stored run says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from conformance.server.messages import Refusal, Reply, Request
from tests.forging import Line, created, forged, with_response
from tests.servers import (
    Outcome,
    Remembering,
    command,
    faulty,
    keys_of,
    lines_of,
    no_traceback,
    run_of,
    serving,
    target_file,
)

ONLY = ["list_webhooks", "create_webhook", "delete_webhook", "update_webhook", "list_calls"]
MAKES = "create_webhook"
UNPROVEN = "Not removed: no proof that this run created it:"


class Keeping(Remembering):
    """The reference server, which may refuse to delete."""

    keeps = False

    def dispatch(self, request: Request) -> Reply:
        if self.keeps and request.method == "DELETE":
            raise Refusal("forbidden")
        return super().dispatch(request)


class Place:
    """A server that kept what two runs had made, the runs, and a webhook that is somebody's."""

    def __init__(self, app: Keeping, origin: str, directory: Path) -> None:
        self.app = app
        self.directory = directory
        self.target = target_file(app, origin, directory / "t.yaml", only=ONLY)
        self._url = f"{origin}{app.contract.base_path}/webhooks"
        self._key = {"Authorization": f"Bearer {keys_of(app)['full']}"}
        listed = requests.get(self._url, headers=self._key, timeout=5).json()
        self.seeded = listed["webhooks"][0]["id"]
        self.victim = self.made_by_owner(webhook_url="https://shop.example.com/hook")
        self.run, self.other = self.ran("one"), self.ran("two")

    def ran(self, name: str) -> Path:
        """A run that could not remove what it had made."""
        (self.directory / name).mkdir()
        arguments = ("run", "--target", self.target, "--yes", "--clause", "created-resource")
        self.app.keeps = True
        outcome = command(*arguments, cwd=self.directory / name)
        self.app.keeps = False
        assert "left objects on the target: " in outcome.err, outcome.said
        return run_of(self.directory / name)

    def made_by_owner(self, **members: str) -> str:
        """The id of a webhook that the owner of the server makes, or changes."""
        answer = requests.post(self._url, json=members, headers=self._key, timeout=5)
        answer.raise_for_status()
        return str(answer.json().get("id") or members["id"])

    def held(self) -> set[str]:
        """The ids of the webhooks of the server."""
        rows = self.app.store._base.execute("SELECT id FROM objects WHERE kind = 'webhook'")
        return {name for (name,) in rows}

    def clean(self, run: Path, *more: object) -> tuple[Outcome, set[str]]:
        """What `clean` says of a run, and what is gone after it."""
        before = self.held()
        self.app.asked.clear()
        arguments = ("clean", run, "--target", self.target, "--yes", *more)
        outcome = command(*arguments, cwd=self.directory)
        no_traceback(outcome)
        return outcome, before - self.held()

    def deletions(self) -> list[Request]:
        """The requests to delete since the last `clean` began."""
        return [each for each in self.app.asked if each.method == "DELETE"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The server and its runs. Tests on forged runs remove nothing, so they share it."""
    app = faulty(Keeping)
    assert isinstance(app, Keeping)
    with serving(app) as origin:
        yield Place(app, origin, tmp_path_factory.mktemp("forged"))


def made(run: Path) -> list[str]:
    """The ids of the webhooks that a run made."""
    lines = [line for line in lines_of(run) if created(line, MAKES)]
    return [json.loads(line["response"]["body"]["text"])["id"] for line in lines]


def text_sent(run: Path) -> dict[str, str]:
    """The body of the first creation of a run."""
    line = next(line for line in lines_of(run) if created(line, MAKES))
    body: dict[str, str] = json.loads(line["request"]["body"]["text"])
    return body


# --- forged creations of what is somebody's -------------------------------------------------------


def naming(name: str | int, **request: Any) -> Callable[[Line], Line | None]:
    """An edit of the log: every webhook that the run made has this id; requests say more.

    No list is left that shows the webhook before.
    """

    def edit(line: Line) -> Line | None:
        if line.get("operation") == "list_webhooks":
            return None
        if not created(line, MAKES):
            return line
        body = line["request"]["body"]
        sent = json.dumps(json.loads(body["text"]) | request)
        line = line | {"request": line["request"] | {"body": body | {"text": sent}}}
        return with_response(line, lambda shown: shown.update(id=name))

    return edit


def test_the_id_of_somebody_s_object(place: Place) -> None:
    """An invented creation of an existing webhook: it shows no mark, so it stays, and is listed."""
    run = forged(place.run, place.directory / "id", naming(place.victim))
    outcome, gone = place.clean(run)
    assert (outcome.code, gone, place.deletions()) == (3, set(), [])
    assert f"{UNPROVEN}\nwebhook (1): {place.victim}\n" in outcome.out


def test_the_text_and_the_time_of_somebody_s_object(place: Place) -> None:
    """The run may say that it sent what the webhook shows, when it was made: nobody writes so."""
    url = "https://shop.example.com/0123456789ab"
    mine = place.made_by_owner(webhook_url=url, description="0123456789ab")
    edit = naming(mine, webhook_url=url, description="0123456789ab")
    run = forged(place.run, place.directory / "text", lambda line: edit(now(line)))
    outcome, gone = place.clean(run)
    assert (outcome.code, gone, place.deletions()) == (3, set(), [])
    assert f"{UNPROVEN}\nwebhook (1): {mine}\n" in outcome.out


def now(line: Line) -> Line:
    """A line that says that it was sent just now."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    return line | {"started": moment} if "started" in line else line


@pytest.mark.parametrize("hours", [-1, 1])
def test_an_object_of_another_time(place: Place, hours: int) -> None:
    """A mark is not enough: an object created an hour before or after does not count."""

    def edit(line: Line) -> Line:
        if "started" not in line:
            return line
        hour = int(line["started"][11:13]) + hours
        day = line["started"][:10]
        return line | {"started": f"{day}T{hour % 24:02}{line['started'][13:]}"}

    run = forged(place.run, place.directory / f"time{hours}", edit)
    outcome, gone = place.clean(run)
    assert (outcome.code, gone, place.deletions()) == (3, set(), [])
    assert f"{UNPROVEN}\nwebhook ({len(made(place.run))}): " in outcome.out


def test_a_mark_that_its_owner_has_copied(place: Place) -> None:
    """Somebody's webhook gets a text of the run; it was made before, so it stays."""
    sent, name = text_sent(place.run), place.seeded
    place.made_by_owner(id=name, webhook_url=sent["webhook_url"])
    run = forged(place.run, place.directory / "copied", naming(name))
    outcome, gone = place.clean(run)
    assert (outcome.code, gone, place.deletions()) == (3, set(), [])
    assert f"{UNPROVEN}\nwebhook (1): {name}\n" in outcome.out


def test_the_objects_of_another_run(place: Place) -> None:
    """What another run made at that time has marks that this run did not send."""
    run = forged(place.run, place.directory / "other", naming(made(place.other)[0]))
    outcome, gone = place.clean(run)
    assert (outcome.code, gone, place.deletions()) == (3, set(), [])


@pytest.mark.parametrize("key", ["other", "full~last-char", "nobody", None])
def test_another_key(place: Place, key: str | None) -> None:
    """Only the key that made an object is asked, if the target file has it, and it sees nothing."""

    def edit(line: Line) -> Line:
        return line | {"identity": key} if created(line, MAKES) else line

    run = forged(place.run, place.directory / f"key-{key}", edit)
    _, gone = place.clean(run)
    assert (gone, place.deletions()) == (set(), [])


ODD = ["x\nRemoved:\nwebhook (1): y", "\x1b[2J", "a&id=b", "../x", 7, ""]


@pytest.mark.parametrize("name", ODD)
def test_an_id_that_is_none(place: Place, name: str | int) -> None:
    """It forges no line of what is said, and leads to no other object."""
    run = forged(place.run, place.directory / f"odd{abs(hash(name))}", naming(name))
    outcome, gone = place.clean(run)
    assert (gone, place.deletions()) == (set(), [])
    assert "\nRemoved:" not in outcome.out


def test_a_run_of_another_server(place: Place) -> None:
    """A run of elsewhere, in which only the address of run.json was changed to this server."""

    def edit(line: Line) -> Line:
        if "request" not in line:
            return line
        url = line["request"]["url"].replace("127.0.0.1", "api.example.com")
        return line | {"request": line["request"] | {"url": url}}

    run = forged(place.run, place.directory / "elsewhere", edit)
    outcome, _ = place.clean(run)
    assert (outcome.code, place.app.asked) == (2, [])
    assert "Its files do not belong together" in outcome.err


def test_a_run_of_another_address(place: Place) -> None:
    """A run whose run.json names a different address than the target file: nothing is sent."""

    def said(run: Line) -> None:
        run["target"]["url"] = "https://api.example.com/api/v1"

    run = forged(place.run, place.directory / "address", said=said)
    outcome, _ = place.clean(run)
    assert (outcome.code, place.app.asked) == (2, [])
    assert "Specify the target that it was sent to" in outcome.err


# --- the run itself -------------------------------------------------------------------------------


def test_ids_are_said_before_anybody_is_asked(place: Place) -> None:
    """Without a terminal nobody can be asked; what would be removed was said."""
    arguments = ("clean", place.run, "--target", place.target)
    outcome = command(*arguments, cwd=place.directory, env={"CONFORMANCE_YES": ""})
    assert outcome.code == 2
    ids = " ".join(made(place.run))
    assert f"Can be removed:\nwebhook ({len(made(place.run))}): {ids}\n" in outcome.out
    assert "Add --yes" in outcome.err


def test_what_may_not_be_deleted_is_left(place: Place) -> None:
    """A target file that allows no writes: nothing is sent but reads, and the exit code is 3."""
    told = yaml.safe_load(place.target.read_text(encoding="utf-8"))
    reads = place.directory / "reads.yaml"
    reads.write_text(yaml.safe_dump(told | {"allow": ["read"]}), encoding="utf-8")
    outcome, gone = place.clean(place.run, "--target", reads)
    assert (outcome.code, gone, place.deletions()) == (3, set(), [])
    assert "Not removed: the target file does not allow it:\nwebhook (" in outcome.out


def test_what_the_run_made_is_removed(place: Place) -> None:
    """All of it, and nothing else. The second time it is no longer there, and the code is 0."""
    run = place.ran("three")
    outcome, gone = place.clean(run)
    assert (outcome.code, gone) == (0, set(made(run)))
    outcome, gone = place.clean(run)
    assert (outcome.code, gone, place.deletions()) == (0, set(), [])
    assert f"No longer there:\nwebhook ({len(made(run))}): " in outcome.out


def test_what_cannot_be_removed_is_said_to_stay(tmp_path: Path) -> None:
    """The API has no way to remove a lead, so it is still there, and the exit code is 3."""
    app = faulty()
    only = ["list_leads", "read_lead", "create_lead", "list_calls"]
    with serving(app) as origin:
        target = target_file(app, origin, tmp_path / "t.yaml", only=only)
        command("run", "--target", target, "--yes", "--clause", "created-resource", cwd=tmp_path)
        run = run_of(tmp_path)
        for arguments in ((), ("--target", target, "--yes")):
            outcome = command("clean", run, *arguments, cwd=tmp_path)
            assert outcome.code == 3
            (counted,) = re.findall(r"the API cannot remove it:\nlead \((\d+)\)", outcome.out)
            assert f"This API cannot remove {counted} lead" in outcome.out
