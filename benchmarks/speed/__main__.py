"""Measure what commands cost, beside plain Alembic.

    python benchmarks/speed --quick

Both tools take turns (A B, B A, …) on the same machine, projects and databases. The figure is the
time of the processor, or of the clock where a server or a disk does the work; the ratio is that of
the two in the same turn. Needs the packages of
requirements/dev.txt; a server that does not answer is passed over.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import cases
import measure
from cases import Case
from measure import Cost
from sqlalchemy.exc import OperationalError
from tools import ALEMBIC, OURS
from trial import Trial

TOOLS = (ALEMBIC, OURS)
HEAD = """| | alembic, s | ours, s | ratio | round trips | disk, MiB | memory, MiB |
|---|---|---|---|---|---|---|"""


def main() -> None:
    options = _options()
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for case in _chosen(options):
            try:
                print(_row(case, options.turns, Path(folder)), flush=True)
            except OperationalError as error:
                print(f"| {case.name} | no server: {str(error.orig).splitlines()[0]} | | | | | |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the cases that say most, in minutes")
    parser.add_argument("--only", default="", help="the cases whose name contains this")
    parser.add_argument("--turns", type=int, default=5, help="runs of each tool in a case")
    return parser.parse_args()


def _chosen(options: argparse.Namespace) -> Iterator[Case]:
    for case in cases.every():
        if options.only in case.name and (case.is_quick or not options.quick):
            yield case


def _row(case: Case, turns: int, folder: Path) -> str:
    costs = _costs(case, turns, folder)
    theirs, ours = (measure.medians(costs[tool.name]) for tool in TOOLS)
    ratio = measure.ratio(costs[OURS.name], costs[ALEMBIC.name], is_wall=case.is_waited_for)
    seconds = (cost.wall if case.is_waited_for else cost.cpu for cost in (theirs, ours))
    shown = " | ".join(f"{value:.3f}" for value in seconds)
    trips = f"{theirs.trips:.0f} / {ours.trips:.0f}" if case.kind != "sqlite" else ""
    disk = f"{theirs.disk:.0f} / {ours.disk:.0f}" if case.rows else ""
    memory = f"{theirs.memory:.0f} / {ours.memory:.0f}"
    return f"| {case.name} | {shown} | **{ratio:.2f}** | {trips} | {disk} | {memory} |"


def _costs(case: Case, turns: int, folder: Path) -> dict[str, list[Cost]]:
    """Run both tools in turns, after a run of each that fills the caches."""
    costs: dict[str, list[Cost]] = {tool.name: [] for tool in TOOLS}
    with tempfile.TemporaryDirectory(dir=folder) as place, ExitStack() as stack:
        trials = [Trial(case, tool, Path(place), stack) for tool in TOOLS]
        for trial in trials:
            trial.warm()
        for turn in range(turns):
            for trial in trials if turn % 2 else reversed(trials):
                costs[trial.tool.name].append(trial.run())
    return costs


if __name__ == "__main__":
    main()
