"""PostgreSQL: what must be outside of a transaction, and whether it took effect."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from databases import Database, unique_name
from sqlmodel_migrations.database.statement import split
from sqlmodel_migrations.run.effect import Kind, Verdict, postgresql

BEGIN = (
    'CREATE TABLE hero (id int PRIMARY KEY, name text, "Team" int)',
    "CREATE INDEX hero_name ON hero (name)",
    "CREATE TYPE mood AS ENUM ('calm')",
    "CREATE TABLE event (id int) PARTITION BY RANGE (id)",
    "CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (10)",
    "INSERT INTO hero VALUES (1, 'a', 1), (2, 'a', 1)",
)


@pytest.fixture
def connection(postgresql: Database) -> Iterator[Connection]:
    postgresql.run(*BEGIN)
    engine = create_engine(postgresql.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


SEEN = [
    "CREATE INDEX CONCURRENTLY new ON hero (name)",
    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "New" ON public.hero ("Team", id)',
    "CREATE INDEX CONCURRENTLY ON hero (name)",
    "DROP INDEX CONCURRENTLY hero_name",
    "DROP INDEX CONCURRENTLY IF EXISTS public.hero_name",
    "ALTER TABLE event DETACH PARTITION event_1 CONCURRENTLY",
    "ALTER TYPE mood ADD VALUE 'wild' BEFORE 'calm'",
]


@pytest.mark.parametrize("sql", SEEN)
def test_sees_that_a_statement_took_effect_or_not(connection: Connection, sql: str) -> None:
    statements = split(sql, "postgresql")
    before = postgresql.look(connection, statements)
    assert postgresql.verdict(connection, statements, before) is Verdict.NOT_DONE
    connection.exec_driver_sql(sql)
    postgresql.clear(connection, statements, before)
    assert postgresql.verdict(connection, statements, before) is Verdict.DONE


def test_sees_a_database(connection: Connection) -> None:
    name = unique_name()
    statements = split(f"CREATE DATABASE {name}", "postgresql")
    before = postgresql.look(connection, statements)
    assert postgresql.verdict(connection, statements, before) is Verdict.NOT_DONE
    connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        assert postgresql.verdict(connection, statements, before) is Verdict.DONE
    finally:
        connection.exec_driver_sql(f"DROP DATABASE {name}")


@pytest.mark.parametrize("name", ["again", '"100% new"', ""])
def test_an_invalid_index_is_dropped_and_made_again(connection: Connection, name: str) -> None:
    statements = split(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON hero (name)", "postgresql")
    before = postgresql.look(connection, statements)
    with pytest.raises(DBAPIError):
        connection.exec_driver_sql(statements[0].text.replace("%", "%%"))
    assert invalid(connection) == 1
    postgresql.clear(connection, statements, before)
    assert invalid(connection) == 0
    assert postgresql.verdict(connection, statements, before) is Verdict.NOT_DONE


def test_an_invalid_index_of_that_very_name_makes_room(connection: Connection) -> None:
    make = "CREATE UNIQUE INDEX CONCURRENTLY {} ON hero (name)"
    for name in ("mine", "other"):
        with pytest.raises(DBAPIError):
            connection.exec_driver_sql(make.format(name))
    postgresql.clear(connection, split(make.format("mine"), "postgresql"), None)
    found = connection.exec_driver_sql(
        "SELECT relname FROM pg_class JOIN pg_index ON indexrelid = oid WHERE NOT indisvalid"
    )
    assert list(found.scalars()) == ["other"]


def test_what_reindex_leaves_is_dropped(connection: Connection) -> None:
    statements = split("REINDEX TABLE CONCURRENTLY hero", "postgresql")
    before = postgresql.look(connection, statements)
    connection.exec_driver_sql("CREATE INDEX hero_name_ccnew ON hero (name)")
    connection.exec_driver_sql(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'hero_name_ccnew'::regclass"
    )
    postgresql.clear(connection, statements, before)
    assert invalid(connection) == 0
    assert postgresql.verdict(connection, statements, before) is Verdict.NOT_DONE


def test_the_index_of_a_partitioned_table_is_left_alone(connection: Connection) -> None:
    statements = split("CREATE INDEX CONCURRENTLY i ON event (id)", "postgresql")
    before = postgresql.look(connection, statements)
    connection.exec_driver_sql("CREATE INDEX i ON ONLY event (id)")
    postgresql.clear(connection, statements, before)
    assert invalid(connection) == 1
    assert postgresql.verdict(connection, statements, before) is Verdict.DOUBT


def test_a_detach_that_waits_for_its_end_is_ended(
    postgresql_url: str, connection: Connection
) -> None:
    sql = "ALTER TABLE event DETACH PARTITION event_1 CONCURRENTLY"
    statements = split(sql, "postgresql")
    before = postgresql.look(connection, statements)
    leave_pending(postgresql_url, connection, sql)
    postgresql.clear(connection, statements, before)
    assert postgresql.verdict(connection, statements, before) is Verdict.DONE


def leave_pending(url: str, connection: Connection, sql: str) -> None:
    """Interrupt a DETACH between its two halves: a reader holds the second one up."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT * FROM event").all()
        connection.exec_driver_sql("SET statement_timeout = '1s'")
        with pytest.raises(DBAPIError):
            connection.exec_driver_sql(sql)
        connection.exec_driver_sql("SET statement_timeout = 0")


