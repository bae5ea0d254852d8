"""SQLite: nobody else writes meanwhile, so that only what is gone, breaks or fails counts."""

from __future__ import annotations

from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.lint.guess.action import Action
from sqlmodel_migrations.lint.guess.base import Guess, usual
from sqlmodel_migrations.lint.recording import Failure, FailureKind, Rows


def guess(action: Action) -> Guess:
    """Return what one action probably does to a table that has rows."""
    return usual(action)


def whole(statement: Statement, *, is_in_transaction: bool) -> Guess:
    """Return what is known of a statement whatever tables it names."""
    if not is_in_transaction or statement.verb != "VACUUM":
        return Guess()
    said = Failure(FailureKind.TRANSACTION, "it cannot run from within a transaction")
    return Guess(failures=dict.fromkeys(Rows, said))
