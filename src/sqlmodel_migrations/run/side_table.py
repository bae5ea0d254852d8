"""Our own tables beside the version table; docs/design/execution.md says what is in them.

Their names begin with `sqlmodel_migrations`, and no comparison ever sees them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, inspect
from sqlalchemy.dialects.mysql import LONGTEXT

from sqlmodel_migrations.errors import UsageError

PREFIX = "sqlmodel_migrations"
JOURNAL = f"{PREFIX}_journal"
HISTORY = f"{PREFIX}_history"

OPTION = PREFIX
"""The option of `context.configure` by which an env.py of ours says that it hides these tables."""

FORMAT = 1
"""What this release writes; a higher number in a row is refused."""

# Names of tables and ids of revisions; four of them fit a key of InnoDB's.
_NAME = String(191)
_LONG = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
_MYSQL = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}


def journal(context: MigrationContext) -> Table:
    """The statements of the revision under way, in order."""
    return _table(
        context,
        JOURNAL,
        Column("version_table", _NAME, primary_key=True),
        Column("revision", _NAME, primary_key=True),
        Column("direction", String(9), primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        Column("state", String(6), nullable=False),
        Column("digest", String(64), nullable=False),
        Column("statement", _LONG, nullable=False),
        Column("fingerprint", _LONG),
        Column("answer", _LONG),
        Column("format", Integer, nullable=False),
    )


def history(context: MigrationContext) -> Table:
    """One row for each run of a revision, appended."""
    return _table(
        context,
        HISTORY,
        Column("version_table", _NAME, primary_key=True),
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("revision", _NAME, nullable=False),
        Column("direction", String(9), nullable=False),
        Column("checksum", String(64)),
        Column("source", String(64)),
        Column("started_at", String(32), nullable=False),
        Column("finished_at", String(32)),
        Column("tool", String(64), nullable=False),
        Column("host", String(255), nullable=False),
        Column("pid", Integer, nullable=False),
        Column("format", Integer, nullable=False),
    )


def _table(context: MigrationContext, name: str, *columns: Column[Any]) -> Table:
    options: dict[str, Any] = {
        f"{dialect}_{option}": value
        for dialect in ("mysql", "mariadb")
        for option, value in _MYSQL.items()
    }
    return Table(name, MetaData(), *columns, schema=context.version_table_schema, **options)


def beside(connection: Connection) -> Connection:
    """Return a Connection of ours over the same DBAPI connection, in the same transaction.

    What is executed on it is none of the script's statements: no listener of `connection` sees it.
    Nothing may be committed, rolled back or closed through it.
    """
    twin = Connection(connection.engine, connection=connection.connection, _allow_revalidate=False)
    options = connection.get_execution_options()
    return twin.execution_options(
        **{name: value for name, value in options.items() if name != "isolation_level"}
    )


def exists(connection: Connection, table: Table) -> bool:
    """Whether the table is there."""
    return inspect(connection).has_table(table.name, schema=table.schema)


def require_known(rows: Iterable[Mapping[Any, Any]], table: Table) -> None:
    """Raise `UsageError` for rows that a newer release has written."""
    newest = max((int(row["format"]) for row in rows), default=FORMAT)
    if newest > FORMAT:
        raise UsageError(
            f"the table '{table.name}' was written by a newer version of sqlmodel-migrations",
            hint="upgrade this one: pip install --upgrade sqlmodel-migrations",
            details=("nothing was run",),
        )
