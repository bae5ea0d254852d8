"""psycopg2."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from sqlmodel_migrations.history.drivers.base import Rows, selection
from sqlmodel_migrations.history.drivers.psycopg import libpq_parameters
from sqlmodel_migrations.project.address import Address


def read(address: Address, table: Sequence[str], column: str) -> Rows | None:
    """Read in one round trip after those of the connection."""
    given = libpq_parameters(address)
    if given is None:
        return None
    import psycopg2

    with contextlib.closing(psycopg2.connect(**given)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(selection(table, column, '"'))
            rows: Rows = cursor.fetchall()
            return rows
