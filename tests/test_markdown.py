"""summary.md: short, and inert."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.report import SUMMARY, cards, console, first_step, markdown
from tests import report_example as example


def written(tmp_path: Path, run: object = None) -> str:
    """The summary of a run, by default the failing one."""
    path = tmp_path / SUMMARY
    markdown.write(run or example.failing(), path)  # type: ignore[arg-type]
    return path.read_text(encoding="utf-8")


def test_the_verdict_comes_first_and_each_cause_has_a_row(tmp_path: Path) -> None:
    """Verdict, target, where to start, and causes by harm."""
    run, text = example.failing(), written(tmp_path)
    assert text.startswith(f"# {console.verdict_line(run)}\n")
    assert text.count("```sh\nkaicalls-conformance rerun 1 --of ") == 1
    for heading, alike in first_step.by_harm(cards.cards(run)).items():
        assert f"\n## {heading} ({len(alike)})\n" in text
    rows = re.findall(r"^\| [0-9]+ \|.*`(cause-[0-9a-f]{8})` \|$", text, re.MULTILINE)
    assert rows == [cause.id for cause in run.causes[: markdown.CAUSES]]


def test_texts_of_the_target_are_no_markup(tmp_path: Path) -> None:
    """Whatever could be an element, a link, a cell, a mention or a reference is a code span."""
    name = "<img src=x> [a](http://b) | c @team `d` #1"
    run = example.failing()
    text = written(tmp_path, replace(run, target=replace(run.target, name=name)))
    assert "``<img src=x> [a](http://b) \\x7c c @team `d` #1`` at `https://api" in text
    literal = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
    headings = re.compile("^#+ ", re.MULTILINE)
    assert not re.search(r"[<@#$~]", headings.sub("", literal.sub("", text)))


@pytest.mark.parametrize(
    "text",
    [
        "*a*", "_a_", "a_ b", "~a~", "$a$", "#1", "@a", "a@b.de", ":tada:", "https://a", "www.a.de",
        "[x]", "![x](y)", "<b>", "&lt;", "a|b", "`", "``a`", "\\", "- a", "1. a", "+ a", "= a",
        "cafe123", "{a}",
    ],
)  # fmt: skip
def test_whatever_could_act_is_a_code_span(text: str) -> None:
    """Its fence is longer than any in the text, so that nothing in it can end it."""
    shown = markdown.inert(text)
    fence = re.match("`+", shown)
    assert fence is not None
    ticks = re.findall("`+", shown)
    assert ticks[0] == ticks[-1]
    assert max(len(each) for each in [*ticks[1:-1], ""]) < len(ticks[0])
    assert "|" not in shown


@pytest.mark.parametrize("text", ["Needs the key other.", "list_calls (2 cells), 1:20", "50 %"])
def test_plain_words_stay_as_they_are(text: str) -> None:
    """So that a raw log is easy to read."""
    assert markdown.inert(text) == text


def test_it_stays_below_64_kb(tmp_path: Path) -> None:
    """However many causes there are."""
    run = example.failing()
    many = replace(run, causes=run.causes * 500)
    text = written(tmp_path, many)
    assert len(text.encode()) < 64_000
    assert "more causes" in text
