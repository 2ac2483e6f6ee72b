"""The command: a thin front over contract, target, session and reports.

What a command needs is imported inside it: importing everything takes seconds, in which the
embedded server can start, and which ``--help`` need not wait for.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.core import ParameterSource

from conformance import __version__, commands
from conformance.commands import load, with_spec
from conformance.errors import ConformanceError, Exit, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.embedded import Embedded
    from conformance.model import Contract, Effect, Run
    from conformance.target import Target


def main() -> NoReturn:
    """Entry point: every foreseen error is one message and a documented exit code."""
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # ends a run as Ctrl-C does, with its server and its reports
    try:
        status = group.main(standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(Exit.UNJUDGED)
    except ConformanceError as error:
        from conformance.report.text import clean

        click.echo(clean(str(error), lines=True), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.UNJUDGED)
    except OSError as error:
        click.echo(f"{error.filename or 'A file'}: {error.strerror}", err=True)
        sys.exit(Exit.USAGE)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kaicalls-conformance")
def group() -> None:
    """Judge whether a server keeps an API contract, clause by clause.

    Exit codes: 0 conforms, 1 a MUST is broken, 2 wrong usage, spec or target file, 3 could not judge.
    """


def _pointing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is under test, and what of it."""

    @with_spec
    @click.option(
        "--url",
        envvar="CONFORMANCE_URL",
        help="Address of the target, with the base path of the API.",
    )
    @click.option(
        "--key",
        envvar="CONFORMANCE_KEY",
        help="A key with every scope. Better given in the environment: CONFORMANCE_KEY.",
    )
    @click.option(
        "--target",
        "file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Target file; `init` writes one.",
    )
    @click.option("--seed", type=int, default=0, show_default=True, help="Seed of generated cases.")
    @click.option(
        "--depth",
        type=click.Choice(["quick", "full", "deep"]),
        default="full",
        show_default=True,
        help="How much to try: each MUST once, every case, or more of each.",
    )
    @click.option(
        "--area", "areas", multiple=True, help="Only the clauses of an area; may be repeated."
    )
    @click.option("--clause", "clauses", multiple=True, help="Only one clause; may be repeated.")
    @wraps(command)
    def pointed(*args: Any, **kwargs: Any) -> Any:
        source = click.get_current_context().get_parameter_source
        if kwargs[
            "file"
        ]:  # what the environment says does not replace what a file says; a flag does
            kwargs |= {
                name: None for name in ("url", "key") if source(name) is ParameterSource.ENVIRONMENT
            }
        return command(*args, **kwargs)

    return pointed


@contextmanager
def _embedded(
    url: str | None, key: str | None, file: Path | None, spec: Path | None
) -> Iterator[Embedded | None]:
    """The embedded server, starting, where no other target is meant."""
    if url or file:
        yield None
    elif key:
        raise UsageError("--key without --url or --target: say which server it belongs to")
    else:
        from conformance.embedded import starting

        with starting(spec) as server:
            yield server


def _target(
    contract: Contract, server: Embedded | None, url: str | None, key: str | None, file: Path | None
) -> Target:
    from conformance import target as targets

    if server:
        return targets.from_file(contract, server.target_file())
    return (
        targets.from_file(contract, file, url, key)
        if file
        else targets.from_flags(contract, url or "", key)
    )


@group.command()
@_pointing
@click.option("--yes", is_flag=True, help="Never ask before requests that write, spend or flood.")
@click.option("--require-complete", is_flag=True, help="Exit 3 if any cell is untested.")
@click.option(
    "--durations", is_flag=True, help="Print requests and seconds by clause, area and scenario."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports"),
    show_default=True,
    help="Directory of reports.",
)
def run(
    spec: Path | None,
    url: str | None,
    key: str | None,
    file: Path | None,
    seed: int,
    depth: str,
    areas: tuple[str, ...],
    clauses: tuple[str, ...],
    yes: bool,
    require_complete: bool,
    durations: bool,
    output: Path,
) -> int:
    """Run the suite: against the embedded server, or against --url and --key, or --target."""
    with _embedded(url, key, file, spec) as server:
        from conformance import preflight, runner
        from conformance.report.text import amount, clean
        from conformance.scenarios import Depth
        from conformance.selection import quick, select, wanted
        from conformance.session import Options, planned

        contract = load(spec)
        console = _console()
        target = _target(contract, server, url, key, file)
        preflight.want_key(target)
        plan = planned(contract, target.declaration, seed, Depth(depth))
        chosen = select(plan, contract, wanted(contract, areas, clauses))
        if depth == Depth.QUICK:
            chosen = quick(chosen, contract)
        if not chosen.runnable:
            gaps = "\n".join(dict.fromkeys(f"  {case.gap}" for case in chosen.cases))
            raise UsageError(
                f"Nothing to run: no selected case can run against this target.\n{gaps}"
            )
        if not server and not yes:
            _ask(chosen.requests())
        options = Options(
            seed, "" if server else str(time.time_ns()), require_complete, Depth(depth)
        )
        directory = _new_directory(output)
        selected = frozenset(case.id for case in chosen.cases) if chosen is not plan else None
        cases = amount(len(chosen.runnable), "case")
        console.print(
            f"{contract.title} {contract.version} against {clean(target.declaration.url)}: {cases}",
            markup=False,
        )
        finished = runner.run(contract, target, plan, options, directory, selected, console)
    if durations:
        from conformance.report import console as texts

        click.echo(texts.durations(finished))
    return _conclude(finished, selected, directory, console)


