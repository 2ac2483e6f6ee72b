"""Target files and options: what they declare, and which line has a fault."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from conformance import target
from conformance.base.errors import TargetError
from conformance.base.options import Choice
from conformance.command import initfile
from conformance.log.convert import declaration_from_json, to_json
from conformance.model import (
    KEY_ROLES,
    Contract,
    Declaration,
    Effect,
    KeyRole,
    Trigger,
    Waiver,
    key_role,
)
from conformance.run.planning import prepare
from conformance.target.target_file import DEFAULT_BUDGET, DEFAULT_TIMEOUT
from tests.support.contracts import real

URL = "https://api.example.test/api/v1"
SECRET = "kc_live_Zq7Wm2Xv9Rt4Lp8Nc3Kd"
FULL: dict[str, Any] = {
    "name": "staging",
    "url": URL + "/",
    "allow": ["write", "flood"],
    "keys": {"full": SECRET, "other": SECRET + "2", "revoked": "${CONFORMANCE_TEST_KEY}"},
    "scoped_keys": {"calls:read": SECRET + "3"},
    "businesses": {"main": "b1", "other": "b2"},
    "phone_numbers": ["+12025550123"],
    "maximum": {"list_calls": 100},
    "triggers": [
        {"code": "number_on_dnc", "operation": "create_call", "input": {"to": "+12025550199"}}
    ],
    "clock": {"method": "POST", "path": "/clock", "member": "seconds"},
    "addresses": ["127.0.0.0/29", "10.0.0.7"],
    "budget": 77,
    "rate": 2.5,
    "timeout": 3,
    "inapplicable": ["sign_up"],
    "waivers": [
        {
            "clause": "status-200",
            "operations": ["list_calls"],
            "statement": "known since May",
            "owner": "Ann",
            "ticket": "X-1",
            "expires": "2026-12-31",
        }
    ],
}


@pytest.fixture
def contract() -> Contract:
    """The real contract."""
    return real()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a target file. Its key variable is set; CONFORMANCE_KEY is not."""
    monkeypatch.delenv(target.KEY_VARIABLE, raising=False)
    monkeypatch.setenv("CONFORMANCE_TEST_KEY", SECRET + "4")
    return tmp_path / "t.yaml"


def read(contract: Contract, path: Path, text: str | dict[str, Any], **given: Any) -> target.Target:
    """The target that a text describes."""
    path.write_text(
        text if isinstance(text, str) else yaml.safe_dump(text, sort_keys=False), encoding="utf-8"
    )
    return target.from_file(contract, path, **given)


def test_options_allow_only_reads_with_one_key(contract: Contract) -> None:
    """They do not declare that the key has every scope."""
    made = target.from_flags(contract, URL + "/", SECRET)
    declared = made.declaration
    assert (declared.url, declared.name, declared.allow) == (
        URL,
        "api.example.test",
        frozenset({Effect.READ}),
    )
    assert declared.keys == {"full"}
    assert not declared.full_declared
    assert made.keys == {"full": SECRET}
    assert target.from_flags(contract, URL, None).declaration.keys == frozenset()


