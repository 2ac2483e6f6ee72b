"""``doctor`` says what is wrong with a target file, before anything is judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.plan.build import ADDRESSES
from conformance.server.declaration import declaration
from conformance.server.messages import Refusal, Reply, Request
from conformance.target import schema
from tests import servers
from tests.servers import Outcome, Remembering

EVERYTHING = ["read", "write", "spend", "flood"]
MOST = 120
"""Reads for a target file with thirty keys."""
SCREEN = 24
"""Lines of a small terminal."""


class Counting(Remembering):
    """The reference server without its list of usage, which remembers what it was asked."""

    def lacks(self, request: Request) -> bool:
        return request.path.endswith("/usage")


@dataclass(frozen=True)
class Patient:
    """A server, and what its target file says where all is well."""

    app: Counting
    origin: str
    path: Path

    @property
    def right(self) -> dict[str, Any]:
        """The members of a target file without a mistake."""
        told = declaration(self.app, f"{self.origin}{self.app.contract.base_path}")
        return {**told, "inapplicable": ["GET /usage"], "allow": ["read"]}

    def examine(self, *arguments: str, **changes: Any) -> Outcome:
        """Run doctor over a target file with changes; None takes a member out."""
        members = {**self.right, **changes}
        given = {name: value for name, value in members.items() if value is not None}
        file = self.path / "target.json"
        file.write_text(json.dumps(given), encoding="utf-8")
        file.chmod(0o600)
        return servers.command("doctor", "--target", file, "--yes", *arguments, cwd=self.path)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    """The server of these tests."""
    app = servers.faulty(Counting)
    assert isinstance(app, Counting)
    with servers.serving(app) as origin:
        yield Patient(app, origin, tmp_path_factory.mktemp("doctor"))


def test_a_right_file_has_nothing_to_mend(patient: Patient) -> None:
    """All fits on a screen, and the last line is the command to run next."""
    outcome = patient.examine(allow=EVERYTHING)
    assert outcome.code == 0, outcome.said
    assert len(outcome.out.splitlines()) <= SCREEN
    assert "keys (8), scoped_keys (21), businesses (3)" in outcome.out
    assert outcome.out.splitlines()[-1].startswith("Nothing to mend. Next: kaicalls-conformance")


def swapped(keys: dict[str, str], one: str, other: str) -> dict[str, str]:
    """Keys, two of them in each other's place."""
    return {**keys, one: keys[other], other: keys[one]}


@pytest.mark.parametrize(
    ("name", "other", "says"),
    [
        ("expired", "test", "keys: expired: GET /calls answered 200\n       -> it still works"),
        ("test", "expired", "keys: test: GET /calls answered 401 unauthorized\n       -> it is"),
        ("revoked", "no_scope", "keys: revoked: GET /calls answered 403"),
        ("no_scope", "test", "keys: no_scope: GET /calls answered 200\n       -> it opens what"),
        ("full", "revoked", "refuses the main key on every read"),
        ("other", "full", "businesses: other: keys: other is shown"),
        ("empty", "other", "businesses: empty: its lists show"),
    ],
)
def test_a_key_that_is_none_is_named(patient: Patient, name: str, other: str, says: str) -> None:
    """Each key is tried on a read, and must be what its place in the file says."""
    outcome = patient.examine(keys=swapped(patient.right["keys"], name, other))
    assert outcome.code in (1, 3)
    assert says in outcome.said
    servers.no_traceback(outcome)


def test_a_key_of_one_scope_opens_that_scope_alone(patient: Patient) -> None:
    """Keys in each other's place lack what they should have, and have what they should not."""
    right = patient.right["scoped_keys"]
    outcome = patient.examine(scoped_keys=swapped(right, "calls:read", "agents:read"))
    assert outcome.code == 1
    assert "scoped_keys: calls:read: GET /calls answered 403 forbidden" in outcome.out
    assert "2 to mend, first scoped_keys: agents:read" in outcome.out


NO_RECIPE = {"code": "number_on_dnc", "operation": "create_call", "input": {"name": "Ada"}}

WRONG = [
    ({"businesses": {"main": "business-x"}}, "the target file says business-x"),
    ({"inapplicable": None}, "plain reads are missing (GET /usage)\n       -> declare"),
    (
        {"inapplicable": ["GET /usage", "GET /agents"]},
        "work (GET /agents)\n       -> take",
    ),
    (
        {"clock": {"method": "POST", "path": "/no", "member": "seconds"}, "triggers": None}
        | {"allow": ["read", "write"]},
        "POST /no answered 404",
    ),
    ({"addresses": ["192.0.2.7"]}, "this machine cannot send from 192.0.2.7"),
    (
        {"triggers": [NO_RECIPE], "allow": EVERYTHING},
        "triggers: number_on_dnc at create_call",
    ),
]
"""Changes of a right target file, and what doctor says of them."""


@pytest.mark.parametrize(("changes", "says"), WRONG, ids=lambda value: str(value)[:20])
def test_what_the_file_claims_is_looked_at(
    patient: Patient, changes: dict[str, Any], says: str
) -> None:
    """What is wrong comes with what to do, and ends with 1."""
    outcome = patient.examine(**changes)
    assert outcome.code == 1, outcome.said
    assert says in outcome.out


