"""Changes of one table gathered into batches, for SQLite: one rebuild does them all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.generate.operations.batch import BatchOp
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.operations.table_options import TableOptionsOp
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation

_BATCHED = (
    ops.AddColumnOp,
    ops.DropColumnOp,
    ops.AlterColumnOp,
    ops.AddConstraintOp,
    ops.DropConstraintOp,
    TableOptionsOp,
)
_LITERAL = re.compile(r"-?\d+(\.\d+)?|[xX]?'(?:[^']|'')*'")
# What plain Alembic calls unnamed constraints when it is told so; as `named` invents them.
_CONVENTIONS = {
    "unique": ("uq", "uq_%(table_name)s_%(column_0_N_name)s"),
    "foreignkey": ("fk", "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s"),
    "primary": ("pk", "pk_%(table_name)s_%(column_0_N_name)s"),
}


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Gather what SQLite may have to rebuild a table for; all else stays where it is."""
    if not direction.is_batched:
        return list(operations)
    gathered = _Gathered(direction)
    for operation in operations:
        gathered.add(operation)
    return [op for found in gathered.operations for op in _unwrapped(found, direction)]


class _Gathered:
    """The operations so far, with the batch of each table that still takes more."""

    def __init__(self, direction: Direction):
        self.direction = direction
        self.operations: list[Operation] = []
        self._open: dict[str, BatchOp] = {}

    def add(self, operation: Operation) -> None:
        key = self.direction.key(operation)
        if isinstance(operation, _BATCHED):
            batch = self._batch(operation, key)
            if not isinstance(operation, TableOptionsOp):
                batch.ops.append(operation)
            return
        if isinstance(operation, StatementOp):
            self._open.pop(key, None)
        self.operations.append(operation)

    def _batch(self, operation: Operation, key: str) -> BatchOp:
        batch = self._open.get(key)
        if batch is None or _changes_what_is_new(operation, batch):
            schema, _, name = key.rpartition(".")
            batch = BatchOp(name, schema or None)
            self._open[key] = batch
            self.operations.append(batch)
        self._describe(operation, batch, key)
        return batch

    def _describe(self, operation: Operation, batch: BatchOp, key: str) -> None:
        if isinstance(operation, ops.AddColumnOp):
            column = operation.column
            if not column.nullable and column.server_default is None:
                batch.recreate = "always"
        if isinstance(operation, TableOptionsOp):
            batch.recreate = "always"
            batch.options = {**batch.options, **operation.after}
        if isinstance(operation, ops.DropConstraintOp) and not self._is_named(operation, key):
            kind = _CONVENTIONS.get(str(operation.constraint_type))
            if kind is not None:
                batch.conventions = {**batch.conventions, kind[0]: kind[1]}

    def _is_named(self, operation: ops.DropConstraintOp, key: str) -> bool:
        table = self.direction.before.tables.get(key)
        names = {c.name for c in table.constraints if c.name} if table else set()
        return operation.constraint_name in names


def _unwrapped(operation: Operation, direction: Direction) -> Sequence[Operation]:
    """Take apart a batch of which SQLite can do every part by itself."""
    if not isinstance(operation, BatchOp) or operation.options:
        return [operation]
    table = direction.before.tables.get(direction.key(operation))
    is_native = table is not None and all(_is_native(inner, table) for inner in operation.ops)
    return operation.ops if is_native else [operation]


def _is_native(operation: Operation, table: Table) -> bool:
    if isinstance(operation, ops.AddColumnOp):
        column = operation.column
        return not column.primary_key and _has_native_default(column)
    if isinstance(operation, ops.DropColumnOp):
        return not _is_mentioned(operation.column_name, table)
    return False


def _has_native_default(column: Column[Any]) -> bool:
    """Whether rows that are there can get it: SQLite takes literals, and needs one for NOT NULL."""
    if column.server_default is None:
        return bool(column.nullable)
    default = str(getattr(column.server_default, "arg", ""))
    return _LITERAL.fullmatch(default) is not None


def _is_mentioned(name: str, table: Table) -> bool:
    """Whether a constraint or another column says something of a column: it cannot go alone."""
    others = [c.computed for c in table.columns.values() if c.computed and c.name != name]
    texts = [c.sql or c.definition for c in table.constraints] + others
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    return any(name in c.columns for c in table.constraints) or any(map(word.search, texts))


def _changes_what_is_new(operation: Operation, batch: BatchOp) -> bool:
    """Whether an operation alters a column that this batch adds: rows must have it first."""
    if not isinstance(operation, ops.AlterColumnOp):
        return False
    added = {op.column.name for op in batch.ops if isinstance(op, ops.AddColumnOp)}
    return operation.column_name in added
