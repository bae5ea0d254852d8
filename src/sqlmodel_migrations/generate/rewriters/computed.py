"""Computed columns: a new expression makes a new column; a plain one keeps the values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column, Computed

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.generate.comparators.column import COMPUTED, taken
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Replace a change of an expression by dropping and adding the column."""
    return [new for op in operations for new in _rewritten(op, direction)]


def _rewritten(operation: Operation, direction: Direction) -> Iterator[Operation]:
    change = taken(operation, COMPUTED) if isinstance(operation, ops.AlterColumnOp) else None
    if change is None or not isinstance(operation, ops.AlterColumnOp):
        yield operation
        return
    _, new = change
    if isinstance(new.server_default, Computed):
        yield from _without_indexes(operation, _recreated(operation, new), direction)
    elif direction.dialect.name == "postgresql":
        yield _kept_in_place(operation, direction)
    else:
        yield from _without_indexes(operation, _kept_in_copy(operation, new, direction), direction)


def _without_indexes(
    operation: ops.AlterColumnOp, changes: Iterable[Operation], direction: Direction
) -> Iterator[Operation]:
    """Make the changes while the indexes over the column are away."""
    name, schema = operation.table_name, operation.schema
    table = direction.before.tables[direction.key(operation)]
    indexes = [index for index in table.indexes if _mentions(table, index, operation.column_name)]
    for index in indexes:
        yield ops.DropIndexOp(index.name, name, schema=schema)
    yield from changes
    after = direction.after.tables[direction.key(operation)]
    kept = {index.name for index in after.indexes}
    for index in indexes:
        if index.name in kept:
            yield StatementOp(index.sql, None, f"add index '{index.name}'", name)


def _recreated(operation: ops.AlterColumnOp, new: Column[Any]) -> Iterator[Operation]:
    name, schema = operation.table_name, operation.schema
    yield _in_place(ops.DropColumnOp(name, operation.column_name, schema=schema))
    yield _in_place(ops.AddColumnOp(name, _detached(new), schema=schema))


def _mentions(table: Table, index: Any, column: str) -> bool:
    if column in index.columns:
        return True
    return bool(re.search(rf"(?<!\w){re.escape(column)}(?!\w)", index.definition))


def _kept_in_place(operation: ops.AlterColumnOp, direction: Direction) -> StatementOp:
    """PostgreSQL 13 and later."""
    column = direction.quote(operation.column_name)
    return StatementOp(
        f"ALTER TABLE {direction.quoted_table(operation)} ALTER COLUMN {column} DROP EXPRESSION",
        None,
        f"make column '{operation.column_name}' a plain one",
        operation.table_name,
    )


def _kept_in_copy(
    operation: ops.AlterColumnOp, new: Column[Any], direction: Direction
) -> Iterator[Operation]:
    """Copy the values into a plain column that takes the name over."""
    name, schema, where = operation.table_name, operation.schema, direction.quoted_table(operation)
    old = operation.column_name
    copy = _detached(new)
    copy.name = copy.key = f"_{old}_plain"
    quoted, made = direction.quote(old), direction.quote(copy.name)
    yield ops.AddColumnOp(name, copy, schema=schema)
    yield StatementOp(f"UPDATE {where} SET {made} = {quoted}", None, f"keep '{old}'", name)
    yield _in_place(ops.DropColumnOp(name, old, schema=schema))
    yield StatementOp(
        f"ALTER TABLE {where} RENAME COLUMN {made} TO {quoted}", None, f"name '{old}'", name
    )


def _in_place(operation: Operation) -> Operation:
    """Drop the column here, not at the end of the script, for the one that takes its name."""
    vars(operation)["phase"] = order.CHANGES
    return operation


def _detached(column: Column[Any]) -> Column[Any]:
    """A copy that belongs to no table, without the constraints that are added apart."""
    twin = column._copy()
    twin.index = twin.unique = None
    return twin
