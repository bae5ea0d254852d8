"""The reach of an UPDATE or DELETE: how many rows it changes, as far as its text says."""

from __future__ import annotations

import enum

from sqlmodel_migrations.database.sqlite_token import Kind, fold
from sqlmodel_migrations.database.statement import Reader, Statement
from sqlmodel_migrations.lint import batch
from sqlmodel_migrations.lint.guess.clause import between_words, since_word


class Reach(enum.Enum):
    """How many rows of its table a statement changes."""

    ALL = enum.auto()
    FEW = enum.auto()
    UNKNOWN = enum.auto()


def of(statement: Statement) -> Reach:
    """Return how far a statement reaches; few rows are those that a value or a limit picks out."""
    text = Statement(batch.PLACE.sub("0", statement.text), statement.dialect)
    limited = since_word(text, "WHERE", "LIMIT")
    if limited is None:
        return Reach.ALL
    condition = _condition(text)
    is_limited = any(limit <= batch.MOST for limit in batch.limits_of(limited.text))
    is_picked = condition is not None and _picks(condition)
    return Reach.FEW if is_limited or is_picked else Reach.UNKNOWN


def null_column(statement: Statement) -> str | None:
    """Return the column of a condition that is `column IS NULL` and nothing else."""
    condition = _condition(statement)
    if condition is None or since_word(statement, "LIMIT") is not None:
        return None
    reader = Reader(condition)
    column = reader.name()
    is_all = column is not None and reader.take("IS", "NULL") and reader.next is None
    return fold(column.name) if is_all and column is not None else None


def _condition(statement: Statement) -> Statement | None:
    """What follows WHERE, of the statement itself rather than of a query in it."""
    condition = since_word(statement, "WHERE")
    if condition is None:
        return None
    return between_words(condition, "WHERE", "ORDER", "LIMIT", "RETURNING", "ON")[1]


def _picks(condition: Statement) -> bool:
    """Whether each alternative of a condition asks for `name = value` or `name IN (values)`."""
    return all(
        any(_is_value(part) for part in between_words(either, "AND"))
        for either in between_words(condition, "OR")
    )


def _is_value(part: Statement) -> bool:
    reader = Reader(part)
    if reader.name() is None:
        return False
    if reader.sign("="):
        values = part.tokens[reader.at :]
    elif reader.take("IN") and reader.sign("("):
        values = part.tokens[reader.at : -1]
    else:
        return False
    return bool(values) and all(v.kind in (Kind.STRING, Kind.NUMBER, Kind.COMMA) for v in values)
