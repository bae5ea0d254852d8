"""SQLite: nobody else writes meanwhile, so that only what is gone, breaks or fails counts."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel_migrations.database.sqlite_token import Kind
from sqlmodel_migrations.database.statement import Reader, Statement
from sqlmodel_migrations.lint.guess.action import Act, Action
from sqlmodel_migrations.lint.guess.base import Guess, usual
from sqlmodel_migrations.lint.recording import Failure, FailureKind, Rows

_OF_NOW = ("CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME")


def guess(action: Action) -> Guess:
    """Return what one action probably does to a table that has rows."""
    found = usual(action)
    if action.act is not Act.ADD_COLUMN:
        return found
    if action.text.has("UNIQUE") or action.text.has("PRIMARY"):
        said = Failure(FailureKind.OTHER, "ALTER TABLE cannot add a UNIQUE or PRIMARY KEY column")
        return replace(found, failures=dict.fromkeys(Rows, said))
    if _has_computed_default(action.text):
        said = Failure(FailureKind.DATA, f"the default of '{action.name}' is no constant")
        return replace(found, failures={Rows.CLEAN: said, Rows.DIRTY: said})
    return found


def _has_computed_default(text: Statement) -> bool:
    reader = Reader(text)
    if not reader.seek("DEFAULT") or reader.next is None:
        return False
    return reader.next.kind is Kind.OPEN or reader.next.is_word(*_OF_NOW)


def whole(statement: Statement, *, is_in_transaction: bool) -> Guess:
    """Return what is known of a statement whatever tables it names."""
    if not is_in_transaction or statement.verb != "VACUUM":
        return Guess()
    said = Failure(FailureKind.TRANSACTION, "it cannot run from within a transaction")
    return Guess(failures=dict.fromkeys(Rows, said))
