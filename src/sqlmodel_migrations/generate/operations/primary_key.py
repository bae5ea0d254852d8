"""Dropping and adding a primary key, which Alembic can do and does not write."""

from __future__ import annotations

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreatePrimaryKeyOp, DropConstraintOp

from sqlmodel_migrations._alembic import is_batched


class AddPrimaryKeyOp(CreatePrimaryKeyOp):
    """Add a primary key over `columns`; the way back drops it."""

    def reverse(self) -> DropConstraintOp:
        name = None if self.constraint_name is None else str(self.constraint_name)
        columns = [str(column) for column in self.columns]
        known_by = "_".join(("pk", self.table_name, *columns))
        return DropPrimaryKeyOp.over(name, self.table_name, columns, self.schema, known_by)


class DropPrimaryKeyOp(DropConstraintOp):
    """Drop a primary key; the way back adds it over the same columns."""

    columns: tuple[str, ...] = ()
    name: str | None = None

    @classmethod
    def over(
        cls,
        name: str | None,
        table: str,
        columns: list[str],
        schema: str | None,
        known_by: str | None = None,
    ) -> DropPrimaryKeyOp:
        """Return the operation for a key as it is; one without a name is `known_by` another."""
        made = cls(name or known_by, table, type_="primary", schema=schema)
        made.columns, made.name = tuple(columns), name
        return made

    def reverse(self) -> AddPrimaryKeyOp:
        return AddPrimaryKeyOp(self.name, self.table_name, list(self.columns), schema=self.schema)


@renderers.dispatch_for(AddPrimaryKeyOp)
def _render(context: AutogenContext, operation: AddPrimaryKeyOp) -> str:
    name = None if operation.constraint_name is None else str(operation.constraint_name)
    columns = [str(column) for column in operation.columns]
    if is_batched(context):
        return f"batch_op.create_primary_key({name!r}, {columns!r})"
    prefix = context.opts["alembic_module_prefix"] or ""
    arguments = [repr(name), repr(str(operation.table_name)), repr(columns)]
    if operation.schema:
        arguments.append(f"schema={str(operation.schema)!r}")
    return f"{prefix}create_primary_key({', '.join(arguments)})"
