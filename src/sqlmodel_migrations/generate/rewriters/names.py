"""Names of constraints and indexes: as they are, whatever the naming convention says.

A convention with `%(constraint_name)s` is applied to every name that a script gives, unless the
script marks it by `op.f()`; elsewhere the mark would say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from alembic.operations import ops
from sqlalchemy import Constraint
from sqlalchemy.sql.elements import conv

from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Mark every name where a convention would change it, and none elsewhere."""
    kind = conv if _is_applied_to_names(direction) else str
    for operation in operations:
        for owner, attribute in _owners(operation):
            name = getattr(owner, attribute, None)
            if isinstance(name, str):
                setattr(owner, attribute, kind(name))
    return list(operations)


def _is_applied_to_names(direction: Direction) -> bool:
    conventions = [metadata.naming_convention for metadata in direction.sides.named.metadata]
    rules = [rule for convention in conventions for rule in convention.values()]
    return any("%(constraint_name)" in rule for rule in rules if isinstance(rule, str))


def _owners(operation: Operation) -> Iterator[tuple[Any, str]]:
    if isinstance(operation, ops.AddConstraintOp | ops.DropConstraintOp):
        yield operation, "constraint_name"
    elif isinstance(operation, ops.CreateIndexOp | ops.DropIndexOp):
        yield operation, "index_name"
    elif isinstance(operation, ops.CreateTableOp):
        yield from ((c, "name") for c in operation.columns if isinstance(c, Constraint))
