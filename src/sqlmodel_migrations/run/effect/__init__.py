"""What a statement does to its transaction and its session; one module per dialect."""

from __future__ import annotations

import importlib
from typing import cast

from sqlmodel_migrations.run.effect.base import Before, EffectModule, Kind, Verdict

__all__ = ["Before", "EffectModule", "Kind", "Verdict", "is_known", "of"]

_MODULES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


def is_known(name: str) -> bool:
    """Whether what statements of SQLAlchemy's dialect `name` do can be told."""
    return name in _MODULES


def of(name: str) -> EffectModule:
    """Return the module of SQLAlchemy's dialect `name`; others have every effect undone."""
    module = importlib.import_module(f"{__name__}.{_MODULES.get(name, 'other')}")
    return cast(EffectModule, module)
