"""The generated pages: clauses, operations, commands, schemas and coverage.

``conf.py`` writes them into ``_generated`` before each build, so none of them can be stale. Each
function returns Markdown that a page of the site includes. The members of the target file are in
the page itself, so that they can be read without a build, too; ``tests.generated`` keeps them
up to date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from conformance.command import cli, explain
from conformance.command.commands import load
from conformance.model import Clause, Contract, Operation

DOCS = Path(__file__).parent
GENERATED = DOCS / "_generated"
COVERAGE = DOCS / "coverage.json"
SCHEMAS = DOCS.parent / "conformance" / "schemas"


def write_all() -> None:
    """Write every generated page; one that would not change is left alone, for quick rebuilds."""
    contract = load(None)
    pages = {
        "clauses.md": clauses(contract, explain.kills(None)),
        "contract.md": figures(contract) + operations(contract),
        "commands.md": commands(),
        "schemas.md": schemas(SCHEMAS),
        "coverage.md": coverage(COVERAGE),
    }
    GENERATED.mkdir(exist_ok=True)
    for name, text in pages.items():
        path = GENERATED / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; a bar within a cell is escaped."""
    lines = [list(head), ["---" for _ in head], *(list(row) for row in rows)]
    return "\n".join(_line(cells) for cells in lines)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


# --- the contract ---------------------------------------------------------------------------------


def figures(contract: Contract) -> str:
    """How large the contract is, in one sentence."""
    paths = {(o.method, o.path) for o in contract.operations.values()}
    lists = contract.operations_by("list")
    return (
        f"The contract has {len(contract.clauses)} clauses, {len(contract.errors)} error codes "
        f"and {len(contract.operations)} operations. The operations are the modes of {len(paths)} "
        f"pairs of method and path. {len(lists)} of them are lists.\n\n"
    )


def operations(contract: Contract) -> str:
    """Every operation: how it is called, what it may do, and the scopes that open it."""
    rows = (_operation(operation) for operation in contract.operations.values())
    return table(("operation", "request", "action", "effect", "scopes"), rows) + "\n"


def _operation(operation: Operation) -> list[str]:
    scopes = " or ".join(f"`{scope}`" for scope in operation.scopes)
    mode = f" with `{operation.when}`" if operation.when else ""
    return [
        f"`{operation.id}`",
        f"`{operation.method} {operation.path}`{mode}",
        operation.action,
        operation.effect.value,
        scopes or ("any key" if operation.keyed else "no key needed"),
    ]


def clauses(contract: Contract, kills: Mapping[str, Any]) -> str:
    """The ledger by area. Each clause has its level, text, sources, rules and faults."""
    parts = []
    for area, title in contract.areas.items():
        parts.append(f"## {title}\n")
        own = (clause for clause in contract.clauses.values() if clause.area == area)
        parts += [_clause(contract, clause, kills) for clause in own]
    return "\n".join(parts)


def _clause(contract: Contract, clause: Clause, kills: Mapping[str, Any]) -> str:
    lines = [f"### {clause.id}\n", f"**{clause.level}**, {clause.basis}. {clause.text}\n"]
    if clause.because:
        lines.append(f"*Why it follows:* {clause.because}\n")
    lines += [f"- Source: {_source(contract, source)}" for source in clause.sources]
    if clause.rules:
        lines.append("- Verified by " + ", ".join(f"`{rule}`" for rule in clause.rules))
    if clause.uncovered:
        lines.append(f"- Not verified: {clause.uncovered}")
    lines += ["", *_proof(clause, kills)]
    return "\n".join(lines)


def _source(contract: Contract, name: str) -> str:
    entry = contract.page[name]
    return f"{entry.section}, {entry.place}: {entry.says}"


def _proof(clause: Clause, kills: Mapping[str, Any]) -> Iterator[str]:
    """The faulty servers that break a clause, folded."""
    faults = [name for name, fault in kills.items() if clause.id in fault["breaks"]]
    if not faults:
        return
    count = f"{len(faults)} faulty servers prove" if len(faults) > 1 else "One faulty server proves"
    yield f"<details>\n<summary>{count} that the suite sees a breach</summary>\n"
    yield from (f"- `{name}`: {kills[name]['does']}" for name in faults)
    yield "\n</details>\n"


# --- members of the target file -------------------------------------------------------------------


