"""What every dialect's module offers to mirror tables, and what they share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import Connection

from sqlmodel_migrations.database.catalog import Catalog


class MirrorModule(Protocol):
    """The shape of a module in this family."""

    def make(self, live: Connection, scratch: Connection, wanted: Catalog) -> None:
        """Make what `wanted` holds on `scratch`, which is empty; the caller commits."""


def execute(connection: Connection, statements: Iterable[str]) -> None:
    """Run statements that no driver looks through for parameters."""
    for sql in statements:
        connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def literal(value: str) -> str:
    """Write a string as standard SQL."""
    return "'" + value.replace("'", "''") + "'"
