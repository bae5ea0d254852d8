"""What comparators share: the sides of a comparison, found where Alembic hands them on."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from alembic.autogenerate.api import AutogenContext
from alembic.runtime.plugins import Plugin

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.generate.sides import OPTION, Sides

log = logging.getLogger("alembic.autogenerate.compare")


class ComparatorModule(Protocol):
    """The shape of a module in this family."""

    def setup(self, plugin: Plugin) -> None:
        """Register the module's functions with Alembic."""


def is_seen(context: AutogenContext, name: str | None, kind: str, table: Table) -> bool:
    """Ask the user's `include_name` about something that the history's table has."""
    parents: Any = {"schema_name": table.schema, "table_name": table.name}
    return context.run_name_filters(name, kind, parents)  # type: ignore[arg-type]


def sides(context: AutogenContext) -> Sides:
    """Return both sides of the comparison that Alembic is making."""
    found = context.opts[OPTION]
    assert isinstance(found, Sides)
    return found
