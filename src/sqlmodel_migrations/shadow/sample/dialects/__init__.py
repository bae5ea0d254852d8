"""What the databases spell differently when rows are made; one module a dialect."""

from __future__ import annotations

from sqlalchemy import Dialect

from sqlmodel_migrations.shadow.sample.dialects import mysql, other, postgresql, sqlite
from sqlmodel_migrations.shadow.sample.dialects.base import Catalog, SampleModule

__all__ = ["Catalog", "SampleModule", "of"]

_MODULES: dict[str, SampleModule] = {
    "sqlite": sqlite,
    "postgresql": postgresql,
    "mysql": mysql,
    "mariadb": mysql,
}


def of(dialect: Dialect) -> SampleModule:
    """Return the module that speaks this dialect; standard SQL where it is not known."""
    return _MODULES.get(dialect.name, other)
