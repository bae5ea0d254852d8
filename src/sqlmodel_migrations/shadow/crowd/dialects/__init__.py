"""What the databases spell differently when many rows are made; one module a dialect."""

from __future__ import annotations

from sqlalchemy import Dialect

from sqlmodel_migrations.shadow.crowd.dialects import mysql, postgresql, sqlite
from sqlmodel_migrations.shadow.crowd.dialects.base import CrowdModule

__all__ = ["CrowdModule", "of"]

_MODULES: dict[str, CrowdModule] = {
    "sqlite": sqlite,
    "postgresql": postgresql,
    "mysql": mysql,
    "mariadb": mysql,
}


def of(dialect: Dialect) -> CrowdModule:
    """Return the module that speaks this dialect."""
    return _MODULES[dialect.name]
