"""Migrations for SQLModel and SQLAlchemy, on top of Alembic.

    from sqlmodel_migrations import Migrations

    Migrations.find().upgrade()

Importing this package imports neither Alembic nor SQLAlchemy: each name is looked up when it is
used first.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from sqlmodel_migrations.version import __version__

if TYPE_CHECKING:
    from sqlmodel_migrations.errors import (
        AnswerNeeded,
        ChangeRefused,
        DatabaseError,
        MigrationsError,
        RevisionFailed,
        UsageError,
    )
    from sqlmodel_migrations.migrations import (
        Difference,
        Generated,
        Losses,
        Migrations,
        Outcome,
        Revision,
        Status,
    )

__all__ = [
    "AnswerNeeded",
    "ChangeRefused",
    "DatabaseError",
    "Difference",
    "Generated",
    "Losses",
    "Migrations",
    "MigrationsError",
    "Outcome",
    "Revision",
    "RevisionFailed",
    "Status",
    "UsageError",
    "__version__",
]

_ERRORS = (
    "AnswerNeeded",
    "ChangeRefused",
    "DatabaseError",
    "MigrationsError",
    "RevisionFailed",
    "UsageError",
)


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = "errors" if name in _ERRORS else "migrations"
    return getattr(importlib.import_module(f"{__name__}.{room}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
