"""``doctor`` reports what is wrong with a target file before a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.examine.around import clock_offset
from conformance.examine.keys import emptiness
from conformance.model import Response, State
from conformance.plan.build import ADDRESSES
from conformance.server.declaration import declaration
from conformance.server.messages import Refusal, Reply, Request
from conformance.target import schema
from tests import servers
from tests.servers import Outcome, Remembering
from tests.variants.keys import WriteImpliesRead

EVERYTHING = ["read", "write", "spend", "flood"]
MOST = 200
"""Maximum number of requests for a target file with thirty keys."""
SCREEN = 24
"""Number of lines of a small terminal."""


class Counting(Remembering):
    """The reference server without its usage list, recording its requests."""

    def lacks(self, request: Request) -> bool:
        return request.path.endswith("/usage")


@dataclass(frozen=True)
class Patient:
    """A server and the content of a correct target file for it."""

    app: Counting
    origin: str
    path: Path

    @property
    def right(self) -> dict[str, Any]:
        """The members of a correct target file."""
        told = declaration(self.app, f"{self.origin}{self.app.contract.base_path}")
        return {**told, "inapplicable": ["GET /usage"], "allow": ["read"]}

    def examine(self, *arguments: str, **changes: Any) -> Outcome:
        """Run doctor on a target file with changes; None removes a member."""
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


def test_a_correct_file_has_nothing_to_fix(patient: Patient) -> None:
    """The output fits on a screen, and the last line is the command to run next."""
    outcome = patient.examine(allow=EVERYTHING)
    assert outcome.code == 0, outcome.said
    assert len(outcome.out.splitlines()) <= SCREEN
    assert "keys (8), scoped_keys (21), businesses (3)" in outcome.out
    assert outcome.out.splitlines()[-1].startswith("Nothing to fix. Next: kaicalls-conformance")


def swapped(keys: dict[str, str], one: str, other: str) -> dict[str, str]:
    """Keys with two of them swapped."""
    return {**keys, one: keys[other], other: keys[one]}


@pytest.mark.parametrize(
    ("name", "other", "says"),
    [
        (
            "expired",
            "test",
            "keys: expired: GET /calls returned 200\n       -> The key still works",
        ),
        ("test", "expired", "keys: test: GET /calls returned 401 unauthorized\n       -> The ser"),
        ("revoked", "no_scope", "keys: revoked: GET /calls returned 403"),
        ("no_scope", "test", "keys: no_scope: GET /calls returned 200\n       -> The key has a s"),
        ("full", "revoked", "rejects the main key on every read"),
        ("other", "full", "businesses: other: keys: other belongs to"),
        ("empty", "other", "businesses: empty: its lists show"),
    ],
)
def test_a_wrong_key_is_reported(patient: Patient, name: str, other: str, says: str) -> None:
    """Each key is tried on a read, and must be what the file says it is."""
    outcome = patient.examine(keys=swapped(patient.right["keys"], name, other))
    assert outcome.code in (1, 3)
    assert says in outcome.said
    servers.no_traceback(outcome)


def test_a_scoped_key_opens_only_its_scope(patient: Patient) -> None:
    """Swapped keys lack the scope that they should have, and have one that they should not."""
    right = patient.right["scoped_keys"]
    outcome = patient.examine(scoped_keys=swapped(right, "calls:read", "agents:read"))
    assert outcome.code == 1
    assert "scoped_keys: calls:read: GET /calls returned 403 forbidden" in outcome.out
    assert "2 problems to fix, starting with scoped_keys: agents:read" in outcome.out


NO_RECIPE = {"code": "number_on_dnc", "operation": "create_call", "input": {"name": "Ada"}}

WRONG = [
    ({"businesses": {"main": "business-x"}}, "The target file says business-x"),
    (
        {"inapplicable": None},
        "routes do not exist on the target (GET /usage)\n       -> If the target",
    ),
    (
        {"inapplicable": ["GET /usage", "GET /agents"]},
        "exist on the target (GET /agents)\n       -> Remove",
    ),
    (
        {"clock": {"method": "POST", "path": "/no", "member": "seconds"}, "triggers": None}
        | {"allow": ["read", "write"]},
        "POST /no returned 404",
    ),
    ({"addresses": ["192.0.2.7"]}, "this machine cannot send from 192.0.2.7"),
    (
        {"triggers": [NO_RECIPE], "allow": EVERYTHING},
        "triggers: number_on_dnc at create_call",
    ),
]
"""Changes to a correct target file, and what doctor reports about them."""


@pytest.mark.parametrize(("changes", "says"), WRONG, ids=lambda value: str(value)[:20])
def test_claims_of_the_file_are_checked(
    patient: Patient, changes: dict[str, Any], says: str
) -> None:
    """Each problem comes with a fix, and the exit code is 1."""
    outcome = patient.examine(**changes)
    assert outcome.code == 1, outcome.said
    assert says in outcome.out


def test_doctor_asks_for_enough_addresses(patient: Patient) -> None:
    """It asks for the number that the schema states."""
    outcome = patient.examine(addresses=["127.0.0.1", "127.0.0.2"])
    assert f"only 2 listed\n       -> List {ADDRESSES}" in outcome.out
    assert f"need {ADDRESSES}." in schema()["properties"]["addresses"]["description"]


def test_an_undeclared_business_is_proposed(patient: Patient) -> None:
    """The proposal includes its id."""
    outcome = patient.examine(businesses=None)
    main = patient.right["businesses"]["main"]
    assert f"-> Add to the target file: businesses: {{main: {main}}}" in outcome.out


def test_a_file_that_allows_only_reads_sends_only_reads(patient: Patient) -> None:
    """Triggers and the clock are not tried. Writes are sent without a key and a body."""
    patient.app.asked.clear()
    outcome = patient.examine()
    others = [request for request in patient.app.asked if request.method != "GET"]
    assert {(request.header("authorization"), request.body) for request in others} == {(None, b"")}
    assert "open   clock: not tried, because allow: does not include write" in outcome.out
    assert len(patient.app.asked) <= MOST


def test_json_output(patient: Patient) -> None:
    """Each remark has its state, place, observation and fix."""
    outcome = patient.examine("--json", addresses=["192.0.2.7"])
    told = json.loads(outcome.out)
    assert told["counts"]["mend"] == 1
    (wrong,) = [remark for remark in told["remarks"] if remark["state"] == "mend"]
    assert wrong["about"] == "addresses"
    assert wrong["mend"]


def test_a_dead_server_cannot_be_checked(tmp_path: Path) -> None:
    """If nothing could be checked, the exit code is 3."""
    arguments = ("doctor", "--url", "http://127.0.0.1:9/api/v1", "--key", "kc_live_" + "a" * 32)
    outcome = servers.command(*arguments, cwd=tmp_path)
    assert outcome.code == 3
    assert "Check that the server is up and that the address is right." in outcome.err


def test_the_embedded_server_has_no_problems(tmp_path: Path) -> None:
    """Without a target, doctor checks the embedded server."""
    outcome = servers.command("doctor", "-v", cwd=tmp_path)
    assert outcome.code == 0
    assert "works  triggers: payment_required at sign_up: the expected code was" in outcome.out


def test_a_full_key_must_have_every_scope(patient: Patient) -> None:
    """One read for each scope is tried, so a key with a single scope is not accepted."""
    keys = {**patient.right["keys"], "full": patient.right["scoped_keys"]["calls:read"]}
    scoped = {**patient.right["scoped_keys"], "calls:read": patient.right["keys"]["full"]}
    outcome = patient.examine(keys=keys, scoped_keys=scoped)
    assert outcome.code == 1
    assert (
        "keys: full: GET /agents returned 403 forbidden\n       -> The key lacks the scope agents:r"
        in outcome.out
    )
    assert (
        "scoped_keys: calls:read: GET /agents returned 200\n       -> The key has a s"
        in outcome.out
    )


def examined(kind: type[Counting], path: Path) -> Outcome:
    """Run doctor on the correct target file of another server."""
    app = servers.faulty(kind)
    assert isinstance(app, kind)
    with servers.serving(app) as origin:
        return Patient(app, origin, path).examine()


class WritersRead(WriteImpliesRead, Counting):
    """The same, but each write scope includes the reads of its resource."""


def test_a_write_scope_may_include_the_reads_of_its_resource(tmp_path: Path) -> None:
    """A key for one scope is tried on the reads of another resource."""
    outcome = examined(WritersRead, tmp_path)
    assert outcome.code == 0, outcome.said


class Narrow(Counting):
    """The same, but deliveries require both of the scopes of which one should be enough."""

    def dispatch(self, request: Request) -> Reply:
        identity = self.known_key((request.header("authorization") or "").removeprefix("Bearer "))
        scopes = identity.scopes if identity else frozenset()
        required = {"events:read", "webhooks:read"}
        if request.path.endswith("/event-deliveries") and len(required & scopes) == 1:
            raise Refusal("forbidden", "The key lacks the scope")
        return super().dispatch(request)


def test_a_key_that_shows_its_scope_elsewhere_is_not_to_blame(tmp_path: Path) -> None:
    """The read that only this scope opens was opened, so the refusal of another is the target's."""
    outcome = examined(Narrow, tmp_path)
    assert outcome.code == 0, outcome.said
    assert "scoped_keys: events:read" not in outcome.out


