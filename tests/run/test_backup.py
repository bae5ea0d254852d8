"""The copy of an SQLite file: made whole or not at all, put back where nobody wrote since."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from databases import Database
from sqlmodel_migrations.errors import DatabaseError, Interrupted, StepFailed, UsageError
from sqlmodel_migrations.events import BackupMade, BackupRestored, Emit, Event, ignore
from sqlmodel_migrations.run import backup
from sqlmodel_migrations.run.execution import Execution

HEROES = ("CREATE TABLE hero (name TEXT)", "INSERT INTO hero VALUES ('Deadpond')")


@pytest.fixture
def connection(sqlite: Database) -> Iterator[Connection]:
    sqlite.run(*HEROES)
    engine = create_engine(sqlite.url)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def copies(database: Database) -> list[Path]:
    """Everything beside the database's file."""
    file = Path(database.name)
    return sorted(path for path in file.parent.iterdir() if path != file)


def names(path: Path | str) -> list[str]:
    with closing(sqlite3.connect(path)) as opened:
        return [row[0] for row in opened.execute("SELECT name FROM hero ORDER BY name")]


def commit(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.commit()


def test_the_copy_stays_and_is_what_was_there(connection: Connection, sqlite: Database) -> None:
    told: list[Event] = []
    with backup.kept(connection, Execution(emit=told.append)) as copy:
        commit(connection, "DROP TABLE hero")
    assert copies(sqlite) == [copy]
    assert copy.name.startswith("database.db.2")
    assert copy.name.endswith("Z.backup")
    assert names(copy) == ["Deadpond"]
    assert sqlite.query("SELECT name FROM sqlite_master") == []
    assert told == [BackupMade(str(copy))]


def fail(
    connection: Connection,
    *statements: str,
    error: BaseException | None = None,
    tell: Emit = ignore,
    meanwhile: Callable[[], object] = lambda: None,
) -> BaseException:
    """Commit statements, begin another change, and raise; returns what is raised then."""
    error = error or StepFailed("x", failed="cc03", applied=("aa01",), pending=("dd04",))
    try:
        with backup.kept(connection, Execution(emit=tell, lock_timeout=0.2)):
            commit(connection, *statements)
            connection.exec_driver_sql("CREATE TABLE half (name TEXT)")
            meanwhile()
            raise error
    except BaseException as raised:
        return raised


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_failure_puts_it_back(connection: Connection, sqlite: Database, journal: str) -> None:
    sqlite.run(f"PRAGMA journal_mode = {journal}")
    told: list[Event] = []
    with closing(sqlite.connect()) as reader:
        cursor = reader.cursor()
        error = fail(
            connection, "CREATE TABLE team (name TEXT)", "DROP TABLE hero", tell=told.append
        )
        cursor.execute("SELECT name FROM hero")
        assert cursor.fetchall() == [("Deadpond",)]
    assert sqlite.query("SELECT name FROM sqlite_master") == [("hero",)]
    assert sqlite.query("PRAGMA integrity_check") == [("ok",)]
    assert isinstance(error, StepFailed)
    assert (error.applied, error.pending) == ((), ("aa01", "dd04"))
    (copy,) = (path for path in copies(sqlite) if path.suffix == ".backup")
    assert error.details == (f"'{copy}' was put back: the database is as it was before",)
    assert told == [BackupMade(str(copy)), BackupRestored(str(copy))]


def test_rows_that_another_program_wrote_since_are_kept(
    connection: Connection, sqlite: Database
) -> None:
    def write() -> None:
        sqlite.run("INSERT INTO hero VALUES ('Spider-Boy')")

    error = fail(connection, "CREATE TABLE team (name TEXT)", meanwhile=write)
    assert names(sqlite.name) == ["Deadpond", "Spider-Boy"]
    assert isinstance(error, StepFailed)
    assert error.applied == ("aa01",)
    (copy,) = copies(sqlite)
    assert error.details == (f"'{copy}' was not put back: another program has written since",)


def test_why_it_failed_is_said_where_it_cannot_be_put_back(
    connection: Connection, sqlite: Database
) -> None:
    with closing(sqlite.connect()) as reader:
        cursor = reader.cursor()
        error = fail(
            connection,
            "CREATE TABLE team (name TEXT)",
            meanwhile=lambda: cursor.execute("SELECT 1 UNION SELECT 2 FROM hero"),
        )
    assert isinstance(error, StepFailed)
    assert error.applied == ("aa01",)
    (copy,) = (path for path in copies(sqlite) if path.suffix == ".backup")
    assert error.details[-1].startswith(
        f"'{sqlite.name}' is not as before: the copy '{copy}' could not be put back: the database"
    )


def test_an_error_that_nobody_expected(connection: Connection, sqlite: Database) -> None:
    error = fail(connection, "DROP TABLE hero", error=ZeroDivisionError())
    assert isinstance(error, ZeroDivisionError)
    assert "was put back" in error.__notes__[0]
    assert names(sqlite.name) == ["Deadpond"]


@pytest.mark.parametrize("error", [Interrupted("stop"), KeyboardInterrupt()])
def test_what_was_applied_stays_where_somebody_stopped(
    connection: Connection, sqlite: Database, error: BaseException
) -> None:
    assert fail(connection, "INSERT INTO hero VALUES ('Spider-Boy')", error=error) is error
    (copy,) = (path for path in copies(sqlite) if path.suffix == ".backup")
    if isinstance(error, Interrupted):
        assert error.details == (f"the copy from before is kept: '{copy}'",)
    connection.rollback()
    assert names(sqlite.name) == ["Deadpond", "Spider-Boy"]


def test_none_is_written_over_another(connection: Connection, sqlite: Database) -> None:
    file = Path(sqlite.name)
    made = [backup.make(file, Execution()) for _ in range(3)]
    assert sorted(made) == copies(sqlite)
    assert all(names(path) == ["Deadpond"] for path in made)


def test_a_writer_at_work_is_not_copied_half(connection: Connection, sqlite: Database) -> None:
    with closing(sqlite.connect()) as writer:
        writer.cursor().execute("INSERT INTO hero VALUES ('Spider-Boy')")
        copy = backup.make(Path(sqlite.name), Execution())
        writer.commit()
    assert names(copy) == ["Deadpond"]


def test_a_busy_writer_does_not_make_it_begin_anew(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_PAGES", 1)
    sqlite.run("PRAGMA journal_mode = wal", *HEROES)
    asked = 0

    def write_at_each_part() -> bool:
        nonlocal asked
        asked += 1
        sqlite.run(f"INSERT INTO hero VALUES ('{asked}')")
        return asked > 100

    copy = backup.make(Path(sqlite.name), Execution(stop=write_at_each_part))
    assert names(copy) == ["Deadpond"]
    assert len(names(sqlite.name)) == asked + 1 > 2


def test_a_locked_database_is_waited_for_no_longer_than_said(sqlite: Database) -> None:
    sqlite.run(*HEROES)
    with closing(sqlite.connect()) as writer:
        writer.cursor().execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseError, match=r"no copy of .* was made.*is locked"):
            backup.make(Path(sqlite.name), Execution(lock_timeout=0.2))
    assert copies(sqlite) == []


def test_a_stop_ends_the_copying(sqlite: Database) -> None:
    sqlite.run(*HEROES)
    with pytest.raises(Interrupted, match="nothing was run"):
        backup.make(Path(sqlite.name), Execution(stop=lambda: True))
    assert copies(sqlite) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
def test_a_full_disk_leaves_nothing_half(connection: Connection, sqlite: Database) -> None:
    import resource

    commit(connection, "INSERT INTO hero SELECT printf('%.*c', 200000, 'x')")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))
    try:
        with pytest.raises(DatabaseError, match=r"no copy of .* was made, and nothing was run"):
            backup.make(Path(sqlite.name), Execution())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert copies(sqlite) == []


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
def test_nobody_may_read_the_copy_who_may_not_read_the_database(sqlite: Database) -> None:
    sqlite.run(*HEROES)
    Path(sqlite.name).chmod(0o640)
    umask = os.umask(0)
    try:
        copy = backup.make(Path(sqlite.name), Execution())
    finally:
        os.umask(umask)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640


@pytest.mark.parametrize("url", ["sqlite://", pytest.param(None, marks=pytest.mark.server)])
def test_what_is_no_file_has_no_backup(url: str | None, request: pytest.FixtureRequest) -> None:
    engine = create_engine(url or request.getfixturevalue("postgresql").url)
    with (
        engine.connect() as opened,
        pytest.raises(UsageError, match="is a copy of an SQLite file"),
        backup.kept(opened, Execution()),
    ):
        pass
    engine.dispose()


def test_a_database_without_a_table(sqlite: Database) -> None:
    engine = create_engine(sqlite.url)
    with engine.connect() as opened:
        fail(opened, *HEROES)
    engine.dispose()
    assert sqlite.query("SELECT name FROM sqlite_master") == []
