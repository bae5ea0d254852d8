"""A batch of changes of one table, for databases that rebuild it."""

from __future__ import annotations

from collections.abc import Mapping

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

from sqlmodel_migrations import _alembic


class BatchOp(ops.ModifyTableOps):
    """Changes that `batch_alter_table` carries out together.

    `recreate` is "always" where only a rebuild can do it; `conventions` name constraints that
    the database keeps without a name; `options` are keywords of `sa.Table`.
    """

    def __init__(self, table_name: str, schema: str | None):
        super().__init__(table_name, [], schema=schema)
        self.recreate: str | None = None
        self.conventions: Mapping[str, str] = {}
        self.options: Mapping[str, bool] = {}


@renderers.dispatch_for(BatchOp)
def _render(context: AutogenContext, operation: BatchOp) -> list[str]:
    prefix = context.opts["alembic_module_prefix"] or ""
    arguments = [repr(str(operation.table_name))]
    if operation.schema:
        arguments.append(f"schema={str(operation.schema)!r}")
    if operation.recreate:
        arguments.append(f"recreate={operation.recreate!r}")
    if operation.conventions:
        arguments.append(f"naming_convention={dict(operation.conventions)!r}")
    if operation.options:
        arguments.append(f"table_kwargs={dict(operation.options)!r}")
    lines = [f"with {prefix}batch_alter_table({', '.join(arguments)}) as batch_op:"]
    with _alembic.within_batch(context):
        for inner in operation.ops:
            lines.extend(_alembic.rendered(context, inner))
    if not operation.ops:
        lines.append("pass")
    return [*lines, ""]
