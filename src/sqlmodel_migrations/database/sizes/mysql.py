"""MariaDB and MySQL: InnoDB's estimates."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from sqlmodel_migrations.database.sizes.base import Size

_TABLES = text("""
SELECT table_name, table_rows, data_length + index_length FROM information_schema.tables
WHERE table_schema = database() AND table_type = 'BASE TABLE'
""")


def read(connection: Connection) -> Mapping[str, Size]:
    """Return the size of every table by its name."""
    return {name: Size(rows or 0, size) for name, rows, size in connection.execute(_TABLES)}
