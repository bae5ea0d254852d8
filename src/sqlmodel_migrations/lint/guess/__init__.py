"""Guesses: what a statement probably does, read from its text alone; one module per dialect.

For what cannot be measured. A text does not say how large a table is, what depends on it or what
type a column had: less is found than by measuring, and what is found is less sure.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.lint.guess import action
from sqlmodel_migrations.lint.guess.base import Guess, GuessModule, joined

__all__ = ["DIALECTS", "Guess", "of"]

DIALECTS = family.DIALECTS


def of(sql: str, dialect: str, new: Collection[str], *, is_in_transaction: bool) -> Guess:
    """Return what a statement probably does to tables that are not `new`, names in small letters.

    `dialect` is one of `family.DIALECTS`.
    """
    statement = Statement(sql, dialect)
    module: GuessModule = family.member(__name__, dialect)
    old = [a for a in action.parse(statement) if a.table.lower() not in new]
    found = [module.guess(each) for each in old]
    return joined([*found, module.whole(statement, is_in_transaction=is_in_transaction)])
