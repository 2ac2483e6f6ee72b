"""Writes one comment on a pull request, and updates it in each later run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from conformance.base.errors import UsageError
from conformance.ci.cutting import cut
from conformance.ci.inputs import name_in
from conformance.command.saying import command_runner
from conformance.report import github

LIMIT = 60_000
"""Maximum bytes of a comment. GitHub refuses one of more than 65,536 characters."""
PAGES = 30
"""Maximum pages of comments that are searched for ours."""
PER_PAGE = 100
ODD = (OSError, LookupError, ValueError, TypeError, AttributeError)
"""What is raised for a missing file, or a member that is missing or null."""
TIMEOUT = 30
"""Seconds to wait for a response from GitHub."""


@dataclass(frozen=True)
class PullRequest:
    """A pull request with the address of its comments, and the token to write them."""

    repository: str
    number: int
    api: str
    token: str

    @property
    def comments(self) -> str:
        """The address of the comments in the API."""
        return f"{self.api}/repos/{self.repository}/issues/{self.number}/comments"

    def send(self, method: str, url: str, **arguments: Any) -> Any:
        """Send a request; returns the JSON of the response.

        Raises requests.RequestException if there is no response, if it is not a success, or if it
        is not JSON. A redirect is refused, too: it would take the token elsewhere.
        """
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        response = requests.request(
            method,
            url,
            headers=headers,
            auth=_bearer(self.token),
            timeout=TIMEOUT,
            allow_redirects=False,
            **arguments,
        )
        if not 200 <= response.status_code < 300:
            raise requests.HTTPError("GitHub refused the request", response=response)
        return response.json()


def publish(environment: Mapping[str, str]) -> int:
    """Write or update the comment; returns 0 whatever happens, because a comment is a courtesy."""
    try:
        pull_request = _pull_request(environment)
        if pull_request is None:
            return 0
        marker = f"<!-- kaicalls-conformance: {name_in(environment)} -->"
        body = {"body": f"{marker}\n{_text(environment, LIMIT - len(marker) - 1)}"}
        earlier = next(_own_comments(pull_request, marker), None)
        if earlier is None:
            pull_request.send("POST", pull_request.comments, json=body)
        else:
            repository = f"{pull_request.api}/repos/{pull_request.repository}"
            pull_request.send("PATCH", f"{repository}/issues/comments/{earlier}", json=body)
    except requests.HTTPError as error:
        _warn(f"GitHub refused the comment with {error.response.status_code}. {_ADVICE}")
    except (requests.RequestException, UsageError, *ODD) as error:
        _warn(f"No comment was written: {type(error).__name__}: {error}")
    return 0


_ADVICE = (
    "The job needs the permission `pull-requests: write`, which a pull request from a fork does "
    "not get."
)


def _warn(text: str) -> None:
    command_runner(github.warning(text))


def _bearer(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Authentication by a token. Credentials in a .netrc file would replace a plain header."""

    def authenticate(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return authenticate


def _pull_request(environment: Mapping[str, str]) -> PullRequest | None:
    """The pull request that the job runs for; None for anything else, or without a token."""
    event = environment.get("GITHUB_EVENT_PATH")
    token = environment.get("GITHUB_TOKEN")
    if not event or not token:
        return None
    number = (
        json.loads(Path(event).read_text(encoding="utf-8")).get("pull_request", {}).get("number")
    )
    if not isinstance(number, int):
        return None
    api = environment.get("GITHUB_API_URL", "https://api.github.com")
    return PullRequest(environment["GITHUB_REPOSITORY"], number, api, token)


def _own_comments(pull_request: PullRequest, marker: str) -> Iterator[int]:
    """Find the ids of comments that begin with the marker and were written by a bot.

    Anybody can write the marker. Whoever wrote a comment can edit it later, so a person's comment
    must never become the report.
    """
    for page in range(1, PAGES + 1):
        parameters = {"per_page": str(PER_PAGE), "page": str(page)}
        comments = pull_request.send("GET", pull_request.comments, params=parameters)
        for comment in comments:
            is_bot = (comment["user"] or {}).get("type") == "Bot"
            if is_bot and (comment["body"] or "").startswith(marker):
                yield comment["id"]
        if len(comments) < PER_PAGE:
            return


def _text(environment: Mapping[str, str], limit: int) -> str:
    """The comment without its marker: the summary, and a link to the job. At most ``limit`` bytes.

    Texts of the target are inert in a summary already.
    """
    job = "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"
    footer = f"\n[Job, report and evidence]({job.format_map(environment)})\n"
    summary = environment.get("CONFORMANCE_SUMMARY")
    if summary:
        text = Path(summary).read_text(encoding="utf-8")
    else:
        code = environment.get("CONFORMANCE_EXIT_CODE") or "none"
        text = f"# Could not be judged\n\nExit code: {code}. The log of the job says why.\n"
    return cut(text, limit - len(footer)) + footer
