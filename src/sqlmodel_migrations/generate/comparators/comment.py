"""Comments of tables."""

from __future__ import annotations

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult
from sqlalchemy import Table

from sqlmodel_migrations.generate.comparators.base import log, sides


def setup(plugin: Plugin) -> None:
    plugin.add_autogenerate_comparator(compare, "table", "sqlmodel_migrations_comment")


def compare(
    context: AutogenContext,
    operations: ops.ModifyTableOps,
    schema: str | None,
    name: str,
    theirs: Table | None,
    model: Table | None,
) -> PriorityDispatchResult:
    """Add the operation that sets or drops the comment, where it differs."""
    found = sides(context)
    if theirs is None or model is None or not found.has(schema, name):
        return PriorityDispatchResult.CONTINUE
    before, after = (side.comment for side in found.tables(model))
    if before == after:
        return PriorityDispatchResult.CONTINUE
    log.info("Detected change of the comment of table '%s'", name)
    if after is None:
        operations.ops.append(ops.DropTableCommentOp(name, existing_comment=before, schema=schema))
    else:
        operations.ops.append(
            ops.CreateTableCommentOp(name, after, existing_comment=before, schema=schema)
        )
    return PriorityDispatchResult.CONTINUE
