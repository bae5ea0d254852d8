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

__all__ = [
    "Catalog",
    "Column",
    "Constraint",
    "Enum",
    "Index",
    "Table",
    "equivalent",
    "questions",
    "read",
]


def _nothing(table_key: str) -> bool:
    return False


def read(
    connection: Connection,
    *,
    schemas: Collection[str | None] | None = None,
    also: Collection[str] = (),
    ignore: Callable[[str], bool] = _nothing,
) -> Catalog:
    """Read what the database's schema is, in at most nine queries (MariaDB, SQLite: per schema).

    `schemas` None: on PostgreSQL every schema but the system's, on MariaDB and MySQL the
    connection's database and on SQLite `main`, with those in `also`; in a list, None is the
    default one. Tables for whose key `ignore` is true are left out. Raises `UsageError` for a
    dialect that is not known.
    """
    return _module(connection).read(connection, _schemas(connection, schemas, also), ignore)


def questions(connection: Connection, *, also: Collection[str] = ()) -> tuple[str, ...]:
    """Return what `read` will ask one by one, to be asked together where the driver can."""
    return _module(connection).questions(connection, _schemas(connection, None, also))


def _schemas(
    connection: Connection, schemas: Collection[str | None] | None, also: Collection[str]
) -> Collection[str | None] | None:
    if schemas is None and also and not _module(connection).reads_every_schema:
        return [None, *sorted(also)]
    return schemas


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
