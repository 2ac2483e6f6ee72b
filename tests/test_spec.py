"""The contract itself: a good OpenAPI document, examples that hold, and nothing of the page left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.core.result import Ok

from conformance import contract as contracts
from conformance import verdict
from conformance.checks import RULES
from conformance.evidence import Log
from conformance.model import Contract, Open, Operation, PageEntry
from conformance.openapi import METHODS, X, resolve
from conformance.run import planning
from tests import check_examples

CONTRACTS = ("real", "toy")
DIRECTORIES = {"real": contracts.packaged(), "toy": check_examples.TOY}
META = contracts.packaged() / "meta"

PAGE_STATUSES = (200, 201, 400, 401, 402, 403, 404, 429, 500)
PAGE_CODES = (
    ("unauthorized", 401),
    ("forbidden", 403),
    ("not_found", 404),
    ("bad_request", 400),
    ("invalid_request", 400),
    ("vapi_error", 500),
    ("call_failed", 500),
    ("payment_required", 402),
    ("content_blocked", 400),
    ("number_opted_out", 400),
    ("number_on_dnc", 400),
    ("tcpa_violation", 400),
    ("rate_limit_exceeded", 429),
    ("sms_send_failed", 500),
    ("internal_error", 500),
)
"""The rows of the table of error codes, in the order of the page."""


def contract_of(name: str) -> Contract:
    """One of the two contracts."""
    return check_examples.real() if name == "real" else check_examples.toy()


def document_of(name: str) -> dict[str, Any]:
    """The OpenAPI document of a contract, as any YAML reader reads it."""
    document: dict[str, Any] = yaml.safe_load(
        (DIRECTORIES[name] / "openapi.yaml").read_text(encoding="utf-8")
    )
    return document


@pytest.fixture(params=CONTRACTS)
def name(request: pytest.FixtureRequest) -> str:
    """Both contracts."""
    return str(request.param)


# --- the document ---------------------------------------------------------------------------------


def test_the_document_is_openapi(name: str) -> None:
    """openapi-spec-validator finds no fault in the document."""
    assert [
        error.message for error in OpenAPIV31SpecValidator(document_of(name)).iter_errors()
    ] == []


def test_a_usual_reader_of_yaml_reads_the_same(name: str) -> None:
    """Nothing in the document means something else to a reader that knows dates and yes."""
    assert document_of(name) == contract_of(name).document


def test_schemathesis_reads_every_operation(name: str) -> None:
    """The generator of cases knows every method and path of the contract."""
    schema = schemathesis.openapi.from_dict(document_of(name))
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    read = {(operation.method.upper(), operation.path) for operation in found}
    assert read == {
        (operation.method, operation.path) for operation in contract_of(name).operations.values()
    }


def _examples(document: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Every example with its schema: where, schema, value."""

    def walk(value: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
        if isinstance(value, dict):
            schema = value.get("schema")
            if isinstance(schema, dict) and ("example" in value or "examples" in value):
                shown = (
                    [value["example"]]
                    if "example" in value
                    else [one["value"] for one in value["examples"].values()]
                )
                yield from ((where, schema, one) for one in shown)
            elif "example" in value and ("type" in value or "properties" in value):
                yield where, value, value["example"]
            for key, member in value.items():
                if key not in ("example", "examples"):
                    yield from walk(member, f"{where}/{key}")
        elif isinstance(value, list):
            for index, member in enumerate(value):
                yield from walk(member, f"{where}/{index}")

    yield from walk(document, "")


def test_every_example_of_the_document_is_valid(name: str) -> None:
    """Each example obeys the schema beside it, formats included."""
    document = document_of(name)
    found = list(_examples(document))
    assert len(found) > 15
    for where, schema, value in found:
        validator = Draft202012Validator(
            resolve(document, schema), format_checker=jsonschema.FormatChecker()
        )
        assert [error.message for error in validator.iter_errors(value)] == [], where


def test_every_mode_has_an_example_of_its_own(name: str) -> None:
    """The schema of each mode takes an example of the success that its operation documents."""
    document = document_of(name)
    for operation in contract_of(name).operations.values():
        answer = document["paths"][operation.path][operation.method.lower()]["responses"][
            str(operation.success)
        ]
        content = answer["content"]["application/json"]
        shown = (
            [content["example"]]
            if "example" in content
            else [one["value"] for one in content["examples"].values()]
        )
        assert (
            any(Draft202012Validator(operation.schema).is_valid(one) for one in shown)
            or operation.when
        ), operation.id


def test_values_to_refuse_break_their_schema(name: str) -> None:
    """A value that no reading can accept is not accepted by the schema either; the value that is sent otherwise is."""
    for operation in contract_of(name).operations.values():
        for parameter in operation.parameters:
            validator = Draft202012Validator(
                parameter.schema, format_checker=jsonschema.FormatChecker()
            )
            assert not any(validator.is_valid(value) for value in parameter.refuse), (
                operation.id,
                parameter.name,
            )
            for value in (
                parameter.example,
                parameter.fresh and parameter.fresh.replace("{}", "0a"),
            ):
                assert value is None or validator.is_valid(value), (
                    operation.id,
                    parameter.name,
                    value,
                )


def test_words_that_refer_to_kinds_are_of_kinds_that_exist(name: str) -> None:
    """A reference names a kind that some operation has, the tenant, or one that only this contract's neighbours have."""
    loaded = contract_of(name)
    kinds = {operation.kind for operation in loaded.operations.values()}
    for operation in loaded.operations.values():
        for parameter in operation.parameters:
            if parameter.references and parameter.references not in kinds:
                assert parameter.name == loaded.tenant or not parameter.required, (
                    operation.id,
                    parameter.name,
                )
            if parameter.filters and operation.paging:
                members = operation.schema["properties"].values()
                items = next(
                    member["items"]["properties"]
                    for member in members
                    if "properties" in member.get("items", {})
                )
                assert parameter.filters in items, (operation.id, parameter.name)


# --- errors ---------------------------------------------------------------------------------------


def test_the_registry_is_the_table_of_the_page() -> None:
    """All fifteen codes, each with the status of the page, in its order; each has a row of the page as its source."""
    loaded = check_examples.real()
    assert [(row.code, row.status) for row in loaded.errors.values()] == list(PAGE_CODES)
    assert all(
        row.source == f"codes.{row.code}" and row.source in loaded.page
        for row in loaded.errors.values()
    )
    assert loaded.statuses == set(PAGE_STATUSES)


def test_the_index_of_the_page_has_every_row() -> None:
    """Each status and each code of the page is an entry of the index, in the order of the page."""
    ids = list(check_examples.real().page)
    assert [one for one in ids if one.startswith("statuses.")] == [
        f"statuses.{status}" for status in PAGE_STATUSES
    ]
    assert [one for one in ids if one.startswith("codes.") and one != "codes.sentence"] == [
        f"codes.{code}" for code, _ in PAGE_CODES
    ]


def test_statuses_of_the_registry_are_listed(name: str) -> None:
    """A code goes with a status of the list."""
    loaded = contract_of(name)
    assert {row.status for row in loaded.errors.values()} <= loaded.statuses
    assert {operation.success for operation in loaded.operations.values()} <= loaded.statuses


def _codes_in(schema: Any, pointer: tuple[str, ...]) -> set[str]:
    """The codes that a schema allows."""
    found: set[str] = set()
    for part in [schema, *schema.get("allOf", ())]:
        inner = part
        for step in pointer:
            inner = inner.get("properties", {}).get(step, {})
        found |= set(inner.get("enum", ()))
    return found


def test_codes_of_the_document_are_those_of_the_registry(name: str) -> None:
    """For each error status the enum of the code is the list of the registry, no more and no less."""
    loaded = contract_of(name)
    document = document_of(name)
    for operation in loaded.operations.values():
        for status, answer in document["paths"][operation.path][operation.method.lower()][
            "responses"
        ].items():
            if int(status) >= 400:
                schema = resolve(document, answer)["content"]["application/json"]["schema"]
                codes = {row.code for row in loaded.errors.values() if row.status == int(status)}
                assert _codes_in(schema, loaded.code_pointer) == codes, (operation.id, status)


def test_every_operation_carries_every_error_status() -> None:
    """Each operation documents all error statuses of the page; 402 stands at sign-up alone."""
    document = document_of("real")
    for path, item in document["paths"].items():
        for method in set(METHODS) & set(item):
            statuses = {int(status) for status in item[method]["responses"]}
            errors = {
                status
                for status in PAGE_STATUSES
                if status >= 400 and (status != 402 or path == "/signup")
            }
            assert {status for status in statuses if status >= 400} == errors, (method, path)
            assert statuses <= set(PAGE_STATUSES)


def test_an_empty_answer_obeys_no_error_schema(name: str) -> None:
    """The schema of an error is one that a wrong envelope breaks."""
    document = document_of(name)
    schema = resolve(
        document,
        next(iter(document["components"]["responses"].values()))["content"]["application/json"][
            "schema"
        ],
    )
    empty: tuple[Any, ...] = ({}, [], {"error": "x", "fault": "x"}, {"error": {}, "fault": {}})
    for wrong in empty:
        assert not Draft202012Validator(schema).is_valid(wrong)


# --- the page -------------------------------------------------------------------------------------


def _entries() -> list[tuple[str, PageEntry]]:
    return [
        (name, entry)
        for name in CONTRACTS
        for entry in contract_of(name).page.values()
        if entry.example
    ]


@pytest.mark.parametrize(
    ("name", "entry"), _entries(), ids=lambda value: value if isinstance(value, str) else value.id
)
def test_what_the_page_prints_is_valid(name: str, entry: PageEntry) -> None:
    """A printed body obeys its schema; a printed request names an operation whose parameters take its values."""
    loaded = contract_of(name)
    if "body" in entry.example:
        schema = resolve(loaded.document, {"$ref": entry.example["schema"]})
        assert Draft202012Validator(schema).is_valid(entry.example["body"])
        return
    named = [
        o
        for o in loaded.operations.values()
        if (o.method, o.path) == (entry.example["method"], entry.example["path"])
    ]
    assert named
    for parameter, text in entry.example.get("query", {}).items():
        known = next(
            found for o in named if (found := o.parameter(parameter)) and found.place == "query"
        )
        validator = Draft202012Validator(known.schema, format_checker=jsonschema.FormatChecker())
        value = int(text) if known.schema.get("type") == "integer" else text
        assert validator.is_valid(value), (parameter, text)


def test_every_normative_entry_is_covered(name: str) -> None:
    """A normative entry of the page is the source of a clause, or says why nothing outside can test it, never both."""
    loaded = contract_of(name)
    cited = {source for clause in loaded.clauses.values() for source in clause.sources}
    for entry in loaded.page.values():
        assert (entry.id in cited) + bool(entry.not_testable) == entry.normative, entry.id


def test_the_printed_samples_are_the_only_examples() -> None:
    """The page prints one body and two requests."""
    assert [entry.id for name, entry in _entries() if name == "real"] == [
        "envelope.sample",
        "pagination.sample-first",
        "pagination.sample-next",
    ]


# --- the ledger -----------------------------------------------------------------------------------


@cache
def _cells(name: str) -> Mapping[str, set[str]]:
    """The operations of each clause in the plan for the embedded server."""
    loaded, target = contract_of(name), check_examples.embedded(name).declaration
    plan = planning.planned(loaded, target, 0)
    found: dict[str, set[str]] = {}
    for cell in verdict.cells(loaded, target, RULES, plan, Log(), today=verdict.ANY_DAY):
        found.setdefault(cell.clause, set()).add(cell.operation)
    return found


def test_every_clause_with_rules_has_a_cell_or_a_reason(name: str) -> None:
    """Against the embedded server each clause is judged somewhere, or the ledger says why it is not."""
    for clause in contract_of(name).clauses.values():
        assert bool(_cells(name).get(clause.id)) != bool(clause.uncovered), clause.id


def test_every_rule_belongs_to_a_clause() -> None:
    """No rule of the engine judges in vain: the real contract names all of them."""
    named = {rule for clause in check_examples.real().clauses.values() for rule in clause.rules}
    assert set(RULES) - named == set()


def test_clauses_are_in_order(name: str) -> None:
    """A derived clause says why; a clause about a code cites the row of that code; its text is a sentence."""
    loaded = contract_of(name)
    for clause in loaded.clauses.values():
        assert (clause.basis == "derived") == bool(clause.because), clause.id
        assert clause.text.endswith("."), clause.id
        if clause.about and clause.about.code:
            assert loaded.errors[clause.about.code].source in clause.sources, clause.id
        if clause.about and clause.about.status:
            assert clause.about.status in loaded.statuses, clause.id


def test_every_code_has_a_clause() -> None:
    """Each row of the table of codes is a clause about that code."""
    about = [
        clause.about.code
        for clause in check_examples.real().clauses.values()
        if clause.about and clause.about.code
    ]
    assert about == [code for code, _ in PAGE_CODES]


# --- files and meta schemas -----------------------------------------------------------------------

FILES = [
    (name, path)
    for name in CONTRACTS
    for path in sorted(DIRECTORIES[name].rglob("*.yaml"))
    if path.name != "openapi.yaml"
]


@pytest.mark.parametrize(
    ("name", "path"), FILES, ids=lambda value: value if isinstance(value, str) else value.name
)
def test_files_obey_their_meta_schema(name: str, path: Path) -> None:
    """Each file of a contract validates against the schema of its kind."""
    kind = "clauses" if path.parent.name == "clauses" else path.stem
    schema = json.loads((META / f"{kind}.schema.json").read_text(encoding="utf-8"))
    text = path.read_text(encoding="utf-8")
    value = yaml.safe_load(text)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(value)] == []


