"""What a table of SQLite is made with: STRICT, WITHOUT ROWID and AUTOINCREMENT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation

STRICT, WITH_ROWID = "sqlite_strict", "sqlite_with_rowid"
AUTOINCREMENT = "sqlite_autoincrement"
_WORDS = {
    (STRICT, True): "STRICT",
    (STRICT, False): "not STRICT",
    (WITH_ROWID, True): "with a rowid",
    (WITH_ROWID, False): "WITHOUT ROWID",
    (AUTOINCREMENT, True): "AUTOINCREMENT",
    (AUTOINCREMENT, False): "without AUTOINCREMENT",
}


class TableOptionsOp(MigrateOperation):
    """Make a table anew with other options, by the keywords of `sa.Table`."""

    def __init__(
        self,
        table_name: str,
        schema: str | None,
        before: Mapping[str, bool],
        after: Mapping[str, bool],
    ):
        self.table_name, self.schema = table_name, schema
        self.before, self.after = before, after

    @property
    def words(self) -> str:
        said = ", ".join(_WORDS[option] for option in self.after.items())
        return f"make table '{self.table_name}' {said}"

    def reverse(self) -> MigrateOperation:
        return TableOptionsOp(self.table_name, self.schema, self.after, self.before)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        return ("table_options", self.table_name, dict(self.after))


@renderers.dispatch_for(TableOptionsOp)
def _render(context: AutogenContext, operation: TableOptionsOp) -> list[str]:
    prefix = context.opts["alembic_module_prefix"] or ""
    arguments = [repr(operation.table_name), "recreate='always'"]
    if operation.schema:
        arguments.append(f"schema={operation.schema!r}")
    arguments.append(f"table_kwargs={dict(operation.after)!r}")
    return [f"with {prefix}batch_alter_table({', '.join(arguments)}):", "pass", ""]
