"""One module per dialect; nothing outside this folder asks which dialect it is on."""

from __future__ import annotations

from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.dialects.base import DialectModule


def of(name: str) -> DialectModule:
    """Return the module of SQLAlchemy's dialect `name`; others than the three get plain Alembic."""
    module: DialectModule = family.member(__name__, name, other="other")
    return module
