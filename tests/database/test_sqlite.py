"""Transactions on SQLite: what they hold, what they put back, and which orphans they refuse."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from sqlite_file import SQLiteFile
from sqlmodel_migrations.database.dialects import sqlite
from sqlmodel_migrations.errors import ChangeRefused, DatabaseError, ExitCode

FAMILY = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id REFERENCES parent (id) ON DELETE CASCADE);
INSERT INTO parent VALUES (1, 'a'), (2, 'b');
INSERT INTO child VALUES (1, 1), (2, 2);
"""


@pytest.fixture
def family(tmp_path: Path) -> SQLiteFile:
    return SQLiteFile(tmp_path / "family.db", FAMILY)


def plain(url: str) -> Engine:
    return create_engine(url)


def with_pragmas(url: str) -> Engine:
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def set_pragmas(raw: sqlite3.Connection, _: object) -> None:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA foreign_keys=ON")

    return engine


def with_own_begin(url: str) -> Engine:
    """The recipe of SQLAlchemy's documentation for real transactions."""
    engine = with_pragmas(url)

    @event.listens_for(engine, "connect")
    def stop_the_driver(raw: sqlite3.Connection, _: object) -> None:
        raw.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def with_autocommit_attribute(url: str) -> Engine:
    return create_engine(url, connect_args={"autocommit": False})


def with_immediate(url: str) -> Engine:
    return create_engine(url, connect_args={"isolation_level": "IMMEDIATE"})


ENGINES = [
    plain,
    with_pragmas,
    with_own_begin,
    with_immediate,
    pytest.param(
        with_autocommit_attribute,
        marks=pytest.mark.skipif(sys.version_info < (3, 12), reason="new in Python 3.12"),
    ),
]


@contextlib.contextmanager
def connected(make: Callable[[str], Engine], file: SQLiteFile) -> Iterator[Connection]:
    engine = make(f"sqlite:///{file.path}")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextlib.contextmanager
def begun(make: Callable[[str], Engine], file: SQLiteFile) -> Iterator[Connection]:
    with (
        connected(make, file) as connection,
        sqlite.real_transactions(connection),
        connection.begin(),
    ):
        yield connection


def raw_of(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def change_much(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE more (id INTEGER)")
    connection.exec_driver_sql("INSERT INTO more VALUES (1)")
    connection.exec_driver_sql("ALTER TABLE parent ADD COLUMN age INTEGER")


@pytest.mark.parametrize("make", ENGINES)
def test_what_succeeds_is_there(family: SQLiteFile, make: Callable[[str], Engine]) -> None:
    with begun(make, family) as connection:
        change_much(connection)
    assert family.query("SELECT id FROM more") == [(1,)]


@pytest.mark.parametrize("make", ENGINES)
def test_what_fails_leaves_nothing(family: SQLiteFile, make: Callable[[str], Engine]) -> None:
    before = family.everything()
    with connected(make, family) as connection, sqlite.real_transactions(connection):
        with contextlib.suppress(ZeroDivisionError), connection.begin():
            change_much(connection)
            _ = 1 / 0
        with connection.begin():
            connection.exec_driver_sql("INSERT INTO parent VALUES (3, 'c')")
    family.run("DELETE FROM parent WHERE id = 3")
    assert family.everything() == before


@pytest.mark.parametrize("make", ENGINES)
def test_dropping_a_parent_leaves_its_children(
    family: SQLiteFile, make: Callable[[str], Engine]
) -> None:
    with begun(make, family) as connection:
        connection.exec_driver_sql("DROP TABLE parent")
    assert family.query("SELECT count(*) FROM child") == [(2,)]


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize("fails", [False, True])
def test_all_is_put_back(family: SQLiteFile, make: Callable[[str], Engine], fails: bool) -> None:
    def state(connection: Connection) -> tuple[object, ...]:
        raw = raw_of(connection)
        keys = raw.execute("PRAGMA foreign_keys").fetchone()
        return keys, raw.isolation_level, getattr(raw, "autocommit", None)

    with connected(make, family) as connection:
        before = state(connection)
        with contextlib.suppress(ZeroDivisionError), sqlite.real_transactions(connection):
            assert state(connection)[:2] == ((0,), None)
            connection.exec_driver_sql("INSERT INTO parent VALUES (3, 'c')")
            _ = 1 / (not fails)
        assert state(connection) == before
        raw_of(connection).rollback()
        seen = list[bool]()
        connection.rollback()
        connection.exec_driver_sql("SELECT 1")
        seen.append(raw_of(connection).in_transaction)
        assert seen == [make in (with_own_begin, with_autocommit_attribute)]
    assert family.query("SELECT count(*) FROM parent") == [(2,)]


def test_what_was_open_is_committed_first(family: SQLiteFile) -> None:
    with connected(plain, family) as connection:
        connection.exec_driver_sql("INSERT INTO parent VALUES (3, 'c')")
        with sqlite.real_transactions(connection):
            assert family.query("SELECT count(*) FROM parent") == [(3,)]


def test_a_lock_that_is_not_had(family: SQLiteFile) -> None:
    engine = create_engine(f"sqlite:///{family.path}", connect_args={"timeout": 0.05})
    with closing(sqlite3.connect(family.path)) as other, engine.connect() as connection:
        other.execute("BEGIN IMMEDIATE")
        with sqlite.real_transactions(connection), pytest.raises(DatabaseError) as error:
            connection.exec_driver_sql("SELECT 1")
        other.rollback()
        assert error.value.exit_code == ExitCode.DATABASE
        assert error.value.message == "the database is locked: another program is writing to it"
        with sqlite.real_transactions(connection):
            connection.exec_driver_sql("SELECT 1")
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "is_begun"),
    [
        ("SELECT 1", True),
        ("-- PRAGMA\nSELECT 1", True),
        ("CREATE TABLE pragma (a)", True),
        ("/* why */ PRAGMA user_version", False),
        ("  \n;pragma user_version", False),
        ("VACUUM", False),
        ("WITH a AS (SELECT 1) SELECT * FROM a", True),
        ("SAVEPOINT s", True),
    ],
)
def test_what_begins_a_transaction(family: SQLiteFile, statement: str, is_begun: bool) -> None:
    with connected(plain, family) as connection, sqlite.real_transactions(connection):
        connection.exec_driver_sql(statement).close()
        assert raw_of(connection).in_transaction is is_begun


