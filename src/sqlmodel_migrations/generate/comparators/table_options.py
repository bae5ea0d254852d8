"""STRICT and WITHOUT ROWID of tables on SQLite; AUTOINCREMENT is a column's identity."""

from __future__ import annotations

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult
from sqlalchemy import Table

from sqlmodel_migrations.database.catalog.base import Table as CatalogTable
from sqlmodel_migrations.generate.comparators.base import log, sides
from sqlmodel_migrations.generate.operations.table_options import (
    STRICT,
    WITH_ROWID,
    TableOptionsOp,
)


def setup(plugin: Plugin) -> None:
    plugin.add_autogenerate_comparator(compare, "table", "sqlmodel_migrations_table_options")


def compare(
    context: AutogenContext,
    operations: ops.ModifyTableOps,
    schema: str | None,
    name: str,
    theirs: Table | None,
    model: Table | None,
) -> PriorityDispatchResult:
    """Add the operation that makes a table with the options that differ."""
    found = sides(context)
    if context.dialect.name != "sqlite" or theirs is None or model is None:
        return PriorityDispatchResult.CONTINUE
    if not found.has(schema, name):
        return PriorityDispatchResult.CONTINUE
    before, after = (_options(side) for side in found.tables(model))
    changed = [option for option in after if before[option] != after[option]]
    if changed:
        operation = TableOptionsOp(
            name, schema, {o: before[o] for o in changed}, {o: after[o] for o in changed}
        )
        operations.ops.append(operation)
        log.info("Detected: %s", operation.words)
    return PriorityDispatchResult.CONTINUE


def _options(table: CatalogTable) -> dict[str, bool]:
    return {STRICT: "strict" in table.options, WITH_ROWID: "without rowid" not in table.options}
