"""What a database's schema is, read from the server's catalogs; one module per dialect."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import Connection

from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.catalog.base import (
    Catalog,
    CatalogModule,
    Column,
    Constraint,
    Enum,
    Expression,
    Index,
    Table,
)
from sqlmodel_migrations.errors import UsageError

__all__ = ["Catalog", "Column", "Constraint", "Enum", "Index", "Table", "equivalent", "read"]


def _nothing(table_key: str) -> bool:
    return False


def read(
    connection: Connection,
    *,
    schemas: Collection[str | None] | None = None,
    also: Collection[str] = (),
    ignore: Callable[[str], bool] = _nothing,
) -> Catalog:
    """Read what the database's schema is, in at most eight queries (MariaDB, SQLite: per schema).

    `schemas` None: on PostgreSQL every schema but the system's, on MariaDB and MySQL the
    connection's database and on SQLite `main`, with those in `also`; in a list, None is the
    default one. Tables for whose key `ignore` is true are left out. Raises `UsageError` for a
    dialect that is not known.
    """
    module = _module(connection)
    if schemas is None and also and not module.reads_every_schema:
        schemas = [None, *sorted(also)]
    return module.read(connection, schemas, ignore)


def equivalent(
    connection: Connection,
    table: Table,
    kind: Expression,
    first: str,
    second: str,
    *,
    column: Column | None = None,
) -> bool:
    """Ask the database whether two texts mean the same on `table`, which it must have.

    A check and an index may be given as their definitions. `column` is that of a default or a
    computed expression. In doubt False; an open transaction stays usable.
    """
    if first == second:
        return True
    return _module(connection).equivalent(connection, table, kind, (first, second), column)


def _module(connection: Connection) -> CatalogModule:
    name = connection.dialect.name
    if not family.is_known(name):
        raise UsageError(
            f"the schema of a '{name}' database cannot be read",
            hint="use SQLite, PostgreSQL, MariaDB or MySQL",
        )
    module: CatalogModule = family.member(__name__, name)
    return module
