"""summary.md: short, and inert."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from conformance.report import SUMMARY, markdown
from tests import report_example as example


def written(tmp_path: Path, run: object = None) -> str:
    """The summary of a run, by default the failing one."""
    path = tmp_path / SUMMARY
    markdown.write(run or example.failing(), path)  # type: ignore[arg-type]
    return path.read_text(encoding="utf-8")


def test_the_verdict_comes_first_and_each_cause_has_a_row(tmp_path: Path) -> None:
    """Verdict, target, counts, the share that was judged, causes."""
    run, text = example.failing(), written(tmp_path)
    assert text.startswith("# Breaks the contract\n")
    assert "of the contract was judged" in text
    rows = re.findall(r"^\| [0-9]+ \|.*`(cause-[0-9a-f]{8})` \|$", text, re.MULTILINE)
    assert rows == [cause.id for cause in run.causes[: markdown.CAUSES]]


def test_texts_of_the_target_are_no_markup(tmp_path: Path) -> None:
    """No element, link, table cell or mention comes from a target."""
    name = "<img src=x> [a](http://b) | c @team `d` #1"
    run = example.failing()
    text = written(tmp_path, replace(run, target=replace(run.target, name=name)))
    assert "<" not in text
    assert r"\[a\]\(http\://b\) \| c \@team \`d\` \#1" in text


def test_it_stays_below_64_kb(tmp_path: Path) -> None:
    """However many causes there are."""
    run = example.failing()
    many = replace(run, causes=run.causes * 500)
    text = written(tmp_path, many)
    assert len(text.encode()) < 64_000
    assert "more causes" in text
