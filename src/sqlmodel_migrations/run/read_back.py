"""Version and journal as a new connection reads them: a commit that nobody else sees is none."""

from __future__ import annotations

from collections.abc import Sequence

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import failures
from sqlmodel_migrations.errors import DatabaseError
from sqlmodel_migrations.run import effect, side_connection
from sqlmodel_migrations.run.journal.table import JournalTable

_UNDOES = (
    "look for what undoes commits: an open transaction of env.py, a proxy, a replica that is behind"
)


def require(
    context: MigrationContext, expected: tuple[str, ...], applied: Sequence[str] = ()
) -> None:
    """Raise `DatabaseError` where another version than `expected` is found, or none can be read.

    So too where the journal has statements of a revision in `applied`. The connection of
    `context` is in no transaction afterwards. A database in memory is not asked.
    """
    connection = context.connection
    assert connection is not None
    if not side_connection.is_possible(connection):
        return
    connection.rollback()
    found, unfinished = _read(context, connection)
    if found != expected:
        raise DatabaseError(
            f"the database is not at {', '.join(expected) or 'base'}, where it was just taken:"
            f" a new connection reads {', '.join(found) or 'nothing'}",
            hint=_UNDOES,
        )
    left = [revision for revision in unfinished if revision in applied]
    if left:
        raise DatabaseError(
            f"every revision was applied, but {left[0]} has statements in the journal that a new"
            " connection reads as not finished",
            hint=_UNDOES,
        )


def _read(
    context: MigrationContext, connection: Connection
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids in the version table, and the revisions in the journal."""
    column = _alembic.version_column(context)
    try:
        with side_connection.opened(connection) as side:
            if not inspect(side).has_table(context.version_table, context.version_table_schema):
                return (), ()
            heads = tuple(sorted(side.execute(select(column)).scalars()))
            return heads, _unfinished(context, side)
    except SQLAlchemyError as error:
        raise DatabaseError(
            f"every revision was applied, but it was not read back: {failures.first_line(error)}",
            hint="see where the database stands: sqlmodel migrations current",
        ) from error


def _unfinished(context: MigrationContext, side: Connection) -> tuple[str, ...]:
    if not effect.is_known(context.dialect.name):
        return ()
    return tuple(key.revision for key in JournalTable(context, side).read())
