"""What every dialect's module offers to mirror tables."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from sqlalchemy import Connection

from sqlmodel_migrations.database.catalog import Catalog, Table


class MirrorModule(Protocol):
    """The shape of a module in this family."""

    def make(self, live: Connection, scratch: Connection, wanted: Catalog) -> None:
        """Make what `wanted` holds on `scratch`, which is empty; the caller commits."""

    def questions(self, scratch: Connection, tables: Collection[Table]) -> tuple[str, ...]:
        """Return the questions, one for each table, that SQLAlchemy will ask of the mirror."""
