"""Dialects that we know nothing of: their transactions are trusted, and nothing is journaled."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from sqlmodel_migrations.database.statement import Statement, transaction_control
from sqlmodel_migrations.run.effect.base import Before, Kind, Verdict
from sqlmodel_migrations.run.effect.base import committed as apart

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

BEGIN = "BEGIN"


def kind(statement: Statement) -> Kind:
    """Trust that a rollback undoes everything."""
    return Kind.PLAIN


def refusal(statement: Statement) -> str | None:
    """Refuse what begins or ends a transaction."""
    words = transaction_control(statement)
    if words is None:
        return None
    verb = "begins" if words in ("BEGIN", "START TRANSACTION") else "ends"
    return f"{words} {verb} a transaction"


def look(connection: Connection, statements: Sequence[Statement]) -> Before:
    """See nothing."""
    return {}


def verdict(connection: Connection, statements: Sequence[Statement], before: Before) -> Verdict:
    """Know nothing."""
    return Verdict.DOUBT


def is_untouched(connection: Connection, statements: Sequence[Statement], before: Before) -> bool:
    """Know nothing."""
    return False


def is_lasting_doubt(
    connection: Connection, statements: Sequence[Statement], before: Before
) -> bool:
    """Say that nothing can be told."""
    return True


def running(connection: Connection, before: Before) -> str | None:
    """Know of no session that outlives its client and its lock."""
    return None


def clear(connection: Connection, statements: Sequence[Statement], before: Before | None) -> None:
    """Leave everything as it is."""


def restore(connection: Connection, before: Before) -> None:
    """Know of no such thing."""


def must_be_alone(error: Exception) -> bool:
    """Know no such error."""
    return False


def wants_values_committed(error: Exception) -> bool:
    """Know no such error."""
    return False


def adds_value(statement: Statement) -> bool:
    """Know no such statement."""
    return False


def ends_transaction(error: Exception) -> bool:
    """Trust that a failed statement undoes itself alone."""
    return False
