"""``fleet``: plans, runs and collects the suite for many targets."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.base.errors import Exit, UsageError
from conformance.base.options import Depth
from conformance.command import extras
from conformance.command.choosing import with_spec
from conformance.command.commands import load
from conformance.command.saying import say
from conformance.command.signing_key import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.fleet.accepting import Trusted
    from conformance.fleet.cluster import Tls
    from conformance.fleet.collecting import Summary
    from conformance.fleet.plan import Fleet
    from conformance.fleet.unit import Result, Unit

FOLDER = click.Path(path_type=Path, file_okay=False)
"""A directory."""
PLAN = click.argument("path", metavar="PLAN", type=FILE)
"""The argument of a command that works with a plan."""
NAMED = 50
"""Problems that the terminal names. fleet.json of the collection has all of them."""

with_trust = click.option(
    "--trust", type=FILE, help="Whom to trust for certificates: an allowed_signers file."
)
with_shards = click.option(
    "--shards", type=click.IntRange(1, 256), help="Number of shards; one per ten targets if unset."
)


@click.group()
def fleet() -> None:
    """Run the suite against many targets, and collect the results in one place."""


@fleet.command(name="plan")
@click.argument("targets", metavar="TARGET_FILE...", nargs=-1, required=True, type=FILE)
@click.option(
    "--output", type=FILE, default=Path("fleet.json"), show_default=True, help="File of the plan."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all runs.")
@click.option(
    "--depth",
    type=click.Choice([depth.value for depth in Depth]),
    default=Depth.FULL.value,
    show_default=True,
    help="How thorough each run is.",
)
@click.option("--area", "areas", multiple=True, help="Test only an area; may be repeated.")
@click.option("--clause", "clauses", multiple=True, help="Test only a clause; may be repeated.")
@click.option("--profile", help="A profile that collected results are compared with.")
@click.option(
    "--timeout",
    type=click.IntRange(1, 604_800),
    default=3600,
    show_default=True,
    help="Seconds after which the run of a target is killed.",
)
@with_spec
def plan_(
    targets: tuple[Path, ...],
    output: Path,
    seed: int,
    depth: str,
    areas: tuple[str, ...],
    clauses: tuple[str, ...],
    profile: str | None,
    timeout: int,
    spec: Path | None,
) -> None:
    """Write fleet.json: the targets, and the suite, contract, seed, date and depth of all runs.

    The name of a target file, without its suffix, is the id of the target. Keys are not needed.
    """
    from conformance.base.text import amount
    from conformance.fleet import plan
    from conformance.plan import selection

    contract = load(spec)
    selection.wanted(contract, areas, clauses)
    pins = plan.new_pins(contract, datetime.now(UTC).date(), seed, depth)
    pins = replace(pins, areas=areas, clauses=clauses)
    made = plan.draw_up(contract, targets, output, pins, timeout=timeout, profile=profile)
    say(f"Wrote {output}: {amount(len(made.targets), 'target')}, plan {made.pins.plan[:12]}")


@fleet.command(name="run")
@PLAN
@click.option(
    "--output",
    type=FOLDER,
    default=Path("results"),
    show_default=True,
    help="Directory of the results, with a folder for each target.",
)
@click.option("--shard", help="Run only the targets of one shard, such as 2/5.")
@click.option(
    "--jobs", type=click.IntRange(1, 1000), help="Runs at a time; as many as cores if unset."
)
@click.option("--dask", metavar="ADDRESS", help="Run on a Dask cluster, such as tls://host:8786.")
@click.option("--tls-ca", type=FILE, help="Certificate of the authority of the cluster.")
@click.option("--tls-cert", type=FILE, help="Certificate of this client.")
@click.option("--tls-key", type=FILE, help="Private key of this client.")
@with_trust
@with_spec
def run_(
    path: Path,
    output: Path,
    shard: str | None,
    jobs: int | None,
    dask: str | None,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    trust: Path | None,
    spec: Path | None,
) -> int:
    """Run the suite against the targets of a plan, each in a process of its own.

    The runs are not judged here: `fleet collect` does that. Exit code 3 if a run hangs or dies.
    """
    from conformance.fleet import plan, shards, unit
    from conformance.run.shards import parse_shard

    planned = plan.read(path)
    plan.require_ours(planned, load(spec))
    number, of = parse_shard(shard) if shard else (1, 1)
    members = shards.members(planned, number, of)
    units = unit.units(planned, members, spec=spec, trust=trust)
    output.mkdir(parents=True, exist_ok=True)
    if dask:
        from conformance.fleet.cluster import Tls

        results = _on_cluster(units, output, dask, Tls(tls_ca, tls_cert, tls_key))
    else:
        from conformance.fleet import pool

        results = pool.run(units, output, jobs or os.cpu_count() or 1)
    return _say_results(results, len(members))


def _on_cluster(units: Iterator[Unit], output: Path, address: str, tls: Tls) -> Iterator[Result]:
    """The results of units on a Dask cluster. Raises UsageError without the extra."""
    extras.require("fleet")
    from conformance.fleet import cluster

    return cluster.run(units, output, address, tls)


def _say_results(results: Iterator[Result], total: int) -> int:
    """Print a line for each result as it arrives, then how many runs ended normally.

    Returns the exit code: 3 if one did not.
    """
    from conformance.base.text import clean
    from conformance.fleet.unit import State

    lost = 0
    for number, result in enumerate(results, 1):
        if result.state is not State.DONE:
            lost += 1
            ending = str(result.state)
        elif result.exit_code is not None:
            ending = f"exit code {result.exit_code}"
        else:  # a published run was not run here, so it has no exit code
            ending = result.origin
        words = f": {clean(result.words)}" if result.words else ""
        say(f"[{number}/{total}] {result.target}: {ending}{words}")
    say(f"{total - lost:,} of {total:,} runs ended normally.")
    return Exit.UNJUDGED if lost else Exit.CONFORMS


@fleet.command()
@PLAN
@click.argument("results", metavar="RESULTS...", nargs=-1, required=True, type=FOLDER)
@click.option(
    "--output",
    type=FOLDER,
    default=Path("collected"),
    show_default=True,
    help="Directory of the collection and its site, which is updated if it exists.",
)
@with_trust
@click.option("--revoked", type=FILE, help="Keys that are no longer trusted, one per line.")
@click.option("--stamp-roots", type=FILE, help="Certificates of authorities for time stamps.")
@with_spec
def collect(
    path: Path,
    results: tuple[Path, ...],
    output: Path,
    trust: Path | None,
    revoked: Path | None,
    stamp_roots: Path | None,
    spec: Path | None,
) -> int:
    """Verify results by replay, and publish them: reports, badges, JSON and a static site.

    A target without a result that counts keeps its last good one, with its date.
    Exit codes: 0 everything judged and nothing new, 1 a cause is new, 2 invalid usage, 3 something
    is missing, newly untested or could not be judged.
    """
    from conformance import fleet_site
    from conformance.fleet import collecting, plan

    contract = load(spec)
    planned = plan.read(path)
    plan.require_ours(planned, contract)
    trusted = _trusted(trust, revoked, stamp_roots) if trust else None
    summary = collecting.collect(planned, results, output, contract, trusted)
    fleet_site.build(output)
    say("\n".join(_lines(planned, summary)))
    say(f"  {output / 'index.html'}")
    return summary.exit_code


def _trusted(trust: Path, revoked: Path | None, stamp_roots: Path | None) -> Trusted:
    """Whom and what to trust, read from files. Raises UsageError without the extra."""
    extras.require("certify")
    from conformance.certify import stamps
    from conformance.certify.trust import Trust
    from conformance.fleet.accepting import Trusted

    roots = stamps.roots_in(stamp_roots) if stamp_roots else ()
    return Trusted(Trust.read(trust, revoked), roots)


def _lines(planned: Fleet, summary: Summary) -> Iterator[str]:
    """The result of a collection: changes, then problems, then how many targets are in each state.

    At most NAMED of each are listed, and the rest are counted.
    """
    from conformance.base.text import amount

    if not summary.changed:
        yield "Nothing has changed."
    yield from summary.changed[:NAMED]
    for problem in summary.problems[:NAMED]:
        yield f"{problem.target}: {problem.kind}: {problem.words}"
    hidden = max(0, len(summary.changed) - NAMED) + max(0, len(summary.problems) - NAMED)
    if hidden:
        yield f"and {hidden:,} more lines"
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(summary.states.items()))
    yield f"{amount(len(planned.targets), 'target')}: {states}"


@fleet.command()
@PLAN
@with_shards
def matrix(path: Path, shards: int | None) -> None:
    """Print the matrix of a GitHub job, with one shard for each job. At most 256 are possible."""
    import json

    from conformance.fleet import plan
    from conformance.fleet import shards as sharding

    planned = plan.read(path)
    say(json.dumps(sharding.matrix(planned, sharding.number_for(planned, shards))))


@fleet.command()
@PLAN
@click.option("--image", required=True, help="Container image of the suite.")
@click.option("--name", default="conformance", show_default=True, help="Name of the job.")
@click.option(
    "--config-map", default="fleet", show_default=True, help="ConfigMap with plan and target files."
)
@click.option(
    "--secret", default="fleet-keys", show_default=True, help="Secret with the variables of keys."
)
@click.option(
    "--claim", default="fleet-results", show_default=True, help="Volume claim for the results."
)
@click.option(
    "--parallel",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="Maximum number of pods at a time.",
)
@with_shards
def manifest(
    path: Path,
    image: str,
    name: str,
    config_map: str,
    secret: str,
    claim: str,
    parallel: int,
    shards: int | None,
) -> None:
    """Print a Kubernetes Indexed Job that runs a plan, with one pod for each shard."""
    from conformance.fleet import kubernetes, plan
    from conformance.fleet import shards as sharding

    planned = plan.read(path)
    cluster = kubernetes.Cluster(name, image, config_map, secret, claim, parallel)
    number = sharding.number_for(planned, shards)
    say(kubernetes.manifest(planned, number, cluster).rstrip("\n"))


@fleet.command(hidden=True)
@click.argument("order", type=FILE)
@click.argument("folder", type=FOLDER)
def accept(order: Path, folder: Path) -> None:
    """Fetch and verify the published run of a target. `fleet run` starts this by itself."""
    from conformance.certify import bundle
    from conformance.fleet import accepting, published, unit
    from conformance.fleet.verified import Expected, Unfit

    asked = unit.unit_in(order)
    spec = Path(asked.spec) if asked.spec else None
    expected = Expected(load(spec), asked.pins, Path(asked.path), published=True)
    trusted = _trusted(Path(asked.trust), None, None) if asked.trust else None
    try:
        published.fetch(asked.published or "", folder)
        accepting.accept(folder, expected, trusted)
    except (Unfit, bundle.Invalid) as error:
        raise UsageError(str(error)) from None