@pytest.fixture
def postgresql_url(postgresql: Database) -> str:
    return postgresql.url


def invalid(connection: Connection) -> int:
    query = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
    return int(connection.exec_driver_sql(query).scalar_one())


def test_names_the_session_that_is_still_at_work(
    postgresql_url: str, connection: Connection
) -> None:
    engine = create_engine(postgresql_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as other:
        before = postgresql.look(other, ())
        assert postgresql.running(connection, before) is None
        assert postgresql.running(other, before) is None

        def work() -> None:
            with contextlib.suppress(DBAPIError):  # it is cancelled
                other.exec_driver_sql("SELECT pg_sleep(30)")

        worker = threading.Thread(target=work)
        worker.start()
        try:
            while postgresql.running(connection, before) is None:
                pass
            assert postgresql.running(connection, before) == f"pid {before['pid']} of the server"
            assert postgresql.running(connection, {**before, "started": "another day"}) is None
        finally:
            cancel = text("SELECT pg_cancel_backend(:pid)")
            connection.execute(cancel, {"pid": before["pid"]})
            worker.join()


@pytest.mark.parametrize(
    "sql",
    [
        "create unique index concurrently a on b (c)",
        "DROP INDEX CONCURRENTLY a",
        "REINDEX (VERBOSE) TABLE CONCURRENTLY hero",
        "REINDEX DATABASE app",
        "VACUUM FULL hero",
        "CLUSTER",
        "CREATE DATABASE a",
        "DROP TABLESPACE a",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "ALTER DATABASE a SET TABLESPACE b",
        "ALTER TABLE a DETACH PARTITION b CONCURRENTLY",
    ],
)
def test_what_must_be_outside(sql: str) -> None:
    assert postgresql.kind(split(sql, "postgresql")[0]) is Kind.ALONE


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX concurrently_made ON hero (name)",
        "REINDEX TABLE hero",
        "CLUSTER hero",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY a",
        "ALTER TABLE a DETACH PARTITION b",
        "ALTER TYPE mood ADD VALUE 'a'",
        "ALTER DATABASE a SET work_mem = '1GB'",
        "SET LOCAL work_mem = '1GB'",
        "SET CONSTRAINTS ALL DEFERRED",
        "SELECT set_a_thing()",
    ],
)
def test_what_need_not(sql: str) -> None:
    assert postgresql.kind(split(sql, "postgresql")[0]) is Kind.PLAIN


@pytest.mark.parametrize(
    "sql",
    [
        "SET search_path = a",
        "RESET ALL",
        "SELECT pg_catalog.set_config('search_path', '', false)",
        "SELECT pg_advisory_lock(1)",
        "CREATE TEMP TABLE a (id int)",
        "PREPARE a AS SELECT 1",
    ],
)
def test_what_the_next_session_does_not_know(sql: str) -> None:
    assert postgresql.kind(split(sql, "postgresql")[0]) is Kind.SESSION


@pytest.mark.parametrize(
    "sql", ["VACUUM hero", "REINDEX TABLE CONCURRENTLY hero", "ALTER SYSTEM RESET a"]
)
def test_what_may_be_run_twice_is_run_again(connection: Connection, sql: str) -> None:
    statements = split(sql, "postgresql")
    assert not postgresql.is_lasting_doubt(
        connection, statements, postgresql.look(connection, statements)
    )
    before = postgresql.look(connection, statements)
    assert postgresql.verdict(connection, statements, before) is Verdict.NOT_DONE


def test_what_is_not_known_is_in_doubt(connection: Connection) -> None:
    statements = split("DROP SUBSCRIPTION a", "postgresql")
    assert postgresql.is_lasting_doubt(
        connection, statements, postgresql.look(connection, statements)
    )
    before = postgresql.look(connection, statements)
    assert postgresql.verdict(connection, statements, before) is Verdict.DOUBT
