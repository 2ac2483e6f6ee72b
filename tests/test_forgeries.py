"""Every known forgery is refused with its own code, or disclosed in the first line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.base.errors import Exit, UsageError
from conformance.certify.codes import Code
from conformance.certify.verifying import verify
from conformance.command.comparing import comparison
from conformance.command.replay import recomputed
from conformance.model import Verdict
from conformance.report.view import headline
from conformance.run import runfile
from tests import forgery_tables, generated, servers
from tests.certify.bundles import TRUST, assembled, small_contract, zipped
from tests.drafts import Draft, draft_of, made_good, waived
from tests.forgeries import FORGERIES, SOON
from tests.servers import command, run_of
from tests.support.contracts import real


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Draft:
    """A run that failed, of a server that responds with 200 where nothing is found."""
    directory = tmp_path_factory.mktemp("broken")
    app = servers.faulty(servers.EverythingFound)
    with servers.serving(app) as origin:
        servers.target_file(app, origin, directory / "t.yaml")
        chosen = ("--depth", "quick", "--clause", "status-404", "--clause", servers.BRIEF)
        outcome = command("run", "--target", "t.yaml", "--yes", *chosen, cwd=directory)
    assert outcome.code == 1, outcome.said
    run = recomputed(run_of(directory), real()).run
    failing = [name for cell in run.broken for each in cell.findings for name in each.exchanges]
    return draft_of(run_of(directory), frozenset(failing))


@pytest.fixture
def draft(broken: Draft) -> Draft:
    """That run, to be forged."""
    said, lines = json.loads(json.dumps([broken.said, broken.lines]))  # a copy
    return replace(broken, said=said, lines=lines, files={})


def fate(run: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What becomes of a stored run: its refusal, or its first lines with the exit code."""
    try:
        again = recomputed(run, real()).run
    except UsageError as error:
        return str(error)
    note = capsys.readouterr().err.partition("\n")[0]
    return f"{note} exit {int(again.exit_code)}: {headline(again)}; {again.incomplete or ''}"


def test_the_run_fails_as_it_is(broken: Draft, tmp_path: Path) -> None:
    """Nothing is refused in it, and its failures are those that a forger wants to hide."""
    run = recomputed(broken.write(tmp_path / "same"), real()).run
    assert run.exit_code == Exit.VIOLATED
    assert len(broken.failures) > 1


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_run_is_caught(
    draft: Draft, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """It is refused with a code, or its first lines say that it shows less than a good run."""
    FORGERIES[name].edit(draft)
    found = fate(draft.write(tmp_path / "forged"), capsys)
    assert FORGERIES[name].caught in found
    assert "Conforms" not in found


def test_a_forged_baseline_excuses_nothing(draft: Draft, tmp_path: Path) -> None:
    """Its stored cells say that everything failed before, but its log is judged again."""
    after = recomputed(draft.write(tmp_path / "after"), real()).run
    made_good(draft)
    for row in draft.said["cells"]:
        row["verdict"] = "failed"
    older = runfile.open_run(draft.write(tmp_path / "older"), real())
    failed = {cell.name for cell in after.cells if cell.verdict is Verdict.FAILED}
    assert {cell.name for cell in comparison(older, after).broken} == failed


def test_an_expired_waiver_ends_a_certificate(draft: Draft, tmp_path: Path) -> None:
    """Even if the certificate itself is said to hold for longer."""
    waived(draft, expires=SOON)
    run = draft.write(tmp_path / "waived")
    contract = small_contract(run)
    files, payload = assembled(run, contract, tmp_path / "files")
    path = zipped(files, payload, tmp_path / "b.zip")
    now = datetime.now(UTC)
    codes = [
        {problem.code for problem in verify(path, contract, TRUST, at).problems}
        for at in (now, now + timedelta(days=40))
    ]
    assert codes[1] - codes[0] == {Code.WAIVER_EXPIRED}


def test_every_forgery_of_the_documentation_has_a_test() -> None:
    """And no row is there twice."""
    rows = [*forgery_tables.stored_runs(), *forgery_tables.bundles(), *forgery_tables.unedited()]
    missing = {test for *_, test in rows if not forgery_tables.is_there(test, generated.ROOT)}
    assert missing == set()
    assert len(rows) == len(set(rows))


def test_no_code_is_without_a_forgery() -> None:
    """Each code that can refuse a run or a bundle refuses one of the forgeries."""
    rows = [*forgery_tables.stored_runs(), *forgery_tables.bundles(), *forgery_tables.unedited()]
    assert {code.value for code in Code} - {caught for _, _, caught, _ in rows} == set()
