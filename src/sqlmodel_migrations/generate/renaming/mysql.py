"""MariaDB and MySQL look for the new name in the current database, unless it says another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Dialect

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.database.quoting import qualified
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.renames import TableName
from sqlmodel_migrations.generate.renaming import base

# A table would keep the character set of the database that it leaves.
HAS_SCHEMAS = False


def steps(renames: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Order them."""
    return base.steps(renames)


def table(table: Table, new: TableName, dialect: Dialect, words: str) -> Iterator[StatementOp]:
    """Rename a table."""
    was = qualified(table.schema, table.name, dialect)
    now = qualified(new.schema, new.name, dialect)
    there, back = f"ALTER TABLE {was} RENAME TO {now}", f"ALTER TABLE {now} RENAME TO {was}"
    yield base.rename(table, new, there, back, words)
