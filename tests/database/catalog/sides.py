"""What the tests of catalogs share: a schema made from statements, and its catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import sqlalchemy as sa

from databases import Database
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog import Catalog

# Makes a schema in an empty database and returns what is read of it.
Read: TypeAlias = Callable[[str], Catalog]


@contextmanager
def connected(database: Database) -> Iterator[sa.Connection]:
    """Open a connection of SQLAlchemy's; nothing is committed at its end."""
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def execute(connection: sa.Connection, script: str) -> None:
    """Run statements, which end with a semicolon and a line's end."""
    for statement in filter(str.strip, script.split(";\n")):
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def read_sqlite(script: str) -> Catalog:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        execute(connection, script)
        found = catalog.read(connection)
    engine.dispose()
    return found


def reader_postgresql(database: Database) -> Read:
    """Return a reader that makes its schema in a transaction, and rolls it back."""

    def read(script: str) -> Catalog:
        with connected(database) as connection:
            execute(connection, script)
            return catalog.read(connection)

    return read


def reader_mariadb(database: Database) -> Read:
    """Return a reader that makes the database anew before its schema."""

    def read(script: str) -> Catalog:
        with connected(database) as connection:
            execute(connection, f"DROP DATABASE {database.name}")
            execute(connection, f"CREATE DATABASE {database.name} CHARACTER SET utf8mb4")
            execute(connection, f"USE {database.name}")
            execute(connection, script)
            return catalog.read(connection)

    return read