def _console() -> Console:
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


def _ask(requests: dict[Effect, int]) -> None:
    from conformance.model import Effect

    harmful = {
        effect: count for effect, count in requests.items() if effect is not Effect.READ and count
    }
    if harmful and sys.stdin.isatty():
        told = ", ".join(f"about {count} that {effect}" for effect, count in harmful.items())
        click.confirm(f"The plan holds requests that do more than read: {told}. Go on?", abort=True)


def _new_directory(output: Path) -> Path:
    """``output/<time>``, and ``output/latest`` pointing to it."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        directory = output / (stamp + suffix)
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            continue
        latest = output / "latest"
        if latest.is_symlink() or not latest.exists():
            latest.unlink(missing_ok=True)
            latest.symlink_to(directory.name)
        return directory
    raise UsageError(f"{output} has no free name for {stamp}")


def _conclude(
    finished: Run, selected: frozenset[str] | None, directory: Path, console: Console
) -> int:
    """Write the files, say where they are, and the summary with the counts last."""
    from conformance import remarks, runfile
    from conformance.judging.verdict import PREFLIGHT
    from conformance.report import console as texts
    from conformance.report import write_all
    from conformance.report.text import clean

    runfile.write(finished, selected, directory)
    write_all(finished, directory)
    for sentence in remarks.of(finished):
        click.echo(f"Note: {sentence}", err=True)
    if finished.incomplete and not any(
        exchange.scenario != PREFLIGHT for exchange in finished.exchanges
    ):
        click.echo(clean(finished.incomplete, lines=True), err=True)
        return finished.exit_code
    console.print(f"Report: {directory / 'report.html'}", markup=False)
    colour = console.is_terminal and not console.no_color
    width = console.width if console.is_terminal else 100
    click.echo(texts.summary(finished, width=width, colour=colour), color=colour)
    return finished.exit_code


@group.command()
@click.argument("directory", metavar="RUN", type=click.Path(path_type=Path, file_okay=False))
@with_spec
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports"),
    show_default=True,
    help="Directory of reports.",
)
def replay(directory: Path, spec: Path | None, output: Path) -> int:
    """Judge a stored run again, from its evidence log alone; same files and exit code."""
    from conformance import runfile

    console = _console()
    stored = runfile.replay(directory, load(spec))
    if stored.other_contract:
        click.echo(f"Note: {stored.other_contract}", err=True)
    again = _new_directory(output)
    for name in (runfile.LOG, runfile.PYTEST_PAGE):
        if (directory / name).exists():
            (again / name).write_bytes((directory / name).read_bytes())
    return _conclude(stored.run, stored.selected, again, console)


@group.command()
@_pointing
@click.option("--cases", is_flag=True, help="List every case.")
@click.option("--json", "as_json", is_flag=True, help="The cases and counts as JSON.")
def plan(
    spec: Path | None,
    url: str | None,
    key: str | None,
    file: Path | None,
    seed: int,
    depth: str,
    areas: tuple[str, ...],
    clauses: tuple[str, ...],
    cases: bool,
    as_json: bool,
) -> None:
    """Say what a run would do: tests, cells, requests and effects. Sends nothing to the target."""
    with _embedded(url, key, file, spec) as server:
        from conformance import explain
        from conformance.scenarios import Depth
        from conformance.selection import quick, select, wanted
        from conformance.session import planned

        contract = load(spec)
        target = _target(contract, server, url, key, file)
        whole = planned(contract, target.declaration, seed, Depth(depth))
        if depth == Depth.QUICK:
            whole = quick(whole, contract)
        named = wanted(contract, areas, clauses)
        if as_json:
            click.echo(json.dumps(explain.plan_as_json(select(whole, contract, named)), indent=1))
            return
        click.echo(explain.plan(contract, target.declaration, whole, named, cases))


for _command in (
    commands.explain_,
    commands.clauses_,
    commands.init,
    commands.serve,
    commands.selftest,
):
    group.add_command(_command)
