"""Scratch databases: one module per dialect that can make them."""

from __future__ import annotations

from sqlmodel_migrations.database import family
from sqlmodel_migrations.shadow.scratch.base import Scratch, ScratchModule, Target

__all__ = ["Scratch", "ScratchModule", "Target", "of"]


def of(name: str) -> ScratchModule | None:
    """Return the module for SQLAlchemy's dialect `name`; None where we cannot make one."""
    if not family.is_known(name):
        return None
    module: ScratchModule = family.member(__name__, name)
    return module
