"""Chains: which rewriters the operations of a script go through; a module per dialect."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Dialect

from sqlmodel_migrations.database import family
from sqlmodel_migrations.generate.chains.base import ChainModule
from sqlmodel_migrations.generate.rewriters.base import RewriterModule


def of(dialect: Dialect) -> Sequence[RewriterModule]:
    """Return the rewriters for a dialect, in their order."""
    module: ChainModule = family.member(__name__, dialect.name)
    return module.REWRITERS
