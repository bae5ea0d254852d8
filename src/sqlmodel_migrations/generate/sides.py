"""The two sides of a comparison, both read back from a server that spelled them itself.

Texts of defaults, checks and expressions cannot be compared with what a model says: the server
rewrites them. So the models are made on a scratch database of their own, and the two catalogs
are compared.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Dialect, MetaData, Sequence, Table, inspect
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
    connection: Connection, named: Named, ignore: Collection[str], *, is_empty: bool = False
) -> Catalog | None:
    """Make the models on the empty shadow, read them, and roll back.

    One that `is_empty` for sure, since no env.py has seen it, is not asked for its tables.
    None where DDL does not roll back, or where the models need something of the history, such
    as an extension.
    """
    if dialects.of(connection.dialect.name).commits_ddl():
        return None
    with contextlib.suppress(SQLAlchemyError):
        return _made_for_a_moment(connection, named, ignore, is_empty=is_empty)
    return None


def models_first(connection: Connection, named: Named, ignore: Collection[str]) -> Catalog | None:
    """Make the models on an empty scratch database of ours, and read them.

    None where they need something that is not there. Raises `MigrationsError` where nothing
    could be missing, and the database refuses them all the same. See `make_room`.
    """
    if not dialects.of(connection.dialect.name).commits_ddl():
        return models_in_place(connection, named, ignore, is_empty=True)
    with _refused():
        return _made(connection, named, ignore, is_empty=True)


def make_room(connection: Connection, models: Catalog | None) -> None:
    """Take away what `models_first` made, as far as no rollback did."""
    if models is not None and dialects.of(connection.dialect.name).commits_ddl():
        _clear(connection, models)


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
    connection: Connection,
    named: Named,
    ignore: Collection[str],
    *,
    instead: bool = False,
    is_empty: bool = False,
) -> Catalog:
    with dialects.of(connection.dialect.name).real_transactions(connection):
        try:
            if instead:
                _clear(connection, catalog.read(connection))
            return _made(connection, named, ignore, is_empty=is_empty)
        finally:
            connection.rollback()


def _clear(connection: Connection, there: Catalog) -> None:
    """Drop what models may say of themselves; functions, domains and extensions stay."""
    with bulk.together(connection), _unreferenced(connection):
        for sql in _drops(there, connection.dialect):
            connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def _drops(there: Catalog, dialect: Dialect) -> Iterator[str]:
    cascade = " CASCADE" * (not dialects.of(dialect.name).commits_ddl())
    for kind, keys in (
        ("TABLE", [key for key, table in there.tables.items() if not _is_foreign(table.owner)]),
        ("TYPE", [key for key, enum in there.enums.items() if not _is_foreign(enum.owner)]),
        ("SEQUENCE", [key for key, text in there.sequences.items() if not _is_foreign(text)]),
    ):
        for key in keys:
            schema, _, name = key.rpartition(".")
            yield f"DROP {kind} IF EXISTS {qualified(schema or None, name, dialect)}{cascade}"


@contextlib.contextmanager
def _unreferenced(connection: Connection) -> Iterator[None]:
    """Let tables be dropped in any order, where there is no CASCADE."""
    if not dialects.of(connection.dialect.name).commits_ddl():
        yield
        return
    connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
    yield
    connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")


def _is_foreign(owner: str | None) -> bool:
    return str(owner).startswith("extension ")


def _made(
    connection: Connection, named: Named, ignore: Collection[str], *, is_empty: bool = False
) -> Catalog:
    for metadata in named.metadata:
        makeable.require_models(metadata, connection.dialect)
        is_asked = _needs_asking(named) or not (is_empty or _is_empty(connection, metadata))
        with bulk.together(connection):
            metadata.create_all(connection, checkfirst=is_asked)
    return read(connection, options.schemas(named.metadata, connection), ignore)


def read(connection: Connection, schemas: Collection[str], ignore: Collection[str]) -> Catalog:
    """Read the default schema of a scratch database and these, its questions asked together."""
    with bulk.foreseen(connection, catalog.questions(connection, also=schemas)):
        return catalog.read(connection, also=schemas, ignore=ignore.__contains__)


def _needs_asking(named: Named) -> bool:
    """Whether SQLAlchemy has to ask what is there before it makes the models.

    Several MetaData may share a table, and the sequence of a column is made twice otherwise.
    """
    if len(named.metadata) > 1:
        return True
    tables = (table for metadata in named.metadata for table in metadata.tables.values())
    columns = (column for table in tables for column in table.columns)
    return any(isinstance(column.default, Sequence) for column in columns)


def _is_empty(connection: Connection, metadata: MetaData) -> bool:
    """Whether no table is there, so that none has to be asked for."""
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