class Guarded(Counting):
    """The same, but reports require the scope for calls, and one key gets an error."""

    def dispatch(self, request: Request) -> Reply:
        identity = self.known_key((request.header("authorization") or "").removeprefix("Bearer "))
        scopes = identity.scopes if identity else frozenset()
        if "/analytics/" in request.path and not {"*", "calls:read"} & scopes:
            raise Refusal("forbidden", "The key lacks the scope")
        if identity and identity.name == "empty":
            raise Refusal("not_found", "A business without data is not known")
        return super().dispatch(request)


def test_scopes_that_no_source_names_are_undecided(tmp_path: Path) -> None:
    """A report may require a scope. A key with another status is neither right nor wrong."""
    outcome = examined(Guarded, tmp_path)
    assert outcome.code == 0, outcome.said
    assert "open   keys: empty: GET /calls returned 404 not_found" in outcome.out


def test_untried_triggers_are_reported(patient: Patient) -> None:
    """For example if allow: does not permit them."""
    outcome = patient.examine(triggers=[NO_RECIPE])
    assert outcome.code == 0, outcome.said
    assert "open   triggers: number_on_dnc at create_call: not tried" in outcome.out


def test_a_target_without_plain_reads_causes_no_crash(patient: Patient) -> None:
    """If no read needs only a key, the time of the target is unknown."""
    outcome = patient.examine(only=["create_call"], inapplicable=None)
    servers.no_traceback(outcome)
    assert "open   time: no response has a valid Date" in outcome.out