def test_an_autocommit_block_gets_no_transaction(family: SQLiteFile) -> None:
    with connected(plain, family) as connection, sqlite.real_transactions(connection):
        context = MigrationContext.configure(
            connection, opts={"transaction_per_migration": True, "transactional_ddl": True}
        )
        with context.begin_transaction(_per_migration=True):
            connection.exec_driver_sql("CREATE TABLE a (x)")
            with context.autocommit_block():
                connection.exec_driver_sql("CREATE TABLE b (x)")
                assert not raw_of(connection).in_transaction
            Operations(context).execute(text("CREATE TABLE c (x)"))
            assert raw_of(connection).in_transaction
    assert {"a", "b", "c"} <= set(family.schema())


def test_aiosqlite(family: SQLiteFile) -> None:
    before = family.everything()

    def migrate(connection: Connection, fails: bool) -> None:
        with sqlite.real_transactions(connection), connection.begin():
            change_much(connection)
            connection.exec_driver_sql("DROP TABLE parent")
            _ = 1 / (not fails)

    async def run(fails: bool) -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{family.path}", poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                raw: Any = (await connection.get_raw_connection()).driver_connection
                level = raw.isolation_level
                with contextlib.suppress(ZeroDivisionError):
                    await connection.run_sync(migrate, fails)
                assert raw.isolation_level == level
        finally:
            await engine.dispose()

    asyncio.run(run(True))
    assert family.everything() == before
    asyncio.run(run(False))
    assert family.query("SELECT id FROM more") == [(1,)]
    assert family.query("SELECT count(*) FROM child") == [(2,)]


# Foreign keys


def checked(file: SQLiteFile, *statements: str) -> None:
    with begun(plain, file) as connection, sqlite.checked(connection):
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_orphans_are_refused_with_table_parent_and_count(family: SQLiteFile) -> None:
    before = family.everything()
    with pytest.raises(ChangeRefused) as error:
        checked(family, "DELETE FROM parent")
    assert error.value.message == (
        "the change is not made: 2 rows of 'child' would refer to a row of 'parent'"
        " that is not there"
    )
    assert error.value.exit_code == ExitCode.REVISION_FAILED
    assert family.everything() == before


