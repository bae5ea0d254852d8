"""Renaming: the statements that rename columns and tables; a module per dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Dialect

from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.catalog import Catalog, Table
from sqlmodel_migrations.database.quoting import qualified, quote
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.generate.operations.rename import RenameOp
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.renames import Renames, TableName
from sqlmodel_migrations.generate.renaming import base
from sqlmodel_migrations.generate.renaming.base import RenamingModule


def of(dialect: Dialect) -> RenamingModule:
    """Return the module of a dialect."""
    module: RenamingModule = family.member(__name__, dialect.name)
    return module


def operations(before: Catalog, renames: Renames, dialect: Dialect) -> list[StatementOp]:
    """Return the statements that rename, in an order in which each name is free."""
    found: list[StatementOp] = []
    for key, columns in renames.columns.items():
        found.extend(_columns(before.tables[key], columns, dialect))
    there = {table.key: table for table in before.tables.values()}
    found.extend(_within_schemas(there, renames.tables, dialect))
    found.extend(_between_schemas(there, renames.tables, dialect))
    return found


def _columns(table: Table, columns: Mapping[str, str], dialect: Dialect) -> Iterator[StatementOp]:
    originals = {name: name for name in table.columns}
    for old, new, meant in base.steps(columns):
        originals[new] = originals.pop(old)
        words = f"rename column '{table.key}.{originals[new]}' to '{meant}'"
        yield _column(table, old, new, dialect, words)


def _column(table: Table, old: str, new: str, dialect: Dialect, words: str) -> StatementOp:
    where = qualified(table.schema, table.name, dialect)
    return RenameOp(
        f"ALTER TABLE {where} RENAME COLUMN {quote(old, dialect)} TO {quote(new, dialect)}",
        f"ALTER TABLE {where} RENAME COLUMN {quote(new, dialect)} TO {quote(old, dialect)}",
        words,
        table.name,
        key=table.key,
        old=old,
        new=new,
        is_column=True,
    )


def _within_schemas(
    there: dict[str, Table], tables: Mapping[str, TableName], dialect: Dialect
) -> Iterator[StatementOp]:
    staying = {key: new for key, new in tables.items() if new.schema == there[key].schema}
    for schema in dict.fromkeys(new.schema for new in staying.values()):
        renames = {there[k].name: new.name for k, new in staying.items() if new.schema == schema}
        originals = {table.name: table.name for table in there.values() if table.schema == schema}
        for old, new, meant in of(dialect).steps(renames):
            originals[new] = originals.pop(old)
            table = there.pop(TableName(schema, old).key)
            words = f"rename table '{originals[new]}' to '{meant}'"
            yield from of(dialect).table(table, TableName(schema, new), dialect, words)
            there[TableName(schema, new).key] = base.called(table, TableName(schema, new))


def _between_schemas(
    there: Mapping[str, Table], tables: Mapping[str, TableName], dialect: Dialect
) -> Iterator[StatementOp]:
    for key, new in tables.items():
        if key in there and new.schema != there[key].schema:
            _require_schemas(key, new, dialect)
            words = f"move table '{key}' to '{new.key}'"
            yield from of(dialect).table(there[key], new, dialect, words)


def _require_schemas(key: str, new: TableName, dialect: Dialect) -> None:
    if not of(dialect).HAS_SCHEMAS:
        raise UsageError(
            f"'--rename {key}:{new.key}': {dialect.name} moves no table to another schema here",
            hint=f"give --accept {key}, and copy the rows in a revision made with --empty before",
        )
