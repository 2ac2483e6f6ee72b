"""The steps of a CI job without a runner: inputs, cutting, and the comment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.base.errors import UsageError
from conformance.ci import comment, inputs
from conformance.ci.cutting import cut
from tests.ci.fake_github import TOKEN, FakeGitHub

MARKER = "<!-- kaicalls-conformance: conformance -->"


def read(**given: str) -> inputs.Inputs:
    """The inputs that variables of these names give."""
    return inputs.read({f"CONFORMANCE_{name.upper()}": text for name, text in given.items()})


def test_each_input_is_one_argument() -> None:
    """Empty ones are left out, and each line of the options is an argument of its own."""
    asked = read(url="https://host/api", budget="", seed="7", options="--clause=a\n\n -v \n")
    wanted = ["run", "--output=reports", "--url=https://host/api", "--seed=7", "--clause=a", "-v"]
    assert asked.arguments == wanted


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"url": " "},
        {"url": "u", "command": "serve"},
        {"url": "u", "command": "--help"},
        {"url": "u", "name": "a/b"},
        {"url": "u", "name": "a --> b"},
        {"url": "u", "name": "a\n"},
        {"url": "u", "published": "/"},
    ],
)
def test_inputs_that_make_no_sense_are_refused(given: dict[str, str]) -> None:
    """Nothing to judge, another command, a name that could act, a directory that has something."""
    with pytest.raises(UsageError):
        read(**given)


def test_a_short_text_is_not_cut() -> None:
    """It stays as it is, to the byte."""
    assert cut("é" * 50, 100) == "é" * 50


def test_the_end_is_cut_at_a_line() -> None:
    """The text fits, whatever a character weighs, says what is missing, and closes a code block."""
    text = "# Worst\n```sh\n" + "é" * 40 + "\n" + "command\n" * 100 + "```\n"
    short = cut(text, 300)
    assert len(short.encode()) <= 300
    assert short.startswith("# Worst\n```sh\n")
    assert short.count("```") == 2
    left_out = 101 - short.count("command\n")  # 100 commands and the end of the block
    assert short.endswith(f"\n{left_out} more lines in the report of this run.\n")


def published(fake: FakeGitHub, directory: Path, text: str, **other: str) -> int:
    """Publish a text as the comment of pull request 7; gives the exit code."""
    summary, event = directory / "summary.md", directory / "event.json"
    summary.write_text(text, encoding="utf-8")
    event.write_text(json.dumps({"pull_request": {"number": 7}}), encoding="utf-8")
    environment = {
        "CONFORMANCE_SUMMARY": str(summary),
        "GITHUB_API_URL": fake.url,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "example/calls",
        "GITHUB_RUN_ID": "5",
        "GITHUB_SERVER_URL": "https://github.example.com",
        "GITHUB_TOKEN": TOKEN,
    }
    return comment.publish(environment | other)


def test_one_comment_is_updated_in_place(fake: FakeGitHub, tmp_path: Path) -> None:
    """However many others there are, and one for each name."""
    for number in range(150):
        fake.post(f"Comment {number}", author="ada", kind="User")
    published(fake, tmp_path, "first")
    published(fake, tmp_path, "other", CONFORMANCE_NAME="other")
    published(fake, tmp_path, "second")
    assert len(fake.comments) == 152
    assert fake.comments[150]["body"].startswith(f"{MARKER}\nsecond")
    assert "kaicalls-conformance: other" in fake.comments[151]["body"]


def test_the_comment_of_a_person_is_never_taken(fake: FakeGitHub, tmp_path: Path) -> None:
    """Who plants the marker could otherwise edit the report later."""
    fake.post(f"{MARKER}\nplanted", author="mallory", kind="User")
    published(fake, tmp_path, "report")
    assert fake.comments[0]["body"].endswith("planted")
    assert fake.comments[1]["body"].startswith(f"{MARKER}\nreport")


def test_a_comment_without_a_user_is_no_error(
    fake: FakeGitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """GitHub may send null for one whose account is gone; the job must not fail for it."""
    fake.post("old", author="ghost", kind="User")
    fake.comments[0]["user"] = None
    assert published(fake, tmp_path, "report") == 0
    assert [each["body"].partition("\n")[0] for each in fake.comments[1:]] == [MARKER]
    event = tmp_path / "push.json"
    event.write_text('{"pull_request": null}', encoding="utf-8")
    assert published(fake, tmp_path, "report", GITHUB_EVENT_PATH=str(event)) == 0


def test_a_long_report_still_becomes_a_comment(fake: FakeGitHub, tmp_path: Path) -> None:
    """GitHub refuses long ones entirely, so the end is cut off."""
    published(fake, tmp_path, "# Worst first\n" + "a line that is repeated\n" * 10_000)
    (only,) = fake.comments
    assert len(only["body"]) <= comment.LIMIT
    assert only["body"].startswith(f"{MARKER}\n# Worst first\n")
    assert "/example/calls/actions/runs/5" in only["body"]


@pytest.mark.parametrize(
    "other",
    [
        {"GITHUB_TOKEN": "wrong"},
        {"GITHUB_API_URL": "http://127.0.0.1:9"},
        {"CONFORMANCE_SUMMARY": "/nowhere"},
        {"CONFORMANCE_NAME": "a/b"},
        {"GITHUB_EVENT_PATH": "/nowhere"},
    ],
)
def test_a_comment_that_fails_is_a_warning(
    fake: FakeGitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str], other: dict[str, Any]
) -> None:
    """It never changes the exit code of the job."""
    assert published(fake, tmp_path, "report", **other) == 0
    assert capsys.readouterr().out.startswith("::warning::")
    assert fake.comments == []


def test_a_redirect_is_not_taken_for_comments(
    fake: FakeGitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its body is not a list of comments, and following it could take the token elsewhere."""
    fake.refuses = 301
    assert published(fake, tmp_path, "report") == 0
    assert "GitHub refused the comment with 301" in capsys.readouterr().out


def test_a_fork_gets_advice(
    fake: FakeGitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The token of its job may only read."""
    fake.refuses = 403
    assert published(fake, tmp_path, "report") == 0
    assert "pull-requests: write" in capsys.readouterr().out


def test_without_a_pull_request_there_is_no_comment(fake: FakeGitHub, tmp_path: Path) -> None:
    """A push or a schedule asks GitHub for nothing."""
    event = tmp_path / "push.json"
    event.write_text('{"ref": "refs/heads/main"}', encoding="utf-8")
    assert published(fake, tmp_path, "report", GITHUB_EVENT_PATH=str(event)) == 0
    assert fake.asked == []
