"""What the models want: the schema that `create_all` makes of them, and what is still missing.

What models cannot speak of (views, triggers, what the user's env.py leaves out) is no difference.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.exc import DBAPIError, SAWarning

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.base import EXCLUDE, PRIMARY_KEY
from sqlmodel_migrations.database.catalog.base import Table as CatalogTable
from sqlmodel_migrations.database.catalog.difference import CatalogDifference, differences
from sqlmodel_migrations.generate import filters, named, options, sides
from sqlmodel_migrations.generate.comparison import version_tables
from sqlmodel_migrations.generate.named import Named
from sqlmodel_migrations.shadow.shadow import Shadow

_NOT_OF_MODELS = ("view", "trigger", "domain", "sequence", "schema", "owner")


@dataclass(frozen=True)
class Wanted:
    """The models' side: their schema on this server, and which names they give."""

    metadata: tuple[MetaData, ...]
    catalog: Catalog
    named: Named


def in_place(context: MigrationContext) -> Wanted | None:
    """Make the models on the empty shadow of `context`, and roll back.

    None where that cannot be done: `apart` does it elsewhere.
    """
    connection, metadata, copies = _models(context)
    if not metadata:
        return None
    found = sides.models_in_place(connection, copies, version_tables(context))
    return None if found is None else Wanted(metadata, found, copies)


def apart(context: MigrationContext, shadow: Shadow) -> Wanted | None:
    """Make the models beside what the history made; None where env.py gives none."""
    connection, metadata, copies = _models(context)
    if not metadata:
        return None
    schemas = options.schemas(metadata, connection)
    ignored = version_tables(context)
    found = sides.models_afterwards(connection, shadow, copies, schemas, ignored)
    return Wanted(metadata, found, copies)


def _models(context: MigrationContext) -> tuple[Connection, tuple[MetaData, ...], Named]:
    metadata = options.metadatas(context.opts.get("target_metadata"))
    metadata = metadata if any(data.tables for data in metadata) else ()
    assert context.connection is not None
    return context.connection, metadata, named.copied(metadata, context.connection.dialect)


def missing(
    context: MigrationContext, actual: Catalog, wanted: Wanted, *, old: Collection[str]
) -> tuple[CatalogDifference, ...]:
    """Return what differs from the models on the shadow; the options of tables in `old` may."""
    connection = context.connection
    assert connection is not None
    given = _given(wanted)
    found = differences(
        actual,
        wanted.catalog,
        named=lambda table, name: (table, name) in given,
        connection=connection,
    )
    filters = _Filters(context, actual, wanted)
    return tuple(d for d in found if _is_wanted(d, wanted, old) and filters.includes(d))


def _given(wanted: Wanted) -> frozenset[tuple[str, str]]:
    """The names that the models give themselves: others may have been invented long ago."""
    return frozenset(
        (table.key, name)
        for table in wanted.catalog.tables.values()
        for name in (*_constraints(table), *(index.name for index in table.indexes))
        if wanted.named.is_given(table.key, name)
    )


def _constraints(table: CatalogTable) -> Iterator[str]:
    """The names of constraints; servers name primary keys by themselves."""
    yield from (c.name for c in table.constraints if c.name and c.kind != PRIMARY_KEY)


def _is_wanted(found: CatalogDifference, wanted: Wanted, old: Collection[str]) -> bool:
    is_extra = found.after is None
    if is_extra and found.kind in _NOT_OF_MODELS:
        return False
    if is_extra and found.kind == "constraint" and EXCLUDE in str(found.before).lower():
        return False
    return found.kind not in ("options", "owner") or found.table not in old


