"""A writer that changes rows all the time while the database is migrated: how long it waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from databases import Database
from heroes import add_revision
from project import Project
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.events import Event, RevisionFinished, RevisionStarted

# Seconds between two changes.
_PAUSE = 0.002

_ROWS = 200_000
_DIGITS = " UNION ALL ".join(f"SELECT {digit}" for digit in range(10))
_PLACES = ("a", "b", "c", "d", "e", "f")
_NUMBER = " + ".join(f"{place}.n * {10**power}" for power, place in enumerate(_PLACES))
_FROM = ", ".join(f"d {place}" for place in _PLACES)
BUSY = (
    "CREATE TABLE busy (id INTEGER PRIMARY KEY, number INTEGER, name VARCHAR(40))",
    f"INSERT INTO busy WITH d (n) AS ({_DIGITS})"
    f" SELECT 1 + {_NUMBER}, 0, 'hero' FROM {_FROM} WHERE {_NUMBER} < {_ROWS}",
)
CHANGE = "UPDATE busy SET number = number + 1 WHERE id = 1"

_ALL = frozenset(("sqlite", "postgresql", "mariadb"))


@dataclass(frozen=True)
class Step:
    """One revision; where it is `strong`, writers wait until it ends."""

    what: str
    upgrade: str
    strong: frozenset[str]
    kinds: frozenset[str] = _ALL


STEPS = (
    Step(
        "a column more",
        "op.add_column('busy', sa.Column('age', sa.Integer))",
        frozenset(("sqlite",)),
    ),
    Step(
        "an index",
        "op.create_index('ix_number', 'busy', ['number'])",
        frozenset(("sqlite", "postgresql")),
    ),
    Step(
        "an index, CONCURRENTLY",
        "with op.get_context().autocommit_block():\n"
        "        op.create_index('ix_name', 'busy', ['name'], postgresql_concurrently=True)",
        frozenset(),
        frozenset(("postgresql",)),
    ),
    Step(
        "a backfill, 5,000 rows at a time",
        "with op.get_context().autocommit_block():\n"
        f"        for first in range(1, {_ROWS}, 5000):\n"
        "            op.execute(f\"UPDATE busy SET name = 'x'"
        ' WHERE id BETWEEN {first} AND {first + 4999}")',
        frozenset(),
    ),
    Step(
        "another type",
        "with op.batch_alter_table('busy') as busy:\n"
        "        busy.alter_column('number', existing_type=sa.Integer, type_=sa.BigInteger)",
        _ALL,
    ),
)


@dataclass
class Writer:
    """Changes a row again and again; `waits` are (when it began, for how long), in seconds."""

    database: Database
    waits: list[tuple[float, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def longest(self, since: float = 0.0, until: float = float("inf")) -> float:
        """Return the longest wait that fell between two readings of `time.monotonic`."""
        return max(
            (waited for begun, waited in self.waits if begun + waited >= since and begun <= until),
            default=0.0,
        )

    def run(self) -> None:
        with closing(self.database.connect()) as connection:
            while not self._stop.is_set():
                begun = time.monotonic()
                self._change(connection)
                self.waits.append((begun, time.monotonic() - begun))
                time.sleep(_PAUSE)

    def _change(self, connection: Any) -> None:
        try:
            connection.cursor().execute(CHANGE)
            connection.commit()
        except Exception as error:
            self.errors.append(str(error))
            connection.rollback()

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def writing(database: Database) -> Iterator[Writer]:
    """Let a writer be at work while the context is open."""
    writer = Writer(database)
    thread = threading.Thread(target=writer.run)
    thread.start()
    try:
        yield writer
    finally:
        writer.stop()
        thread.join()


@dataclass(frozen=True)
class Measured:
    """How long a revision took, and the longest that the writer waited meanwhile, in seconds."""

    step: Step
    seconds: float
    waited: float


def measure(project: Project, database: Database, lock_timeout: float) -> list[Measured]:
    """Run `STEPS` while a writer is at work; the project has none of them yet."""
    steps = [step for step in STEPS if database.kind in step.kinds]
    for number, step in enumerate(steps):
        down = f"s{number - 1}" if number else None
        add_revision(project, f"s{number}", down, step.what, upgrade=step.upgrade)
    database.run(*BUSY)
    began: dict[str, float] = {}
    ended: dict[str, float] = {}

    def tell(event: Event) -> None:
        # A revision that is tried again begins several times.
        if isinstance(event, RevisionStarted):
            began.setdefault(event.revision, time.monotonic())
        elif isinstance(event, RevisionFinished):
            ended[event.revision] = time.monotonic()

    with writing(database) as writer:
        Migrations().upgrade(lock_timeout=lock_timeout, on_event=tell)
    assert not writer.errors, writer.errors
    return [
        Measured(step, ended[id] - began[id], writer.longest(began[id], ended[id]))
        for id, step in zip(began, steps, strict=True)
    ]
