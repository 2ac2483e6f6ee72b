"""Builds a Contract from the files of ``spec/``.

The loader is strict: it reads everything, collects every fault as ``file:line``, and only then
fails. Its result is complete: the rest of the package never reads these files.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from conformance.base import yaml_file
from conformance.base.errors import SpecError
from conformance.base.yaml_file import Place, YamlFile
from conformance.contract import openapi, operations, overlay, profiles
from conformance.contract.ledger import Ledger
from conformance.contract.openapi import X
from conformance.model import PUBLISHED, Contract, Operation, Profile

EDITIONS = "editions"
"""The folder of the editions: each is a folder of overlays, named after the files they change."""
NAME = re.compile("[a-z][a-z0-9-]*")
"""The name of an area, and of an edition."""


def packaged() -> Path:
    """The directory of the packaged contract: in the wheel, or next to it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "spec"
    return inside if inside.is_dir() else package.parent / "spec"


def digest_of(texts: Mapping[str, str]) -> str:
    """The SHA-256, in hex, of files by name: of each name and content, with their lengths."""
    total = hashlib.sha256()
    for name, text in sorted(texts.items()):
        for part in (name.encode(), text.encode()):
            total.update(len(part).to_bytes(8) + part)
    return total.hexdigest()


def editions(directory: Path | None = None) -> tuple[str, ...]:
    """The names of the editions in a contract directory; the first is the one without overlays."""
    places = sorted(((directory or packaged()) / EDITIONS).glob("*/"))
    return (PUBLISHED, *(place.name for place in places if NAME.fullmatch(place.name)))


def _is_packaged(digest: str, found: Mapping[str, Profile], edition: str) -> bool:
    """Whether a contract read elsewhere is the same as the packaged one, profiles included.

    ``digest``, ``found`` profiles and ``edition`` are those of the contract that was read.
    """
    if edition not in editions():
        return False
    own = load(edition=edition)
    return (digest, found) == (own.digest, own.profiles)


def load(
    directory: Path | None = None,
    rules: frozenset[str] | None = None,
    edition: str = PUBLISHED,
) -> Contract:
    """Read a contract directory, by default the packaged one, in one of its editions.

    The packaged one is read once per process. ``rules`` are the rule ids known to the engine;
    naming any other is a fault. Raises SpecError with all faults.
    """
    if directory is None:
        return packaged_contract(rules, edition)
    return _read(directory, rules, edition)


@cache
def packaged_contract(rules: frozenset[str] | None, edition: str) -> Contract:
    """The packaged contract in one of its editions, read once."""
    return _read(None, rules, edition)


def _read(directory: Path | None, rules: frozenset[str] | None, edition: str) -> Contract:
    """Read a contract directory; None is the packaged one. Raises SpecError with all faults."""
    where = directory or packaged()
    if not where.is_dir():
        raise SpecError([f"{where}:1: there is no such directory"])
    known = editions(directory)
    if edition not in known:
        message = f"{EDITIONS}:1: there is no edition {edition}; the editions: {', '.join(known)}"
        raise SpecError([message])
    loader = _Loader(where, rules, edition, is_packaged=directory is None)
    contract = loader.contract()
    if contract is None:
        raise SpecError(loader.faults)
    return contract


def in_edition(contract: Contract, edition: str) -> Contract:
    """The same contract in one of its editions, with the same challenges. Raises SpecError."""
    if edition == contract.edition:
        return contract
    other = load(contract.directory, edition=edition)
    return replace(other, challenges=contract.challenges)


