"""SQLite: AUTOINCREMENT is an option of the table."""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from sqlmodel_migrations.database.catalog import Column
from sqlmodel_migrations.generate.operations.table_options import AUTOINCREMENT, TableOptionsOp
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def changed(
    operation: ops.AlterColumnOp, old: Column, new: Column, _: Direction
) -> Iterator[Operation]:
    """Set the option of the table."""
    before, after = ({AUTOINCREMENT: c.identity == "autoincrement"} for c in (old, new))
    yield TableOptionsOp(operation.table_name, operation.schema, before, after)
