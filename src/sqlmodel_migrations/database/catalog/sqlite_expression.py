"""SQLite's texts in one form, and whether two of them mean the same: their bytecode is compared.

SQLite keeps what was typed, so two databases of one schema differ in case, quotes and spaces.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database.catalog.base import Column, Expression, Table
from sqlmodel_migrations.database.catalog.definition import pairs
from sqlmodel_migrations.database.sqlite_token import Kind, Token, fold, quote, significant

_RESERVED = SQLiteIdentifierPreparer.reserved_words
_OPERATORS = ("->>", "->", "||", "<=", ">=", "<>", "!=", "==", "<<", ">>")
_SIGNS = ("-", "+", "~")
# Words that take a space before a parenthesis, as functions do not.
_SPACED = frozenset(
    (
        *("and", "or", "not", "in", "is", "as", "on", "when", "then", "else", "case", "between"),
        *("like", "glob", "where", "having", "by", "set", "using", "from", "select", "values"),
        *("join", "check", "key", "references", "into", "limit"),
    )
)
_SIMPLE = re.compile(r"[a-z_][a-z0-9_]*")
_LITERAL = re.compile(r"[+-]?\s*(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|'(?:[^']|'')*'")


def canonical(sql: str, names: Collection[str] = (), *, is_folded: bool = True) -> str:
    """Return the text without comments, with one way of spacing, and words in lower case.

    Names in `names` (folded) lose the quotes that they do not need; without `is_folded` words
    keep their case. The result is the same SQL.
    """
    pieces = list(_joined([_piece(t, names, is_folded) for t in significant(sql)]))
    text = ""
    for position, piece in enumerate(pieces):
        before = pieces[position - 1] if position else ""
        text += piece if _is_close(pieces, position, before) else f" {piece}"
    return text


def _piece(token: Token, names: Collection[str], is_folded: bool) -> tuple[Token, str]:
    if token.kind is Kind.WORD:
        return token, fold(token.text) if is_folded else token.text
    if token.kind is not Kind.QUOTED:
        return token, token.text
    name = fold(token.name)
    is_bare = name in names and _SIMPLE.fullmatch(name) and name not in _RESERVED
    return token, name if is_bare else quote(name if name in names else token.name)


def _joined(pieces: list[tuple[Token, str]]) -> Iterator[str]:
    """The pieces, with the signs of one operator in one."""
    position = 0
    while position < len(pieces):
        token, piece = pieces[position]
        operator = _operator(pieces, position) if token.kind is Kind.SIGN else None
        yield operator or piece
        position += len(operator) if operator else 1


def _operator(pieces: list[tuple[Token, str]], position: int) -> str | None:
    ahead = pieces[position : position + 3]
    signs = "".join(piece for _, piece in takewhile(lambda p: p[0].kind is Kind.SIGN, ahead))
    return next((operator for operator in _OPERATORS if signs.startswith(operator)), None)


def _is_close(pieces: list[str], position: int, before: str) -> bool:
    """Whether a piece follows the one before it without a space."""
    piece = pieces[position]
    if not before or piece in (")", ",", ".", ";") or before in ("(", "."):
        return True
    if piece == "(":
        return before not in _SPACED and (before[-1].isalnum() or before[-1] in '_"')
    # A sign in front of a value: `-1`, `(-1`, `, -1`; never two of them, which begin a comment.
    if before not in _SIGNS or piece[0] in _SIGNS:
        return False
    return position == 1 or pieces[position - 2] in ("(", ",", *_OPERATORS, *"<>=*/")


def equivalent(
    connection: Connection,
    table: Table,
    kind: Expression,
    texts: tuple[str, str],
    column: Column | None,
) -> bool:
    """Compare the bytecode of both; a default that is a literal, as the column would store it."""
    differing = pairs(kind, *texts)
    if differing is None:
        return False
    source = "" if kind == "default" else f" FROM {_name(table)}"
    try:
        return all(_is_same(connection, *pair, source, column) for pair in differing)
    except SQLAlchemyError:
        return False


def _name(table: Table) -> str:
    return f"{quote(table.schema)}.{quote(table.name)}" if table.schema else quote(table.name)


def _is_same(
    connection: Connection, one: str, other: str, source: str, column: Column | None
) -> bool:
    if canonical(one) == canonical(other):
        return True
    # EXPLAIN prints a blob up to its first zero byte.
    if _has_blob(one) or _has_blob(other):
        return False
    if not source and column is not None and _LITERAL.fullmatch(one) and _LITERAL.fullmatch(other):
        return _is_stored_alike(connection, one, other, column)
    return _bytecode(connection, one, source) == _bytecode(connection, other, source)


def _has_blob(sql: str) -> bool:
    return any(t.kind is Kind.STRING and t.text[0] in "xX" for t in significant(sql))


def _is_stored_alike(connection: Connection, one: str, other: str, column: Column) -> bool:
    """Whether the column's affinity makes one value of both, e.g. of '5' and 5."""
    cast, other_cast = (f"CAST({text} AS {column.type})" for text in (one, other))
    query = (
        f"SELECT {cast} = {one} AND {other_cast} = {other} AND {cast} IS {other_cast}"
        f" AND typeof({cast}) = typeof({other_cast})"
    )
    return bool(_rows(connection, query)[0][0])


def _bytecode(connection: Connection, expression: str, source: str) -> list[tuple[Any, ...]]:
    rows = _rows(connection, f"EXPLAIN SELECT ({expression}){source}")
    return [tuple(row[1:7]) for row in rows]


def _rows(connection: Connection, sql: str) -> list[Any]:
    options = {"no_parameters": True}
    return list(connection.exec_driver_sql(sql, execution_options=options).all())
