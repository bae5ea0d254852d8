"""A second connection to the database that a connection is to, made the way the first was.

It comes from a fresh pool with the same creator, so that env.py's connect arguments, tunnels and
redirections hold, and a pool of one connection is not waited for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection

from sqlmodel_migrations.database import dialects


@contextlib.contextmanager
def opened(connection: Connection) -> Iterator[Connection]:
    """Yield a connection in autocommit that sees the same tables; closed at the end.

    What the first one was told after it was opened (search path, database) is told to it, too.
    An in-memory SQLite database has no second connection: see `is_possible`.
    """
    pool = connection.engine.pool.recreate()
    try:
        side = Connection(connection.engine, connection=pool.connect())
        try:
            options = connection.get_execution_options()
            side = side.execution_options(**{**options, "isolation_level": "AUTOCOMMIT"})
            dialects.of(connection.dialect.name).follow(side, connection)
            yield side
        finally:
            side.close()
    finally:
        pool.dispose()


def is_possible(connection: Connection) -> bool:
    """Whether a second connection would see the same database."""
    return dialects.of(connection.dialect.name).is_shared(connection)
