"""Waiting for what other sessions hold: how long, how it is told, and who they are."""

from __future__ import annotations

import importlib
from typing import cast

from sqlmodel_migrations.run.waits.base import Limits, WaitsModule

__all__ = ["Limits", "WaitsModule", "of"]

_MODULES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


def of(name: str) -> WaitsModule:
    """Return the module of SQLAlchemy's dialect `name`."""
    module = importlib.import_module(f"{__name__}.{_MODULES.get(name, 'other')}")
    return cast(WaitsModule, module)
