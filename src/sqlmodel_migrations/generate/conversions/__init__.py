"""Conversions: how each database turns values of one type into another; a module per dialect."""

from __future__ import annotations

from sqlalchemy import Dialect

from sqlmodel_migrations.database import family
from sqlmodel_migrations.generate.conversions.base import ConversionModule


def of(dialect: Dialect) -> ConversionModule:
    """Return the module of a dialect."""
    module: ConversionModule = family.member(__name__, dialect.name)
    return module
