"""sqlite3, for files: other databases of SQLite end with the process that made them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from sqlmodel_migrations.history.drivers.base import Rows, selection
from sqlmodel_migrations.project.address import Address


def read(address: Address, table: Sequence[str], column: str) -> Rows | None:
    """Read a file without making or changing one, and without waiting for who writes."""
    if address.database in (None, "", ":memory:") or address != _plain(address):
        return None
    import sqlite3

    path = Path(os.path.abspath(str(address.database)))  # noqa: PTH100  (as SQLAlchemy does)
    uri = f"{path.as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=0)) as connection:
        return connection.execute(selection(table, column, '"')).fetchall()


def _plain(address: Address) -> Address:
    return Address(address.drivername, None, None, None, None, address.database, {})
