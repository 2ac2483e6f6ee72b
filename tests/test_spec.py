"""The contract itself: good OpenAPI, valid examples, and every sentence of the page covered."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
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
from conformance.checks import RULES
from conformance.contract.openapi import METHODS, X, resolve, with_codes
from conformance.judging import verdict
from conformance.log.evidence import Log
from conformance.model import (
    About,
    CodeRole,
    Level,
    Open,
    Operation,
    PageEntry,
    Parameter,
)
from conformance.run import planning
from tests.page import PAGE_CODES, PAGE_STATUSES
from tests.support.contracts import TOY, contract_of, embedded, real

CONTRACTS = ("real", "toy")
DIRECTORIES = {"real": contracts.packaged(), "toy": TOY}
META = contracts.packaged() / "meta"

DERIVED = {
    "unauthorized": ("auth.missing", "auth.invalid", "auth.spelling", "code.pairing"),
    "forbidden": ("scope.refused", "code.pairing"),
    "not_found": ("id.unknown", "code.pairing"),
    "bad_request": ("parameter.missing", "code.pairing"),
    "invalid_request": ("parameter.invalid", "parameter.unparsable", "code.pairing"),
    "vapi_error": ("trigger.answer", "code.pairing"),
    "call_failed": ("trigger.answer", "code.pairing"),
    "payment_required": (
        "trigger.answer",
        "payment.terms",
        "payment.nothing",
        "payment.retry",
        "code.pairing",
    ),
    "content_blocked": ("trigger.answer", "code.pairing"),
    "number_opted_out": ("trigger.answer", "code.pairing"),
    "number_on_dnc": ("trigger.answer", "code.pairing"),
    "tcpa_violation": ("trigger.answer", "code.pairing"),
    "rate_limit_exceeded": ("rate.limit", "code.pairing"),
    "sms_send_failed": ("trigger.answer", "code.pairing"),
    "internal_error": ("trigger.answer", "code.pairing"),
}
"""The rules of the clause about each code."""


@cache
def _read(name: str) -> Any:
    return yaml.safe_load((DIRECTORIES[name] / "openapi.yaml").read_text(encoding="utf-8"))


def document_of(name: str) -> dict[str, Any]:
    """The OpenAPI document of a contract, as any YAML reader reads it."""
    document: dict[str, Any] = deepcopy(_read(name))
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


def test_an_ordinary_yaml_reader_reads_the_same(name: str) -> None:
    """A reader that knows dates and ``yes`` reads the same document, before the codes are added."""
    loaded = contract_of(name)
    codes = tuple(loaded.errors.values())
    assert with_codes(document_of(name), codes, loaded.code_pointer) == loaded.document


def test_schemathesis_reads_every_operation(name: str) -> None:
    """The case generator finds every method and path of the contract."""
    schema = schemathesis.openapi.from_dict(document_of(name))
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    read = {(operation.method.upper(), operation.path) for operation in found}
    assert read == {
        (operation.method, operation.path) for operation in contract_of(name).operations.values()
    }


def _nodes(value: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document with its place, but none below an example."""
    members: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        yield where, value
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    for key, member in members:
        if key not in ("example", "examples"):
            yield from _nodes(member, f"{where}/{key}")


def _shown(owner: Mapping[str, Any]) -> list[Any]:
    """The values of ``example`` or ``examples``."""
    if "example" in owner:
        return [owner["example"]]
    return [example["value"] for example in owner.get("examples", {}).values()]


