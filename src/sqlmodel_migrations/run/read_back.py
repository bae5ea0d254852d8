"""The version as a new connection reads it: a commit that nobody else sees is none."""

from __future__ import annotations

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import failures
from sqlmodel_migrations.errors import DatabaseError
from sqlmodel_migrations.run import side_connection


def require(context: MigrationContext, expected: tuple[str, ...]) -> None:
    """Raise `DatabaseError` where another version than `expected` is found, or none can be read.

    The connection of `context` is in no transaction afterwards. A database in memory is not asked.
    """
    connection = context.connection
    assert connection is not None
    if not side_connection.is_possible(connection):
        return
    connection.rollback()
    found = _read(context, connection)
    if found != expected:
        raise DatabaseError(
            f"the database is not at {', '.join(expected) or 'base'}, where it was just taken:"
            f" a new connection reads {', '.join(found) or 'nothing'}",
            hint="look for what undoes commits: an open transaction of env.py, a proxy,"
            " a replica that is behind",
        )


def _read(context: MigrationContext, connection: Connection) -> tuple[str, ...]:
    column = _alembic.version_column(context)
    try:
        with side_connection.opened(connection) as side:
            if not inspect(side).has_table(context.version_table, context.version_table_schema):
                return ()
            return tuple(sorted(side.execute(select(column)).scalars()))
    except SQLAlchemyError as error:
        raise DatabaseError(
            f"every revision was applied, but it was not read back: {failures.first_line(error)}",
            hint="see where the database stands: sqlmodel migrations current",
        ) from error