class Dated(Counting):
    """The same, with a Date that has no zone."""

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        headers = super().all_headers(request, reply, body)
        return [*headers, ("Date", "Fri, 27 Nov 1998 15:25:47 -0000")]


def test_a_date_without_a_zone_is_utc(tmp_path: Path) -> None:
    """HTTP dates are in UTC."""
    app = servers.faulty(Dated)
    assert isinstance(app, Dated)
    with servers.serving(app) as origin:
        outcome = Patient(app, origin, tmp_path).examine()
    servers.no_traceback(outcome)
    assert "fix    time: its clock and this one are" in outcome.out


@pytest.mark.parametrize(("seconds", "told"), [(2, "agree"), (3, "are 3 s apart")])
def test_a_difference_within_the_resolution_of_a_date_is_none(seconds: int, told: str) -> None:
    """On one machine, clocks agree although a Date has only whole seconds."""
    response = Response(200, (("Date", "Sun, 29 Nov 2026 05:00:00 GMT"),))
    exchange = SimpleNamespace(response=response, started=f"2026-11-29T05:00:0{seconds}.000Z")
    survey: Any = SimpleNamespace(
        offered=[SimpleNamespace(id="list_calls")],
        ask=lambda _name: SimpleNamespace(exchange=exchange),
    )
    (remark,) = clock_offset(survey)
    assert remark.seen == f"its clock and this one {told}"
    assert remark.state is State.WORKS


def test_a_business_whose_lists_cannot_be_read_is_not_called_empty() -> None:
    """Nothing was seen of it, so nothing is confirmed."""
    survey: Any = SimpleNamespace(
        target=SimpleNamespace(keys={"empty": "kc_live_x"}), opened=lambda _key: []
    )
    (remark,) = emptiness(survey)
    assert remark.state is State.OPEN
