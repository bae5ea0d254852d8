"""What comparators share: the sides of a comparison, found where Alembic hands them on."""

from __future__ import annotations

import logging
from typing import Protocol

from alembic.autogenerate.api import AutogenContext
from alembic.runtime.plugins import Plugin

from sqlmodel_migrations.generate.sides import OPTION, Sides

log = logging.getLogger("alembic.autogenerate.compare")


class ComparatorModule(Protocol):
    """The shape of a module in this family."""

    def setup(self, plugin: Plugin) -> None:
        """Register the module's functions with Alembic."""


def sides(context: AutogenContext) -> Sides:
    """Return both sides of the comparison that Alembic is making."""
    found = context.opts[OPTION]
    assert isinstance(found, Sides)
    return found
