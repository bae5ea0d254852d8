"""Facts: what one statement does to a database, measured on it; one module per dialect."""

from __future__ import annotations

import importlib
from typing import cast

from sqlalchemy import Connection

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.lint.facts.base import FactsModule, Measured, Meter

__all__ = ["Measured", "Meter", "of"]

_MODULES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


def of(connection: Connection) -> Meter:
    """Return the meter of the dialect, at the moment before the first pending revision.

    Raises `UsageError` for a dialect that is not known.
    """
    name = connection.dialect.name
    if name not in _MODULES:
        raise UsageError(
            f"what a revision does to a '{name}' database cannot be measured",
            hint=f"it can on: {', '.join(_MODULES)}",
        )
    module = cast(FactsModule, importlib.import_module(f"{__name__}.{_MODULES[name]}"))
    return module.meter(connection)
