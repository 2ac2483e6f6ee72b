"""Reads codes, page entries and clauses from ``errors.yaml``, ``page.yaml`` and ``clauses/``.

An entry with ``for_each: code`` is a template, expanded for each row of errors.yaml, so a new code
needs only one row there. Faults are collected as ``file:line: message``; reading continues after
each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from conformance.base.values import picked, without
from conformance.base.yaml_file import Place, YamlFile
from conformance.model import About, Clause, CodeRole, ErrorCode, Level, PageEntry

Row = dict[str, Any]
"""One entry of a file."""


class Ledger:
    """The content of the three kinds of file, filled file by file.

    ``rules`` are the rule ids known to the engine; None accepts any. Faults are appended to
    ``faults``.
    """

    def __init__(self, rules: frozenset[str] | None, faults: list[str]) -> None:
        self.rules = rules
        self.faults = faults
        self.errors: dict[str, ErrorCode] = {}
        self.page: dict[str, PageEntry] = {}
        self.clauses: dict[str, Clause] = {}
        self.areas: dict[str, str] = {}
        self._places: dict[str, Place] = {}  # of page entries, by id

    def read_errors(self, file: YamlFile) -> None:
        """Read errors.yaml. Read it first: its rows expand the templates in the other files."""
        for index, row in enumerate(file.value):
            self._check_new(file, (index, "code"), "code", row["code"], self.errors)
            self.errors[row["code"]] = ErrorCode(**{**row, "role": CodeRole(row["role"])})

    def read_page(self, file: YamlFile) -> None:
        """Read page.yaml."""
        for index, entry in enumerate(file.value["entries"]):
            place: Place = ("entries", index)
            for row in self._expanded(file, place, entry, as_published=True):
                self._check_new(file, (*place, "id"), "entry", row["id"], self.page)
                self.page[row["id"]] = PageEntry(**row)
                self._places[row["id"]] = place

    def read_clauses(self, files: Mapping[str, YamlFile]) -> None:
        """Read the clause files, by area, sorted by their ``order``."""
        for area, file in sorted(files.items(), key=lambda item: int(item[1].value["order"])):
            self.areas[area] = file.value["title"]
            for index, entry in enumerate(file.value["clauses"]):
                self._read_clause(area, file, ("clauses", index), entry)

    def check_coverage(self, page: YamlFile) -> None:
        """Add a fault for each normative page entry that is neither cited nor excused."""
        cited: set[str] = set()
        for clause in self.clauses.values():
            cited.update(clause.sources)
        for entry in self.page.values():
            is_excused = entry.not_testable or not entry.normative
            if not is_excused and entry.id not in cited:
                message = (
                    f"the entry {entry.id} is normative, but no clause cites it; "
                    "cite it or add not_testable with the reason"
                )
                self.faults.append(page.fault(self._places[entry.id], message))

    # --- one clause ---

    def _read_clause(self, area: str, file: YamlFile, place: Place, entry: Row) -> None:
        """Check one entry of a file, and add the clauses that it expands to."""
        self._check_rules(file, (*place, "verified_by"), entry["verified_by"])
        for role, rules in entry.get("verified_by_role", {}).items():
            self._check_rules(file, (*place, "verified_by_role", role), rules)
        for row in self._expanded(file, place, entry):
            self._check_new(file, (*place, "id"), "clause", row["id"], self.clauses)
            self._check_sources(file, (*place, "source"), row["source"])
            self._check_about(file, place, row)
            self.clauses[row["id"]] = self._clause(area, row)

    def _clause(self, area: str, row: Row) -> Clause:
        """The clause of a row, which has been checked and expanded."""
        return Clause(
            id=row["id"],
            area=area,
            text=row["text"],
            level=Level(row["level"]),
            basis=row["basis"],
            sources=tuple(row["source"]),
            rules=tuple(row["verified_by"]),
            because=row.get("because", ""),
            about=self._about(**row["about"]) if "about" in row else None,
            uncovered=row.get("uncovered", ""),
        )

    def _about(self, code: str | None = None, status: int | None = None) -> About:
        """The code or status that a clause is about; a status includes all its codes."""
        codes = [row.code for row in self.errors.values() if row.status == status]
        return About(code, status, tuple(codes))

    # --- templates that are expanded for each code ---

    def _expanded(
        self, file: YamlFile, place: Place, entry: Row, *, as_published: bool = False
    ) -> Iterator[Row]:
        """The entry itself, or with ``for_each: code`` one entry per code of errors.yaml.

        Words such as ``{code}`` are replaced. The code is that of the edition. But ids and sources
        contain the published one, so that a clause has the same id in all editions. With
        ``as_published``, all members contain the published one.
        """
        if "for_each" not in entry:
            yield entry
            return
        template = without(entry, {"for_each"})
        always_published = picked(template, ("id", "source"))
        for number, code in enumerate(self.errors.values(), 1):
            words = {**asdict(code), "row": number}
            published = {**words, "code": code.published_as or code.code}
            try:
                row = _filled(template, published if as_published else words)
                row |= _filled(always_published, published)
            except KeyError as error:
                message = f"rows of errors.yaml have no member {error.args[0]}"
                self.faults.append(file.fault(place, message))
                return
            yield self._with_rules_of_role(file, place, row, code)

    def _with_rules_of_role(self, file: YamlFile, place: Place, row: Row, code: ErrorCode) -> Row:
        """The row with the rules for the role of its code put before those for all roles."""
        by_role = row.pop("verified_by_role", None)
        if by_role is None:
            return row
        if code.role not in by_role:
            message = f"there are no rules for the role {code.role} of {code.code}"
            self.faults.append(file.fault((*place, "verified_by_role"), message))
        return {**row, "verified_by": [*by_role.get(code.role, ()), *row["verified_by"]]}

    # --- checks ---

    def _check_new(
        self, file: YamlFile, place: Place, noun: str, name: str, known: Mapping[str, object]
    ) -> None:
        """Add a fault if an earlier entry has the same name."""
        if name in known:
            self.faults.append(file.fault(place, f"the {noun} {name} appears twice"))

    def _check_rules(self, file: YamlFile, place: Place, rules: list[str]) -> None:
        """Add a fault for each rule that is unknown to the engine."""
        if self.rules is None:
            return
        for index, rule in enumerate(rules):
            if rule not in self.rules:
                self.faults.append(file.fault((*place, index), f"there is no rule {rule}"))

    def _check_sources(self, file: YamlFile, place: Place, sources: list[str]) -> None:
        """Add a fault for each source that is not an entry of the page."""
        if not self.page:  # page.yaml or errors.yaml could not be read: one fault is enough
            return
        for index, source in enumerate(sources):
            if source not in self.page:
                self.faults.append(file.fault((*place, index), f"page.yaml has no entry {source}"))

    def _check_about(self, file: YamlFile, place: Place, row: Row) -> None:
        """Add a fault for a code that is not in errors.yaml, if that could be read."""
        code = row.get("about", {}).get("code")
        if code is None:
            return
        if not self.errors:
            return
        if code not in self.errors:
            message = f"errors.yaml has no code {code}"
            self.faults.append(file.fault((*place, "about", "code"), message))


def _filled(value: Any, words: Mapping[str, object]) -> Any:
    """A copy of a value with each ``{word}`` in its texts replaced.

    Raises KeyError for a word that is not in ``words``.
    """
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda match: str(words[match[1]]), value).strip()
    if isinstance(value, dict):
        return {name: _filled(member, words) for name, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, words) for member in value]
    return value
