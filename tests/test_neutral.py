"""The engine is independent of the API: no text of the contract appears in its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import conformance
from tests.support.contracts import real

ENGINE = Path(conformance.__file__).parent
MODULES = sorted(
    path for path in ENGINE.rglob("*.py") if "special" not in path.relative_to(ENGINE).parts
)
DISTRIBUTION = "kaicalls-conformance"
OF_THE_COMMAND = {"commands.py": {"kaicalls-target.yaml"}}
"""Names of the product, which is made for one API: the command and the file that it writes."""

EVERYDAY = {
    "after": "a preposition: the step after a change",
    "call": "a function is called, and so is an operation",
    "code": "of an error, in any registry",
    "duration": "of a request, in reports",
    "email": "a format of JSON Schema",
    "description": "a keyword of JSON Schema",
    "error": "a verdict, and what JUnit and CTRF call it",
    "id": "of an element of a page, of a case, of a clause",
    "info": "a member of every OpenAPI document",
    "message": "of HTTP, and of a failure in reports",
    "name": "of anything",
    "paths": "a member of every OpenAPI document",
    "status": "of HTTP, and of a test in CTRF",
    "summary": "of a run, of CTRF",
    "action": "of an operation, in the vocabulary of a contract",
    "address": "of a client on the network",
    "from": "a preposition: the address that a request came from",
    "items": "of an array, in JSON Schema; of a list",
    "notes": "findings that are never graded",
    "number": "a type of JSON Schema",
    "numbers": "of accepted challenges, in run.json",
    "passed": "a verdict, and what CTRF calls it",
    "path": "of a URL, of a file, a place of a parameter in OpenAPI",
    "phone": "a sign in the vocabulary of a contract: the value is a phone number",
    "reason": "of an accepted challenge, and of a waiver in an old target file",
    "results": "of a run, in CTRF",
    "source": "where a clause comes from",
    "start": "of a test, in CTRF",
    "triggers": "recipes that make a target fail, in the target file",
    "url": "of a target, of a request",
    "version": "of a contract, of the suite",
    "forbidden": "a role of codes, which the engine knows codes by",
    "not_found": "a role of codes, which the engine knows codes by",
    "capabilities": "of a container, in the manifest of a Kubernetes job",
    "metadata": "of any object of Kubernetes",
    "state": "of a target in a collection, and of its result",
    "openapi": "the kind of document that a contract is",
    "payment_required": "a role of codes, which the engine knows codes by",
    "Authorization": "the header that HTTP defines for every scheme of authentication",
}
"""Words that the contract uses and the engine too, in a sense of its own."""


def _names(schema: Any) -> Iterator[str]:
    """The names of all members that a schema describes."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for member in schema.values():
            yield from _names(member)
    elif isinstance(schema, list):
        for member in schema:
            yield from _names(member)


@cache
def terms() -> frozenset[str]:
    """All that the contract names: paths, ids, codes, headers, prefixes, members and so on."""
    loaded = real()
    found = {
        loaded.base_path,
        loaded.identifier,
        loaded.title,
        loaded.authentication.header,
        *loaded.authentication.prefixes,
    }
    found |= {
        loaded.tenant or "",
        *loaded.code_pointer,
        *loaded.message_pointer,
        *loaded.errors,
        *loaded.clauses,
    }
    found |= set(loaded.document["components"]["schemas"]) | set(
        loaded.document["components"]["securitySchemes"]
    )
    found |= set(_names(loaded.document["components"]["schemas"]))
    for operation in loaded.operations.values():
        found |= {
            operation.id,
            operation.path,
            operation.kind or "",
            *operation.scopes,
            *operation.secrets,
        }
        found |= {parameter.name for parameter in operation.parameters}
        if operation.paging:
            paging = operation.paging
            found |= {
                paging.after,
                paging.limit,
                paging.more,
                paging.position,
                paging.collection or "",
            }
        if operation.payment:
            payment = operation.payment
            found |= {payment.terms_header, payment.version, payment.terms}
            found |= set(payment.proof_headers)
        definition = loaded.document["paths"][operation.path][operation.method.lower()]
        found |= {definition["operationId"], *definition.get("tags", ())}
    return frozenset(found - {""})


@cache
def literals(path: Path) -> tuple[tuple[int, str], ...]:
    """The string literals of a module with their lines, docstrings aside."""
    return tuple(_literals(path))


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.lineno, node.value


def named(module: Path) -> list[str]:
    """The literals of a module that are terms of the contract."""
    known = {term for term in terms() if term not in EVERYDAY}
    lowered = {term.lower() for term in known if any(sign in term for sign in "-_/:")}
    found = []
    for line, text in literals(module):
        bare = text.strip("/ {}:\"'")
        if text in known or bare in known or text.lower() in lowered:
            found.append(f"{module.relative_to(ENGINE.parent)}:{line}: {text!r}")
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ENGINE)))
def test_no_literal_of_the_engine_names_the_api(module: Path) -> None:
    """No string of a module is a path, an id, a code, a header or a member of the contract."""
    assert named(module) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ENGINE)))
def test_the_product_is_named_once(module: Path) -> None:
    """Only the distribution, and the file that `init` writes, have the name of this API."""
    allowed = {DISTRIBUTION, *OF_THE_COMMAND.get(module.name, ())}
    assert [
        (line, text)
        for line, text in literals(module)
        if "kaicalls" in text.lower() and all(name not in text for name in allowed)
    ] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ENGINE)))
def test_the_package_knows_nothing_of_its_tests(module: Path) -> None:
    """No module imports the tests, by a statement or by a name in a string."""
    source = module.read_text(encoding="utf-8")
    statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    assert "tests" not in {(node.module or "").partition(".")[0] for node in statements}
    assert not [text for _, text in literals(module) if text.startswith("tests.")]


def test_the_engine_was_looked_at() -> None:
    """The test sees dozens of modules and scores of terms, and no word is excused in vain."""
    found = terms()
    assert len(MODULES) > 50
    assert len(found) > 100
    assert {
        "/calls",
        "list_calls",
        "unauthorized",
        "PAYMENT-REQUIRED",
        "kc_live_",
        "has_more",
        "created_at",
        "Call",
    } <= found
    written = {text for module in MODULES for _, text in literals(module)}
    assert [word for word in EVERYDAY if word not in written] == []
    assert [word for word in EVERYDAY if word.strip("/") not in found and word != "Bearer"] == []


def test_the_folder_that_may_name_the_api_does_so() -> None:
    """The one folder that names the API would be found, were it not left out."""
    special = sorted((ENGINE / "server" / "special").glob("*.py"))
    assert any(named(module) for module in special)