def test_a_file_declares_everything(contract: Contract, path: Path) -> None:
    """Every member of a target file is used, reads are always allowed, and variables resolved."""
    made = read(contract, path, FULL)
    assert made.keys == {
        "full": SECRET,
        "other": SECRET + "2",
        "revoked": SECRET + "4",
        "scope:calls:read": SECRET + "3",
    }
    assert (made.budget, made.rate, made.timeout) == (77, 2.5, 3)
    assert made.declaration == Declaration(
        name="staging",
        url=URL,
        allow=frozenset({Effect.READ, Effect.WRITE, Effect.FLOOD}),
        keys=frozenset(made.keys),
        full_declared=True,
        businesses={"main": "b1", "other": "b2"},
        phone_numbers=("+12025550123",),
        maximum={"list_calls": 100},
        triggers=(Trigger("number_on_dnc", "create_call", {"to": "+12025550199"}),),
        clock={"method": "POST", "path": "/clock", "member": "seconds"},
        addresses=("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "10.0.0.7"),
        inapplicable=frozenset({"sign_up"}),
        waivers=(
            Waiver(
                "status-200", ("list_calls",), "known since May", "Ann", "X-1", date(2026, 12, 31)
            ),
        ),
    )


def test_a_file_with_an_address_only_has_safe_defaults(contract: Contract, path: Path) -> None:
    """By default, a file allows reads and has the usual budget."""
    made = read(contract, path, {"url": URL})
    assert made.declaration == replace(
        target.from_flags(contract, URL, None).declaration, full_declared=True
    )
    assert (made.budget, made.rate, made.timeout) == (
        DEFAULT_BUDGET,
        None,
        DEFAULT_TIMEOUT,
    )


def test_inputs_name_parameters_unless_the_input_is_open(contract: Contract, path: Path) -> None:
    """An input that no source describes may have members that the contract does not name."""
    path.write_text(
        yaml.safe_dump({"url": URL, "inputs": {"create_communication_run": {"steps": [1]}}})
    )
    assert target.from_file(contract, path).declaration.inputs["create_communication_run"] == {
        "steps": [1]
    }
    path.write_text(yaml.safe_dump({"url": URL, "inputs": {"create_call": {"steps": [1]}}}))
    with pytest.raises(TargetError, match="no parameter of create_call, steps"):
        target.from_file(contract, path)


def test_options_override_the_file(contract: Contract, path: Path) -> None:
    """--url and --key override the file; such a key is not declared to have every scope."""
    made = read(contract, path, FULL, url="http://localhost:8080/api/v1", key=SECRET + "9")
    assert made.declaration.url == "http://localhost:8080/api/v1"
    assert made.keys["full"] == SECRET + "9"
    assert not made.declaration.full_declared
    assert read(contract, path, {"url": URL}, key=SECRET).keys == {"full": SECRET}


def test_the_environment_provides_the_key_of_a_file_without_keys(
    contract: Contract, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not declared to have every scope, and CONFORMANCE_KEY replaces no other key."""
    monkeypatch.setenv(target.KEY_VARIABLE, SECRET + "9")
    assert read(contract, path, FULL).keys["full"] == SECRET
    assert read(contract, path, FULL).declaration.full_declared
    standing_in = read(contract, path, {"url": URL})
    assert standing_in.keys == {"full": SECRET + "9"}
    assert not standing_in.declaration.full_declared
    declared = read(contract, path, {"url": URL, "keys": {"full": "${CONFORMANCE_KEY}"}})
    assert declared.keys == standing_in.keys
    assert declared.declaration.full_declared


WRONG: list[tuple[str, int, str]] = [
    ("url: ftp://example.test/api/v1\n", 1, "ftp"),
    ("name: x\nurl: https://ann:pass@example.test/api/v1\n", 2, "password"),
    ("name: x\nurl: https://example.test/api/v1?x=1\n", 2, "without a query"),
    ("name: x\nurl: https://example.test:port/api/v1\n", 2, "port"),
    ("name: x\nurl: https://[::1/api/v1\n", 2, "address"),
    ("name: x\n", 1, "url"),
    (f"url: {URL}\nalow: [read]\n", 2, "alow"),
    (f"url: {URL}\nallow:\n  - read\n  - everything\n", 4, "everything"),
    (f"url: {URL}\nkeys:\n  full: short\n", 3, "8 printable"),
    (f"url: {URL}\nkeys:\n  full: ${{CONFORMANCE_TEST_UNSET}}\n", 3, "CONFORMANCE_TEST_UNSET"),
    (f"url: {URL}\nkeys:\n  full: with some blanks\n", 3, "no spaces"),
    (f"url: {URL}\nkeys:\n  full: {SECRET}\n  other: {SECRET}\n", 3, "another role"),
    (
        f"url: {URL}\nkeys:\n  full: {SECRET}\nscoped_keys:\n  calls:read: {SECRET}\n",
        5,
        "another role",
    ),
    (f"url: {URL}\nscoped_keys:\n  calls:raed: {SECRET}\n", 3, "no required scope calls:raed"),
    (f"url: {URL}\nmaximum:\n  list_cals: 5\n", 3, "no list list_cals"),
    (f"url: {URL}\nmaximum:\n  read_call: 5\n", 3, "no list read_call"),
    (f"url: {URL}\nmaximum:\n  list_calls: 0\n", 3, "0"),
    (f"url: {URL}\ninapplicable:\n  - sign_up\n  - signup\n", 4, "no route or area signup"),
    (
        f"url: {URL}\ntriggers:\n  - {{code: none, operation: create_call, input: {{to: x}}}}\n",
        3,
        "no code to trigger none",
    ),
    (
        f"url: {URL}\ntriggers:\n"
        "  - {code: rate_limit_exceeded, operation: list_leads, headers: {X-Full: now}}\n",
        3,
        "no code to trigger rate_limit_exceeded",
    ),
    (
        f"url: {URL}\ntriggers:\n  - code: call_failed\n    operation: call\n"
        "    input: {to: x}\n",
        4,
        "no operation call",
    ),
    (
        f"url: {URL}\nwaivers:\n"
        "  - {clause: x, reason: long enough, owner: A, ticket: X, expires: '2026-01-01'}\n",
        3,
        "no clause x",
    ),
    (
        f"url: {URL}\nwaivers:\n  - clause: status-200\n    reason: long enough\n"
        "    owner: A\n    ticket: X\n    expires: 2026-02-30\n",
        7,
        "date",
    ),
    (
        f"url: {URL}\nwaivers:\n  - clause: status-200\n    reason: long enough\n    owner: A\n"
        "    ticket: X\n",
        3,
        "expires",
    ),
    (
        f"url: {URL}\ntriggers:\n"
        "  - {code: internal_error, operation: list_usage, input: {}}\n",
        3,
        "input is empty: give it a value, or remove it",
    ),
    (
        f"url: {URL}\ntriggers:\n  - {{code: internal_error, operation: list_usage}}\n",
        3,
        "it needs at least one of input, query, headers, payment",
    ),
    (f"url: {URL}\naddresses:\n  - 127.0.0.1\n  - localhost\n", 4, "localhost"),
    (f"url: {URL}\nphone_numbers: ['5550100']\n", 2, "5550100"),
    (f"url: {URL}\nbudget: many\n", 2, "many"),
    (f"url: {URL}\nbudget: 1\nbudget: 2\n", 3, "twice"),
    (f"url: {URL}\n\tbudget: 1\n", 2, ""),
    ("", 1, "empty"),
    ("[]\n", 1, "object"),
]


def test_a_trigger_may_have_empty_parts(contract: Contract, path: Path) -> None:
    """One part with members is enough."""
    recipe = {"code": "internal_error", "operation": "list_usage", "headers": {"X-Fail": "1"}}
    made = read(contract, path, {"url": URL, "triggers": [recipe | {"input": {}, "query": {}}]})
    assert made.declaration.triggers == (
        read(contract, path, {"url": URL, "triggers": [recipe]}).declaration.triggers
    )


def test_a_server_that_always_wants_payment_needs_no_input(contract: Contract, path: Path) -> None:
    """A trigger of payment_required may have a proof of payment alone."""
    recipe = {"code": "payment_required", "operation": "sign_up", "payment": "proof"}
    made = read(contract, path, {"url": URL, "triggers": [recipe]})
    assert [each.input for each in made.declaration.triggers] == [{}]


@pytest.mark.parametrize(("text", "line", "says"), WRONG, ids=range(len(WRONG)))
def test_a_fault_names_file_and_line(
    contract: Contract, path: Path, text: str, line: int, says: str
) -> None:
    """Each fault in a target file has a message with file, line and what is wrong."""
    with pytest.raises(TargetError) as caught:
        read(contract, path, text)
    faults = [message.strip() for message in str(caught.value).splitlines()[1:]]
    assert faults, caught.value
    assert all(fault.startswith(f"{path}:") for fault in faults)
    assert any(fault.startswith(f"{path}:{line}: ") and says in fault for fault in faults), faults


def test_all_faults_are_reported_at_once(contract: Contract, path: Path) -> None:
    """One message is enough to fix a file."""
    text = (
        f"url: {URL}#x\nkeys:\n  full: short\nmaximum:\n  list_x: 5\n"
        "inapplicable: [y]\naddresses: [not-one]\n"
    )
    with pytest.raises(TargetError) as caught:
        read(contract, path, text)
    assert {fault.strip().split(" ")[0] for fault in str(caught.value).splitlines()[1:]} == {
        f"{path}:{line}:" for line in (1, 3, 5, 6, 7)
    }


def test_a_missing_or_unreadable_file_is_one_fault(contract: Contract, path: Path) -> None:
    """A missing file, a directory, and bytes that are not UTF-8 each cause one clear error."""
    with pytest.raises(TargetError, match="missing"):
        target.from_file(contract, path)
    with pytest.raises(TargetError, match="cannot be read"):
        target.from_file(contract, path.parent)
    path.write_bytes(b"url: \xff\n")
    with pytest.raises(TargetError, match="cannot be read"):
        target.from_file(contract, path)


BAD_URLS = (
    "example.test/api/v1",
    "ftp://example.test/api/v1",
    "https:///api/v1",
    "https://example.test/api/v1#x",
    "https://ann@example.test/api/v1",
    "https://example.test:99999/api/v1",
    "https://[::1/api/v1",
    "https://[nothing]/api/v1",
    "",
)


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_invalid_address_in_an_option_is_a_target_error(contract: Contract, url: str) -> None:
    """The message names the option."""
    with pytest.raises(TargetError, match="--url: "):
        target.from_flags(contract, url, SECRET)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/api/v1",
        "https://h:8443/api/v1/",
        "http://[::1]:80/api/v1",
        "https://h/gate/api/v1",
    ],
)
def test_a_valid_address_is_accepted(contract: Contract, url: str) -> None:
    """Ports, IPv6 and a path before the base path are valid; a trailing slash is removed."""
    made = target.from_flags(contract, url, None)
    assert made.declaration.url == url.rstrip("/")
    assert made.warnings == ()


@pytest.mark.parametrize("place", ["", "/v1", "/xapi/v1", "/mock/kaicalls"])
def test_another_base_path_is_only_a_warning(contract: Contract, path: Path, place: str) -> None:
    """Gateways and mock servers mount the API elsewhere."""
    url = f"https://example.test{place}"
    usual = "use https://example.test/api/v1."
    for made in (
        target.from_flags(contract, url, SECRET),
        read(contract, path, {"url": url}),
        read(contract, path, FULL, url=url),
    ):
        assert made.declaration.url == url
        assert made.warnings[-1].startswith(f"{url} does not end with /api/v1, the base path")
        assert made.warnings[-1].endswith(usual)


def test_an_invalid_option_is_reported_itself(contract: Contract, path: Path) -> None:
    """If --url overrides the address of a valid file, the message names the option."""
    with pytest.raises(TargetError, match="--url"):
        read(contract, path, FULL, url="https://ann@example.test/api/v1")
    with pytest.raises(TargetError, match="--key"):
        read(contract, path, FULL, key="short")


def test_a_declaration_survives_json(contract: Contract, path: Path) -> None:
    """A replay is judged by the declaration in run.json."""
    for made in (
        read(contract, path, FULL),
        target.from_flags(contract, URL, SECRET),
        read(contract, path, {"url": URL}),
    ):
        stored = json.loads(json.dumps(to_json(made.declaration)))
        assert declaration_from_json(stored) == made.declaration
        assert set(stored) == {member.name for member in fields(Declaration)}


def test_public_data_contains_no_key(contract: Contract, path: Path) -> None:
    """The repr and JSON of a target and its declaration contain no keys."""
    made = read(contract, path, FULL)
    shown = [
        repr(made),
        str(made),
        repr(made.declaration),
        json.dumps(to_json(made.declaration)),
    ]
    assert all(key[8:] not in text for key in made.keys.values() for text in shown)


@pytest.mark.parametrize(
    "keys",
    [
        f"keys: {SECRET}",
        f"keys: [{SECRET}]",
        f"keys: {{full: [{SECRET}]}}",
        f"keys: [{{role: full, key: '{SECRET} '}}]",
        f"keys: [{{role: full, key: {SECRET}}}, {{role: other, key: {SECRET}}}]",
        f"keys: [{{name: mine, key: {SECRET}}}]",
        f"keys: [{{key: {SECRET}}}]",
        f"keys: {{full: {{value: {SECRET}}}}}",
        "keys: {full: 98765432123456789}",
        f"scoped_keys: {{'calls:read': [{SECRET}]}}",
        f"keys: {{ful: {SECRET}}}",
        f"keys: {{full: '{SECRET} '}}",
        f"keys: {{full: {SECRET}, other: {SECRET}}}",
        f"key: {SECRET}",
    ],
)
def test_errors_contain_no_key(contract: Contract, path: Path, keys: str) -> None:
    """The error about a misplaced or malformed key in a target file does not show the key."""
    with pytest.raises(TargetError) as caught:
        read(contract, path, f"url: {URL}\n{keys}\n")
    assert SECRET[8:] not in str(caught.value)
    assert "98765432123456789" not in str(caught.value)


def test_errors_contain_no_password(contract: Contract) -> None:
    """The error about an address with a password does not repeat the password."""
    for url in (
        "https://ann:hush-hush@example.test/api/v1",
        "ftp://ann:hush-hush@example.test/api/v1",
    ):
        with pytest.raises(TargetError) as caught:
            target.from_flags(contract, url, None)
        assert "hush-hush" not in str(caught.value)


def test_triggers_may_use_the_former_name_firm(contract: Contract, path: Path) -> None:
    """Early target files say `firm` instead of `robust`; an input of that name is kept."""
    trigger = {"code": "call_failed", "operation": "create_call", "input": {"firm": "x"}}
    made = read(contract, path, {"url": URL, "triggers": [trigger | {"firm": True}]})
    assert made.declaration.triggers == (
        Trigger("call_failed", "create_call", {"firm": "x"}, robust=True),
    )


# --- the schema -----------------------------------------------------------------------------------


@pytest.mark.parametrize("member", target.schema()["properties"])
def test_every_member_is_described_and_in_the_file_of_init(contract: Contract, member: str) -> None:
    """Each member of the schema has a description, which `init` writes above an example."""
    description = target.schema()["properties"][member]["description"]
    text = initfile.text(contract)
    assert re.search(rf"^(# )?{member}:", text, re.MULTILINE)
    assert " ".join(description.split()) in " ".join(text.replace("\n# ", " ").split())


def test_every_member_has_a_field() -> None:
    """Each member of a target file except keys becomes the field of that name."""
    held = {member.name for noun in (Declaration, target.Target) for member in fields(noun)}
    assert set(target.schema()["properties"]) - held == {"scoped_keys", "only", "published"}


def test_the_examples_of_init_are_valid(contract: Contract, path: Path) -> None:
    """With everything uncommented and filled in, the file of `init` is a valid target file."""
    text = re.sub(r"(?m)^# (\w+:.*|  .*)$", r"\1", initfile.text(contract))
    text = text.replace("input: {}", "input: {to: x}").replace("parameter:", "agent_id:")
    names = re.findall(r"\$\{(\w+)\}", text)
    for number, name in enumerate(names):
        text = text.replace(f"${{{name}}}", f"{SECRET}{number}")
    shutil.copy(DEFAULT_CA_BUNDLE_PATH, path.parent / "authority.pem")
    made = read(contract, path, text)
    assert len(made.keys) == len(names) - 1  # one stands in the first comment
    assert made.declaration.triggers
    assert made.declaration.waivers


# --- key roles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", KEY_ROLES.values(), ids=KEY_ROLES)
def test_every_key_role_can_be_used(contract: Contract, path: Path, role: KeyRole) -> None:
    """Target files accept each key of the table; `init` and the advice of a plan name it."""
    made = read(contract, path, f"url: {URL}\nkeys:\n  {role.name}: {SECRET}\n")
    assert made.declaration.keys == {role.name}
    assert re.search(rf"^[# ]+{role.name}: \S+ +# {role.what}$", initfile.text(contract), re.M)
    assert f"keys: {role.name} in the target file" in role.advice
    assert key_role(role.name) is role


def test_the_role_of_a_scoped_key_names_its_scope() -> None:
    """A key with a single scope belongs to the main business; its advice names the scope."""
    role = key_role("scope:calls:read")
    assert role is not None
    assert role.business == "main"
    assert "scoped_keys: calls:read in the target file" in role.advice
    assert key_role("nobody") is None


# --- keys in a list -------------------------------------------------------------------------------

READING = ("calls:read", "agents:read")


def listed(contract: Contract, path: Path, *keys: dict[str, Any]) -> Declaration:
    """The declaration of a target file with a list of keys."""
    entries = [{"key": f"{SECRET}{number}", **key} for number, key in enumerate(keys)]
    return read(contract, path, {"url": URL, "keys": entries}).declaration


def scopes_of(contract: Contract, *, reading: bool = False) -> list[str]:
    """The scopes of the contract, or those that open reads."""
    operations = contract.operations.values()
    wanted = [each for each in operations if each.effect is Effect.READ or not reading]
    return sorted({scope for each in wanted for scope in each.scopes})


def test_a_listed_key_gets_the_role_that_matches_its_scopes(contract: Contract, path: Path) -> None:
    """A dashboard shows names and scopes; the suite determines what each key is good for."""
    declared = listed(
        contract,
        path,
        {"name": "all", "scopes": scopes_of(contract)},
        {"name": "reads", "scopes": scopes_of(contract, reading=True)},
        {"name": "nothing", "scopes": []},
        {"name": "one", "scopes": ["calls:read"]},
        {"name": "two", "scopes": list(READING)},
        {"name": "partner", "scopes": ["calls:read"], "business": "other"},
        {"role": "revoked"},
    )
    roles = {"full", "read_only", "no_scope", "scope:calls:read", "name:two", "other", "revoked"}
    assert declared.keys == roles
    assert declared.main_key == "full"
    operations = contract.operations
    assert declared.opens(operations["list_calls"], "name:two")
    assert not declared.opens(operations["create_agent"], "name:two")
    assert declared.opens(operations["list_calls"], "other")
    assert not declared.opens(operations["list_agents"], "other")


def test_scopes_that_no_operation_requires_do_not_count(contract: Contract, path: Path) -> None:
    """A dashboard also shows scopes for routes outside the contract, and ``*`` for all of them."""
    declared = listed(
        contract,
        path,
        {"name": "everything", "scopes": ["*"]},
        {"name": "one", "scopes": ["calls:read", "emails:read", "sdr:write"]},
        {"name": "nothing", "scopes": ["sdr:read"]},
    )
    assert declared.keys == {"full", "scope:calls:read", "no_scope"}


def test_a_name_that_is_wrong_in_several_places_is_one_error(
    contract: Contract, path: Path
) -> None:
    """The message names the first line, and a few of the others."""
    keys = "".join(
        f"  - {{name: k{number}, scopes: [calls:raed], key: {SECRET}{number}}}\n"
        for number in range(6)
    )
    with pytest.raises(TargetError) as raised:
        read(contract, path, f"url: {URL}\nkeys:\n{keys}")
    (message,) = [line for line in str(raised.value).splitlines() if "calls:raed" in line]
    assert f"{path}:3: the contract has no scope calls:raed" in message
    assert "also in lines 4, 5, 6 and 2 more" in message


def test_the_listed_key_with_most_scopes_makes_the_requests(contract: Contract, path: Path) -> None:
    """Without a full key, only operations that the best key may call are tested."""
    declared = listed(
        contract,
        path,
        {"name": "small", "scopes": ["calls:read", "leads:read"]},
        {"name": "large", "scopes": [*READING, "agents:write"]},
    )
    assert declared.main_key == "name:large"
    assert declared.opens(contract.operations["create_agent"])
    assert not declared.opens(contract.operations["list_leads"])


def test_two_listed_keys_of_one_role_are_an_error(contract: Contract, path: Path) -> None:
    """The message names the line of the second key."""
    text = (
        f"url: {URL}\nkeys:\n  - {{role: other, key: {SECRET}1}}\n"
        f"  - {{name: x, scopes: [], business: other, key: {SECRET}2}}\n"
    )
    with pytest.raises(TargetError, match=r":4: two keys have the role other"):
        read(contract, path, text)


# --- what a target has ----------------------------------------------------------------------------


def test_operations_and_areas_can_be_inapplicable(contract: Contract, path: Path) -> None:
    """Operations are named by id or route. An area is returned with its place in the file."""
    text = f"url: {URL}\ninapplicable: [sign_up, GET /calls, limits]\n"
    given = read(contract, path, text)
    assert given.declaration.inapplicable == {"sign_up", "list_calls", "read_call"}
    assert given.areas == {"limits": f"{path}:2"}


def test_only_is_the_opposite_of_inapplicable(contract: Contract, path: Path) -> None:
    """All other operations are inapplicable."""
    declared = read(contract, path, f"url: {URL}\nonly: [GET /calls, list_agents]\n").declaration
    kept = contract.operations.keys() - declared.inapplicable
    assert kept == {"list_calls", "read_call", "list_agents"}


@pytest.mark.parametrize("name", ["limit", "after", "nothing"])
def test_paging_cannot_be_absent(contract: Contract, path: Path, name: str) -> None:
    """The page defines both parameters for every list; other names must be optional parameters."""
    text = f"url: {URL}\nabsent: {{list_calls: [{name}]}}\n"
    with pytest.raises(TargetError, match=f"no optional parameter of list_calls .*{name}"):
        read(contract, path, text)


def test_a_misspelt_absent_parameter_is_an_error(contract: Contract, path: Path) -> None:
    """This also holds for operations with open input, because the name would match nothing."""
    text = f"url: {URL}\nabsent: {{read_recording: [call_idd]}}\n"
    with pytest.raises(TargetError, match=r"no optional parameter of read_recording .*call_idd"):
        read(contract, path, text)


def test_an_absent_parameter_is_never_sent(contract: Contract, path: Path) -> None:
    """Cases that need it are inapplicable, and so are their cells."""
    text = f"url: {URL}\nkeys: {{full: {SECRET}}}\nabsent: {{list_evals: [agent_id]}}\n"
    given = read(contract, path, text)
    prepared = prepare(contract, given, Choice())
    assert prepared.contract.operations["list_evals"].parameter("agent_id") is None
    lost = [case for case in prepared.plan.cases if case.inapplicable]
    assert lost
    assert {case.operation for case in lost} == {"list_evals"}
    assert not any(case in prepared.plan.runnable for case in lost)


def test_a_file_with_other_keys_ignores_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A nightly run with a read-only key does not get every scope because a variable is set."""
    monkeypatch.setenv("CONFORMANCE_KEY", "kc_live_of_the_environment_1")
    path = tmp_path / "t.yaml"
    path.write_text(f"url: {URL}\nkeys: {{read_only: kc_live_that_only_reads_1}}\n")
    assert set(target.from_file(real(), path).keys) == {"read_only"}
    path.write_text(f"url: {URL}\n")
    alone = target.from_file(real(), path)
    assert (set(alone.keys), alone.warnings) == ({"full"}, ())