def _examples(document: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Every example with its schema: where, schema, value."""
    for where, owner in _nodes(document):
        schema = owner.get("schema")
        if isinstance(schema, dict):
            yield from ((where, schema, value) for value in _shown(owner))
        elif "example" in owner and ("type" in owner or "properties" in owner):
            yield where, owner, owner["example"]


def test_every_example_of_the_document_is_valid(name: str) -> None:
    """Each example obeys the schema next to it, formats included."""
    document = document_of(name)
    found = list(_examples(document))
    assert len(found) > 15
    for where, schema, value in found:
        validator = Draft202012Validator(
            resolve(document, schema), format_checker=jsonschema.FormatChecker()
        )
        assert [error.message for error in validator.iter_errors(value)] == [], where


def _closed(schema: Any) -> Any:
    """A schema that allows only the members that it names, unless it says that it is open."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(part) for key, part in schema.items() if key != "example"}
    return closed | {"unevaluatedProperties": False} if "properties" in schema else closed


def test_examples_show_only_what_their_schema_names(name: str) -> None:
    """Linters of OpenAPI expect that, so a schema whose members no source shows says it is open."""
    document = document_of(name)
    for where, schema, value in _examples(document):
        validator = Draft202012Validator(_closed(resolve(document, schema)))
        assert [error.message for error in validator.iter_errors(value)] == [], where


def test_every_mode_has_its_own_example(name: str) -> None:
    """The schema of each mode accepts one of the documented examples of a success."""
    document = document_of(name)
    for operation in contract_of(name).operations.values():
        method = document["paths"][operation.path][operation.method.lower()]
        content = method["responses"][str(operation.success)]["content"]["application/json"]
        validator = Draft202012Validator(operation.schema)
        valid = any(validator.is_valid(value) for value in _shown(content))
        assert valid or operation.when, operation.id


def _parameters(name: str) -> Iterator[tuple[Operation, Parameter]]:
    """Every parameter of a contract with its operation."""
    for operation in contract_of(name).operations.values():
        for parameter in operation.parameters:
            yield operation, parameter


def _is_uri(value: object) -> bool:
    """Whether a text begins with the scheme of a URI; other values have no format."""
    return not isinstance(value, str) or re.match(r"[a-z][a-z0-9+.-]*:", value) is not None


def _is_email(value: object) -> bool:
    """Whether a text has an @ and no space."""
    return not isinstance(value, str) or re.fullmatch(r"[^@\s]+@[^@\s]+", value) is not None


def test_values_to_refuse_break_their_schema(name: str) -> None:
    """The schema of a parameter rejects each value to refuse and accepts the usual value."""
    formats = jsonschema.FormatChecker()
    formats.checks("uri")(_is_uri)  # jsonschema needs a slow library to check it
    formats.checks("email")(_is_email)  # jsonschema looks for an @ alone
    for operation, parameter in _parameters(name):
        where = (operation.id, parameter.name)
        validator = Draft202012Validator(parameter.schema, format_checker=formats)
        assert not any(validator.is_valid(value) for value in parameter.refuse), where
        for value in (parameter.example, parameter.fresh and parameter.fresh.replace("{}", "0a")):
            assert value is None or validator.is_valid(value), (*where, value)


def test_a_reference_names_a_kind(name: str) -> None:
    """A required reference names the kind of some operation, or the tenant."""
    loaded = contract_of(name)
    kinds = {operation.kind for operation in loaded.operations.values()}
    for operation, parameter in _parameters(name):
        if parameter.references and parameter.references not in kinds:
            optional = parameter.name == loaded.tenant or not parameter.required
            assert optional, (operation.id, parameter.name)


def test_a_filter_names_a_member(name: str) -> None:
    """The items of a list have the member that a filter narrows it by."""
    for operation, parameter in _parameters(name):
        if parameter.filters and operation.paging:
            members = operation.schema["properties"].values()
            lists = [member for member in members if "properties" in member.get("items", {})]
            items = lists[0]["items"]["properties"]
            assert parameter.filters in items, (operation.id, parameter.name)


# --- errors ---------------------------------------------------------------------------------------


# --- links between operations ---------------------------------------------------------------------


def _definitions() -> dict[str, dict[str, Any]]:
    """The operations of the document by their ids."""
    items = real().document["paths"].values()
    found = (item[method] for item in items for method in METHODS if method in item)
    return {definition["operationId"]: definition for definition in found}


def _links() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The name of each link, the link, and what its values may come from: schemas by source."""
    for definition in _definitions().values():
        for response in definition["responses"].values():
            sources = {"$response.body": _body(response)}
            sources["$request.body"] = _body(definition.get("requestBody", {}))
            for name, link in response.get("links", {}).items():
                yield name, link, sources


def _body(holder: Mapping[str, Any]) -> Any:
    """The schema of a body, with its references resolved; empty without a body."""
    schema = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return resolve(real().document, schema)


def _shows(schema: Any, pointer: list[str]) -> bool:
    """Whether a schema, or one of its forms, names what a pointer leads to, or has no shape."""
    if not pointer or schema.keys() <= {"description"}:
        return True
    if "anyOf" in schema:
        return any(_shows(form, pointer) for form in schema["anyOf"])
    first, rest = pointer[0], pointer[1:]
    if first.isdecimal():
        return _shows(schema.get("items", {}), rest)
    members = schema.get("properties", {})
    if first not in members:
        return schema.get("additionalProperties", False) is True
    return _shows(members[first], rest)


def test_every_link_resolves() -> None:
    """A link leads to an operation that takes what it gives, from a member of a body."""
    links = list(_links())
    assert len(links) > 30
    for name, link, sources in links:
        definition = _definitions()[link["operationId"]]
        parameters = resolve(real().document, definition.get("parameters", []))
        in_query, in_body = link.get("parameters", {}), link.get("requestBody", {})
        assert in_query.keys() <= {each["name"] for each in parameters}, name
        members = _body(definition.get("requestBody", {})).get("properties", {})
        assert in_body.keys() <= members.keys(), name
        for given in (*in_query.values(), *in_body.values()):
            source, _, pointer = given.partition("#/")
            assert _shows(sources[source], pointer.split("/")), f"{name}: {given}"


def test_the_registry_holds_the_table_of_the_page() -> None:
    """Each code of the page is registered with its status, in order. Each code has an entry."""
    loaded = real()
    rows = [(row.code, row.status) for row in loaded.errors.values()]
    assert [row for row in rows if row in PAGE_CODES] == list(PAGE_CODES)
    assert all(f"codes.{code}" in loaded.page for code in loaded.errors)
    assert loaded.statuses == set(PAGE_STATUSES)


def test_the_index_of_the_page_has_every_row() -> None:
    """Each status and each code is an entry of the index, in order."""
    loaded = real()
    ids = list(loaded.page)
    assert [one for one in ids if one.startswith("statuses.")] == [
        f"statuses.{status}" for status in PAGE_STATUSES
    ]
    rows = [one for one in ids if one.startswith("codes.") and one != "codes.sentence"]
    assert rows == [f"codes.{code}" for code in loaded.errors]
    assert [loaded.page[row].place for row in rows] == [f"row {n}" for n in range(1, len(rows) + 1)]


def test_statuses_of_the_registry_are_listed(name: str) -> None:
    """Each code and each success has a status of the list."""
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
    """The schema of an error response lists exactly the registered codes of its status."""
    loaded = contract_of(name)
    document = loaded.document
    for operation in loaded.operations.values():
        for status, answer in document["paths"][operation.path][operation.method.lower()][
            "responses"
        ].items():
            if int(status) >= 400:
                schema = resolve(document, answer)["content"]["application/json"]["schema"]
                codes = {row.code for row in loaded.errors.values() if row.status == int(status)}
                assert _codes_in(schema, loaded.code_pointer) == codes, (operation.id, status)


def test_every_operation_carries_every_error_status() -> None:
    """Each operation documents all error statuses of the page, but 402 only at sign-up."""
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


def test_a_wrong_envelope_breaks_the_error_schema(name: str) -> None:
    """The schema of an error rejects an empty body and members of the wrong type."""
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
    """A printed body obeys its schema. A printed request fits the parameters of an operation."""
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
    """A normative entry is the source of a clause or says why no client can test it, never both."""
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
    loaded, target = contract_of(name), embedded(name).declaration
    plan = planning.planned(loaded, target, 0)
    found: dict[str, set[str]] = {}
    for cell in verdict.cells(loaded, target, RULES, plan.cases, Log(), today=verdict.ANY_DAY):
        found.setdefault(cell.clause, set()).add(cell.operation)
    return found


def test_every_clause_with_rules_has_a_cell_or_a_reason(name: str) -> None:
    """Each clause has a cell against the embedded server, or the ledger says why it has none."""
    for clause in contract_of(name).clauses.values():
        assert bool(_cells(name).get(clause.id)) != bool(clause.uncovered), clause.id


def test_every_rule_belongs_to_a_clause() -> None:
    """The real contract names every rule of the engine."""
    named = {rule for clause in real().clauses.values() for rule in clause.rules}
    assert set(RULES) - named == set()


def test_clauses_are_complete(name: str) -> None:
    """A derived clause says why, one about a code cites its entry, and each text is a sentence."""
    loaded = contract_of(name)
    for clause in loaded.clauses.values():
        assert (clause.basis == "derived") == bool(clause.because), clause.id
        assert clause.text.endswith("."), clause.id
        if clause.about and clause.about.code:
            assert any(one.endswith(f".{clause.about.code}") for one in clause.sources), clause.id
        if clause.about and clause.about.status:
            assert clause.about.status in loaded.statuses, clause.id


def test_every_code_has_a_clause() -> None:
    """One clause is about each code, in the order of the registry."""
    loaded = real()
    about = [clause.about.code for clause in loaded.clauses.values() if clause.about]
    assert [code for code in about if code] == list(loaded.errors)


@pytest.mark.parametrize(("code", "rules"), DERIVED.items(), ids=DERIVED)
def test_the_clause_of_a_code_follows_from_its_row(code: str, rules: tuple[str, ...]) -> None:
    """A derived clause has the id, level, basis, source and rules that it had when it was typed."""
    loaded = real()
    clause = loaded.clauses[f"code-{code}"]
    assert clause.area == "envelope"
    assert (clause.level, clause.basis, clause.because) == (Level.MUST, "stated", "")
    assert clause.sources == (f"codes.{code}",)
    assert clause.rules == rules
    assert clause.about == About(code=code)
    assert clause.text.startswith(loaded.errors[code].when)
    assert str(loaded.errors[code].status) in clause.text


def test_no_word_of_a_template_is_left(name: str) -> None:
    """No clause and no entry of the page holds a word in braces that was not replaced."""
    loaded = contract_of(name)
    texts = [clause.text for clause in loaded.clauses.values()]
    texts += [f"{entry.id} {entry.place} {entry.says}" for entry in loaded.page.values()]
    assert [text for text in texts if re.search(r"[{}]| $", text)] == []


def test_a_clause_about_a_status_concerns_its_codes() -> None:
    """It concerns its status, the codes of that status, and None, but no other row."""
    clauses = real().clauses
    assert all(clauses["status-400"].concerns(about) for about in ("400", "bad_request", None))
    assert not any(clauses["status-400"].concerns(about) for about in ("401", "unauthorized"))
    assert clauses["code-bad_request"].concerns("bad_request")
    assert not any(clauses["code-bad_request"].concerns(about) for about in ("400", "not_found"))
    assert all(clauses["envelope-json"].concerns(about) for about in ("400", "not_found", None))


# --- files and meta schemas -----------------------------------------------------------------------

FILES = [
    (name, path)
    for name in CONTRACTS
    for path in sorted(DIRECTORIES[name].rglob("*.yaml"))
    if path != DIRECTORIES[name] / "openapi.yaml"
]


KINDS = {"clauses": "clauses", "profiles": "profile", "editions": "overlay"}
"""The schema of the files in each folder; elsewhere it has the name of the file."""


@pytest.mark.parametrize(
    ("name", "path"), FILES, ids=lambda value: value if isinstance(value, str) else value.name
)
def test_files_obey_their_meta_schema(name: str, path: Path) -> None:
    """Each file of a contract validates against the schema of its kind."""
    folder = path.relative_to(DIRECTORIES[name]).parts[0]
    kind = KINDS.get(folder, path.stem)
    schema = json.loads((META / f"{kind}.schema.json").read_text(encoding="utf-8"))
    text = path.read_text(encoding="utf-8")
    value = yaml.safe_load(text)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(value)] == []


def _objects(schema: Any, where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every place of a schema that describes an object, except conditions."""
    if isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from _objects(inner, f"{where}/{index}")
    if not isinstance(schema, dict):
        return
    described = schema.get("type") == "object" or "properties" in schema
    if described and not where.endswith("/if"):
        yield where, schema
    for key, member in schema.items():
        if key in ("properties", "$defs"):
            for name, inner in member.items():
                yield from _objects(inner, f"{where}/{key}/{name}")
        elif key not in ("enum", "const", "required"):
            yield from _objects(member, f"{where}/{key}")


OPEN = {
    "page: /properties/entries/items/properties/example/oneOf/1/properties/query": "parameters",
    "target: /properties/keys": "roles of keys, with which the loader closes it",
    "target: /properties/scoped_keys": "names of scopes",
    "target: /properties/maximum": "ids of lists",
    "target: /properties/collections": "ids of lists",
    "target: /properties/inputs": "ids of operations",
    "target: /properties/absent": "ids of operations",
    "target: /properties/triggers/items/properties/query": "parameters",
    "target: /properties/triggers/items/properties/headers": "headers",
    "profile: /$defs/sentences": "ids of clauses, or names of cells",
    "target: /properties/inputs/additionalProperties": "names of parameters",
    "clauses: /$defs/clause/properties/verified_by_role": "roles of codes",
    "x-conformance: /$defs/root/properties/identifiers": "kinds",
    "target: /properties/triggers/items/properties/input": "members of the input of any operation",
}
"""Objects whose member names a contract or a target chooses."""


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(META.glob("*.json")) if path.stem != "openapi.schema"],
    ids=lambda path: path.name,
)
def test_meta_schemas_are_closed(path: Path) -> None:
    """Every object of a meta schema rejects unknown members. Only the schema of OpenAPI is open."""
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
    """One of the two documents uses each word of x-conformance, so none is offered in vain."""
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
    for operation in real().operations.values():
        used |= operation.open
        for parameter in operation.parameters:
            used |= parameter.open
    assert set(_words_of_open(schema)) == used == set(Open)


