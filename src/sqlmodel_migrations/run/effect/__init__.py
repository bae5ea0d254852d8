"""What a statement does to its transaction and its session; one module per dialect."""

from __future__ import annotations

from sqlmodel_migrations.database import family
from sqlmodel_migrations.run.effect.base import Before, EffectModule, Kind, Verdict

__all__ = ["Before", "EffectModule", "Kind", "Verdict", "is_known", "of"]


def is_known(name: str) -> bool:
    """Whether what statements of SQLAlchemy's dialect `name` do can be told."""
    return family.is_known(name)


def of(name: str) -> EffectModule:
    """Return the module of SQLAlchemy's dialect `name`; others have every effect undone."""
    module: EffectModule = family.member(__name__, name, other="other")
    return module
