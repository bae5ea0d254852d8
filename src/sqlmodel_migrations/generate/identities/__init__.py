"""Identities: how each database numbers its rows, changed; a module per dialect."""

from __future__ import annotations

from sqlalchemy import Dialect

from sqlmodel_migrations.database import family
from sqlmodel_migrations.generate.identities.base import IdentityModule


def of(dialect: Dialect) -> IdentityModule:
    """Return the module of a dialect."""
    module: IdentityModule = family.member(__name__, dialect.name)
    return module
