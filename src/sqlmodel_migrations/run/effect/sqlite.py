"""SQLite: everything is undone with its transaction, but VACUUM has none."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from sqlmodel_migrations.database import target
from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.run.effect.base import Before, Kind, Verdict
from sqlmodel_migrations.run.effect.other import (
    adds_value,
    apart,
    clear,
    look,
    must_be_alone,
    refusal,
    restore,
    running,
    wants_values_committed,
)

__all__ = [
    "BEGIN",
    "adds_value",
    "apart",
    "clear",
    "ends_transaction",
    "is_lasting_doubt",
    "is_untouched",
    "kind",
    "look",
    "must_be_alone",
    "refusal",
    "restore",
    "running",
    "verdict",
    "wants_values_committed",
]

BEGIN = "BEGIN IMMEDIATE"

_SESSION = ("PRAGMA", "ATTACH", "DETACH")

# What makes SQLite roll the whole transaction back by itself (sqlite.org/lang_transaction.html).
_ROLLED_BACK = ("disk is full", "disk I/O error", "out of memory", "interrupted")


def kind(statement: Statement) -> Kind:
    """Know VACUUM, and what the next connection does not know."""
    if statement.verb == "VACUUM":
        return Kind.ALONE
    is_session = statement.verb in _SESSION or target.temporary(statement) is not None
    return Kind.SESSION if is_session else Kind.PLAIN


def verdict(connection: Connection, statements: Sequence[Statement], before: Before) -> Verdict:
    """Say that VACUUM may be run again."""
    return Verdict.NOT_DONE


def is_untouched(connection: Connection, statements: Sequence[Statement], before: Before) -> bool:
    """Say that VACUUM leaves nothing."""
    return True


def is_lasting_doubt(
    connection: Connection, statements: Sequence[Statement], before: Before
) -> bool:
    """Say that there is no doubt."""
    return False


def ends_transaction(error: Exception) -> bool:
    """Whether SQLite has ended the transaction together with the statement."""
    return any(text in str(error) for text in _ROLLED_BACK)
