"""Waiting for what other sessions hold: how long, how it is told, and who they are."""

from __future__ import annotations

from sqlmodel_migrations.database import family
from sqlmodel_migrations.run.waits.base import Limits, WaitsModule

__all__ = ["Limits", "WaitsModule", "of"]


def of(name: str) -> WaitsModule:
    """Return the module of SQLAlchemy's dialect `name`."""
    module: WaitsModule = family.member(__name__, name, other="other")
    return module
