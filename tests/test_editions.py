"""Editions of the contract: overlays that change its files, and runs that are judged by them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from conformance import contract
from conformance.base import yaml_file
from conformance.base.errors import SpecError
from conformance.checks import RULES
from conformance.contract.overlay import applied
from tests.servers import command, run_of, stored
from tests.support.contracts import real

KNOWN = frozenset(RULES)
HEAD = "overlay: 1.0.0\ninfo: {title: An edition, version: '1'}\nextends: ../../errors.yaml\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A copy of the real contract."""
    return Path(shutil.copytree(contract.packaged(), tmp_path / "spec"))


def faults_of(spec: Path, edition: str) -> list[str]:
    """The faults of an edition."""
    with pytest.raises(SpecError) as caught:
        contract.load(spec, KNOWN, edition)
    return caught.value.faults


def changed(value: Any, *actions: dict[str, Any]) -> tuple[Any, list[str]]:
    """A value after actions, and the faults."""
    faults: list[str] = []
    file = yaml_file.parse(json.dumps(value), "file.yaml", faults)
    overlay = yaml_file.parse(json.dumps({"actions": actions}), "overlay.yaml", faults)
    assert file is not None
    assert overlay is not None
    return applied(file, overlay, faults).value, faults


@pytest.mark.parametrize("edition", contract.editions()[1:])
def test_each_edition_is_a_contract_of_its_own(edition: str) -> None:
    """It has its own digest and the same ids, and the published contract keeps its digest."""
    other, published = contract.load(None, KNOWN, edition), real()
    assert other.packaged
    assert other.digest != published.digest
    assert contract.load().digest == published.digest
    for part in ("operations", "clauses", "page", "profiles", "areas"):
        assert list(getattr(other, part)) == list(getattr(published, part)), part
    assert edition in other.name
    assert edition in other.caveat
    assert published.caveat == ""
    assert list(OpenAPIV31SpecValidator(dict(other.document)).iter_errors()) == []


def test_the_clients_have_another_code_for_the_limit() -> None:
    """Registry, clause and document have the code of the edition; the page keeps its own."""
    clients = contract.in_edition(real(), "clients")
    assert clients.codes_of("rate_limited") == ("rate_limited",)
    clause = clients.clauses["code-rate_limit_exceeded"]
    assert "429 and code rate_limited." in clause.text
    assert clause.about is not None
    assert clause.about.code == "rate_limited"
    assert "rate_limit_exceeded has" in clients.page["codes.rate_limit_exceeded"].says
    assert "rate_limit_exceeded" not in json.dumps(clients.document)
    assert contract.in_edition(clients, "published") == real()


def test_a_copy_of_the_packaged_contract_has_its_editions(spec: Path) -> None:
    """With the same bytes it counts as packaged, with others it does not."""
    assert contract.load(spec, KNOWN, "clients").packaged
    with (spec / "editions/clients/errors.yaml").open("a") as file:
        file.write("#")
    assert not contract.load(spec, KNOWN, "clients").packaged
    assert contract.load(spec, KNOWN).packaged


def test_an_unknown_edition_is_refused() -> None:
    """The message lists the editions."""
    with pytest.raises(SpecError, match="no edition mars; the editions: published, clients"):
        contract.load(edition="mars")
    with pytest.raises(SpecError, match="there is no edition"):
        contract.load(edition="../clauses")


TYPOS: dict[str, tuple[str, str, str]] = {
    "nothing matches": ("code == 'rate_limit_exceeded'", "code == 'rate_limit'", "matches nothing"),
    "no path": ("$[?@.code", "$[?@..code", "cannot be read from"),
    "no root": ("target: $", "target: a", "a target begins with $"),
    "no object": ("update: {", "update: [{", "the update must be an object"),
    "another file": (
        "../../errors.yaml",
        "../../page.yaml",
        "the file that this changes is ../../errors.yaml",
    ),
    "another version": ("overlay: 1.0.0", "overlay: 2.0.0", "'1.0.0' was expected"),
    "no source": ("description", "descriptoin", "there is no member descriptoin"),
    "an invalid row": ("{code:", "{cod:", "there is no member cod"),
}


