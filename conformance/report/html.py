"""report.html: the page that people read. One file that needs neither a network nor its script.

Everything printed passes through ``clean`` and then Jinja's escaping, so nothing that a target sent
can run code or disguise itself. As a second barrier, the content security policy allows only our
script, by its hash. The script only copies and searches. The page shows only the exchanges that
findings refer to.
"""

from __future__ import annotations

import base64
import hashlib
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.base import files
from conformance.base.text import amount, clean
from conformance.model import (
    IDENTITIES,
    SCOPE,
    Run,
    mildest_first,
)
from conformance.report import (
    alike,
    areas,
    cards,
    excluded,
    first_step,
    matrix,
    profiles,
    provide,
    rerun,
    since,
    times,
    untested,
    view,
    waivers,
    watched,
)
from conformance.report.exhibit import exhibits

BESIDE = (".md", ".svg", ".xml", ".json", ".txt")
"""The page lists the other files of a run that have one of these suffixes."""
NONE: Mapping[str, int] = {}


@dataclass(frozen=True)
class Inline:
    """A script or style of a page, and its source expression for the content security policy."""

    text: Markup
    source: Markup


def write(run: Run, path: Path) -> None:
    """Write report.html, which lists the other files in its directory."""
    sizes = _sizes(files.final_directory(path))
    path.write_text(render(run, sizes), encoding="utf-8", newline="\n")


def _sizes(directory: Path) -> dict[str, int]:
    """The sizes in bytes of the other files of a run in a directory, by name."""
    sizes = {}
    for path in sorted(directory.iterdir()):
        status = path.lstat()
        if path.suffix in BESIDE and stat.S_ISREG(status.st_mode):
            sizes[path.name] = status.st_size
    return sizes


def render(run: Run, sizes: Mapping[str, int] = NONE) -> str:
    """The page as one self-contained document. ``sizes`` are the bytes of other files, by name."""
    shown = cards.with_steps(run, cards.cards(run))
    causes = run.causes[: cards.MOST]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            view=view,
            signs=view.SIGNS,
            headline=view.headline(run),
            stopped=bool(run.incomplete) and not run.judged,
            last=exhibits(run, list(run.exchange)[-1:]),
            shown=shown,
            watched=watched,
            pairs=watched.pairs(run),
            **_first_step(run, shown),
            groups=first_step.by_harm(shown),
            beyond=len(run.causes) - len(causes),
            reach=cards.reach,
            rerun=lambda what: rerun.command(run, what),
            commands=rerun,
            **_since(run),
            errors=alike.errors(run),
            untested=untested,
            missing=alike.missing(run),
            provide=provide.lines(run),
            areas=areas.areas(run, causes),
            matrix=matrix.matrix(run, causes),
            notes=alike.notes(run),
            **_exceptions(run),
            latencies=times.latencies(run),
            scenarios=times.requests_by_scenario(run),
            target=_target(run),
            profiles=profiles.standings(run),
            sizes=sizes,
            script=inline(template_text("conformance.report", "report.js")),
        )
    )


# --- the template ---------------------------------------------------------------------------------


def template_text(package: str, name: str) -> str:
    """The text of a file among the templates of a package."""
    return resources.files(package).joinpath("templates", name).read_text("utf-8")


def inline(text: str) -> Inline:
    """Our own script or style, exactly as it appears between its tags."""
    digest = hashlib.sha256(text.encode()).digest()
    source = f"sha256-{base64.b64encode(digest).decode()}"
    return Inline(Markup(text), Markup(source))  # noqa: S704 - ours


@cache
def _environment() -> Environment:
    environment = environment_of("conformance.report", lines=True)
    environment.filters.update(shown=view.shown, operation=view.operation_name)
    return environment


def environment_of(package: str, *, lines: bool) -> Environment:
    """The templates of a package. What they print is made inert, and then escaped by Jinja.

    With ``lines``, line ends and tabs stay as they are.
    """

    def inert(value: Any) -> Any:
        if isinstance(value, str) and not isinstance(value, Markup):
            return clean(value, lines=lines)
        return value

    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=inert,
    )
    environment.filters.update(moment=moment, number=lambda value: f"{value:,}")
    environment.globals.update(amount=amount)
    return environment


def moment(text: str) -> str:
    """An ISO 8601 timestamp in readable form, to the second. Of zones, only UTC is shown."""
    day, _, time = text.partition("T")
    zone = " UTC" if time.endswith(("Z", "+00:00")) else ""
    return f"{day} {time[:8]}{zone}".strip()


# --- its parts ------------------------------------------------------------------------------------


def _first_step(run: Run, shown: Sequence[cards.Card]) -> dict[str, Any]:
    """The causes, their worst harm and where to start, or the next step if no harm was found."""
    return {
        "overview": first_step.overview(run, shown),
        "start": first_step.start(run, shown),
        "next_step": untested.next_step(run),
    }


def _since(run: Run) -> dict[str, Any]:
    """What changed since the last run, how many changes of each kind are listed, and the trend."""
    return {"since": since.since(run), "most_changes": since.SHOWN, "trend": since.trend(run)}


def _exceptions(run: Run) -> dict[str, Any]:
    """The waivers without effect, entries for new ones, and what challenges exclude."""
    return {
        "idle": waivers.idle(run),
        "entries": waivers.entries(run),
        "excluded": excluded.excluded(run),
    }


def _target(run: Run) -> list[tuple[str, str]]:
    """The declarations that affect verdicts, as labels and values."""
    target = run.target
    return [
        ("Client", IDENTITIES[target.identity]),
        ("Allowed effects", _listed(mildest_first(target.allow))),
        ("Keys given", _listed(_keys(target.keys))),
        ("Declared inapplicable", _listed(target.lacking)),
    ]


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words) or "none"


def _keys(roles: Collection[str]) -> list[str]:
    """The roles that have a key, and at the end the number of single-scope keys."""
    named = sorted(role for role in roles if not role.startswith(SCOPE))
    scoped = len(roles) - len(named)
    if scoped:
        named.append(f"{amount(scoped, 'single-scope key')}")
    return named
