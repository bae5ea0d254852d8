"""Scratch databases: one module per dialect that can make them."""

from __future__ import annotations

import importlib
from typing import cast

from sqlmodel_migrations.shadow.scratch.base import Scratch, ScratchModule, Target

__all__ = ["Scratch", "ScratchModule", "Target", "of"]

_MODULES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


def of(name: str) -> ScratchModule | None:
    """Return the module for SQLAlchemy's dialect `name`; None where we cannot make one."""
    if name not in _MODULES:
        return None
    return cast(ScratchModule, importlib.import_module(f"{__name__}.{_MODULES[name]}"))
