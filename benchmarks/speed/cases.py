"""The cases: a task on a project with a database, and what is put right before each run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from projects import Shape


class Case(NamedTuple):
    """One row of the table: `task` on a project of `shape` whose database is at head.

    `is_cold` takes all caches away before each run, and forbids to write any.
    """

    name: str
    task: str
    shape: Shape = Shape(10)
    kind: str = "sqlite"
    is_cold: bool = False
    is_quick: bool = True

    @property
    def environment(self) -> Mapping[str, str]:
        return {"PYTHONDONTWRITEBYTECODE": "1"} if self.is_cold else {}

    @property
    def before(self) -> Callable[[Path], None]:
        return _without_caches if self.is_cold else lambda project: None


def _without_caches(project: Path) -> None:
    for path in [*project.rglob("__pycache__")]:
        shutil.rmtree(path)


def every() -> Iterator[Case]:
    """List the cases, from nothing to read to much."""
    yield Case("`--help`", "help")
    yield Case("`--version`", "version")
    for size in (10, 100, 1000, 5000):
        for task in ("upgrade", "current", "heads", "history"):
            # Plain Alembic needs a minute for `current` at 5,000: quadratic.
            is_quick = size in (10, 1000) and task in ("upgrade", "history")
            yield Case(f"`{task}`, {size:,} revisions", task, Shape(size), is_quick=is_quick)
    yield Case("`upgrade`, 1,000 revisions, heavy models", "upgrade", Shape(1000, is_heavy=True))
    for kind in ("postgresql", "mariadb"):
        yield Case(f"`upgrade`, 1,000 revisions, {kind}", "upgrade", Shape(1000), kind)
    for task in ("upgrade", "heads", "history"):
        name = f"`{task}`, 1,000 revisions, 300 merges"
        yield Case(name, task, Shape(1000, merges=300), is_quick=task == "upgrade")
    for size in (1000, 5000):
        for task in ("upgrade", "history"):
            name = f"`{task}`, {size:,} revisions, nothing cached, nothing written"
            yield Case(name, task, Shape(size), is_cold=True, is_quick=False)
