"""Guesses: what a statement probably does, read from its text alone; one module per dialect.

For what cannot be measured. A text does not say how large a table is or what depends on it, and
what type a column had stands in the script at most: less is found than by measuring, and less
surely.
"""

from __future__ import annotations

from dataclasses import replace

from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.lint.guess import action
from sqlmodel_migrations.lint.guess.base import Guess, GuessModule, joined
from sqlmodel_migrations.lint.guess.made import Made

__all__ = ["DIALECTS", "Guess", "Made", "of"]

DIALECTS = family.DIALECTS

_OPAQUE = Guess(unread=("what this does to tables is not read in its text",))


def of(
    statement: Statement, made: Made, *, is_in_transaction: bool, was: str | None = None
) -> Guess:
    """Return what a statement probably does to tables that were there before.

    Its dialect is one of `family.DIALECTS`; `was` is the type that its column has before.
    """
    module: GuessModule = family.member(__name__, statement.dialect)
    old = [a for a in action.parse(statement) if a.table.lower() not in made.tables]
    found = [module.guess(replace(a, is_met=made.reaches(a), was=was)) for a in old]
    opaque = [_OPAQUE] if action.is_opaque(statement) else []
    whole = module.whole(statement, is_in_transaction=is_in_transaction)
    return joined([*found, whole, *opaque])