def target_file(schema: Mapping[str, Any]) -> str:
    """Every member of a target file, from its schema."""
    required = schema["required"]
    parts = []
    for name, member in schema["properties"].items():
        need = "required" if name in required else "optional"
        parts += [f"### {name}\n", f"*{_kind(member, schema)}, {need}*\n", _meaning(member, schema)]
        inner = member.get("items", member)
        if "properties" in inner and name != "keys":  # the page has a table of its own for these
            parts.append(_members(inner, schema))
    return "\n".join(parts)


def _members(owner: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    required = owner.get("required", ())
    rows = (
        [
            f"`{name}`" + ("" if name in required or not required else " (optional)"),
            _kind(member, schema),
            _meaning(member, schema).strip(),
        ]
        for name, member in owner["properties"].items()
    )
    return table(("member", "value", "meaning"), rows) + "\n"


def _meaning(member: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    resolved = _resolved(member, schema)
    return str(resolved.get("description", "")) + "\n"


def _resolved(member: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A member with its reference followed; what it says itself goes first."""
    if "$ref" not in member:
        return member
    name = member["$ref"].removeprefix("#/$defs/")
    return {**schema["$defs"][name], **member}


_WORDS = {
    "object": "mapping",
    "array": "list",
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "boolean",
}
"""Words for the types of JSON Schema."""


def _kind(member: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The type of a member in words."""
    resolved = _resolved(member, schema)
    if "enum" in resolved:
        return "one of " + ", ".join(f"`{value}`" for value in resolved["enum"])
    kind = resolved["type"]
    if isinstance(kind, list):
        return " or ".join(_WORDS[each] for each in kind)
    if kind == "array":
        return f"list of {_plural(_kind(resolved['items'], schema))}"
    return _WORDS[kind]


def _plural(kind: str) -> str:
    return kind.removeprefix("one of ") if kind.startswith("one of") else f"{kind}s"


# --- commands, schemas and coverage ---------------------------------------------------------------


def commands() -> str:
    """The help of every command."""
    parts = []
    root = click.Context(cli.group, info_name="kaicalls-conformance")
    for name, command in sorted(cli.group.commands.items()):
        context = click.Context(command, info_name=name, parent=root, terminal_width=88)
        parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def schemas(directory: Path) -> str:
    """The published JSON Schemas of the evidence, each in full."""
    files = sorted(directory.glob("*.json"))
    parts = ["## JSON Schemas\n"] if files else [""]
    for path in files:
        text = path.read_text(encoding="utf-8").strip()
        parts.append(f"### {path.name}\n\n```json\n{text}\n```\n")
    return "\n".join(parts)


def coverage(path: Path) -> str:
    """The measured coverage, total and by folder; where nothing was measured it says so."""
    if not path.is_file():
        return "No measurement is stored. `tox -e coverage` makes one.\n"
    measured = json.loads(path.read_text(encoding="utf-8"))
    rows = (
        [f"`{name}`", str(row["lines"]), f"{row['percent']:.1f} %"]
        for name, row in measured["folders"].items()
    )
    total = measured["total"]
    return (
        f"The tests run **{total['percent']:.1f} %** of the lines and branches of the package "
        f"({total['lines']} lines).\n\n" + table(("folder", "lines", "covered"), rows) + "\n"
    )


def summarise(report: Path) -> None:
    """Keep of the JSON report of coverage.py what the page shows: per folder lines and percent."""
    measured = json.loads(report.read_text(encoding="utf-8"))
    folders: dict[str, list[Mapping[str, int]]] = {}
    for name, file in measured["files"].items():
        inner = Path(name).parts[1:-1]
        folder = "/".join(("conformance", *inner[:1]))
        folders.setdefault(folder, []).append(file["summary"])
    stored = {
        "total": _share([measured["totals"]]),
        "folders": {name: _share(files) for name, files in sorted(folders.items())},
    }
    COVERAGE.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def _share(summaries: Iterable[Mapping[str, int]]) -> dict[str, float]:
    """Lines, and the percentage of lines and branches that ran."""
    files = list(summaries)
    lines = sum(file["num_statements"] for file in files)
    ran = sum(file["covered_lines"] + file["covered_branches"] for file in files)
    able = lines + sum(file["num_branches"] for file in files)
    return {"lines": lines, "percent": round(100 * ran / able, 1) if able else 100.0}


if __name__ == "__main__":
    summarise(Path(sys.argv[1]))