def test_every_role_of_a_code_has_one_word() -> None:
    """The schema of errors.yaml lists the members of CodeRole, and the real contract uses each."""
    schema = json.loads((META / "errors.schema.json").read_text(encoding="utf-8"))
    assert schema["items"]["properties"]["role"]["enum"] == list(CodeRole)
    assert {row.role for row in real().errors.values()} == set(CodeRole)


CONVERTED = {"scope", "collection", "secret"}
"""Words that become something else than a field of the same name."""


def test_every_word_of_the_extension_is_a_field() -> None:
    """A word of a mode, a parameter or a property is a field of Operation or Parameter."""
    definitions = json.loads((META / "x-conformance.schema.json").read_text())["$defs"]
    modes = definitions["operation"]["properties"]["modes"]["items"]["properties"]
    inputs = {**definitions["parameter"]["properties"], **definitions["property"]["properties"]}
    assert set(modes) - {field.name for field in dataclasses.fields(Operation)} <= CONVERTED
    assert set(inputs) - {field.name for field in dataclasses.fields(Parameter)} <= CONVERTED


def _inputs(operation: Operation) -> set[str]:
    return {parameter.name for parameter in operation.parameters}


def test_each_mode_has_its_own_parameters() -> None:
    """A read by id has only that parameter and no paging. The list next to it is the reverse."""
    operations = real().operations
    assert _inputs(operations["read_call"]) == {"id"}
    assert {"after", "limit", "status"} <= _inputs(operations["list_calls"])
    assert "id" not in _inputs(operations["list_calls"])
    assert operations["read_call"].paging is None
    assert operations["list_calls"].paging is not None
