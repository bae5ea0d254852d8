"""The cases: a task on a project with a database, and what is put right before each run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from projects import CHANGES, Shape

SERVERS = ("postgresql", "mariadb")
NETWORK = 0.02
"""Seconds that a round trip takes through the slow network."""


class Case(NamedTuple):
    """One row of the table: `task` on a project of `shape`, on a database that is `at`.

    At: "head", "base" (empty before each run), "models" (their tables, no revision) or "rows" (a
    table with `rows` of them, one revision before head). `is_cold` takes all caches away before
    each run, and forbids to write any; `is_forgetful` takes away what is kept of a shadow.
    `is_waited_for` compares what the clock says, not what
    the processor did. `delay` is what each round trip takes longer, in seconds.
    """

    name: str
    task: str
    shape: Shape = Shape(10)
    kind: str = "sqlite"
    at: str = "head"
    rows: int = 0
    is_cold: bool = False
    is_waited_for: bool = False
    delay: float = 0.0
    is_forgetful: bool = False
    is_quick: bool = True


def every() -> Iterator[Case]:
    """List the cases: nothing to do, then all to do, then much to compare, then many rows."""
    yield Case("`--help`", "help")
    yield Case("`--version`", "version")
    yield from _nothing_to_do()
    yield from _all_to_do()
    yield from _comparisons()
    yield from _replays()
    yield from _many_rows()


def _nothing_to_do() -> Iterator[Case]:
    for size in (10, 100, 1000, 5000):
        for task in ("upgrade", "current", "heads", "history"):
            # Plain Alembic needs a minute for `current` at 5,000: quadratic.
            is_quick = size in (10, 1000) and task in ("upgrade", "history")
            yield Case(f"`{task}`, {size:,} revisions", task, Shape(size), is_quick=is_quick)
    yield Case("`upgrade`, 1,000 revisions, heavy models", "upgrade", Shape(1000, is_heavy=True))
    for kind in SERVERS:
        yield Case(f"`upgrade`, 1,000 revisions, {kind}", "upgrade", Shape(1000), kind)
    for task in ("upgrade", "heads", "history"):
        name = f"`{task}`, 1,000 revisions, 300 merges"
        yield Case(name, task, Shape(1000, merges=300), is_quick=task == "upgrade")
    for size in (1000, 5000):
        for task in ("upgrade", "history"):
            name = f"`{task}`, {size:,} revisions, nothing cached, nothing written"
            yield Case(name, task, Shape(size), is_cold=True, is_quick=False)


def _all_to_do() -> Iterator[Case]:
    sizes_of = (("sqlite", (100,)), ("postgresql", (100, 1000, 5000)), ("mariadb", (100,)))
    for kind, sizes in sizes_of:
        for size in sizes:
            for task in ("upgrade", "upgrade together"):
                if kind == "mariadb" and task != "upgrade":
                    continue  # its DDL commits
                name = f"base → head, {size:,} revisions, {kind}"
                name += ", `--transaction all`" * (task != "upgrade")
                yield Case(
                    name, task, Shape(size), kind, "base", is_waited_for=True, is_quick=size == 100
                )


def _comparisons() -> Iterator[Case]:
    for kind in ("sqlite", *SERVERS):
        for tables in (100, 300, 1000):
            shape = Shape(0, tables=tables)
            name = f"`check --from-database`, {tables:,} tables, {kind}"
            yield Case(name, "compare", shape, kind, "models", is_quick=tables == 100)
    for kind in SERVERS:
        name = f"`check --from-database`, 100 tables, {kind}, 20 ms network"
        shape = Shape(0, tables=100)
        yield Case(
            name,
            "compare",
            shape,
            kind,
            "models",
            is_waited_for=True,
            delay=NETWORK,
            is_quick=False,
        )


def _replays() -> Iterator[Case]:
    """What `check` pays for its shadow, beside an `upgrade` of an empty database."""
    for kind in ("sqlite", *SERVERS):
        for size in (100, 1000):
            shape = Shape(size, is_sound=True)
            name = f"`check`, {size:,} revisions replayed, {kind}"
            is_quick = kind == "postgresql" and size == 100
            yield Case(name, "replay", shape, kind, "base", is_forgetful=True, is_quick=is_quick)
    for size in (10, 100, 1000):
        name = f"`check`, {size:,} revisions kept, sqlite"
        yield Case(name, "replay", Shape(size, is_sound=True), at="base", is_quick=size == 1000)


def _many_rows() -> Iterator[Case]:
    for rows in (100_000, 1_000_000):
        for change in CHANGES:
            name = f"`{change}`, {rows:,} rows, sqlite"
            shape = Shape(0, change=change)
            yield Case(
                name,
                "upgrade",
                shape,
                at="rows",
                rows=rows,
                is_quick=rows == 100_000,
            )
