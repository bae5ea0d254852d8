"""What the databases spell differently when rows are made; one module a dialect."""

from __future__ import annotations

from sqlalchemy import Dialect

from sqlmodel_migrations.database import family
from sqlmodel_migrations.shadow.sample.dialects.base import Catalog, SampleModule

__all__ = ["Catalog", "SampleModule", "of"]


def of(dialect: Dialect) -> SampleModule:
    """Return the module that speaks this dialect; standard SQL where it is not known."""
    module: SampleModule = family.member(__name__, dialect.name, other="other")
    return module
