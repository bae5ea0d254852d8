"""A second connection to the database that a connection is to, made the way the first was.

It comes from a fresh pool with the same creator, so that env.py's connect arguments, tunnels and
redirections hold, and a pool of one connection is not waited for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from sqlalchemy import Connection, Dialect, Pool, PoolProxiedConnection

from sqlmodel_migrations.database import dialects, failures
from sqlmodel_migrations.database.dialects.base import Standpoint
from sqlmodel_migrations.errors import DatabaseError


def opened(connection: Connection) -> AbstractContextManager[Connection]:
    """Yield a connection in autocommit that sees the same tables; closed at the end.

    What the first one was told after it was opened (search path, database, role) is told to it,
    too. An in-memory SQLite database has no second connection: see `is_possible`. Raises
    `DatabaseError` where it is not had.
    """
    return opener(connection)()


def opener(connection: Connection) -> Callable[[], AbstractContextManager[Connection]]:
    """Ask the connection what has to be known, and return `opened`, for another thread."""
    was_in_transaction = connection.in_transaction()
    standpoint = dialects.of(connection.dialect.name).standpoint(connection)
    if not was_in_transaction:
        connection.rollback()
    return lambda: _opened(connection, standpoint)


@contextlib.contextmanager
def _opened(connection: Connection, standpoint: Standpoint) -> Iterator[Connection]:
    pool = connection.engine.pool.recreate()
    try:
        side = Connection(connection.engine, connection=_connect(pool, connection.dialect))
        try:
            options = connection.get_execution_options()
            side = side.execution_options(**{**options, "isolation_level": "AUTOCOMMIT"})
            dialects.of(connection.dialect.name).follow(side, standpoint)
            yield side
        finally:
            side.close()
    finally:
        pool.dispose()


def _connect(pool: Pool, dialect: Dialect) -> PoolProxiedConnection:
    """Connect; raises `DatabaseError`, since a pool raises what the driver does."""
    try:
        return pool.connect()
    except dialect.loaded_dbapi.Error as error:
        raise DatabaseError(
            f"a second connection to the database is not had: {failures.first_line(error)}",
            hint="allow the user one connection more than the first: one holds the migration lock"
            " or reads back what the other wrote",
        ) from error


def is_possible(connection: Connection) -> bool:
    """Whether a second connection would see the same database."""
    return dialects.of(connection.dialect.name).is_shared(connection)
