"""The statements that make again what stands in a database; one module per dialect."""

from __future__ import annotations

import importlib
from typing import cast

from sqlalchemy import Connection

from sqlmodel_migrations.database.ddl.base import DdlModule, Piece

__all__ = ["DdlModule", "Piece", "of"]

_MODULES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


def of(connection: Connection) -> DdlModule:
    """Return the module of a connection's dialect, which `catalog` must know."""
    name = _MODULES[connection.dialect.name]
    return cast(DdlModule, importlib.import_module(f"{__name__}.{name}"))
