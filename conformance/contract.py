"""``spec/`` -> Contract.

The loader is strict: it reads everything, collects every fault as ``file:line``, and only then
gives up. What it builds is closed: the rest of the package never looks into a YAML file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance import openapi, yamlfile
from conformance.errors import SpecError
from conformance.model import (
    About,
    Clause,
    Contract,
    ErrorCode,
    Level,
    Operation,
    PageEntry,
)
from conformance.yamlfile import Place, YamlFile


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


class _Loader:
    def __init__(self, where: Path, rules: frozenset[str] | None) -> None:
        self.where = where
        self.rules = rules
        self.faults: list[str] = []
        self.meta = packaged() / "meta"

    # --- files ---

    def schema(self, name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(
            (self.meta / f"{name}.schema.json").read_text(encoding="utf-8")
        )
        return loaded

    def file(self, name: str, schema: str | None = None) -> YamlFile | None:
        file = yamlfile.read(self.where / name, name, self.faults)
        if (
            file is not None
            and schema
            and not yamlfile.validate(file, self.schema(schema), self.faults)
        ):
            return None
        return file

    def digest(self) -> str:
        total = hashlib.sha256()
        for path in sorted(p for p in self.where.rglob("*.yaml") if p.is_file()):
            total.update(
                path.relative_to(self.where).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
            )
        return total.hexdigest()

    # --- the whole ---

    def contract(self) -> Contract | None:
        description = self.file("openapi.yaml")
        errors = self.file("errors.yaml", "errors")
        page = self.file("page.yaml", "page")
        if (self.where / "open.yaml").exists():
            self.file("open.yaml", "open")
        names = sorted((self.where / "clauses").glob("*.yaml"))
        if not names:
            self.faults.append("clauses:1: the directory has no *.yaml file")
        ledgers = [self.file(f"clauses/{path.name}", "clauses") for path in names]
        document = description.value if description else None
        if description and not self._well_formed(description):
            document = None
        entries = self._page(page) if page else {}
        registry = self._registry(errors, entries) if errors else {}
        clauses, areas = self._clauses([ledger for ledger in ledgers if ledger], registry, entries)
        if page and all(ledgers):
            self._covered(page, entries, clauses)
        if document is None or description is None or page is None:
            return None
        operations = self._operations(description)
        if errors:
            self._known_codes(description, registry)
        if self.faults:
            return None
        root = document[openapi.X]
        return Contract(
            title=document["info"]["title"],
            version=document["info"]["version"],
            digest=self.digest(),
            base_path=openapi.base_path(document),
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
            identifiers=root.get("identifiers", {}),
            tenant=root.get("tenant"),
            authentication=openapi.authentication(document),
        )

    # --- errors.yaml, page.yaml, clauses ---

    def _registry(self, file: YamlFile, entries: Mapping[str, PageEntry]) -> dict[str, ErrorCode]:
        found: dict[str, ErrorCode] = {}
        for index, row in enumerate(file.value):
            if row["code"] in found:
                self.faults.append(
                    file.fault((index, "code"), f"the code {row['code']} stands twice")
                )
            if entries and row["source"] not in entries:
                self.faults.append(
                    file.fault((index, "source"), f"page.yaml has no entry {row['source']}")
                )
            found[row["code"]] = ErrorCode(**row)
        return found

    def _page(self, file: YamlFile) -> dict[str, PageEntry]:
        found: dict[str, PageEntry] = {}
        for index, row in enumerate(file.value["entries"]):
            if row["id"] in found:
                self.faults.append(
                    file.fault(("entries", index, "id"), f"the entry {row['id']} stands twice")
                )
            found[row["id"]] = PageEntry(**row)
        return found

    def _clauses(
        self,
        files: list[YamlFile],
        registry: Mapping[str, ErrorCode],
        entries: Mapping[str, PageEntry],
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
                    self.faults.append(
                        file.fault((*place, "id"), f"the clause {row['id']} stands twice")
                    )
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
                self.faults.append(
                    file.fault((*place, "source", index), f"page.yaml has no entry {source}")
                )
        for index, rule in enumerate(row["verified_by"]):
            if self.rules is not None and rule not in self.rules:
                self.faults.append(
                    file.fault((*place, "verified_by", index), f"there is no rule {rule}")
                )
        code = row.get("about", {}).get("code")
        if code is not None and registry and code not in registry:
            self.faults.append(
                file.fault((*place, "about", "code"), f"errors.yaml has no code {code}")
            )

    def _covered(
        self, page: YamlFile, entries: Mapping[str, PageEntry], clauses: Mapping[str, Clause]
    ) -> None:
        cited = {source for clause in clauses.values() for source in clause.sources}
        for index, entry in enumerate(entries.values()):
            if entry.normative and not entry.not_testable and entry.id not in cited:
                message = f"the entry {entry.id} is normative, but no clause has it as a source, and no reason says why"
                self.faults.append(page.fault(("entries", index), message))

    # --- openapi.yaml ---

    def _well_formed(self, file: YamlFile) -> bool:
        """Check what the suite itself reads of the document; the rest is openapi-spec-validator's job."""
        document, before = file.value, len(self.faults)
        yamlfile.validate(file, self.schema("openapi"), self.faults)
        for place, definition in openapi.extension_places(document):
            self._vocabulary(file, place, definition)
        for place, reference in openapi.references(document):
            try:
                openapi.resolve(document, {"$ref": reference})
            except (KeyError, TypeError):
                self.faults.append(file.fault(place, f"{reference} points to nothing"))
            except RecursionError as error:
                self.faults.append(file.fault(place, str(error)))
        return len(self.faults) == before

    def _vocabulary(self, file: YamlFile, place: Place, definition: str) -> None:
        meta = self.schema("x-conformance")
        yamlfile.validate(
            file, {**meta["$defs"][definition], "$defs": meta["$defs"]}, self.faults, place
        )

    def _operations(self, file: YamlFile) -> dict[str, Operation]:
        found: dict[str, Operation] = {}
        document = file.value
        for path, item in document["paths"].items():
            for method in openapi.METHODS:
                if method not in item:
                    continue
                definition = openapi.resolve(document, item[method])
                shared = openapi.resolve(document, item.get("parameters", []))
                for index, mode in enumerate(definition[openapi.X]["modes"]):
                    place = ("paths", path, method, openapi.X, "modes", index)
                    try:
                        operation = openapi.operation(
                            document,
                            method,
                            path,
                            {
                                **definition,
                                "parameters": [*shared, *definition.get("parameters", [])],
                            },
                            mode,
                        )
                    except (KeyError, TypeError, ValueError) as error:
                        self.faults.append(
                            file.fault(place, f"the mode {mode['id']} cannot be read: {error}")
                        )
                        continue
                    if operation.id in found:
                        self.faults.append(
                            file.fault(place, f"the operation {operation.id} stands twice")
                        )
                    if operation.when and operation.parameter(operation.when) is None:
                        message = f"the operation has no parameter and no member {operation.when}"
                        self.faults.append(file.fault((*place, "when"), message))
                    found[operation.id] = operation
        return found

    def _known_codes(self, file: YamlFile, registry: Mapping[str, ErrorCode]) -> None:
        for path, item in file.value["paths"].items():
            for method in openapi.METHODS:
                for index, mode in enumerate(
                    item.get(method, {}).get(openapi.X, {}).get("modes", [])
                ):
                    for code in mode.get("provokes", []):
                        if code not in registry:
                            place = ("paths", path, method, openapi.X, "modes", index, "provokes")
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
