"""``run --spread``: spot checks that accompany a full run, with other keys and over hours."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from conformance.base.errors import ConformanceError, UsageError
from conformance.base.options import Choice, Depth
from conformance.command.commands import load
from conformance.command.concluding import conclude, terminal
from conformance.command.preparing import embedded, execute
from conformance.command.replay import RUN, full_run
from conformance.command.sametarget import require_same, require_same_server
from conformance.command.saying import say

if TYPE_CHECKING:
    from conformance.command.embedded import Embedded
    from conformance.model import Contract, Run
    from conformance.run.planning import Prepared
    from conformance.target import Target

DIRECTORY = "spot"
"""The directory for runs of spot checks, in that for reports."""
UNITS: Mapping[str, int] = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
"""The units of a duration, in seconds."""
LONGEST = 30 * UNITS["d"]
EXTRA = 600
"""Seconds that the requests themselves may take, beyond the time over which they are spread."""
SEEDS = 2**31
ALONE = "--spread cannot be used with {}: spot checks have a plan of their own."
ALLOWED = frozenset(
    "spread of spec url key key_file target seed budget yes details output".split()  # noqa: SIM905
)
"""The options that spot checks may have."""
QUICK = "Note: the full run was quick, so spot checks can be compared with few of its requests."
NEEDS = "Spot checks need a target file of their own, with the address of the run and other keys:"


class Duration(click.ParamType[float]):
    """A duration such as ``6h``, ``90m`` or ``30s``, in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The duration in seconds. Fails for any other text, and for a duration above LONGEST."""
        found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smhd])", str(value))
        seconds = float(found[1]) * UNITS[found[2]] if found else 0.0  # 0 is refused, too
        if not 0 < seconds <= LONGEST:
            self.fail(
                f"{value!r}: expected a duration above 0 and up to 30d, such as 6h, 90m or 30s",
                param,
                ctx,
            )
        return seconds


def with_spread(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for spot checks to a command.

    If they are used, spot checks are sent, and the command itself does not run.
    """

    @wraps(command)
    def chosen(choice: Choice, spread: float | None, of: Path | None, **given: Any) -> Any:
        if spread is None and of is None:
            return command(choice=choice, **given)
        if spread is None or of is None:
            raise UsageError("--spread DURATION and --of RUN belong together: use both or neither.")
        _require_allowed_options()
        common = {name: given[name] for name in ("yes", "details", "output")}
        return spot_checks(choice, spread, of, **common)

    decorated: Callable[..., Any] = click.option(
        "--of",
        type=RUN,
        help="The full run that the spot checks of --spread accompany; both are compared.",
    )(chosen)
    return click.option(
        "--spread",
        type=Duration(),
        help="Send a few spot checks with other keys over this time, such as 6h, at random times.",
    )(decorated)


def spot_checks(
    choice: Choice, spread: float, of: Path, *, yes: bool, details: bool, output: Path
) -> int:
    """Send spot checks over a time, and judge them together with the full run in ``of``.

    Returns the exit code: 1 also for a difference between both runs. Raises UsageError if something
    is missing.
    """
    from conformance.certify import watched
    from conformance.run.planning import target_of, with_key

    full = full_run(of, load(choice.spec))
    choice = replace(choice, edition=full.contract.edition)
    contract = load(choice.spec, edition=choice.edition)
    if full.depth == Depth.QUICK:
        say(QUICK, err=True)
    choice = _own_choice(choice, spread)
    with embedded(choice) as server:
        if server:
            choice = replace(choice, target=server.target_file())
        target = target_of(contract, with_key(choice))
        _require_fit(contract, full, target, choice, server)
        prepared = _prepared(contract, target, choice, spread, full)
        prepared = replace(prepared, embedded=server is not None)
        run, directory = execute(prepared, output / DIRECTORY, terminal(), yes=yes)
    run = replace(run, differences=tuple(watched.differences(full, run)))
    return conclude(run, None, directory, terminal(), details)


