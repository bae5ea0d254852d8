"""What is asked of the driver's own connection, below SQLAlchemy's transaction, which goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def commit(connection: Connection) -> None:
    """Commit what is open; raises `DBAPIError`."""
    with reported(connection):
        connection.connection.commit()


def is_gone(connection: Connection) -> bool:
    """Whether the connection was lost, or another `Connection` over the driver's saw that it is."""
    return connection.invalidated or connection.closed or not connection.connection.is_valid


@contextlib.contextmanager
def reported(connection: Connection) -> Iterator[None]:
    """Raise what the driver raises as SQLAlchemy does: `DBAPIError`, and a lost one is invalid."""
    errors = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except errors as error:
        is_lost = is_gone(connection) or connection.dialect.is_disconnect(
            error, connection.connection, None
        )
        if is_lost and not is_gone(connection):
            connection.invalidate(error)
        raise DBAPIError.instance(
            None, None, error, errors, connection_invalidated=is_lost, dialect=connection.dialect
        ) from error
