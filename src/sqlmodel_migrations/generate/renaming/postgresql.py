"""PostgreSQL: names that the server made after a table go with it; a schema is set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Dialect

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.database.quoting import qualified, quote
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.renames import TableName
from sqlmodel_migrations.generate.renaming import base

HAS_SCHEMAS = True


def steps(renames: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Order them."""
    return base.steps(renames)


def table(table: Table, new: TableName, dialect: Dialect, words: str) -> Iterator[StatementOp]:
    """Rename a table with its sequences and its primary key, then set its schema."""
    here = TableName(table.schema, new.name)
    if new.name != table.name:
        was, now = _qualified(table, dialect), _qualified(here, dialect)
        there = f"ALTER TABLE {was} RENAME TO {quote(new.name, dialect)}"
        back = f"ALTER TABLE {now} RENAME TO {quote(table.name, dialect)}"
        yield base.rename(table, here, there, back, words)
        yield from _followers(table, here, dialect)
    if new.schema != table.schema:
        yield _moved(base.called(table, here), new, dialect, words)


def _moved(table: Table, new: TableName, dialect: Dialect, words: str) -> StatementOp:
    """What belongs to the table goes with it: indexes, constraints and owned sequences."""
    return base.rename(
        table,
        new,
        f"ALTER TABLE {_qualified(table, dialect)} SET SCHEMA {_schema(new, dialect)}",
        f"ALTER TABLE {_qualified(new, dialect)} SET SCHEMA {_schema(table, dialect)}",
        words,
    )


def _qualified(name: Table | TableName, dialect: Dialect) -> str:
    return qualified(name.schema, name.name, dialect)


def _schema(name: Table | TableName, dialect: Dialect) -> str:
    return quote(name.schema or str(dialect.default_schema_name), dialect)


def _followers(table: Table, new: TableName, dialect: Dialect) -> Iterator[StatementOp]:
    """What the server named after the table: sequences of its keys, and its constraints."""
    for column in table.columns.values():
        if column.sequence and column.sequence.rpartition(".")[2].startswith(f"{table.name}_"):
            old = column.sequence.rpartition(".")[2]
            yield _rename_sequence(table, old, new.name + old.removeprefix(table.name), dialect)
    where = _qualified(new, dialect)
    old_key, new_key = quote(f"{table.name}_pkey", dialect), quote(f"{new.name}_pkey", dialect)
    if any(constraint.name == f"{table.name}_pkey" for constraint in table.constraints):
        yield StatementOp(
            f"ALTER TABLE {where} RENAME CONSTRAINT {old_key} TO {new_key}",
            f"ALTER TABLE {where} RENAME CONSTRAINT {new_key} TO {old_key}",
            f"rename constraint '{table.name}_pkey'",
            new.name,
        )


def _rename_sequence(table: Table, old: str, new: str, dialect: Dialect) -> StatementOp:
    return StatementOp(
        f"ALTER SEQUENCE {qualified(table.schema, old, dialect)} RENAME TO {quote(new, dialect)}",
        f"ALTER SEQUENCE {qualified(table.schema, new, dialect)} RENAME TO {quote(old, dialect)}",
        f"rename sequence '{old}' to '{new}'",
        None,
    )
