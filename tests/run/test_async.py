"""The same guarantees on async drivers: our env.py with their URLs, an engine of the caller's."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import closing

import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from databases import Database
from heroes import add_revision
from project import Project
from refusal import refused, tables, version
from run.others import locked
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.errors import LockNotHad
from sqlmodel_migrations.events import Event, Retrying

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "mariadb": "mysql+asyncmy",
}
CREATE = "op.create_table({!r}, sa.Column('id', sa.Integer, primary_key=True))"
ALTER = "op.add_column('hero', sa.Column('age', sa.Integer))"
HOLD = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "LOCK TABLE hero",
    "mariadb": "SELECT * FROM hero",
}


@pytest.fixture
def url(placed: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database's URL with an async driver, which is env.py's as well."""
    found = str(make_url(database.url).set(drivername=DRIVERS[database.kind]))
    monkeypatch.setenv("DATABASE_URL", found)
    return found


def write_history(project: Project) -> None:
    add_revision(project, "r1", None, "heroes", upgrade=CREATE.format("hero"))
    add_revision(project, "r2", "r1", "age", upgrade=ALTER)


def test_several_runners_at_once(placed: Project, database: Database, url: str) -> None:
    write_history(placed)
    for ended in placed.cli.together(3, "upgrade"):
        assert ended.code == 0, ended.output
    assert version(database) == ["r2"]


def test_a_failing_revision_leaves_nothing(placed: Project, database: Database, url: str) -> None:
    write_history(placed)
    fail = CREATE.format("team") + "; raise ValueError('no')"
    add_revision(placed, "r3", "r2", "fail", upgrade=fail)
    said = refused(placed.cli("upgrade"), 5)
    assert "applied before it: r1, r2" in said.details
    assert version(database) == ["r2"]
    assert ("team" in tables(database)) == (database.kind == "mariadb")


def test_giving_up_says_for_whom(placed: Project, database: Database, url: str) -> None:
    write_history(placed)
    assert placed.cli("upgrade", "r1").code == 0
    with closing(database.connect()) as other:
        other.cursor().execute(HOLD[database.kind])
        ran = placed.cli("upgrade", "--lock-timeout", "900ms", "--lock-retries", "0")
    said = refused(ran, 4)
    assert "not applied: r2" in said.details
    blocked = [line for line in said.details if line.startswith("blocked by pid ")]
    assert len(blocked) == (0 if database.kind == "sqlite" else 1)


def test_an_event_loop_goes_on_while_we_wait(placed: Project, database: Database, url: str) -> None:
    write_history(placed)
    Migrations().upgrade("r1")
    events: list[Event] = []
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    async def run() -> None:
        engine = create_async_engine(url)
        ticking = asyncio.create_task(tick())
        with closing(database.connect()) as other:
            other.cursor().execute(HOLD[database.kind])

            def tell(event: Event) -> None:
                events.append(event)
                if isinstance(event, Retrying) and event.attempt == 2:
                    other.commit()

            await Migrations().aupgrade(engine=engine, lock_timeout=0.1, on_event=tell)
        ticking.cancel()
        await engine.dispose()

    asyncio.run(run())
    assert [event.attempt for event in events if isinstance(event, Retrying)] == [1, 2]
    assert max(after - before for before, after in itertools.pairwise(ticks)) < 1
    assert version(database) == ["r2"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_lock_between_an_engine_and_a_command(
    placed: Project, database: Database, url: str
) -> None:
    add_revision(placed, "r1", None, "slow", upgrade=CREATE.format("hero"))

    async def run() -> None:
        engine = create_async_engine(url)
        with pytest.raises(LockNotHad):
            await Migrations().aupgrade(engine=engine, migration_lock_timeout=0.1)
        await engine.dispose()

    with locked(database):
        asyncio.run(run())