def test_as_many_addresses_are_asked_for_as_limits_need(patient: Patient) -> None:
    """The schema says how many, too."""
    outcome = patient.examine(addresses=["127.0.0.1", "127.0.0.2"])
    assert f"2 are given\n       -> give {ADDRESSES}" in outcome.out
    assert f"need {ADDRESSES}." in schema()["properties"]["addresses"]["description"]


def test_what_was_not_declared_is_proposed(patient: Patient) -> None:
    """A business that the file does not name is shown with its id."""
    outcome = patient.examine(businesses=None)
    main = patient.right["businesses"]["main"]
    assert f"-> declare it under businesses: main: {main}" in outcome.out


def test_a_file_that_only_reads_sends_reads_alone(patient: Patient) -> None:
    """The triggers and the clock are not tried."""
    patient.app.asked.clear()
    outcome = patient.examine()
    assert {request.method for request in patient.app.asked} == {"GET"}
    assert "open   clock: not tried, as allow: has no write" in outcome.out
    assert len(patient.app.asked) <= MOST


def test_machines_get_json(patient: Patient) -> None:
    """Each remark with its state, place, sight and advice."""
    outcome = patient.examine("--json", addresses=["192.0.2.7"])
    told = json.loads(outcome.out)
    assert told["counts"]["mend"] == 1
    (wrong,) = [remark for remark in told["remarks"] if remark["state"] == "mend"]
    assert wrong["about"] == "addresses"
    assert wrong["mend"]


def test_a_dead_server_is_no_diagnosis(tmp_path: Path) -> None:
    """Where nothing could be examined, the exit code is 3."""
    arguments = ("doctor", "--url", "http://127.0.0.1:9/api/v1", "--key", "kc_live_" + "a" * 32)
    outcome = servers.command(*arguments, cwd=tmp_path)
    assert outcome.code == 3
    assert "Is the server up, and is the address right?" in outcome.err


def test_the_embedded_server_is_well(tmp_path: Path) -> None:
    """Without a target, doctor looks at the server of its own."""
    outcome = servers.command("doctor", "-v", cwd=tmp_path)
    assert outcome.code == 0
    assert "works  triggers: payment_required at sign_up: the code came" in outcome.out


def test_a_full_key_has_every_scope(patient: Patient) -> None:
    """One read of each scope is tried: a key with one scope is not a full key."""
    keys = {**patient.right["keys"], "full": patient.right["scoped_keys"]["calls:read"]}
    scoped = {**patient.right["scoped_keys"], "calls:read": patient.right["keys"]["full"]}
    outcome = patient.examine(keys=keys, scoped_keys=scoped)
    assert outcome.code == 1
    assert (
        "keys: full: GET /agents answered 403 forbidden\n       -> it lacks the scope agents:read"
        in outcome.out
    )
    assert (
        "scoped_keys: calls:read: GET /agents answered 200\n       -> it opens what" in outcome.out
    )


class Guarded(Counting):
    """The same, where reports ask for the scope of calls, and one key meets an error."""

    def dispatch(self, request: Request) -> Reply:
        identity = self.known_key((request.header("authorization") or "").removeprefix("Bearer "))
        scopes = identity.scopes if identity else frozenset()
        if "/analytics/" in request.path and not {"*", "calls:read"} & scopes:
            raise Refusal("forbidden", "The key lacks the scope")
        if identity and identity.name == "empty":
            raise Refusal("not_found", "A business without data is not known")
        return super().dispatch(request)


def test_what_no_source_says_of_a_scope_is_no_mistake(tmp_path: Path) -> None:
    """A report may require a scope. Any other response says nothing about the key."""
    app = servers.faulty(Guarded)
    assert isinstance(app, Guarded)
    with servers.serving(app) as origin:
        outcome = Patient(app, origin, tmp_path).examine()
    assert outcome.code == 0, outcome.said
    assert "open   keys: empty: GET /calls answered 404 not_found" in outcome.out


def test_triggers_that_are_not_tried_are_named(patient: Patient) -> None:
    """As where allow: forbids them."""
    outcome = patient.examine(triggers=[NO_RECIPE])
    assert outcome.code == 0, outcome.said
    assert "open   triggers: number_on_dnc at create_call: not tried" in outcome.out


def test_a_target_without_plain_reads_is_no_crash(patient: Patient) -> None:
    """Where nothing can be asked with a key alone, nothing is known of its time."""
    outcome = patient.examine(only=["create_call"], inapplicable=None)
    servers.no_traceback(outcome)
    assert "open   time: no response says what time it is" in outcome.out


class Dated(Counting):
    """The same, with a Date that names no zone."""

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        headers = super().all_headers(request, reply, body)
        return [*headers, ("Date", "Fri, 27 Nov 1998 15:25:47 -0000")]


def test_a_date_without_a_zone_is_that_of_http(tmp_path: Path) -> None:
    """It counts as UTC."""
    app = servers.faulty(Dated)
    assert isinstance(app, Dated)
    with servers.serving(app) as origin:
        outcome = Patient(app, origin, tmp_path).examine()
    servers.no_traceback(outcome)
    assert "mend   time: its clock and this one are" in outcome.out
