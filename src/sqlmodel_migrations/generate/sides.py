"""The two sides of a comparison, both read back from a server that spelled them itself.

Texts of defaults, checks and expressions cannot be compared with what a model says: the server
rewrites them. So the models are made on a scratch database of their own, and the two catalogs
are compared.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, MetaData, Sequence, Table, inspect
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database import catalog, dialects
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.base import Column, Expression
from sqlmodel_migrations.database.catalog.base import Table as CatalogTable
from sqlmodel_migrations.database.quoting import qualified
from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.generate import makeable, options
from sqlmodel_migrations.generate.named import Named
from sqlmodel_migrations.run import bulk
from sqlmodel_migrations.shadow import replay
from sqlmodel_migrations.shadow.shadow import Shadow

OPTION = "sqlmodel_migrations_sides"
"""Where the sides stand in the options of the migration context, for comparators."""


@dataclass(frozen=True)
class Sides:
    """`before` is the history's schema, `after` what create_all makes of the models."""

    before: Catalog
    after: Catalog
    named: Named
    connection: Connection
    ignored: frozenset[str] = frozenset()

    def tables(self, table: Table) -> tuple[CatalogTable, CatalogTable]:
        """Return a table of the models on both sides."""
        key = self.key(table.schema, table.name)
        return self.before.tables[key], self.after.tables[key]

    def has(self, schema: str | None, name: str) -> bool:
        """Whether both sides have the table."""
        key = self.key(schema, name)
        return key in self.before.tables and key in self.after.tables

    def things(self) -> frozenset[str]:
        """Return all that an answer may be about: tables, columns, types and their values."""
        tables = [*self.before.tables.values(), *self.after.tables.values()]
        enums = [*self.before.enums.items(), *self.after.enums.items()]
        columns = (f"{table.key}.{name}" for table in tables for name in table.columns)
        labels = (f"{enum.name}.{label}" for _, enum in enums for label in enum.labels)
        return frozenset((*(table.key for table in tables), *columns, *labels, *dict(enums)))

    def key(self, schema: str | None, name: str) -> str:
        """Return the key of a table; the default schema is not named."""
        is_default = schema in (None, self.connection.dialect.default_schema_name)
        return name if is_default else f"{schema}.{name}"

    def is_equivalent(
        self,
        table: CatalogTable,
        kind: Expression,
        first: str,
        second: str,
        column: Column | None = None,
    ) -> bool:
        """Whether two texts mean the same to the server; `kind` as in `catalog.equivalent`."""
        return first == second or catalog.equivalent(
            self.connection, table, kind, first, second, column=column
        )


def models_in_place(
    connection: Connection, named: Named, ignore: Collection[str]
) -> Catalog | None:
    """Make the models on the empty shadow, read them, and roll back.

    None where DDL does not roll back, or where the models need something of the history, such
    as an extension.
    """
    if dialects.of(connection.dialect.name).commits_ddl():
        return None
    with contextlib.suppress(SQLAlchemyError):
        return _made_for_a_moment(connection, named, ignore)
    return None


def models_afterwards(
    connection: Connection,
    shadow: Shadow,
    named: Named,
    schemas: Collection[str],
    ignore: Collection[str],
) -> Catalog:
    """Make the models beside what the history made of all but tables, types and sequences.

    In their place where tables need such things, else on a scratch database of their own.
    Raises `MigrationsError` where the database refuses what the models say.
    """
    with _refused():
        if dialects.of(connection.dialect.name).tables_need_more():
            connection.commit()
            return _made_for_a_moment(connection, named, ignore, instead=True)
        with shadow.another(connection, "models") as second:
            replay.make_schemas(second, schemas)
            return _made(second, named, ignore)


def _made_for_a_moment(
    connection: Connection, named: Named, ignore: Collection[str], *, instead: bool = False
) -> Catalog:
    with dialects.of(connection.dialect.name).real_transactions(connection):
        try:
            if instead:
                _clear(connection)
            return _made(connection, named, ignore)
        finally:
            connection.rollback()


def _clear(connection: Connection) -> None:
    """Drop what models may say of themselves; functions, domains and extensions stay."""
    there = catalog.read(connection)
    dialect = connection.dialect
    for kind, keys in (
        ("TABLE", [key for key, table in there.tables.items() if not _is_foreign(table.owner)]),
        ("TYPE", [key for key, enum in there.enums.items() if not _is_foreign(enum.owner)]),
        ("SEQUENCE", [key for key, text in there.sequences.items() if not _is_foreign(text)]),
    ):
        for key in keys:
            schema, _, name = key.rpartition(".")
            quoted = qualified(schema or None, name, dialect)
            sql = f"DROP {kind} IF EXISTS {quoted} CASCADE"
            connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def _is_foreign(owner: str | None) -> bool:
    return str(owner).startswith("extension ")


def _made(connection: Connection, named: Named, ignore: Collection[str]) -> Catalog:
    is_empty = len(named.metadata) == 1 and _is_empty(connection, named.metadata[0])
    for metadata in named.metadata:
        makeable.require_models(metadata, connection.dialect)
        with bulk.together(connection):
            metadata.create_all(connection, checkfirst=not is_empty)
    also = options.schemas(named.metadata, connection)
    return catalog.read(connection, also=also, ignore=ignore.__contains__)


def _is_empty(connection: Connection, metadata: MetaData) -> bool:
    """Whether no table is there, so that none has to be asked for.

    SQLAlchemy makes the sequence of a column twice where it may not ask for it.
    """
    columns = (column for table in metadata.tables.values() for column in table.columns)
    if any(isinstance(column.default, Sequence) for column in columns):
        return False
    inspector = inspect(connection)
    schemas = {table.schema for table in metadata.tables.values()} | {None}
    return not any(inspector.get_table_names(schema) for schema in schemas)


@contextlib.contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        first = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise MigrationsError(f"the database refuses what the models say: {first}") from error
