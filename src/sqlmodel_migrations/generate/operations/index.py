"""Indexes that Alembic's own operations say too little of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateIndexOp, DropIndexOp, MigrateOperation

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database.catalog import Index
from sqlmodel_migrations.generate.operations.statement import NothingOp, StatementOp

# What an index says that has nothing but columns: `USING btree (a, b)`, `BTREE (a)`, `(a)`.
_PLAIN = re.compile(r"(?:UNIQUE )?(?:INDEX )?(?:USING )?(?:BTREE )?\(([^()]*)\)", re.IGNORECASE)


class DropIndexAsMadeOp(DropIndexOp):
    """Drop an index; the way back makes it as it was.

    Operator classes, expressions and conditions come back, whatever reflection says of them.
    """

    def __init__(self, index: Index, table_name: str, schema: str | None):
        super().__init__(index.name, table_name, schema=schema)
        self.index = index

    def reverse(self) -> CreateIndexAsMadeOp:
        return CreateIndexAsMadeOp(self.index, str(self.table_name), self.schema)


class CreateIndexAsMadeOp(CreateIndexOp):
    """Make an index that was there, by the server's own statement where `op` cannot say it."""

    def __init__(self, index: Index, table_name: str, schema: str | None):
        columns = [column or "" for column in index.columns]
        super().__init__(index.name, table_name, columns, schema=schema, unique=index.is_unique)
        self.index = index

    def reverse(self) -> DropIndexAsMadeOp:
        return DropIndexAsMadeOp(self.index, self.table_name, self.schema)


class ImpliedIndexOp(NothingOp):
    """An index that MariaDB makes for a foreign key; on the way back it has to be dropped."""

    def __init__(self, index_name: str, table_name: str, schema: str | None):
        self.index_name, self.table_name, self.schema = index_name, table_name, schema

    def reverse(self) -> MigrateOperation:
        return DropIndexOp(self.index_name, self.table_name, schema=self.schema)


@renderers.dispatch_for(DropIndexAsMadeOp)
def _render_drop(context: AutogenContext, operation: DropIndexAsMadeOp) -> str:
    prefix = context.opts["alembic_module_prefix"] or ""
    arguments = [repr(str(operation.index_name)), f"table_name={str(operation.table_name)!r}"]
    if operation.schema:
        arguments.append(f"schema={str(operation.schema)!r}")
    return f"{prefix}drop_index({', '.join(arguments)})"


@renderers.dispatch_for(CreateIndexAsMadeOp)
def _render_create(
    context: AutogenContext, operation: CreateIndexAsMadeOp
) -> str | Sequence[str | None]:
    index = operation.index
    if not _is_plain(index):
        words = f"add index '{index.name}'"
        return _alembic.rendered(context, StatementOp(index.sql, None, words))
    prefix = context.opts["alembic_module_prefix"] or ""
    columns = [str(column) for column in index.columns]
    arguments = [repr(index.name), repr(str(operation.table_name)), repr(columns)]
    if index.is_unique:
        arguments.append("unique=True")
    if operation.schema:
        arguments.append(f"schema={str(operation.schema)!r}")
    return f"{prefix}create_index({', '.join(arguments)})"


def _is_plain(index: Index) -> bool:
    matched = _PLAIN.fullmatch(index.definition)
    if matched is None or None in index.columns:
        return False
    named = [part.strip().strip('"`') for part in matched[1].split(",")]
    return named == list(index.columns)
