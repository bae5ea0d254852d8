"""SQLite: a refused statement is undone by itself; a savepoint could commit the caller's work."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Column, Connection

from sqlmodel_migrations.shadow.sample.dialects.base import Catalog, execute, grouped, table_key
from sqlmodel_migrations.shadow.sample.dialects.other import literal, no_columns, schemas

__all__ = [
    "attempt",
    "catalog",
    "default",
    "deferred",
    "is_filled_by_server",
    "literal",
    "no_columns",
    "readable",
    "schemas",
    "typed",
    "update_one",
]

# What is no code, an open CHECK, or a parenthesis.
_PIECE = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | \[[^\]]*\] | --[^\n]* | /\*.*?\*/
      | (?P<check>(?<!\w)CHECK\s*(?=\()) | (?P<open>\() | (?P<close>\))""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_WITHOUT_ROWID = re.compile(r"\bWITHOUT\s+ROWID\b[\s,\w]*$", re.IGNORECASE)
_BARE_WORD = re.compile(r"[A-Za-z_]\w*$")
_CONSTANTS = {"null", "true", "false", "current_time", "current_date", "current_timestamp"}


def catalog(connection: Connection) -> Catalog:
    """Read the CHECKs from the texts that created the tables."""
    rows = execute(connection, "SELECT name, sql FROM sqlite_master WHERE type = 'table'").all()
    texts = {str(name): str(sql or "") for name, sql in rows}
    checks = [((None, name), check) for name, sql in texts.items() for check in _checks(sql)]
    without = frozenset((None, name) for name, sql in texts.items() if _WITHOUT_ROWID.search(sql))
    return Catalog(grouped(checks), without_rowid=without)


def _checks(sql: str) -> Iterator[str]:
    depth, start, outer = 0, None, 0
    for piece in _PIECE.finditer(sql):
        if piece["check"] and start is None:
            start, outer = piece.end(), depth
        depth += bool(piece["open"]) - bool(piece["close"])
        if piece["close"] and start is not None and depth == outer:
            yield sql[start : piece.end()]
            start = None


def typed(sql: str, column: Column[Any], native: str) -> str:
    """Cast to the column's affinity, but for NUMERIC: that would make a number of a date."""
    name = column.type.__visit_name__.upper()
    if "INT" in name and name != "INTERVAL":
        return f"CAST({sql} AS INTEGER)"
    if "CHAR" in name or "TEXT" in name:
        return f"CAST({sql} AS TEXT)"
    return f"CAST({sql} AS REAL)" if name in ("REAL", "FLOAT", "DOUBLE") else sql


def default(sql: str) -> str:
    """Write the default's expression; a bare word is a string, as in the table's own text."""
    if _BARE_WORD.match(sql) and sql.lower() not in _CONSTANTS:
        return f"'{sql}'"
    return f"({sql})"


def readable(column: Column[Any], name: str) -> str:
    """Read a key as it is stored."""
    return name


def update_one(table: str, assignment: str, order: str, condition: str, key: str) -> str:
    """Find the row by its number, or by its key where it has none."""
    key = key or "rowid"
    one = f"SELECT {key} FROM {table} WHERE {condition} ORDER BY {order} LIMIT 1"
    return f"UPDATE {table} SET {assignment} WHERE ({key}) = ({one})"


def is_filled_by_server(column: Column[Any], catalog: Catalog) -> bool:
    """Whether the column is another name for the rowid."""
    alone = list(column.table.primary_key) == [column]
    is_integer = column.type.__visit_name__ == "INTEGER"
    return alone and is_integer and table_key(column.table) not in catalog.without_rowid


def attempt(connection: Connection) -> AbstractContextManager[object]:
    """Do nothing."""
    return contextlib.nullcontext()


@contextlib.contextmanager
def deferred(connection: Connection) -> Iterator[None]:
    """Defer foreign keys to the commit; the setting is the transaction's own."""
    execute(connection, "PRAGMA defer_foreign_keys=ON")
    try:
        yield
    finally:
        execute(connection, "PRAGMA defer_foreign_keys=OFF")
