"""One module per dialect; nothing outside this folder asks which dialect it is on."""

from __future__ import annotations

import importlib
from typing import cast

from sqlmodel_migrations.database.dialects.base import DialectModule, Explanation, Standpoint

__all__ = ["DialectModule", "Explanation", "Standpoint", "of"]

_MODULES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


def of(name: str) -> DialectModule:
    """Return the module of SQLAlchemy's dialect `name`; others than the three get plain Alembic."""
    module = importlib.import_module(f"{__name__}.{_MODULES.get(name, 'other')}")
    return cast(DialectModule, module)
