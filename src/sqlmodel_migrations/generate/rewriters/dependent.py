"""Views, triggers and policies on columns that get another type: out of the way, and back.

PostgreSQL alone refuses to alter what they use. Those that the history made are known; another
one, which only the live database has, makes the upgrade fail with nothing changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alembic.operations import ops

from sqlmodel_migrations.database.ddl import postgresql_dependent
from sqlmodel_migrations.database.ddl.base import Piece
from sqlmodel_migrations.database.ddl.postgresql_dependent import Place
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation

RETYPES = "retypes"
"""Attribute of a statement: the column that it gives another type, as a `Place`."""


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Drop what is in the way before all changes, and make it again after them."""
    places = dict.fromkeys(place for op in operations for place in _places(op, direction))
    if not places:
        return list(operations)
    found = postgresql_dependent.dependents(direction.sides.connection, list(places))
    if direction.is_upgrade:
        direction.decisions.extend(f"{d.title} is dropped and made again" for d in found)
    return [
        *(_dropped(dependent) for dependent in reversed(found)),
        *operations,
        *(made for dependent in found for made in _made(dependent)),
    ]


def _places(operation: Operation, direction: Direction) -> Iterator[Place]:
    if isinstance(operation, ops.AlterColumnOp) and operation.modify_type is not None:
        yield operation.schema, operation.table_name, operation.column_name
    elif isinstance(operation, StatementOp) and RETYPES in vars(operation):
        yield vars(operation)[RETYPES]
    elif isinstance(operation, ops.AddColumnOp):
        name = str(operation.column.name)
        if direction.column(operation, name) is not None:  # which is dropped here, and comes anew
            yield operation.schema, operation.table_name, name


def _dropped(dependent: Piece) -> StatementOp:
    return StatementOp(str(dependent.undo), None, f"drop {dependent.title}", phase=order.FIRST)


def _made(dependent: Piece) -> Iterator[StatementOp]:
    for sql in dependent.sql:
        yield StatementOp(sql, None, f"make {dependent.title}", phase=order.LAST)
