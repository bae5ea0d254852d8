"""SQLite: the greatest rowid, which is found without reading the table, else a count."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from sqlmodel_migrations.database.quoting import quote
from sqlmodel_migrations.database.sizes.base import Size

_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
)


def read(connection: Connection) -> Mapping[str, Size]:
    """Return the size of every table by its name; bytes are not known."""
    names = connection.exec_driver_sql(_TABLES).scalars().all()
    return {name: Size(_rows(connection, name)) for name in names}


def _rows(connection: Connection, table: str) -> int:
    try:
        found = connection.exec_driver_sql(
            f"SELECT max(rowid) FROM {quote(table, connection.dialect)}"
        ).scalar()
    except OperationalError:  # WITHOUT ROWID
        found = connection.exec_driver_sql(
            f"SELECT count(*) FROM {quote(table, connection.dialect)}"
        ).scalar()
    return int(found or 0)
