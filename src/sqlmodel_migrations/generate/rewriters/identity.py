"""Identity columns, and what numbers keys, changed as each database does it (`identities`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alembic.operations import ops

from sqlmodel_migrations.generate import identities
from sqlmodel_migrations.generate.comparators.column import IDENTITY, taken
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Replace a change of identity by the statements that make it; the rest of the change stays."""
    for operation in operations:
        if isinstance(operation, ops.CreateTableOp) and _is_numbered_by_sqlite(
            operation, direction
        ):
            # Reflection does not tell of it: a table that comes back would be without.
            operation.kw["sqlite_autoincrement"] = True
    return [new for op in operations for new in _rewritten(op, direction)]


def _is_numbered_by_sqlite(operation: ops.CreateTableOp, direction: Direction) -> bool:
    table = direction.after.tables.get(direction.key(operation))
    return table is not None and any(
        column.identity == "autoincrement" for column in table.columns.values()
    )


def _rewritten(operation: Operation, direction: Direction) -> Iterator[Operation]:
    if not isinstance(operation, ops.AlterColumnOp) or taken(operation, IDENTITY) is None:
        yield operation
        return
    old = direction.column(operation, operation.column_name)
    new = direction.after.tables[direction.key(operation)].columns[operation.column_name]
    if operation.has_changes():
        yield operation
    if old is not None:
        yield from identities.of(direction.dialect).changed(operation, old, new, direction)
