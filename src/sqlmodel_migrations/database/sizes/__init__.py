"""How large the tables of a database are; one module per dialect."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.sizes.base import Size, SizesModule

__all__ = ["Size", "read"]


def read(connection: Connection) -> Mapping[str, Size]:
    """Return the size of every table by its key, `name` or `schema.name`; changes nothing.

    Rows are the server's estimate where it keeps one. Empty for a dialect that is not known.
    """
    name = connection.dialect.name
    if not family.is_known(name):
        return {}
    module: SizesModule = family.member(__name__, name)
    return module.read(connection)