def test_one_orphan_is_one_row(family: SQLiteFile) -> None:
    with pytest.raises(ChangeRefused, match="1 row of 'child'"):
        checked(family, "INSERT INTO child VALUES (3, 3)")


@pytest.fixture
def orphaned(family: SQLiteFile) -> SQLiteFile:
    with closing(sqlite3.connect(family.path)) as connection:
        connection.execute("INSERT INTO child VALUES (3, 77)")
        connection.commit()
    return family


@pytest.mark.parametrize(
    "statements",
    [
        (),
        ("DELETE FROM child WHERE id = 3",),
        ("ALTER TABLE child RENAME TO kid",),
        ("ALTER TABLE parent RENAME TO elder",),
        ("ALTER TABLE child RENAME COLUMN parent_id TO elder_id",),
        ("ALTER TABLE parent RENAME COLUMN id TO number",),
    ],
)
def test_orphans_of_before_are_no_reason(orphaned: SQLiteFile, statements: tuple[str]) -> None:
    checked(orphaned, *statements)


@pytest.mark.parametrize(
    "statements",
    [
        ("DELETE FROM parent WHERE id = 1",),
        ("DELETE FROM child WHERE id = 3", "DELETE FROM parent WHERE id = 1"),
        ("ALTER TABLE child RENAME TO kid", "DELETE FROM parent WHERE id = 1"),
    ],
)
def test_a_new_orphan_beside_an_old_one_is_refused(
    orphaned: SQLiteFile, statements: tuple[str]
) -> None:
    with pytest.raises(ChangeRefused, match="1 row of"):
        checked(orphaned, *statements)


def test_a_table_without_rowid(family: SQLiteFile) -> None:
    create = (
        "CREATE TABLE pair (a PRIMARY KEY, b REFERENCES parent (id)) WITHOUT ROWID",
        "INSERT INTO pair VALUES (1, 77), (2, 1)",
    )
    with pytest.raises(ChangeRefused, match="1 row of 'pair'"):
        checked(family, *create)
    family.run(f"PRAGMA foreign_keys=OFF; {';'.join(create)}")
    checked(family, "UPDATE pair SET a = 9 WHERE a = 1")
    with pytest.raises(ChangeRefused, match="1 row of 'pair'"):
        checked(family, "UPDATE pair SET b = 99 WHERE a = 2")


MISMATCH = "CREATE TABLE odd (name REFERENCES parent (name)); INSERT INTO odd VALUES ('a')"


def test_a_key_to_what_is_not_unique_is_refused(family: SQLiteFile) -> None:
    with pytest.raises(ChangeRefused, match="'odd' to 'parent' could not be checked"):
        checked(family, *MISMATCH.split(";"))


def test_a_mismatch_of_before_hides_no_orphans(family: SQLiteFile) -> None:
    family.run(f"PRAGMA foreign_keys=OFF; {MISMATCH}")
    checked(family, "INSERT INTO child VALUES (3, 1)")
    with pytest.raises(ChangeRefused, match="1 row of 'child'"):
        checked(family, "DELETE FROM parent WHERE id = 2")


def test_violations_as_values(orphaned: SQLiteFile) -> None:
    with connected(plain, orphaned) as connection:
        assert sqlite.foreign_key_violations(connection) == (
            sqlite.Violation("child", "parent", ("parent_id",), row=3),
        )


def test_nothing_to_check_without_a_connection() -> None:
    with sqlite.checked(None):
        pass


# Words


def test_server(family: SQLiteFile) -> None:
    with connected(plain, family) as connection:
        assert sqlite.server(connection) == f"SQLite {sqlite3.sqlite_version}"


@pytest.mark.parametrize(
    ("make_it_fail", "message"),
    [
        (lambda path: sqlite3.connect(path / "no" / "a.db"), "the database file cannot be opened"),
        (
            lambda path: (
                (path / "text").write_text("no database, but long enough to be one" * 40),
                sqlite3.connect(path / "text").execute("SELECT * FROM sqlite_master"),
            ),
            "the file is no SQLite database",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
def test_errors_are_explained(
    tmp_path: Path, make_it_fail: Callable[[Path], object], message: str
) -> None:
    with pytest.raises(sqlite3.Error) as error:
        make_it_fail(tmp_path)
    known = sqlite.explain(str(error.value))
    assert known is not None
    assert known.message == message


def test_other_errors_are_not(tmp_path: Path) -> None:
    assert sqlite.explain("no such table: x") is None
