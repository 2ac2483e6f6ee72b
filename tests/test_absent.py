"""A server without a dozen routes: ``init`` declares them, ``doctor`` and a run agree with that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.server.messages import Refusal, Reply, Request
from tests import servers
from tests.servers import Outcome, Remembering, command, run_of, stored

LACKING = [
    "DELETE /evals",
    "GET /agents/versions",
    "GET /analytics/funnel",
    "GET /balance",
    "GET /evals/run",
    "GET /events",
    "GET /recordings",
    "GET /usage",
    "PATCH /workspaces",
    "POST /events/backfill",
    "POST /signup",
    "POST /sms/send",
    "POST /webhooks/test",
]
"""Routes that the server does not have: plain reads, reads that need an id, and writes."""
READS = [route for route in LACKING if route.startswith("GET ")]


class Lean(Remembering):
    """The reference server without these routes, which it rejects as any unknown path."""

    def lacks(self, request: Request) -> bool:
        return f"{request.method} {self.local_path(request)}" in LACKING


class Framework(Lean):
    """The same, but rejects them as its framework does."""

    def dispatch(self, request: Request) -> Reply:
        unknown = self.find_route(request) is None
        if unknown or self.lacks(request):
            return Reply(404, {"detail": "Not Found"})
        return super().dispatch(request)


class KeyFirst(Lean):
    """The same, but checks the key before it looks for the route."""

    def dispatch(self, request: Request) -> Reply:
        key = (request.header("authorization") or "").removeprefix("Bearer ")
        if self.known_key(key) is None and not request.path.endswith("/openapi.json"):
            raise Refusal("unauthorized", "No valid key")
        return super().dispatch(request)


@dataclass
class Vendor:
    """A server, and what someone does with its address and its key."""

    app: Any
    origin: str
    path: Path

    @property
    def key(self) -> dict[str, str]:
        """The environment that gives the key."""
        return {"CONFORMANCE_KEY": servers.keys_of(self.app)["full"]}

    @property
    def file(self) -> Path:
        """The target file."""
        return self.path / "kaicalls-target.yaml"

    @property
    def told(self) -> dict[str, Any]:
        """What the target file says."""
        members: dict[str, Any] = yaml.safe_load(self.file.read_text(encoding="utf-8"))
        return members

    def init(self) -> Outcome:
        """Write the target file."""
        url = f"{self.origin}{self.app.contract.base_path}"
        return command("init", "--url", url, "--force", cwd=self.path, env=self.key)

    def command(self, *arguments: str, **changes: Any) -> Outcome:
        """A command on the target file, with some members of the file changed."""
        if changes:
            told = {**self.told, **changes}
            self.file.write_text(yaml.safe_dump(told), encoding="utf-8")
        return command(*arguments, "--target", self.file, cwd=self.path, env=self.key)


@pytest.fixture
def vendor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vendor]:
    """A vendor with the server class that a test names, or else with the lean one."""
    app = servers.faulty(getattr(request, "param", Lean))
    with servers.serving(app) as origin:
        yield Vendor(app, origin, tmp_path)


class WithoutOneLead(Remembering):
    """The reference server, which lists leads but does not show a single one."""

    def lacks(self, request: Request) -> bool:
        return request.path.endswith("/leads") and "id" in request.query


NOTHING_LEFT = "Nothing to fix. Next: kaicalls-conformance run"


@pytest.mark.long
def test_init_doctor_and_a_run_agree(vendor: Vendor) -> None:
    """What ``init`` writes leaves ``doctor`` nothing to fix, and a run without a finding."""
    told = vendor.init()
    assert told.code == 0, told.said
    assert sorted(vendor.told["inapplicable"]) == LACKING
    assert f"# {len(LACKING)} of 61 routes do not exist on the target (" in vendor.file.read_text()

    examined = vendor.command("doctor")
    assert examined.code == 0, examined.said
    assert NOTHING_LEFT in examined.out

    judged = vendor.command("run", "--depth", "quick")
    assert judged.code == 0, judged.said
    run = stored(run_of(vendor.path))
    assert run["causes"] == []
    assert "declared absent by the target file" not in judged.said
    assert "do not exist on the target" not in judged.said


@pytest.mark.long
def test_all_three_say_it_in_the_same_words(vendor: Vendor) -> None:
    """How many routes are missing, which, and the line to paste."""
    vendor.init()
    examined = vendor.command("doctor", inapplicable=[], allow=["read", "write", "spend"])
    assert examined.code == 1, examined.said
    words = re.compile(r"(\d+) of (\d+) routes do not exist on the target \(([^)]*)\)")
    advice = "f the target is meant to lack them, add to the target file: inapplicable"
    paste = re.compile(advice + r": \[([^\]]*)\]")
    (count, total, _), *_ = words.findall(examined.out)
    assert (count, total) == ("13", "61")
    (declared,) = paste.findall(examined.out)
    assert sorted(declared.split(", ")) == LACKING

    status = ("--clause", "status-200", "--depth", "quick")
    judged = vendor.command("run", *status, inapplicable=[], allow=["read"])
    assert words.search(judged.said), judged.said
    (declared,) = set(paste.findall(judged.said))
    assert sorted(declared.split(", ")) == READS


@pytest.mark.parametrize("vendor", [Framework, KeyFirst], indirect=True)
def test_missing_reads_are_found_in_other_forms(vendor: Vendor) -> None:
    """As a 404 of the framework, and where the key is checked before the route."""
    vendor.init()
    assert set(READS) <= set(vendor.told["inapplicable"]) <= set(LACKING)


@pytest.mark.parametrize("vendor", [WithoutOneLead], indirect=True)
def test_objects_of_lists_are_read(vendor: Vendor) -> None:
    """The id is taken from the list. An operation whose route has others is declared by its id."""
    told = vendor.init()
    seen = re.compile(r"1 of \d+ reads of listed objects fail \(read_lead\)")
    assert seen.search(told.out)
    assert "inapplicable" not in vendor.told
    examined = vendor.command("doctor")
    assert examined.code == 1
    assert seen.search(examined.out)
    assert "add to the target file: inapplicable: [read_lead]\n" in examined.out
    assert NOTHING_LEFT in vendor.command("doctor", inapplicable=["read_lead"]).out


def test_doctor_keeps_to_the_budget(vendor: Vendor) -> None:
    """What it could not afford is said to be unchecked."""
    vendor.init()
    examined = vendor.command("doctor", budget=20)
    servers.no_traceback(examined)
    assert examined.code == 0
    assert "open   budget: it is used up, so the rest was not checked" in examined.out
    assert "Nothing to fix in what could be checked." in examined.out


@pytest.mark.parametrize("vendor", [KeyFirst], indirect=True)
def test_doctor_says_what_it_could_not_check(vendor: Vendor) -> None:
    """Without a key this server shows nothing of its writes; with one, only allowed ones are sent.

    Until then, ``doctor`` does not claim that there is nothing to fix.
    """
    vendor.init()
    examined = vendor.command("doctor")
    assert "routes could not be checked (POST /calls, POST /agents" in examined.out
    assert "Nothing to fix in what could be checked." in examined.out

    examined = vendor.command("doctor", allow=["read", "write", "spend"])
    lost = set(LACKING) - set(READS)
    assert f"{len(lost)} of 54 routes do not exist on the target" in examined.out


def test_a_first_look_changes_nothing(vendor: Vendor) -> None:
    """Each request that is no read has neither a key nor a body."""
    vendor.init()
    vendor.command("doctor")
    writes = [each for each in vendor.app.asked if each.method != "GET"]
    assert len({each.method for each in writes}) == 3
    assert {each.header("authorization") for each in writes} == {None}
    assert {each.body for each in writes} == {b""}


DECLARED = [*LACKING, "GET /calls", "POST /agents"]


@pytest.mark.long
def test_what_is_declared_missing_must_not_exist(vendor: Vendor) -> None:
    """Reads and writes are noticed by ``doctor`` and by a run, which then does not conform.

    The server has only the last two of them.
    """
    vendor.init()
    there = f"2 of {len(DECLARED)} routes that the target file declares absent exist on the target"
    examined = vendor.command("doctor", inapplicable=DECLARED)
    assert f"{there} (GET /calls, POST /agents)" in examined.out

    judged = vendor.command("run", "--depth", "quick")
    excluded = "2 routes declared absent by the target file proved to exist"
    assert judged.code == 0
    assert f"{excluded}: GET /calls, POST /agents." in judged.out
    assert "\nConforms" not in judged.out

    complete = vendor.command("run", "--depth", "quick", "--require-complete")
    assert complete.code == 3
    assert f"{excluded}, but completeness was required: GET /calls, POST /agents." in complete.out
    assert "received no request" not in complete.out
