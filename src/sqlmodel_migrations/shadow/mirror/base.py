"""What every dialect's module offers to mirror tables."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from sqlmodel_migrations.database.catalog import Catalog


class MirrorModule(Protocol):
    """The shape of a module in this family."""

    def make(self, live: Connection, scratch: Connection, wanted: Catalog) -> None:
        """Make what `wanted` holds on `scratch`, which is empty; the caller commits."""

    def questions(self, scratch: Connection, wanted: Catalog) -> tuple[str, ...]:
        """Return the questions, one for each table, that SQLAlchemy will ask of the mirror."""