class _Filters:
    """What the user's env.py leaves out of the comparison."""

    def __init__(self, context: MigrationContext, actual: Catalog, wanted: Wanted):
        self._context = context
        self._actual = actual
        self._wanted = wanted

    def includes(self, found: CatalogDifference) -> bool:
        if found.kind in self._switched_off():
            return False
        if found.kind == "enum":
            return self._includes_enum(found)
        if found.table is None:
            return True
        table = self._actual.tables.get(found.table)
        schema = table.schema if table is not None else None
        if table is not None and table.owner is not None:
            return False
        return self._includes_table(found.table, schema) and self._includes_part(found, schema)

    def _switched_off(self) -> Iterator[str]:
        """The kinds that env.py's `compare_type` and `compare_server_default` decide about."""
        if _is_decided(_alembic.user_compare_type(self._context)):
            yield from ("type", "collation")
        if _is_decided(_alembic.user_compare_server_default(self._context)):
            yield from ("default", "extra")

    def _includes_enum(self, found: CatalogDifference) -> bool:
        enum = self._actual.enums.get(found.name)
        if enum is None:
            return True
        tables = {user.rpartition(".")[0] for user in enum.users}
        return enum.owner is None and (not tables or bool(tables & {*self._wanted.catalog.tables}))

    def _includes_table(self, key: str, schema: str | None) -> bool:
        name = key.rpartition(".")[2] if schema else key
        if schema and not self._asks_name(schema, "schema", {}):
            return False
        parents = {"schema_name": schema, "schema_qualified_table_name": key}
        if not self._asks_name(name, "table", parents):
            return False
        reflected, model = self._reflected(key, schema), self._model(key)
        if reflected is None:
            return model is None or self._asks_object(model, name, "table", False, None)
        return self._asks_object(reflected, name, "table", True, model)

    def _includes_part(self, found: CatalogDifference, schema: str | None) -> bool:
        """Ask about a column, an index or a constraint."""
        kind = "index" if found.kind == "index" else "column"
        if found.kind in ("table", "comment", "options"):
            return True
        table = self._actual.tables.get(str(found.table))
        if found.kind == "constraint":
            return table is None or self._includes_constraint(table, found.name)
        name = table.name if table is not None else found.table
        parents = {
            "schema_name": schema,
            "table_name": name,
            "schema_qualified_table_name": found.table,
        }
        if not self._asks_name(found.name, kind, parents):
            return False
        reflected = _part(self._reflected(str(found.table), schema), kind, found.name)
        model = _part(self._model(str(found.table)), kind, found.name)
        if reflected is None and model is None:
            return True
        shown = reflected if reflected is not None else model
        return self._asks_object(shown, found.name, kind, reflected is not None, model)

    def _includes_constraint(self, table: CatalogTable, name: str) -> bool:
        """Ask about a constraint that is there; one that is missing was filtered before."""
        options = self._context.opts
        return all(
            filters.is_constraint_passing(table, constraint, options)
            for constraint in table.constraints
            if constraint.name == name
        )

    def _asks_name(self, name: str, kind: str, parents: Mapping[str, Any]) -> bool:
        asked = self._context.opts.get("include_name")
        return asked is None or bool(asked(name, kind, parents))

    def _asks_object(self, item: Any, name: str, kind: str, reflected: bool, twin: Any) -> bool:
        asked = self._context.opts.get("include_object")
        return asked is None or bool(asked(item, name, kind, reflected, twin))

    def _model(self, key: str) -> Table | None:
        return next((d.tables[key] for d in self._wanted.metadata if key in d.tables), None)

    def _reflected(self, key: str, schema: str | None) -> Table | None:
        if key not in self._actual.tables:
            return None
        assert self._context.connection is not None
        return _reflect(self._context.connection, self._actual.tables[key].name, schema)


def _is_decided(asked: Any) -> bool:
    return asked is False or callable(asked)


def _reflect(connection: Connection, name: str, schema: str | None) -> Table | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)
            return Table(
                name, MetaData(), schema=schema, autoload_with=connection, resolve_fks=False
            )
    except DBAPIError:
        return None


def _part(table: Table | None, kind: str, name: str) -> Any:
    if table is None:
        return None
    if kind == "column":
        return table.columns.get(name)
    return next((index for index in table.indexes if index.name == name), None)
