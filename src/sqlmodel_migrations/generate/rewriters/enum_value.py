"""Renamed values of enums that are no types: ENUM of MariaDB, and text with a check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from alembic.operations import ops
from sqlalchemy.dialects.mysql import ENUM

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.generate.enum_renames import is_plain_text
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation
from sqlmodel_migrations.generate.sqltype import SqlType


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Give the rows the new name of a value, while the column allows both."""
    found = list(operations)
    for table in direction.before.tables.values():
        for name, column in table.columns.items():
            renames = direction.renamed_values(table.key, name)
            if renames and not _is_done(table, name, direction):
                labels = SqlType.parse(column.type).labels
                found = _renamed(found, table, name, labels, renames, direction)
    return found


def _is_done(table: Table, name: str, direction: Direction) -> bool:
    """Whether the renames, which come before all changes, have seen to the rows."""
    was = direction.sides.before.tables.get(table.key)
    return was is not None and name in was.columns and is_plain_text(was, name)


def _renamed(
    operations: Sequence[Operation],
    table: Table,
    name: str,
    labels: Sequence[str],
    renames: Mapping[str, str],
    direction: Direction,
) -> list[Operation]:
    updates = list(_updates(table, name, renames, direction))
    if not labels:
        return [*updates, *operations]
    both = [*labels, *(new for new in renames.values() if new not in labels)]
    changed = _change(operations, table, name, direction)
    if changed is None:
        return list(operations)
    widened = ops.AlterColumnOp(
        changed.table_name,
        name,
        schema=changed.schema,
        existing_type=changed.existing_type,
        existing_nullable=changed.existing_nullable,
        existing_comment=changed.existing_comment,
        modify_type=ENUM(*both),
    )
    position = list(operations).index(changed)
    return [*operations[:position], widened, *updates, *operations[position:]]


def _change(
    operations: Sequence[Operation], table: Table, name: str, direction: Direction
) -> ops.AlterColumnOp | None:
    for operation in operations:
        if not isinstance(operation, ops.AlterColumnOp) or operation.modify_type is None:
            continue
        if operation.column_name == name and direction.key(operation) == table.key:
            return operation
    return None


def _updates(
    table: Table, name: str, renames: Mapping[str, str], direction: Direction
) -> Iterator[StatementOp]:
    column = direction.quote(name)
    for old, new in renames.items():
        yield StatementOp(
            f"UPDATE {direction.quoted(table)} SET {column} = {direction.literal(new)}"
            f" WHERE {column} = {direction.literal(old)}",
            None,
            f"rename value '{old}' of '{table.key}.{name}' to '{new}'",
            table.name,
            phase=order.CHANGES,
        )
