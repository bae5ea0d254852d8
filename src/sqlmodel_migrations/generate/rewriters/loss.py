"""What goes away for good: announced, in the output and in the script."""

from __future__ import annotations

from collections.abc import Sequence

from alembic.operations import ops

from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Note the tables and columns whose rows and values go away."""
    for operation in operations:
        if isinstance(operation, ops.DropTableOp):
            direction.losses.append(f"Data loss: table '{direction.key(operation)}' with its rows.")
        elif isinstance(operation, ops.DropColumnOp) and not _is_computed(operation, direction):
            thing = f"{direction.key(operation)}.{operation.column_name}"
            direction.losses.append(f"Data loss: column '{thing}' with its values.")
    return list(operations)


def _is_computed(operation: ops.DropColumnOp, direction: Direction) -> bool:
    column = direction.column(operation, operation.column_name)
    return column is None or column.computed is not None
