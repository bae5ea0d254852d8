"""psycopg 3."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

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
    "database": "dbname",
}
# Of libpq; `host` may name several hosts, which SQLAlchemy takes apart.
_QUERY = frozenset(
    (
        *("application_name", "channel_binding", "connect_timeout", "gssencmode", "options"),
        *("passfile", "service", "sslcert", "sslkey", "sslmode", "sslrootcert"),
        "target_session_attrs",
    )
)


def libpq_parameters(address: Address) -> dict[str, Any] | None:
    """Return the parameters of a connection through libpq; None where others may be meant."""
    found = parameters(address, _NAMES, _QUERY)
    return found and {"connect_timeout": CONNECT_TIMEOUT, **found}


def read(address: Address, table: Sequence[str], column: str) -> Rows | None:
    """Read in one round trip after those of the connection."""
    given = libpq_parameters(address)
    if given is None:
        return None
    import psycopg

    with contextlib.closing(psycopg.connect(**given, autocommit=True)) as connection:
        return connection.execute(selection(table, column, '"').encode()).fetchall()
