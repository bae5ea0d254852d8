"""The live database as it is found: what it is at, and its schema. Nothing of it is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alembic.runtime.migration import MigrationContext

from sqlmodel_migrations.database import catalog, dialects
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.generate import options
from sqlmodel_migrations.generate.comparison import unseen
from sqlmodel_migrations.run import log
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.shadow import replay


@dataclass(frozen=True)
class Live:
    """One database: `heads` are ids in its version table, `server` is product and version.

    The catalog is without the version table and without tables of our own.
    """

    heads: tuple[str, ...]
    catalog: Catalog
    server: str
    extensions: tuple[str, ...]

    @property
    def tables(self) -> frozenset[str]:
        """The keys of the tables that hold data: not of extensions, nor of other histories."""
        return frozenset(
            name
            for name, table in self.catalog.tables.items()
            if [*table.columns] != [options.VERSION_COLUMN]
            and not str(table.owner).startswith(("extension ", "sqlite"))
        )


def read(checkout: Checkout) -> tuple[Live, ...]:
    """Read every database that env.py opens, in its order."""
    found: list[Live] = []

    def look(context: MigrationContext, _: Mapping[str, Any]) -> None:
        connection = context.connection
        assert connection is not None
        found.append(
            Live(
                tuple(dict.fromkeys(context.get_current_heads())),
                catalog.read(connection, ignore=unseen(context)),
                dialects.of(connection.dialect.name).server(connection),
                replay.extensions(connection),
            )
        )

    with log.muted():
        checkout.read(look)
    return tuple(found)
