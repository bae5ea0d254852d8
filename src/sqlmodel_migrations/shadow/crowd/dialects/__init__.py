"""What the databases spell differently when many rows are made; one module a dialect."""

from __future__ import annotations

from sqlalchemy import Dialect

from sqlmodel_migrations.database import family
from sqlmodel_migrations.shadow.crowd.dialects.base import CrowdModule

__all__ = ["CrowdModule", "of"]


def of(dialect: Dialect) -> CrowdModule:
    """Return the module that speaks this dialect."""
    module: CrowdModule = family.member(__name__, dialect.name)
    return module
