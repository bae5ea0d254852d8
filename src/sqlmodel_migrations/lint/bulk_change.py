"""A change of many rows: one UPDATE or DELETE of one table, taken apart so that it can be repeated.

Neighbour: `safe_form.batches` puts it together again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel_migrations.database.sqlite_token import Kind, Token, fold
from sqlmodel_migrations.database.statement import Reader, Statement, split
from sqlmodel_migrations.lint.script import NotMechanical

_OTHERS = ("FROM", "USING", "RETURNING", "ORDER", "LIMIT", "AS", "JOIN", "CURRENT")


@dataclass(frozen=True)
class BulkChange:
    """`text` ends before WHERE, whose condition is None where there is none.

    `table` is as it is written. `assigned` are the columns that get a value, `read` the names that
    these values are made of.
    """

    verb: str
    table: str
    text: str
    condition: str | None
    assigned: frozenset[str]
    read: frozenset[str]

    def require_repeatable(self, key: str) -> None:
        """Raise `NotMechanical` where a second run would change the same rows once more."""
        both = sorted(self.assigned & self.read)
        if both:
            raise NotMechanical(
                f"'{both[0]}' is made from itself: what a second run would do to rows that are"
                " done is not known"
            )
        if fold(key.strip('"`')) in self.assigned:
            raise NotMechanical("it changes the primary key")


def read(sql: str, dialect: str) -> BulkChange:
    """Take a statement apart; raises `NotMechanical` for one that is more than that."""
    parts = split(sql, dialect)
    if len(parts) != 1 or parts[0].verb not in ("UPDATE", "DELETE"):
        raise NotMechanical("it is not one UPDATE or DELETE")
    statement = parts[0]
    tokens = statement.tokens
    stop, table = _table(statement)
    where = _at_top(tokens, "WHERE")
    end = where.start if where is not None else len(statement.text)
    top = [t for t in _top(tokens) if t.start < end and t.start >= stop]
    others = [t for t in _top(tokens) if t.start >= stop and t.is_word(*_OTHERS)]
    if others:
        raise NotMechanical(f"it says {others[0].text.upper()}, which a batch cannot")
    sides = _sides(top, tokens, end) if statement.verb == "UPDATE" else ([], [])
    return BulkChange(
        "update" if statement.verb == "UPDATE" else "delete from",
        table,
        statement.text[:end].rstrip(),
        statement.text[where.end :].strip() if where is not None else None,
        frozenset(sides[0]),
        frozenset(sides[1]),
    )


def _table(statement: Statement) -> tuple[int, str]:
    """Where the table's name ends, and the name as it is written."""
    is_update = statement.verb == "UPDATE"
    first = 1 if is_update else 2
    reader = Reader(statement, first)
    name, following = reader.name(), reader.next
    is_end = not is_update if following is None else following.is_word("SET", "WHERE")
    if name is None or not is_end:
        raise NotMechanical("it has an alias, or more than one table")
    start, end = statement.tokens[first].start, statement.tokens[reader.at - 1].end
    return end, statement.text[start:end]


def _top(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens that stand in no parentheses."""
    depth = 0
    for token in tokens:
        depth -= token.kind is Kind.CLOSE
        if depth == 0:
            yield token
        depth += token.kind is Kind.OPEN


def _at_top(tokens: Sequence[Token], word: str) -> Token | None:
    return next((token for token in _top(tokens) if token.is_word(word)), None)


def _sides(top: Sequence[Token], tokens: Sequence[Token], end: int) -> tuple[list[str], list[str]]:
    """The names on the left and on the right of each `=`."""
    signs = {token.start for token in top if token.text == "="}
    commas = {token.start for token in top if token.kind is Kind.COMMA}
    begin = next(token.end for token in top if token.is_word("SET"))
    left: list[str] = []
    right: list[str] = []
    side = left
    for token in tokens:
        if not begin <= token.start < end:
            continue
        if token.start in signs and side is left:
            side = right
        elif token.start in commas:
            side = left
        elif token.kind in (Kind.WORD, Kind.QUOTED):
            side.append(fold(token.name))
    return left, right
