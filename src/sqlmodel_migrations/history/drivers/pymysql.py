"""PyMySQL."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from sqlmodel_migrations.history.drivers.base import (
    CONNECT_TIMEOUT,
    Rows,
    parameters,
    selection,
)
from sqlmodel_migrations.project.address import Address

_NAMES = {
    "host": "host",
    "port": "port",
    "username": "user",
    "password": "password",
    "database": "database",
}
_QUERY = frozenset(("charset", "unix_socket"))


def read(address: Address, table: Sequence[str], column: str) -> Rows | None:
    """Read without telling the server a mode of commits, which is a round trip."""
    given = parameters(address, _NAMES, _QUERY)
    if given is None or not (address.password or "").isascii():
        return None
    import pymysql

    connection = pymysql.connect(**given, connect_timeout=CONNECT_TIMEOUT, autocommit=None)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(selection(table, column, "`"))
        rows: Rows = cursor.fetchall()
        return rows
