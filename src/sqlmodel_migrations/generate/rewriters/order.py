"""The order of a script: what stands in the way goes first, what depends on the rest comes last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alembic.operations import ops

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.generate.operations.statement import NothingOp
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation

FIRST, UNKEYED, GONE, TYPES, NEW, CHANGES, RENEWED, KEYED, LAST = 0, 1, 4, 5, 6, 7, 8, 10, 13
RENAMED = TYPES
"""Phases that a rewriter may give an operation by its attribute `phase`.

A computed column is GONE while the columns that it reads change, and is RENEWED after it. What may
be of a key only is taken away before keys are (UNKEYED), and given when they are there (KEYED).
"""

_Taken = frozenset[tuple[str | None, str]]

_OUTSIDE = -1
"""What runs outside the transaction commits it: nothing else may have been done by then."""

_LAST = (ops.AddConstraintOp, ops.CreateIndexOp)


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Sort stably by phase; dropped tables take their indexes and constraints with them."""
    gone = {direction.key(op) for op in operations if isinstance(op, ops.DropTableOp)}
    taken = _taken(direction)
    kept = [op for op in operations if not _goes_anyway(op, gone, taken, direction)]
    return sorted(kept, key=lambda operation: _place(operation, taken, direction))


def _goes_anyway(operation: Operation, gone: set[str], taken: _Taken, direction: Direction) -> bool:
    if isinstance(operation, NothingOp):
        return True
    if isinstance(operation, ops.DropIndexOp):
        is_sqlite = direction.dialect.name == "sqlite"
        is_taken = is_sqlite and (_schema(operation, direction), operation.index_name) in taken
        return direction.key(operation) in gone and not is_taken
    if isinstance(operation, ops.DropConstraintOp):
        return direction.key(operation) in gone and operation.constraint_type != "foreignkey"
    return False


def _place(operation: Operation, taken: _Taken, direction: Direction) -> int:
    if isinstance(operation, ops.DropTableOp) and _is_in_the_way(operation, taken, direction):
        return GONE
    if getattr(operation, "phase", None) is None and _is_computed(operation, direction):
        return GONE if isinstance(operation, ops.DropColumnOp) else RENEWED
    return _phase(operation, is_batched=direction.is_batched)


def _is_computed(operation: Operation, direction: Direction) -> bool:
    """Whether a column comes or goes that reads others, which may come or go as well."""
    if isinstance(operation, ops.AddColumnOp):
        return operation.column.computed is not None
    if not isinstance(operation, ops.DropColumnOp):
        return False
    column = direction.column(operation, operation.column_name)
    return column is not None and column.computed is not None


def _is_in_the_way(operation: ops.DropTableOp, taken: _Taken, direction: Direction) -> bool:
    """Whether something of the table has a name that others take, which are called like none."""
    table = direction.table(operation)
    if table is None or direction.dialect.name != "postgresql":
        return False
    return not taken.isdisjoint(_names(table))


def _taken(direction: Direction) -> _Taken:
    """The names of indexes and constraints that are wanted, each with its schema.

    That of an index is there but once on PostgreSQL and SQLite.
    """
    return frozenset(name for table in direction.after.tables.values() for name in _names(table))


def _names(table: Table) -> Iterator[tuple[str | None, str]]:
    yield from ((table.schema, index.name) for index in table.indexes)
    yield from ((table.schema, each.name) for each in table.constraints if each.name is not None)


def _schema(operation: Operation, direction: Direction) -> str | None:
    table = direction.table(operation)
    return table.schema if table is not None else None


def _phase(operation: Operation, *, is_batched: bool) -> int:
    """The phase of a kind of operation, unless a rewriter gave this one a place of its own."""
    if getattr(operation, "is_autocommit", False):
        return _OUTSIDE
    placed: int | None = getattr(operation, "phase", None)
    if placed is not None:
        return placed
    if isinstance(operation, ops.DropIndexOp):
        # MariaDB keeps an index that a foreign key needs; a batch drops columns with theirs.
        return 1 if is_batched else 3
    if isinstance(operation, ops.DropConstraintOp) and operation.constraint_type == "foreignkey":
        return 2
    if isinstance(operation, ops.DropConstraintOp):
        return 3
    if isinstance(operation, ops.CreateTableOp):
        return NEW
    if isinstance(operation, ops.CreateForeignKeyOp):
        return 10
    if isinstance(operation, _LAST):
        return 9
    if isinstance(operation, ops.DropColumnOp):
        return 11
    if isinstance(operation, ops.DropTableOp):
        return 12
    return CHANGES
