"""Whether two expressions mean the same to PostgreSQL: its planner prints both.

The stored texts differ where the meaning does not, e.g. after dump and restore or after a change
of a column's type, since a stored expression keeps the casts that it was made with.
"""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database.catalog.base import Column, Expression, Table
from sqlmodel_migrations.database.catalog.definition import TOKEN, pairs
from sqlmodel_migrations.database.quoting import qualified

# Texts of one meaning that the planner prints differently, with what it prints for `now()`.
_NOW = {
    "CURRENT_TIMESTAMP": "now()",
    "LOCALTIMESTAMP": "(now())::timestamp without time zone",
    "CURRENT_DATE": "(now())::date",
}


def equivalent(
    connection: Connection,
    table: Table,
    kind: Expression,
    texts: tuple[str, str],
    column: Column | None,
) -> bool:
    """Compare what EXPLAIN prints for both; defaults are cast to the column's type."""
    source = f"FROM ONLY {_name(connection, table)}"
    differing = pairs(kind, *texts)
    if differing is None:
        return False
    try:
        return all(
            _plan(connection, one, source, column) == _plan(connection, other, source, column)
            for one, other in differing
        )
    except SQLAlchemyError:
        return False


def _name(connection: Connection, table: Table) -> str:
    return qualified(table.schema, table.name, connection.dialect)


def _plan(connection: Connection, expression: str, source: str, column: Column | None) -> list[str]:
    typed = f"CAST(({expression}) AS {column.type})" if column is not None else f"({expression})"
    sql = f"EXPLAIN (VERBOSE, COSTS OFF) SELECT {typed} {source}"
    # Expressions may have percent signs, which drivers take for parameters.
    options = {"no_parameters": True}
    with _savepoint(connection):
        rows = connection.exec_driver_sql(sql, execution_options=options).scalars().all()
    return [_with_one_now(str(row)) for row in rows]


def _savepoint(connection: Connection) -> AbstractContextManager[object]:
    raw = connection.connection.dbapi_connection
    is_outside = bool(getattr(raw, "autocommit", False))
    return contextlib.nullcontext() if is_outside else connection.begin_nested()


def _with_one_now(plan: str) -> str:
    return "".join(_NOW.get(token, token) for token in TOKEN.findall(plan))
