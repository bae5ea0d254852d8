"""Tables that refer to each other: their foreign keys come when both tables are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from alembic.operations import ops
from sqlalchemy import ForeignKeyConstraint

from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Take foreign keys to tables that are made later out of CREATE TABLE.

    Not for SQLite, which does not look at the other table, and cannot add a foreign key later.
    """
    return [*_creations(operations, direction), *_removals(operations, direction)]


def _creations(operations: Sequence[Operation], direction: Direction) -> Iterator[Operation]:
    made = {direction.key(op) for op in operations if isinstance(op, ops.CreateTableOp)}
    later: list[Operation] = []
    for operation in operations:
        if isinstance(operation, ops.CreateTableOp):
            early, late = _split(operation, made, direction)
            made.discard(direction.key(operation))
            later.extend(late)
            yield early
        elif not isinstance(operation, ops.DropTableOp):
            yield operation
    yield from later


def _split(
    operation: ops.CreateTableOp, unmade: set[str], direction: Direction
) -> tuple[ops.CreateTableOp, list[Operation]]:
    """Return the creation without the foreign keys that must wait, and these."""
    key = direction.key(operation)
    late: list[Operation] = []
    columns: list[Any] = []
    for item in operation.columns:
        if isinstance(item, ForeignKeyConstraint) and _waits(item, key, unmade, direction):
            late.append(ops.CreateForeignKeyOp.from_constraint(item))
        else:
            columns.append(item)
    if not late:
        return operation, []
    operation.columns = columns
    return operation, late


def _waits(
    constraint: ForeignKeyConstraint, key: str, unmade: set[str], direction: Direction
) -> bool:
    target = _target(constraint, direction)
    return constraint.use_alter or (target != key and target in unmade)


def _target(constraint: ForeignKeyConstraint, direction: Direction) -> str:
    table, _, _ = constraint.elements[0].target_fullname.rpartition(".")
    schema, _, name = table.rpartition(".")
    return direction.sides.key(schema or None, name)


def _removals(operations: Sequence[Operation], direction: Direction) -> Iterator[Operation]:
    """Drop the foreign keys among dropped tables first, where no order of them would do."""
    drops = [op for op in operations if isinstance(op, ops.DropTableOp)]
    gone = {direction.key(op) for op in drops}
    ordered: list[ops.DropTableOp] = []
    waiting = list(drops)
    while waiting:
        free = [op for op in waiting if not _referrers(op, waiting, direction)]
        if not free:
            yield from _cut(waiting[0], gone, direction)
            free = [waiting[0]]
        ordered.extend(free)
        waiting = [op for op in waiting if op not in free]
    yield from ordered


def _referrers(
    operation: ops.DropTableOp, among: Sequence[ops.DropTableOp], direction: Direction
) -> list[str]:
    key = direction.key(operation)
    return [
        direction.key(other)
        for other in among
        if other is not operation
        for c in direction.before.tables[direction.key(other)].constraints
        if c.kind == "foreign key" and c.target == key
    ]


def _cut(operation: ops.DropTableOp, gone: set[str], direction: Direction) -> Iterator[Operation]:
    key = direction.key(operation)
    for other in sorted(gone - {key}):
        table = direction.before.tables[other]
        for c in table.constraints:
            if c.kind == "foreign key" and c.target == key and c.name:
                yield ops.DropConstraintOp(
                    c.name, table.name, type_="foreignkey", schema=table.schema
                )
