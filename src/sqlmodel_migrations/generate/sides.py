"""The two sides of a comparison, both read back from a server that spelled them itself.

Texts of defaults, checks and expressions cannot be compared with what a model says: the server
rewrites them. So the models are made on a scratch database of their own, and the two catalogs
are compared.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Table
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database import catalog, dialects
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.base import Column, Expression
from sqlmodel_migrations.database.catalog.base import Table as CatalogTable
from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.generate import makeable
from sqlmodel_migrations.generate.named import Named
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
    if not dialects.of(connection.dialect.name).has_transactional_ddl:
        return None
    with contextlib.suppress(SQLAlchemyError):
        try:
            return _made(connection, named, ignore)
        finally:
            connection.rollback()
    return None


def models_apart(
    connection: Connection,
    shadow: Shadow,
    named: Named,
    schemas: Iterable[str],
    ignore: Collection[str],
) -> Catalog:
    """Make the models on a scratch database of their own, and read them.

    Raises `MigrationsError` where the database refuses what the models say.
    """
    with shadow.another(connection, "models") as second, _refused():
        replay.make_schemas(second, schemas)
        replay.make_extensions(second, replay.extensions(connection))
        return _made(second, named, ignore)


def _made(connection: Connection, named: Named, ignore: Collection[str]) -> Catalog:
    for metadata in named.metadata:
        makeable.require_models(metadata, connection.dialect)
        metadata.create_all(connection)
    return catalog.read(connection, ignore=ignore.__contains__)


@contextlib.contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        first = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise MigrationsError(f"the database refuses what the models say: {first}") from error