def _objects(schema: Any, where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every place of a schema where an object is described, conditions aside."""
    if isinstance(schema, dict):
        described = schema.get("type") == "object" or "properties" in schema
        if described and not where.endswith("/if"):
            yield where, schema
        for key, member in schema.items():
            if key in ("properties", "$defs"):
                for name, inner in member.items():
                    yield from _objects(inner, f"{where}/{key}/{name}")
            elif key not in ("enum", "const", "required"):
                yield from _objects(member, f"{where}/{key}")
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from _objects(inner, f"{where}/{index}")


OPEN = {
    "page: /properties/entries/items/properties/example/oneOf/1/properties/query": "names of parameters",
    "target: /properties/scoped_keys": "names of scopes",
    "target: /properties/maximum": "ids of lists",
    "target: /properties/collections": "ids of lists",
    "target: /properties/inputs": "ids of operations",
    "target: /properties/inputs/additionalProperties": "names of parameters",
    "x-conformance: /$defs/root/properties/identifiers": "kinds",
    "target: /properties/triggers/items/properties/input": "members of the input of any operation",
}
"""Objects with names that a contract or a target chooses."""


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(META.glob("*.json")) if path.stem != "openapi.schema"],
    ids=lambda path: path.name,
)
def test_meta_schemas_are_closed(path: Path) -> None:
    """Where a meta schema describes an object, a member that it does not know is an error; the one of OpenAPI is open."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    kind = path.name.removesuffix(".schema.json")
    found = list(_objects(schema))
    assert found
    for where, described in found:
        name = f"{kind}: {where}"
        if name in OPEN:
            assert described.get("additionalProperties", True) is not False
        else:
            assert described.get("additionalProperties") is False, name


def test_every_word_of_the_extension_is_used() -> None:
    """Each word of x-conformance stands in one of the two documents: what no contract needs is not offered."""
    definitions = json.loads((META / "x-conformance.schema.json").read_text())["$defs"]
    words = {
        word
        for where, one in _objects({"$defs": definitions})
        for word in one.get("properties", {})
    }
    written = "".join(
        (DIRECTORIES[name] / "openapi.yaml").read_text(encoding="utf-8") for name in CONTRACTS
    )
    assert [
        word for word in sorted(words) if not re.search(rf"\b{re.escape(word)}:", written)
    ] == []
    assert X in written


def _words_of_open(schema: Any) -> Iterator[str]:
    """The words that ``open`` may list, at every place of the vocabulary."""
    if isinstance(schema, dict):
        yield from schema.get("open", {}).get("items", {}).get("enum", ())
        for member in schema.values():
            yield from _words_of_open(member)
    elif isinstance(schema, list):
        for member in schema:
            yield from _words_of_open(member)


def test_every_open_question_has_one_word() -> None:
    """The schema lists the members of Open, and the real contract uses each of them."""
    schema = json.loads((META / "x-conformance.schema.json").read_text(encoding="utf-8"))
    used: set[Open] = set()
    for operation in check_examples.real().operations.values():
        used |= operation.open
        for parameter in operation.parameters:
            used |= parameter.open
    assert set(_words_of_open(schema)) == used == set(Open)


def _inputs(operation: Operation) -> set[str]:
    return {parameter.name for parameter in operation.parameters}


def test_modes_of_a_path_share_no_reading() -> None:
    """A read by a parameter has that parameter and no paging; the list beside it has paging and not that parameter."""
    operations = check_examples.real().operations
    assert _inputs(operations["read_call"]) == {"id"}
    assert {"after", "limit", "status"} <= _inputs(operations["list_calls"])
    assert "id" not in _inputs(operations["list_calls"])
    assert operations["read_call"].paging is None
    assert operations["list_calls"].paging is not None
