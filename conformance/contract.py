"""``spec/`` -> Contract.

The loader is strict: it reads everything, collects every fault as ``file:line``, and only then
gives up. What it builds is closed: the rest of the package never looks into a YAML file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance import yamlfile
from conformance.errors import SpecError
from conformance.model import (
    About,
    Authentication,
    Clause,
    Contract,
    Effect,
    ErrorCode,
    Level,
    Operation,
    PageEntry,
    Paging,
    Parameter,
    Payment,
    Rate,
)
from conformance.yamlfile import Place, YamlFile

X = "x-conformance"
METHODS = ("get", "put", "post", "delete", "patch")
_META = Path(__file__).parent


def packaged() -> Path:
    """The contract that comes with the suite: inside the wheel, or beside the package in a checkout."""
    inside = Path(__file__).parent / "spec"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "spec"


def load(directory: Path | None = None, rules: frozenset[str] | None = None) -> Contract:
    """Read a contract directory.

    ``rules`` are the rule ids that the engine knows; a clause that names another one is a fault.
    Raises SpecError with all faults.
    """
    where = directory or packaged()
    if not where.is_dir():
        raise SpecError([f"{where}:1: there is no such directory"])
    loader = _Loader(where, rules)
    contract = loader.contract()
    if loader.faults or contract is None:
        raise SpecError(loader.faults)
    return contract


def resolve(document: Mapping[str, Any], value: Any, depth: int = 0) -> Any:
    """A copy of a value with its local ``$ref`` replaced by what they point to.

    Raises KeyError for a reference to nothing, RecursionError for a circle.
    """
    if depth > 40:
        raise RecursionError("a $ref leads in a circle")
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            found: Any = document
            for step in value["$ref"].removeprefix("#/").split("/"):
                found = found[step.replace("~1", "/").replace("~0", "~")]
            return resolve(document, found, depth + 1)
        return {key: resolve(document, member, depth + 1) for key, member in value.items()}
    if isinstance(value, list):
        return [resolve(document, member, depth + 1) for member in value]
    return value


class _Loader:
    def __init__(self, where: Path, rules: frozenset[str] | None) -> None:
        self.where = where
        self.rules = rules
        self.faults: list[str] = []
        self.meta = packaged() / "meta"

    # --- files ---

    def schema(self, name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.meta / f"{name}.schema.json").read_text(encoding="utf-8"))
        return loaded

    def file(self, name: str, schema: str | None = None) -> YamlFile | None:
        file = yamlfile.read(self.where / name, name, self.faults)
        if file is not None and schema and not yamlfile.validate(file, self.schema(schema), self.faults):
            return None
        return file

    def digest(self) -> str:
        total = hashlib.sha256()
        for path in sorted(p for p in self.where.rglob("*.yaml") if p.is_file()):
            total.update(path.relative_to(self.where).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return total.hexdigest()

    # --- the whole ---

    def contract(self) -> Contract | None:
        openapi = self.file("openapi.yaml")
        errors = self.file("errors.yaml", "errors")
        page = self.file("page.yaml", "page")
        if (self.where / "open.yaml").exists():
            self.file("open.yaml", "open")
        names = sorted((self.where / "clauses").glob("*.yaml"))
        if not names:
            self.faults.append("clauses:1: the directory has no *.yaml file")
        ledgers = [self.file(f"clauses/{path.name}", "clauses") for path in names]
        document = openapi.value if openapi else None
        if openapi and not self._well_formed(openapi):
            document = None
        registry = self._registry(errors) if errors else {}
        entries = self._page(page) if page else {}
        clauses, areas = self._clauses([ledger for ledger in ledgers if ledger], registry, entries)
        if page and not self.faults:
            self._covered(page, entries, clauses)
        if document is None or openapi is None or page is None:
            return None
        operations = self._operations(openapi)
        if not self.faults and errors:
            self._known_codes(openapi, registry)
        if self.faults:
            return None
        root = document[X]
        return Contract(
            title=document["info"]["title"],
            version=document["info"]["version"],
            digest=self.digest(),
            base_path=_base_path(document),
            document=document,
            operations=operations,
            errors=registry,
            clauses=clauses,
            areas=areas,
            page=entries,
            page_address=page.value["page"],
            statuses=frozenset(root["statuses"]),
            code_pointer=tuple(root["envelope"]["code"][1:].split("/")),
            message_pointer=tuple(root["envelope"]["message"][1:].split("/")),
            identifier=root["identifier"],
            tenant=root.get("tenant"),
            authentication=_authentication(document),
        )

    # --- errors.yaml, page.yaml, clauses ---

    def _registry(self, file: YamlFile) -> dict[str, ErrorCode]:
        found: dict[str, ErrorCode] = {}
        for index, row in enumerate(file.value):
            if row["code"] in found:
                self.faults.append(file.fault((index, "code"), f"the code {row['code']} stands twice"))
            found[row["code"]] = ErrorCode(**row)
        return found

    def _page(self, file: YamlFile) -> dict[str, PageEntry]:
        found: dict[str, PageEntry] = {}
        for index, row in enumerate(file.value["entries"]):
            if row["id"] in found:
                self.faults.append(file.fault(("entries", index, "id"), f"the entry {row['id']} stands twice"))
            found[row["id"]] = PageEntry(**row)
        return found

    def _clauses(
        self, files: list[YamlFile], registry: Mapping[str, ErrorCode], entries: Mapping[str, PageEntry]
    ) -> tuple[dict[str, Clause], dict[str, str]]:
        found: dict[str, Clause] = {}
        areas: dict[str, str] = {}
        for file in files:
            area = file.value["area"]
            if area in areas:
                self.faults.append(file.fault(("area",), f"the area {area} has two files"))
            areas[area] = file.value["title"]
            for index, row in enumerate(file.value["clauses"]):
                place: Place = ("clauses", index)
                if row["id"] in found:
                    self.faults.append(file.fault((*place, "id"), f"the clause {row['id']} stands twice"))
                self._check_clause(file, place, row, registry, entries)
                found[row["id"]] = _clause(area, row)
        return found, areas

    def _check_clause(
        self,
        file: YamlFile,
        place: Place,
        row: dict[str, Any],
        registry: Mapping[str, ErrorCode],
        entries: Mapping[str, PageEntry],
    ) -> None:
        for index, source in enumerate(row["source"]):
            if entries and source not in entries:
                self.faults.append(file.fault((*place, "source", index), f"page.yaml has no entry {source}"))
        for index, rule in enumerate(row["verified_by"]):
            if self.rules is not None and rule not in self.rules:
                self.faults.append(file.fault((*place, "verified_by", index), f"there is no rule {rule}"))
        code = row.get("about", {}).get("code")
        if code is not None and registry and code not in registry:
            self.faults.append(file.fault((*place, "about", "code"), f"errors.yaml has no code {code}"))

    def _covered(self, page: YamlFile, entries: Mapping[str, PageEntry], clauses: Mapping[str, Clause]) -> None:
        cited = {source for clause in clauses.values() for source in clause.sources}
        for index, entry in enumerate(entries.values()):
            if entry.normative and not entry.not_testable and entry.id not in cited:
                message = f"the entry {entry.id} is normative, but no clause has it as a source, and no reason says why"
                self.faults.append(page.fault(("entries", index), message))

    # --- openapi.yaml ---

    def _well_formed(self, file: YamlFile) -> bool:
        """Check what the suite itself reads of the document; the rest is openapi-spec-validator's job."""
        document, before = file.value, len(self.faults)
        if (
            not isinstance(document, dict)
            or not isinstance(document.get("paths"), dict)
            or not isinstance(document.get("info"), dict)
        ):
            self.faults.append(file.fault((), "this is no OpenAPI document: info and paths are wanted"))
            return False
        for place, definition in _extension_places(document):
            self._vocabulary(file, place, definition)
        for place, reference in _references(document):
            try:
                resolve(document, {"$ref": reference})
            except (KeyError, TypeError):
                self.faults.append(file.fault(place, f"{reference} points to nothing"))
            except RecursionError as error:
                self.faults.append(file.fault(place, str(error)))
        for path, item in document["paths"].items():
            for method in METHODS:
                if method in item and X not in item[method]:
                    self.faults.append(file.fault(("paths", path, method), f"the operation has no {X}"))
        if X not in document:
            self.faults.append(file.fault((), f"the document has no {X} at its top"))
        return len(self.faults) == before

    def _vocabulary(self, file: YamlFile, place: Place, definition: str) -> None:
        meta = self.schema("x-conformance")
        yamlfile.validate(file, {**meta["$defs"][definition], "$defs": meta["$defs"]}, self.faults, place)

    def _operations(self, file: YamlFile) -> dict[str, Operation]:
        found: dict[str, Operation] = {}
        document = file.value
        for path, item in document["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                definition = resolve(document, item[method])
                shared = resolve(document, item.get("parameters", []))
                for index, mode in enumerate(definition[X]["modes"]):
                    place = ("paths", path, method, X, "modes", index)
                    try:
                        operation = _operation(
                            document,
                            method,
                            path,
                            {**definition, "parameters": [*shared, *definition.get("parameters", [])]},
                            mode,
                        )
                    except (KeyError, TypeError, ValueError) as error:
                        self.faults.append(file.fault(place, f"the mode {mode['id']} cannot be read: {error}"))
                        continue
                    if operation.id in found:
                        self.faults.append(file.fault(place, f"the operation {operation.id} stands twice"))
                    if operation.when and operation.parameter(operation.when) is None:
                        self.faults.append(file.fault((*place, "when"), f"the operation has no parameter {operation.when}"))
                    found[operation.id] = operation
        return found

    def _known_codes(self, file: YamlFile, registry: Mapping[str, ErrorCode]) -> None:
        for path, item in file.value["paths"].items():
            for method in METHODS:
                for index, mode in enumerate(item.get(method, {}).get(X, {}).get("modes", [])):
                    for code in mode.get("provokes", []):
                        if code not in registry:
                            place = ("paths", path, method, X, "modes", index, "provokes")
                            self.faults.append(file.fault(place, f"errors.yaml has no code {code}"))


def _clause(area: str, row: dict[str, Any]) -> Clause:
    return Clause(
        id=row["id"],
        area=area,
        text=row["text"],
        level=Level(row["level"]),
        basis=row["basis"],
        sources=tuple(row["source"]),
        rules=tuple(row["verified_by"]),
        because=row.get("because", ""),
        about=About(**row["about"]) if "about" in row else None,
        uncovered=row.get("uncovered", ""),
    )


def _extension_places(document: Any) -> Iterator[tuple[Place, str]]:
    """Each place of the extension with the definition in the meta schema that it obeys."""

    def walk(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
        if isinstance(value, dict):
            for key, member in value.items():
                if key == X:
                    yield (*place, X), _definition_at(place, value)
                elif key not in ("example", "examples", "default", "enum", "const"):
                    yield from walk(member, (*place, key))
        elif isinstance(value, list):
            for index, member in enumerate(value):
                yield from walk(member, (*place, index))

    yield from walk(document, ())


def _definition_at(place: Place, owner: dict[str, Any]) -> str:
    if not place:
        return "root"
    if place[0] == "paths" and place[-1] in METHODS:
        return "operation"
    if "in" in owner and "name" in owner and "securitySchemes" not in place:
        return "parameter"
    return "security" if "securitySchemes" in place else "property"


def _references(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    if isinstance(value, dict):
        for key, member in value.items():
            if key == "$ref" and isinstance(member, str):
                yield place, member
            else:
                yield from _references(member, (*place, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _references(member, (*place, index))


def _base_path(document: Mapping[str, Any]) -> str:
    address = document.get("servers", [{"url": ""}])[0]["url"]
    without_host = address.split("://", 1)[-1]
    return "/" + without_host.split("/", 1)[1].rstrip("/") if "/" in without_host else ""


def _authentication(document: Mapping[str, Any]) -> Authentication:
    schemes = document.get("components", {}).get("securitySchemes", {})
    scheme: Mapping[str, Any] = next(iter(schemes.values()), {"type": "http", "scheme": "bearer"})
    prefixes = tuple(scheme.get(X, {}).get("prefixes", ()))
    if scheme["type"] == "apiKey":
        return Authentication(scheme["name"], None, prefixes)
    return Authentication("Authorization", scheme["scheme"].capitalize(), prefixes)


def _operation(
    document: Mapping[str, Any], method: str, path: str, definition: dict[str, Any], mode: dict[str, Any]
) -> Operation:
    schema = resolve(document, {"$ref": mode["schema"]})
    security = definition.get("security", document.get("security", []))
    scopes = [scope for alternative in security for names in alternative.values() for scope in names]
    action = mode["action"]
    paging = document[X]["paging"]
    rate, payment = mode.get("rate"), mode.get("payment")
    statuses = [int(status) for status in definition["responses"] if status.startswith("2")]
    return Operation(
        id=mode["id"],
        method=method.upper(),
        path=path,
        action=action,
        kind=mode.get("kind"),
        when=mode.get("when"),
        parameters=tuple(_parameters(definition, mode)),
        scope=scopes[0] if scopes else None,
        keyed=bool(security) and all(security),
        takes_key=bool(security),
        effect=Effect(mode.get("effect", "read" if method == "get" else "write")),
        success=statuses[0] if len(statuses) == 1 else 201 if action == "create" else 200,
        schema=schema,
        paging=Paging(**paging, collection=mode.get("collection")) if action == "list" else None,
        provokes=tuple(mode.get("provokes", ())),
        rate=Rate(**rate) if rate else None,
        payment=Payment(**payment) if payment else None,
        secrets=tuple(name for name, member in schema.get("properties", {}).items() if member.get(X, {}).get("secret")),
        area=definition.get("tags", [""])[0],
    )


def _parameters(definition: dict[str, Any], mode: dict[str, Any]) -> Iterator[Parameter]:
    """The inputs of one mode; a read by a selecting parameter has that one only."""
    for parameter in definition["parameters"]:
        if parameter["in"] not in ("query", "path"):
            continue
        selecting = [m["when"] for m in definition[X]["modes"] if m.get("when")]
        meant = parameter["name"] == mode["when"] if mode.get("when") else parameter["name"] not in selecting
        if parameter["in"] == "path" or meant:
            required = parameter.get("required", False) or parameter["name"] == mode.get("when")
            yield Parameter(
                name=parameter["name"],
                place=parameter["in"],
                required=required,
                schema=parameter["schema"],
                example=parameter.get("example"),
                **parameter.get(X, {}),
            )
    body = definition.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    for name, schema in body.get("properties", {}).items():
        told = schema.get(X, {})
        yield Parameter(
            name=name,
            place="body",
            required=name in body.get("required", ()),
            schema=schema,
            refers=told.get("refers"),
            phone=told.get("phone", False),
            fresh=told.get("fresh"),
            refuse=tuple(told.get("refuse", ())),
            example=schema.get("example"),
        )
