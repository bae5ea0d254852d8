"""Foreign keys in the way of a change of type: servers refuse it while they are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alembic.operations import ops

from sqlmodel_migrations.database.catalog import Constraint, Table
from sqlmodel_migrations.generate import conversions, named, reflected
from sqlmodel_migrations.generate.conversions.base import Change
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Drop the foreign keys of columns that change, and add them again afterwards."""
    changed = {
        (direction.key(op), op.column_name)
        for op in operations
        if isinstance(op, ops.AlterColumnOp) and _is_in_the_way(op, direction)
    }
    return [*operations, *_around(operations, changed, direction)]


def _is_in_the_way(operation: ops.AlterColumnOp, direction: Direction) -> bool:
    change = Change.of(operation, direction) if operation.modify_type is not None else None
    return change is not None and not conversions.of(direction.dialect).keeps_foreign_keys(change)


def _around(
    operations: Sequence[Operation], changed: set[tuple[str, str]], direction: Direction
) -> Iterator[Operation]:
    dropped = {
        (direction.key(op), op.constraint_name)
        for op in operations
        if isinstance(op, ops.DropConstraintOp)
    }
    for table in direction.before.tables.values():
        for constraint in table.constraints:
            is_in_the_way = _columns(table, constraint) & changed
            if is_in_the_way and (table.key, constraint.name) not in dropped:
                yield from _aside(table, constraint, direction)


def _columns(table: Table, constraint: Constraint) -> set[tuple[str, str]]:
    if constraint.kind != "foreign key":
        return set()
    own = {(table.key, column) for column in constraint.columns}
    return own | {(str(constraint.target), column) for column in constraint.target_columns}


def _aside(table: Table, constraint: Constraint, direction: Direction) -> Iterator[Operation]:
    name = constraint.name or named.invented_for(table, constraint)
    made = reflected.constraint(table, constraint, name)
    if made is None:
        return
    drop = ops.DropConstraintOp.from_constraint(made)
    drop.schema = table.schema
    yield drop
    after = direction.after.tables.get(table.key)
    if after is not None and all(column in after.columns for column in constraint.columns):
        yield ops.AddConstraintOp.from_constraint(made)
