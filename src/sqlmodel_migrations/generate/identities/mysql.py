"""MariaDB and MySQL number the column of a key only."""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from sqlmodel_migrations.database.catalog import Column
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def changed(
    operation: ops.AlterColumnOp, _old: Column, new: Column, _direction: Direction
) -> Iterator[Operation]:
    """Set AUTO_INCREMENT once the key is there, and take it away before the key goes."""
    is_numbered = new.identity == "auto_increment"
    numbered = operation.modify_type or operation.existing_type
    made = ops.AlterColumnOp(
        operation.table_name,
        operation.column_name,
        schema=operation.schema,
        existing_type=numbered if is_numbered else operation.existing_type,
        existing_nullable=new.nullable,
        modify_nullable=new.nullable,
        autoincrement=is_numbered,
    )
    vars(made)["phase"] = order.KEYED if is_numbered else order.UNKEYED
    yield made