@pytest.mark.parametrize("typo", TYPOS)
def test_a_typo_in_an_overlay_is_reported_with_its_file(spec: Path, typo: str) -> None:
    """Each is a fault, and the published contract still loads."""
    old, new, message = TYPOS[typo]
    path = spec / "editions/clients/errors.yaml"
    text = path.read_text(encoding="utf-8").replace(old, new, 1)
    if "[{" in new:
        text = text.replace("exceeded}", "exceeded}]")
    path.write_text(text, encoding="utf-8")
    faults = faults_of(spec, "clients")
    assert any(message in fault and "errors.yaml:" in fault for fault in faults), faults
    assert contract.load(spec, KNOWN).digest == real().digest


def test_an_overlay_without_its_file_is_a_fault(spec: Path) -> None:
    """A misspelled name would otherwise change nothing."""
    (spec / "editions/clients/error.yaml").write_text(HEAD)
    message = "editions/clients/error.yaml:1: there is no file that this could change"
    assert message in faults_of(spec, "clients")


def test_an_overlay_must_not_be_a_link(spec: Path, tmp_path: Path) -> None:
    """As no file of a contract may be."""
    path = spec / "editions/clients/errors.yaml"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert any("this is a link" in fault for fault in faults_of(spec, "clients"))


VALUE: Any = {"a": {"b": [{"c": "x", "n": 1}, {"c": "y"}, {"c": "x"}]}, "k.l": {"m": [1]}}


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"target": "$.a.b[1]", "update": {"n": 2}}, ("a", "b", 1, {"c": "y", "n": 2})),
        ({"target": "$['k.l']", "update": {"m": [2]}}, ("k.l", "m", [1, 2])),
        ({"target": "$.a.b", "update": {"c": "z"}}, ("a", "b", 3, {"c": "z"})),
        ({"target": "$.a.b[?@.c == 'x']", "remove": True}, ("a", "b", [{"c": "y"}])),
        ({"target": "$.a.b[*]", "update": {"c": "z"}}, ("a", "b", 2, {"c": "z"})),
        ({"target": "$.a.b[?@.c=='y']", "update": {"c": {"d": 1}}}, ("a", "b", 1, {"c": {"d": 1}})),
        ({"target": "$", "update": {"a": {"e": 1}}}, ("a", "e", 1)),
    ],
)
def test_actions_do_what_the_overlay_specification_says(
    action: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    """Objects are merged, arrays get another item, and removed values are gone."""
    value, faults = changed(VALUE, action)
    assert faults == []
    *place, wanted = expected
    for step in place:
        value = value[step]
    assert value == wanted


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({"target": "$.a.b[0].c", "update": {}}, "neither an object nor an array"),
        ({"target": "$", "remove": True}, "the whole document cannot be removed"),
        ({"target": "$.a.b[9]", "remove": True}, "matches nothing"),
        ({"target": "$..c", "remove": True}, "cannot be read"),
    ],
)
def test_an_action_that_cannot_be_done_is_a_fault(action: dict[str, Any], message: str) -> None:
    """It names the overlay and changes nothing."""
    value, faults = changed(VALUE, action)
    assert message in faults[0]
    assert faults[0].startswith("overlay.yaml:1: ")
    assert value == VALUE


def test_every_output_names_the_edition_and_a_replay_uses_it(tmp_path: Path) -> None:
    """A run by the edition of the embedded server passes; one as published would not."""
    chosen = ("--clause", "code-rate_limit_exceeded", "--edition", "clients")
    outcome = command("run", *chosen, cwd=tmp_path)
    run = run_of(tmp_path)
    assert "(clients edition)" in outcome.out.splitlines()[0]
    assert "(clients edition)" in outcome.verdict
    for name in ("report.html", "summary.md", "junit.xml", "results.ctrf.json", "badge.svg"):
        assert "clients edition" in (run / name).read_text(encoding="utf-8"), name
    history = (run.parent / "history.jsonl").read_text(encoding="utf-8")
    assert json.loads(history)["edition"] == stored(run)["spec"]["edition"] == "clients"
    again = command("replay", run, "--output", "reports", cwd=tmp_path)
    assert again.code == outcome.code == 0, again.said
    replayed = stored(run_of(tmp_path))
    assert replayed["incomplete"] is None
    assert replayed["cells"] == stored(run)["cells"]