class _Loader:
    """Reads the files of one contract directory in one edition, and collects their faults."""

    def __init__(
        self, where: Path, rules: frozenset[str] | None, edition: str, is_packaged: bool
    ) -> None:
        self.where = where
        self.edition = edition
        self.is_packaged = is_packaged
        self.texts: dict[str, str] = {}  # the texts that the digest covers, by file
        self.overlays: set[str] = set()  # the names that overlays of the edition may have
        self.faults: list[str] = []
        self.ledger = Ledger(rules, self.faults)
        self.meta = packaged() / "meta"

    def contract(self) -> Contract | None:
        """The contract; None if there are faults."""
        document = self._file("openapi.yaml")
        page = self._read_ledger()
        if os.path.lexists(self.where / "open.yaml"):
            self._file("open.yaml", "open")  # only to check it, and for the digest
        known: dict[str, Operation] = {}
        if document is not None and self._is_well_formed(document):
            known = self._operations(document)
        self._check_overlays()
        found = {} if self.faults else self._profiles(known)
        if self.faults:
            return None
        if document is None or page is None:
            return None
        return self._contract(document.value, known, page.value["page"], found)

    def _contract(
        self,
        document: dict[str, Any],
        known: dict[str, Operation],
        page_address: str,
        found: dict[str, Profile],
    ) -> Contract:
        """The contract of a document without faults, its operations, and the ``found`` profiles."""
        root = document[X]
        codes = tuple(self.ledger.errors.values())
        code_pointer = tuple(root["envelope"]["code"][1:].split("/"))
        digest = digest_of(self.texts)
        return Contract(
            title=document["info"]["title"],
            version=document["info"]["version"],
            digest=digest,
            packaged=self.is_packaged or _is_packaged(digest, found, self.edition),
            base_path=openapi.base_path(document),
            document=openapi.with_codes(document, codes, code_pointer),
            operations=known,
            errors=self.ledger.errors,
            clauses=self.ledger.clauses,
            areas=self.ledger.areas,
            page=self.ledger.page,
            page_address=page_address,
            statuses=frozenset(root["statuses"]),
            code_pointer=code_pointer,
            message_pointer=tuple(root["envelope"]["message"][1:].split("/")),
            identifier=root["identifier"],
            identifiers=root.get("identifiers", {}),
            tenant=root.get("tenant"),
            authentication=openapi.authentication(document),
            profiles=found,
            edition=self.edition,
            directory=None if self.is_packaged else self.where,
        )

    # --- files ---

    def _schema(self, name: str) -> dict[str, Any]:
        text = (self.meta / f"{name}.schema.json").read_text(encoding="utf-8")
        schema: dict[str, Any] = json.loads(text)
        return schema

    def _file(self, name: str, schema: str | None = None) -> YamlFile | None:
        """A file in the edition; None, and faults, if it does not satisfy its meta schema.

        Its text becomes part of the digest, unless it is a profile.
        """
        if not self._is_own(name):
            return None
        file = yaml_file.read(self.where / name, name, self.faults)
        if file is not None and not name.startswith(profiles.PREFIX):
            self.texts[name] = file.text
            file = self._in_edition(file)
        if file is None or schema is None:
            return file
        valid = yaml_file.validate(file, self._schema(schema), self.faults)
        return file if valid else None

    def _in_edition(self, file: YamlFile) -> YamlFile:
        """The file as changed by the overlay of the edition, if there is one."""
        folder = f"{EDITIONS}/{self.edition}"
        name = f"{folder}/{file.name}"
        self.overlays.add(name)  # the edition may have it or not
        if self.edition == PUBLISHED or not os.path.lexists(self.where / name):
            return file
        if not all(self._is_own(each) for each in (EDITIONS, folder, name)):
            return file
        change = yaml_file.read(self.where / name, name, self.faults)
        if change is None:
            return file
        self.texts[name] = change.text
        if not yaml_file.validate(change, self._schema("overlay"), self.faults):
            return file
        base = "../" * name.count("/") + file.name  # as the overlay refers to it
        if change.value["extends"] != base:
            message = f"the file that this changes is {base}"
            self.faults.append(change.fault(("extends",), message))
        return overlay.applied(file, change, self.faults)

    def _check_overlays(self) -> None:
        """Add a fault for each file of the edition that changes no file of the contract."""
        folder = self.where / EDITIONS / self.edition
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(self.where).as_posix()
            if not path.is_dir() and name not in self.overlays:
                self.faults.append(f"{name}:1: there is no file that this could change")

    def _is_own(self, name: str) -> bool:
        """Whether a path is in the directory itself, or missing; adds a fault for links and pipes.

        An installer may link the files of the package, but other contracts must not contain links.
        """
        path = self.where / name
        if path.is_symlink() and not self.is_packaged:
            self.faults.append(f"{name}:1: this is a link; a contract must contain its files")
            return False
        if path.exists() and not path.is_file() and not path.is_dir():
            self.faults.append(f"{name}:1: this is not a regular file")
            return False
        return True

    # --- errors.yaml, page.yaml, clauses ---

    def _read_ledger(self) -> YamlFile | None:
        """Fill the ledger from its files; returns the page, or None if it cannot be read."""
        errors = self._file("errors.yaml", "errors")
        page = self._file("page.yaml", "page")
        clauses, complete = self._clause_files()
        if errors is not None:
            self.ledger.read_errors(errors)
        if errors is not None and page is not None:
            self.ledger.read_page(page)
        self.ledger.read_clauses(clauses)
        if page is not None and complete:  # otherwise missing clauses may cite its entries
            self.ledger.check_coverage(page)
        return page

    def _clause_files(self) -> tuple[dict[str, YamlFile], bool]:
        """The valid clause files by area, and whether there are files and all are valid."""
        if not self._is_own("clauses"):
            return {}, False
        names = sorted(path.name for path in (self.where / "clauses").glob("*.yaml"))
        if not names:
            self.faults.append("clauses:1: the directory has no *.yaml file")
        found: dict[str, YamlFile] = {}
        for name in names:
            area = name.removesuffix(".yaml")
            if not NAME.fullmatch(area):
                self.faults.append(f"clauses/{name}:1: {area} is not a valid name for an area")
            file = self._file(f"clauses/{name}", "clauses")
            if file is not None:
                found[area] = file
        return found, bool(names) and len(found) == len(names)

    # --- profiles ---

    def _profiles(self, known: Mapping[str, Operation]) -> dict[str, Profile]:
        """The profiles by name; none if there is no directory of them."""
        found: dict[str, Profile] = {}
        if not self._is_own(profiles.PREFIX.rstrip("/")):
            return found
        for path in sorted((self.where / profiles.PREFIX).glob("*.yaml")):
            file = self._file(f"{profiles.PREFIX}{path.name}", "profile")
            if file is not None:
                clauses = self.ledger.clauses
                found[path.stem] = profiles.profile(file, clauses, known, self.faults)
        return found

    # --- openapi.yaml ---

    def _is_well_formed(self, file: YamlFile) -> bool:
        """Whether the parts of the document that the suite uses are valid; adds faults if not."""
        before = len(self.faults)
        yaml_file.validate(file, self._schema("openapi"), self.faults)
        vocabulary = self._schema("x-conformance")["$defs"]
        for place, definition in openapi.extension_places(file.value):
            schema = {**vocabulary[definition], "$defs": vocabulary}
            yaml_file.validate(file, schema, self.faults, place)
        for place, reference in openapi.references(file.value):
            self._check_reference(file, place, reference)
        return len(self.faults) == before

    def _check_reference(self, file: YamlFile, place: Place, reference: str) -> None:
        """Add a fault for a reference that is dangling or circular."""
        try:
            openapi.resolve(file.value, {"$ref": reference})
        except (KeyError, TypeError):
            self.faults.append(file.fault(place, f"{reference} points to nothing"))
        except RecursionError as error:
            self.faults.append(file.fault(place, str(error)))

    def _operations(self, file: YamlFile) -> dict[str, Operation]:
        """The operations of the document by id; adds a fault for each that cannot be read."""
        found: dict[str, Operation] = {}
        for mode in operations.modes(file.value):
            self._check_codes(file, mode)
            try:
                operation = operations.operation(file.value, mode)
            except (KeyError, TypeError, ValueError) as error:
                message = f"the mode {mode.words['id']} cannot be read: {error}"
                self.faults.append(file.fault(mode.place, message))
                continue
            self._check_operation(file, mode.place, operation, found)
            found[operation.id] = operation
        return found

    def _check_codes(self, file: YamlFile, mode: operations.Mode) -> None:
        """Add a fault for each unregistered code that a mode provokes, if errors.yaml is valid."""
        if not self.ledger.errors:
            return
        for code in mode.words.get("provokes", ()):
            if code not in self.ledger.errors:
                place = (*mode.place, "provokes")
                self.faults.append(file.fault(place, f"errors.yaml has no code {code}"))

    def _check_operation(
        self, file: YamlFile, place: Place, operation: Operation, known: Mapping[str, Operation]
    ) -> None:
        """Add a fault for an id that is already ``known``, and for an unknown selector."""
        if operation.id in known:
            self.faults.append(file.fault(place, f"the operation {operation.id} appears twice"))
        if operation.when and operation.parameter(operation.when) is None:
            message = f"the operation has no parameter or member {operation.when}"
            self.faults.append(file.fault((*place, "when"), message))
