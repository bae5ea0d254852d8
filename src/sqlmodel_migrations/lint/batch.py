"""Batches: statements that change so many rows at most, however large their table is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlmodel_migrations.database.sqlite_token import Token, fold
from sqlmodel_migrations.database.statement import split
from sqlmodel_migrations.lint.recording import RecordedStatement

_NUMBER = re.compile(r"\b\d+\b")
PLACE = re.compile(r"%\((\w+)\)s|%s|\?|:(\w+)|\$(\d+)")
"""Where a parameter stands, however a driver spells it."""

MOST = 10_000
"""Rows that may be locked for a moment."""


def key(statement: RecordedStatement) -> str:
    """Return what the batches of one loop have in common: the text but for its numbers."""
    return _NUMBER.sub("0", statement.sql)


def names(statement: RecordedStatement, table: str) -> bool:
    """Whether a statement speaks of a table; a trigger's it may change without."""
    name = fold(table.rpartition(".")[2])
    return any(name in part.names for part in split(statement.sql, "postgresql"))


def limits(statement: RecordedStatement) -> list[int]:
    """Return the numbers of rows that the text of a statement names: after LIMIT, or as a range.

    Which of them, if any, is the most that it changes is for its facts to say.
    """
    return limits_of(_filled(statement))


def limits_of(text: str) -> list[int]:
    """Return the numbers of rows that a text names, without any parameters."""
    parts = split(text, "postgresql")
    return [limit for part in parts for limit in _limits(part.tokens)]


def _filled(statement: RecordedStatement) -> str:
    """The text with the parameters that are whole numbers in their places."""
    given = statement.parameters
    named = given if isinstance(given, Mapping) else {}
    listed = iter(given if isinstance(given, Sequence) and not isinstance(given, str) else ())

    def fill(place: re.Match[str]) -> str:
        name = place[1] or place[2]
        value = named.get(name) if name else next(listed, None)
        return str(value) if isinstance(value, int) else place[0]

    return PLACE.sub(fill, statement.sql)


def _limits(tokens: Sequence[Token]) -> list[int]:
    """The numbers after LIMIT, FETCH FIRST and OFFSET, and the widths of ranges."""
    found = []
    for at, token in enumerate(tokens):
        rest = tokens[at + 1 :]
        if token.is_word("LIMIT", "FIRST", "NEXT") and (count := _number(rest, 0)) is not None:
            found.append(count)
        elif token.is_word("OFFSET") and (count := _number(rest, 0)) is not None:
            found.append(count + 1)  # the row at which a batch stops
        elif token.is_word("BETWEEN"):
            found.extend(_width(_number(rest, 0), _number(rest, 2)))
    return [*found, *_ranges(tokens)]


def _ranges(tokens: Sequence[Token]) -> list[int]:
    """The widths of `name > 1 AND name <= 2` and its like."""
    low: dict[str, int] = {}
    high: dict[str, int] = {}
    for at, token in enumerate(tokens[1:-1], 1):
        if token.text not in ("<", ">"):
            continue
        is_equal = tokens[at + 1].text == "="
        number = _number(tokens, at + 1 + is_equal)
        name = tokens[at - 1].name
        if number is not None:
            side = low if token.text == ">" else high
            side[name] = number
    return [width for name in low for width in _width(low[name], high.get(name))]


def _number(tokens: Sequence[Token], at: int) -> int | None:
    token = tokens[at] if at < len(tokens) else None
    return int(token.text) if token is not None and token.text.isdecimal() else None


def _width(low: int | None, high: int | None) -> list[int]:
    return [] if low is None or high is None else [max(0, high - low + 1)]
