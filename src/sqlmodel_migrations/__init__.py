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
        StepFailed,
        UsageError,
    )
    from sqlmodel_migrations.generate.difference import Difference
    from sqlmodel_migrations.generate.revision import Generated
    from sqlmodel_migrations.history.index import Revision
    from sqlmodel_migrations.migrations import Migrations
    from sqlmodel_migrations.run.losses import Losses
    from sqlmodel_migrations.run.outcome import Outcome
    from sqlmodel_migrations.status import Status

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
    "Status",
    "StepFailed",
    "UsageError",
    "__version__",
]

# Where a public name that is no error is defined.
_MODULES = {
    "Difference": "generate.difference",
    "Generated": "generate.revision",
    "Losses": "run.losses",
    "Migrations": "migrations",
    "Outcome": "run.outcome",
    "Revision": "history.index",
    "Status": "status",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _MODULES.get(name, "errors")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
