"""Strike an upgrade down at every statement, and see that the next one finishes it."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice
from multiprocessing import util
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from databases import KINDS, Server, Spares, mariadb_server, postgresql_server
from faults import crowd, writer
from faults.harness import PLAIN, Harness, Point, Verdict
from project import OURS, CommandLine, Project, foreign_variables
from zygote import Zygote

SERVERS = {"postgresql": postgresql_server, "mariadb": mariadb_server}
TOGETHER = 20
LOCK_TIMEOUT = 1.0
# Of each kind of failure so many are shown.
SHOWN = 3


@contextmanager
def harness(
    kind: str, server: Server | None, program: tuple[str, ...], is_foreign: bool = False
) -> Iterator[Harness]:
    """A harness in a folder of its own, which is the current one."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-"))
        stack.enter_context(contextlib.chdir(folder))
        zygote = stack.enter_context(contextlib.closing(Zygote()))
        spares = server and Spares(server)
        if spares:
            stack.callback(spares.drop)
        made = Harness(CommandLine(zygote), kind, spares, program, is_foreign)
        made.write()
        yield made


_mine: Harness
_stack = ExitStack()


def _begin(kind: str, server: Server | None, program: tuple[str, ...], is_foreign: bool) -> None:
    """Make the harness of a worker; it is ended with the worker."""
    global _mine
    # What atexit knows is not called in a worker.
    util.Finalize(None, _stack.close, exitpriority=1)
    _mine = _stack.enter_context(harness(kind, server, program, is_foreign))


def _strike(point: Point) -> Verdict:
    return _mine.strike(point)


def kills(
    kind: str, server: Server | None, program: tuple[str, ...], asked: argparse.Namespace
) -> bool:
    """Strike at every point, or at a sample; true where nothing is lost or stuck."""
    with harness(kind, server, program, asked.foreign) as made:
        every = made.points()
    points = chosen(every, asked)
    started, found = time.monotonic(), Counter[str]()
    how = (kind, server, program, asked.foreign)
    with ProcessPoolExecutor(asked.jobs, None, _begin, how) as pool:
        for done, verdict in enumerate(pool.map(_strike, points), 1):
            found[verdict.outcome] += 1
            if verdict.outcome != "recovered" and found[verdict.outcome] <= SHOWN:
                show(verdict)
            if done % 100 == 0:
                print(f"  {done} of {len(points)}, {time.monotonic() - started:.0f} s", flush=True)
    stuck = f", {found['stuck']} stuck" if found["stuck"] else ""
    print(
        f"{kind}: {len(points)} kills, {found['recovered']} recovered{stuck}, {found['lost']} lost"
        f" ({len(every)} points, {time.monotonic() - started:.0f} s)",
        flush=True,
    )
    return not found["stuck"] + found["lost"]


def chosen(points: Sequence[Point], asked: argparse.Namespace) -> Sequence[Point]:
    """Return the points to strike at: all, or a sample of all, or of what is no SIGKILL."""
    drawn = random.Random(asked.seed)
    if asked.sample is not None:
        return drawn.sample(points, min(asked.sample, len(points)))
    if asked.others is None:
        return points
    kills = [point for point in points if point.is_around]
    others = [point for point in points if not point.is_around]
    return [*kills, *drawn.sample(others, min(asked.others, len(others)))]


def show(verdict: Verdict) -> None:
    said = verdict.second.stderr.strip().splitlines()[-6:]
    print(f"  {verdict.outcome}: {verdict.point}", *said, sep="\n      ", flush=True)


def crowds(
    kind: str, server: Server | None, program: tuple[str, ...], asked: argparse.Namespace
) -> bool:
    """Run many at once; true where each ended well."""
    is_good = True
    with harness(kind, server, program, asked.foreign) as made:
        for start in crowd.STARTS:
            ended = crowd.together(made, TOGETHER, start)
            said = "right" if ended.is_right else "WRONG"
            print(
                f"{kind}, {start}: {TOGETHER} at once, {len(ended.failed)} failed, the end {said}"
            )
            for output in islice(ended.failed, SHOWN):
                print("      ", output.strip().splitlines()[-1][:150])
            is_good &= ended.is_right and not ended.failed
    return is_good


def writes(kind: str, server: Server | None) -> bool:
    """Let a writer be at work; true where it never waited for longer than is promised."""
    is_good = True
    with harness(kind, server, OURS) as made, made.database() as database:
        os.environ["DATABASE_URL"] = database.url
        for script in Path("migrations/versions").glob("*.py"):
            script.unlink()
        Path("migrations/env.py").write_text(
            "from sqlmodel_migrations import environment\nenvironment.run()\n"
        )
        project = Project(Path.cwd(), made.cli)
        for one in writer.measure(project, database, LOCK_TIMEOUT):
            is_strong = kind in one.step.strong
            bound = LOCK_TIMEOUT + one.seconds
            print(
                f"{kind}, {one.step.what}: {one.seconds:.2f} s, the writer waited"
                f" {one.waited:.2f} s at most{' (it is kept out)' if is_strong else ''}"
            )
            is_good &= one.waited <= bound
    return is_good


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--database", choices=KINDS, action="append")
    parser.add_argument("--plain", action="store_true", help="plain alembic instead of our command")
    parser.add_argument(
        "--foreign", action="store_true", help="an env.py of Alembic's template, instead of ours"
    )
    parser.add_argument("--sample", type=int, help="so many points instead of all")
    parser.add_argument(
        "--others",
        type=int,
        help="SIGKILL before and after every statement, and so many of the other faults",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    for name in foreign_variables():
        del os.environ[name]
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    program = PLAIN if asked.plain else OURS
    is_good = True
    for kind in asked.database or KINDS:
        with SERVERS[kind]() if kind in SERVERS else contextlib.nullcontext() as server:
            is_good &= kills(kind, server, program, asked)
            is_good &= crowds(kind, server, program, asked)
            is_good &= asked.plain or asked.foreign or writes(kind, server)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
