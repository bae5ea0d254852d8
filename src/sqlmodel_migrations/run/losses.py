"""The rows that steps would take away, found before anything runs.

The revisions' functions are called offline, with every operation shown instead of run; what they
would drop is then counted in the database.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import ColumnClause, Connection, column, func, inspect, select, table

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.run import log

# Types, defaults, constraints and the like hold no rows.
_TAKES_AWAY = re.compile(
    r"\b(DELETE|TRUNCATE|DROP(?!\s+(?:TYPE|DEFAULT|NOT NULL|CONSTRAINT|INDEX|IDENTITY|EXPRESSION"
    r"|SEQUENCE|DOMAIN|VIEW|TRIGGER|FUNCTION|CHECK|FOREIGN KEY|PRIMARY KEY|KEY)\b))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Losses:
    """What goes away, one line each: `table 'hero' (3 rows)`; empty where nothing does."""

    lines: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lines)


def of_steps(
    context: MigrationContext, steps: Iterable[Any], arguments: Mapping[str, Any]
) -> Losses:
    """Return what `steps` would take away from the database of `context`; changes nothing."""
    assert context.connection is not None
    lines: list[str] = []
    for step in steps:
        operations, trouble = _operations(context, step, arguments)
        lines.extend(_lines(operations, context.connection))
        if trouble is not None:
            lines.append(f"what revision {_alembic.step_revision(step)} does, unread: {trouble}")
    context.connection.rollback()
    return Losses(tuple(dict.fromkeys(lines)))


def _operations(
    context: MigrationContext, step: Any, arguments: Mapping[str, Any]
) -> tuple[list[Any], str | None]:
    """The operations of one step, and why there may be more than these."""
    seen: list[Any] = []
    offline = {"as_sql": True, "output_buffer": io.StringIO(), "literal_binds": True}
    with log.muted():
        apart = MigrationContext.configure(dialect=context.dialect, opts=offline)
    try:
        with _alembic.operations(apart), _alembic.intercepted_operations(seen.append):
            step.migration_fn(**arguments)
    except Exception as error:
        return seen, f"{type(error).__name__}: {error}".splitlines()[0]
    return seen, None


def _lines(operations: Iterable[Any], connection: Connection) -> Iterator[str]:
    for operation in operations:
        if isinstance(operation, ops.DropTableOp):
            yield from _table(connection, operation.table_name, operation.schema)
        elif isinstance(operation, ops.DropColumnOp):
            yield from _column(connection, operation)
        elif isinstance(operation, ops.ExecuteSQLOp) and _TAKES_AWAY.search(str(operation.sqltext)):
            yield f"what this statement takes away: {' '.join(str(operation.sqltext).split())}"


def _table(connection: Connection, name: str, schema: str | None) -> Iterator[str]:
    if not inspect(connection).has_table(name, schema=schema):
        return
    rows = select(func.count()).select_from(table(name, schema=schema))
    if count := connection.execute(rows).scalar_one():
        yield f"table '{name}' ({_rows(count)})"


def _column(connection: Connection, operation: ops.DropColumnOp) -> Iterator[str]:
    name, schema = operation.table_name, operation.schema
    if not inspect(connection).has_table(name, schema=schema):
        return
    if operation.column_name not in {
        c["name"] for c in inspect(connection).get_columns(name, schema)
    }:
        return
    values: ColumnClause[Any] = column(operation.column_name)
    rows = select(func.count(values)).select_from(table(name, values, schema=schema))
    if count := connection.execute(rows).scalar_one():
        yield f"column '{name}.{operation.column_name}' ({_rows(count)} with a value)"


def _rows(count: int) -> str:
    return f"{count:,} row" + ("" if count == 1 else "s")
