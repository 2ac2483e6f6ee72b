"""The recipes of docs/recipes.md: their diffs, the commands below these, and the fast tests.

``python -m tests.recipes`` runs the fast tests on the project as it is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "recipes.md"

# --- the recipes ---


@dataclass(frozen=True)
class Recipe:
    """How something is added: its diff, and the commands to run afterwards."""

    title: str  # of the section
    diff: str
    commands: tuple[str, ...]

    @property
    def name(self) -> str:
        """What is added, in a few words: ``command option``."""
        return re.sub(r"^Add an? ", "", self.title)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the diff changes or adds."""
        return tuple(re.findall(r"^\+\+\+ b/(.+)$", self.diff, re.MULTILINE))


def recipes() -> Iterator[Recipe]:
    """The sections of the page that have a diff, in its order."""
    text = PAGE.read_text(encoding="utf-8")
    for title, section in re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", text, re.MULTILINE):
        diffs = _blocks(section, "diff")
        if diffs:
            commands = [line for block in _blocks(section, "sh") for line in block.splitlines()]
            yield Recipe(title, "".join(diffs), tuple(commands))


def _blocks(section: str, language: str) -> list[str]:
    """The contents of the code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


# --- the fast tests ---

SPEC, CODE = "spec/", "conformance/"
EVERYWHERE = ("",)
FAST: Mapping[str, tuple[str, ...]] = {
    "tests/test_map.py": EVERYWHERE,
    "tests/test_docs.py": EVERYWHERE,
    "tests/test_prose.py": EVERYWHERE,
    "tests/faults/test_names.py": EVERYWHERE,
    "tests/test_spec.py": (SPEC, CODE),
    "tests/test_plan.py": (SPEC, CODE),
    "tests/test_labels.py": (SPEC, CODE),
    "tests/test_neutral.py": (SPEC, CODE),
    "tests/test_target.py": (SPEC, CODE),
    "tests/test_report.py": (SPEC, CODE),
    "tests/test_evidence.py": (CODE,),
    "tests/test_options.py": (CODE,),
    "tests/test_report_hostile.py": ("conformance/report/",),
    "tests/test_checks.py": ("conformance/checks/", "conformance/judging/", "tests/examples/"),
    "tests/test_titles.py": ("conformance/checks/", "conformance/causes/", "tests/examples/"),
    "tests/test_second_routes.py": (SPEC, "tests/second/"),
    "tests/faults/test_faults.py::test_the_stored_matrix_is_fresh": ("tests/faults/",),
    "tests/faults/test_faults.py::test_the_page_is_fresh": ("tests/faults/", "tests/variants/"),
}
"""The tests that start no server and take seconds in all, with the places whose change they see."""
SLOW: Mapping[str, tuple[str, ...]] = {
    "tests/test_checks.py::test_one_subject_is_imported_by_itself": ("tests/subjects.py",),
    "tests/test_docs.py::test_every_import_of_the_package_is_declared": (CODE,),
    "tests/test_evidence.py::test_any_exchange_survives_the_log": (
        *("conformance/model/", "conformance/convert", "conformance/log/evidence.py"),
    ),
    "tests/test_options.py::test_pytest_offers_the_option": (
        *("conformance/base/options.py", "conformance/plugin.py", "conformance/run/"),
    ),
    "tests/test_spec.py::test_schemathesis_reads_every_operation": (SPEC,),
    "tests/test_spec.py::test_the_document_is_openapi": (SPEC,),
}
"""The tests of these that take half a second or more and see the change of fewer places."""


def fast(files: Collection[str]) -> list[str]:
    """The arguments with which pytest runs the fast tests that see a change of some files."""
    arguments = [test for test, places in FAST.items() if _touches(files, places)]
    for test, places in SLOW.items():
        if not _touches(files, places):
            arguments += ["--deselect", test]
    return arguments


def _touches(files: Collection[str], places: tuple[str, ...]) -> bool:
    return any(file.startswith(places) for file in files)


if __name__ == "__main__":
    import pytest

    sys.exit(pytest.main(["-q", *FAST, *sys.argv[1:]]))
