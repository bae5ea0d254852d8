"""The statements that make again what stands in a database; one module per dialect."""

from __future__ import annotations

from sqlalchemy import Connection

from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.ddl.base import DdlModule


def of(connection: Connection) -> DdlModule:
    """Return the module of a connection's dialect, which `catalog` must know."""
    module: DdlModule = family.member(__name__, connection.dialect.name)
    return module
