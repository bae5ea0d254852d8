"""Parts of tables on PostgreSQL: partitions and children go before the whole, and come after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alembic.operations import ops

from sqlmodel_migrations.database import ddl
from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Drop parts first; make wholes and parts of the history as they were, wholes first."""
    keys = [t.key for t in direction.before.parents_first if t.parents]
    drops = [op for op in operations if _is_drop(op) and direction.key(op) in keys]
    drops.sort(key=lambda op: -keys.index(direction.key(op)))
    made = {} if direction.is_upgrade else _made(operations, direction)
    others = [op for op in operations if op not in drops and op not in made.values()]
    again = [t for t in direction.after.parents_first if t.key in made]
    return [*drops, *others, *(s for t in again for s in _statements(t, direction))]


def _is_drop(operation: Operation) -> bool:
    return isinstance(operation, ops.DropTableOp)


def _made(operations: Sequence[Operation], direction: Direction) -> dict[str, Operation]:
    """The tables to make that no operation describes fully: reflection does not tell of parts."""
    tables = direction.after.tables
    made = {direction.key(op): op for op in operations if isinstance(op, ops.CreateTableOp)}
    return {key: op for key, op in made.items() if key in tables and _is_part(tables[key])}


def _is_part(table: Table) -> bool:
    return bool(table.parents) or any(o.lower().startswith("partition by") for o in table.options)


def _statements(table: Table, direction: Direction) -> Iterator[StatementOp]:
    connection = direction.sides.connection
    for sql in ddl.of(connection).table(connection, table):
        words = f"add table '{table.key}'"
        yield StatementOp(sql, None, words, table.name, phase=order.NEW)
