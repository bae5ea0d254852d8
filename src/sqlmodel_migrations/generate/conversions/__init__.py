"""Conversions: how each database turns values of one type into another; a module per dialect."""

from __future__ import annotations

import importlib
from typing import cast

from sqlalchemy import Dialect

from sqlmodel_migrations.generate.conversions.base import Change, ConversionModule

__all__ = ["Change", "ConversionModule", "of"]

_MODULES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


def of(dialect: Dialect) -> ConversionModule:
    """Return the module of a dialect."""
    module = importlib.import_module(f"{__name__}.{_MODULES[dialect.name]}")
    return cast(ConversionModule, module)
