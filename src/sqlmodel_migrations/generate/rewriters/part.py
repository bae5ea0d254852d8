"""What no operation describes on PostgreSQL: parts of tables, and types that nothing knows.

Partitions and children go before the whole, and come after it. A type of an extension whose
library is not imported is as nothing to SQLAlchemy. Such a table or column comes back as the
server says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alembic.operations import ops
from sqlalchemy import Column
from sqlalchemy.types import NullType

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.database.ddl import postgresql as ddl
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Drop parts first; make what was there as it was, wholes first."""
    keys = [t.key for t in direction.before.parents_first if t.parents]
    drops = [op for op in operations if _is_drop(op) and direction.key(op) in keys]
    drops.sort(key=lambda op: -keys.index(direction.key(op)))
    made = () if direction.is_upgrade else tuple(_made(operations, direction))
    others = [op for op in operations if op not in drops and not _is_of(op, made, direction)]
    again = [t for t in direction.after.parents_first if t.key in made]
    columns = [_known(op, direction) for op in others]
    return [*drops, *columns, *(s for t in again for s in _statements(t, direction))]


def _is_drop(operation: Operation) -> bool:
    return isinstance(operation, ops.DropTableOp)


def _made(operations: Sequence[Operation], direction: Direction) -> Iterator[str]:
    """The keys of tables to make that no operation describes fully."""
    for operation in operations:
        if isinstance(operation, ops.CreateTableOp):
            table = direction.after.tables.get(direction.key(operation))
            if table is not None and (_is_part(table) or has_unknown_type(operation)):
                yield table.key


def has_unknown_type(operation: ops.CreateTableOp) -> bool:
    """Whether SQLAlchemy does not know the type of a column: an extension's."""
    return any(_is_unknown(item) for item in operation.columns if isinstance(item, Column))


def _is_part(table: Table) -> bool:
    return bool(table.parents) or any(o.lower().startswith("partition by") for o in table.options)


def _is_unknown(column: Column[object]) -> bool:
    return isinstance(column.type, NullType)


def _is_of(operation: Operation, made: Sequence[str], direction: Direction) -> bool:
    """Whether an operation makes such a table, or an index or a constraint of it."""
    makes = isinstance(operation, ops.CreateTableOp | ops.CreateIndexOp | ops.AddConstraintOp)
    return makes and direction.key(operation) in made


def _statements(table: Table, direction: Direction) -> Iterator[StatementOp]:
    connection, words = direction.sides.connection, f"add table '{table.key}'"
    for sql in ddl.table(connection, table):
        yield StatementOp(sql, None, words, table.name, phase=order.NEW)
    for sql in ddl.foreign_keys(connection, table):
        yield StatementOp(sql, None, words, table.name, phase=order.KEYED)


def _known(operation: Operation, direction: Direction) -> Operation:
    """Add a column of an unknown type as the server says it."""
    if not isinstance(operation, ops.AddColumnOp) or not _is_unknown(operation.column):
        return operation
    table = direction.after.tables.get(direction.key(operation))
    column = table.columns.get(operation.column.name) if table is not None else None
    if table is None or column is None:
        return operation
    added = ddl.column(column, direction.dialect)
    sql = f"ALTER TABLE {direction.quoted(table)} ADD COLUMN {added}"
    return StatementOp(sql, None, f"add column '{table.key}.{column.name}'", table.name)
