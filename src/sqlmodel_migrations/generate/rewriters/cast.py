"""Changes of type: values are converted in a known way, and what does not fit is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alembic.operations import ops

from sqlmodel_migrations.generate import conversions
from sqlmodel_migrations.generate.conversions import base
from sqlmodel_migrations.generate.conversions.base import Change
from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Say how each change of type converts, guard what may fail, and ask where nobody knows."""
    return [new for op in operations for new in _rewritten(op, direction)]


def _rewritten(operation: Operation, direction: Direction) -> Iterator[Operation]:
    change = None
    if isinstance(operation, ops.AlterColumnOp) and operation.modify_type is not None:
        change = Change.of(operation, direction)
    if change is None:
        yield operation
        return
    module = conversions.of(direction.dialect)
    condition = module.misfit(change) if change.told is None else None
    if condition is not None:
        direction.guards.append(_guard(change, condition))
    yield from module.converted(change)


def _guard(change: Change, condition: str) -> Guard:
    name = change.operation.column_name
    return Guard(
        f"SELECT count(*) FROM {change.where} WHERE {condition}",
        f"rows of '{change.key}' have a value in '{name}' that {_trouble(change)}",
        change.key,
        (name,),
    )


def _trouble(change: Change) -> str:
    labels = (change.items() or change).labels
    if base.is_made_uuid(change):
        return "is no UUID"
    return f"is none of {', '.join(labels)}" if labels else f"does not fit {change.new.type}"
