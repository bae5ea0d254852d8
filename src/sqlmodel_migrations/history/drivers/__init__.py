"""One module per driver that can be asked without SQLAlchemy, by SQLAlchemy's name for it."""

from __future__ import annotations

import importlib
from typing import cast

from sqlmodel_migrations.history.drivers.base import Driver

_MODULES = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql+psycopg": "psycopg",
    "postgresql+psycopg2": "psycopg2",
    "mysql+pymysql": "pymysql",
    "mariadb+pymysql": "pymysql",
}


def of(drivername: str) -> Driver | None:
    """Return the module of a driver; None for one that is asked through SQLAlchemy."""
    if drivername not in _MODULES:
        return None
    return cast(Driver, importlib.import_module(f"{__name__}.{_MODULES[drivername]}"))