def _require_allowed_options() -> None:
    """Raise UsageError for options that spot checks cannot have."""
    context = click.get_current_context()
    given = []
    for option in context.command.params:
        source = context.get_parameter_source(str(option.name))
        if option.name not in ALLOWED and source is not ParameterSource.DEFAULT:
            given.append(option.opts[0])
    if given:
        raise UsageError(ALONE.format(", ".join(given)))


def _own_choice(choice: Choice, spread: float) -> Choice:
    """The choice for spot checks: few requests and, unless the user gave a seed, a random one.

    The run may take little longer than the ``spread``, in seconds.
    """
    from conformance.run.spots import MOST

    source = click.get_current_context().get_parameter_source("seed")
    seed = secrets.randbelow(SEEDS) if source is ParameterSource.DEFAULT else choice.seed
    return replace(
        choice,
        seed=seed,
        depth=Depth.QUICK,
        budget=choice.budget or MOST,
        workers=1,
        max_seconds=math.ceil(spread) + EXTRA,
    )


# --- what is needed -------------------------------------------------------------------------------


def _require_fit(
    contract: Contract, full: Run, target: Target, choice: Choice, server: Embedded | None
) -> None:
    """Raise UsageError, with everything that is missing, unless a target fits the full run."""
    if server and full.given.embedded:
        require_same_server(full, target.declaration)
        return
    lacking = list(_lacking(contract, full, target, choice, server))
    if lacking:
        raise UsageError("\n".join([NEEDS, *(f"  {each}" for each in lacking)]))


def _lacking(
    contract: Contract, full: Run, target: Target, choice: Choice, server: Embedded | None
) -> Iterator[str]:
    """What a target lacks to be used for the spot checks of a full run.

    The embedded server lacks everything, because the full run tested another target.
    """
    from conformance.report import view

    if server:
        yield f"--target FILE with the address {view.shown(full.target.url)}, and other keys"
        return
    try:
        require_same(full, target.declaration.url)
    except UsageError as error:
        yield str(error)
    if target.declaration.main_key is None:
        yield "a key with all scopes (`full` under keys:), or else a read-only key (`read_only`)"
    keys_of_full_run = _keys_of_full_run(contract, full, choice)
    reused = sorted(role for role, key in target.keys.items() if key in keys_of_full_run)
    if reused:
        yield f"other keys: {', '.join(reused)} must not be keys of the full run"


def _keys_of_full_run(contract: Contract, full: Run, choice: Choice) -> frozenset[str]:
    """The keys of a full run, from its target file, because the run itself stores none.

    If it had no such file, or that is gone or cannot be read, prints a note, and returns no keys.
    """
    from conformance.run.planning import target_of

    path = Path(full.given.target)
    if not full.given.target or not path.is_file():
        say(
            "Note: the suite cannot tell whether these keys differ from those of the full run.",
            err=True,
        )
        return frozenset()
    try:
        former = Choice(spec=choice.spec, target=path, url=full.target.url)
        return frozenset(target_of(contract, former).keys.values())
    except ConformanceError:
        say(f"Note: {path} cannot be read any more, so its keys cannot be compared.", err=True)
        return frozenset()


# --- sending --------------------------------------------------------------------------------------


def _prepared(
    contract: Contract, target: Target, choice: Choice, spread: float, full: Run
) -> Prepared:
    """The planned spot checks. Prints each reason why some of them cannot be made."""
    from conformance.model import Spread
    from conformance.reading import new_salt
    from conformance.run import spots
    from conformance.run.planning import Prepared

    target = replace(spots.as_plain_client(target), budget=choice.budget)
    fitted_contract, possible = spots.possible(contract, target.declaration, choice.seed)
    for gap in dict.fromkeys(case.gap for case in possible.cases if case.gap):
        say(f"Note: some spot checks are left out: {gap}", err=True)
    plans = spots.plans_for(contract, target.declaration, choice.seed, choice.budget)
    return Prepared(
        fitted_contract,
        target,
        choice,
        plans.plan,
        plans.chosen,
        salt=new_salt(),
        spread=Spread(spread, full.log_head),
    )
