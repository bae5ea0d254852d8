"""What happens while Python upgrades: by a callback, and as an iterator over a thread."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest
from sqlalchemy import create_engine

from databases import Database
from heroes import MODELS, add_revision
from project import Project
from sqlmodel_migrations import Migrations, Outcome
from sqlmodel_migrations.errors import Interrupted, StepFailed, UsageError
from sqlmodel_migrations.events import (
    Event,
    MoveFinished,
    MoveStarted,
    RevisionFinished,
    RevisionStarted,
    StatementFinished,
    StatementStarted,
)

CREATE = (
    "op.create_table('hero', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('name', sa.String(50)))"
)
FILL = "INSERT INTO hero (name) VALUES ('Deadpond'), ('Rusty-Man')"
TICKS = "for _ in range(500):\n        op.execute('SELECT 1'); time.sleep(0.01)"


@pytest.fixture
def hero(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("DATABASE_URL", database.url)
    project.write({"models.py": MODELS})
    assert project.cli("init").code == 0
    add_revision(project, "a1", None, "add heroes", upgrade=CREATE)
    add_revision(project, "b2", "a1", "fill", upgrade=f'op.execute("{FILL}")')
    return project


on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_callback_is_told_what_happens(hero: Project) -> None:
    told: list[Event] = []
    Migrations.find().upgrade(on_event=told.append)
    assert kinds(told) == [
        MoveStarted(("a1", "b2"), "upgrade"),
        RevisionStarted("a1", "add heroes", 1, 2, "upgrade"),
        RevisionStarted("b2", "fill", 2, 2, "upgrade"),
    ]
    finished = [event for event in told if isinstance(event, RevisionFinished)]
    assert [(event.revision, event.number) for event in finished] == [("a1", 1), ("b2", 2)]
    statement = next(e for e in told if isinstance(e, StatementStarted) and e.revision == "b2")
    assert statement.statement == FILL
    rows = [e.rows for e in told if isinstance(e, StatementFinished) and e.revision == "b2"]
    assert rows == [2]
    last = told[-1]
    assert isinstance(last, MoveFinished)
    assert last.heads == ("b2",)


def kinds(told: list[Event]) -> list[Event]:
    return [event for event in told if isinstance(event, MoveStarted | RevisionStarted)]


@on_sqlite
def test_the_same_as_an_iterator(hero: Project) -> None:
    called: list[Event] = []
    outcomes: list[Outcome] = []

    def followed() -> Generator[Event, None, None]:
        outcomes.append((yield from Migrations.find().upgrading("a1", on_event=called.append)))

    told = list(followed())
    assert told == called
    assert isinstance(told[-1], MoveFinished)
    assert outcomes[0].after == ("a1",)
    assert list(Migrations.find().upgrading("a1")) == []


@on_sqlite
def test_a_failure_is_raised_where_the_events_are_read(hero: Project) -> None:
    add_revision(hero, "c3", "b2", "break", upgrade="op.execute('SELECT nonsense')")
    add_revision(hero, "d4", "c3", "never")
    told: list[Event] = []
    with pytest.raises(StepFailed) as raised:
        told.extend(Migrations.find().upgrading())
    assert raised.value.applied == ("a1", "b2")
    assert (raised.value.failed, raised.value.pending) == ("c3", ("d4",))
    assert kinds(told)[-1] == RevisionStarted("c3", "break", 3, 4, "upgrade")


@pytest.mark.parametrize("ended_by", ["close", "break"])
@on_sqlite
def test_whoever_reads_no_more_stops_it(hero: Project, database: Database, ended_by: str) -> None:
    add_revision(hero, "c3", "b2", "slow", upgrade=f"import time\n    {TICKS}")
    upgrading = Migrations.find().upgrading()
    for event in upgrading:
        if isinstance(event, StatementFinished) and event.revision == "c3":
            break
    if ended_by == "close":
        upgrading.close()
    del upgrading
    assert "migrations" not in [thread.name for thread in threading.enumerate()]
    assert database.query("SELECT version_num FROM alembic_version") == [("b2",)]


@on_sqlite
def test_a_failure_after_the_reader_left_is_not_kept_secret(hero: Project) -> None:
    add_revision(hero, "c3", "b2", "break", upgrade="import time; time.sleep(0.3); 1 / 0")
    upgrading = Migrations.find().upgrading()
    for event in upgrading:
        if isinstance(event, RevisionStarted) and event.revision == "c3":
            break
    with pytest.raises(StepFailed, match="ZeroDivisionError"):
        upgrading.close()


@on_sqlite
def test_a_connection_stays_in_its_thread(hero: Project, database: Database) -> None:
    engine = create_engine(database.url)
    with (
        engine.connect() as connection,
        pytest.raises(UsageError, match="cannot be used in another thread"),
    ):
        Migrations(bind=connection).upgrading()
    assert list(Migrations(bind=engine).upgrading())
    engine.dispose()


@on_sqlite
def test_a_callback_that_fails_ends_the_run(hero: Project, database: Database) -> None:
    def fail(event: Event) -> None:
        if isinstance(event, RevisionStarted) and event.revision == "b2":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Migrations.find().upgrade(on_event=fail)
    assert database.query("SELECT version_num FROM alembic_version") == [("a1",)]
    assert Migrations.find().upgrade().after == ("b2",)


@on_sqlite
def test_a_stop_of_the_callers_own(hero: Project, database: Database) -> None:
    migrations = Migrations.find()
    told: list[Event] = []

    def has_begun() -> bool:
        return any(isinstance(event, RevisionFinished) for event in told)

    with pytest.raises(Interrupted) as raised:
        migrations.upgrade(on_event=told.append, stop=has_begun)
    assert (raised.value.applied, raised.value.pending) == (("a1",), ("b2",))
    assert database.query("SELECT version_num FROM alembic_version") == [("a1",)]
