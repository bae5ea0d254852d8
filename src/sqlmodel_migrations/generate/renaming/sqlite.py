"""SQLite: a table stays in its database, and another spelling of its own name is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Dialect

from sqlmodel_migrations.database import sqlite_token
from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.database.quoting import qualified, quote
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.renames import TableName, aside
from sqlmodel_migrations.generate.renaming import base

HAS_SCHEMAS = False


def steps(renames: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Order them; a name that differs by its spelling alone is reached by way of a third."""
    for old, new, meant in base.steps(renames):
        if sqlite_token.same(old, new):
            yield old, aside(old, "renamed"), meant
            old = aside(old, "renamed")
        yield old, new, meant


def table(table: Table, new: TableName, dialect: Dialect, words: str) -> Iterator[StatementOp]:
    """Rename a table."""
    was, now = (
        qualified(table.schema, table.name, dialect),
        qualified(new.schema, new.name, dialect),
    )
    yield base.rename(
        table,
        new,
        f"ALTER TABLE {was} RENAME TO {quote(new.name, dialect)}",
        f"ALTER TABLE {now} RENAME TO {quote(table.name, dialect)}",
        words,
    )
