"""How large the tables of a database are; one module per dialect."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import cast

from sqlalchemy import Connection

from sqlmodel_migrations.database.sizes.base import Size, SizesModule

__all__ = ["Size", "read"]

_MODULES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


def read(connection: Connection) -> Mapping[str, Size]:
    """Return the size of every table by its key, `name` or `schema.name`; changes nothing.

    Rows are the server's estimate where it keeps one. Empty for a dialect that is not known.
    """
    name = connection.dialect.name
    if name not in _MODULES:
        return {}
    module = cast(SizesModule, importlib.import_module(f"{__name__}.{_MODULES[name]}"))
    return module.read(connection)
