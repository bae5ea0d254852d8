"""MariaDB and MySQL: an INSERT that is refused leaves nothing, and foreign keys can wait."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.shadow.sample.dialects.base import (
    Catalog,
    Plain,
    execute,
    grouped,
    quoted_text,
)
from sqlmodel_migrations.shadow.sample.dialects.other import default

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

# MariaDB names the table here; MySQL names it in TABLE_CONSTRAINTS only.
_MARIADB_CHECKS = """
SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = DATABASE()
"""
_MYSQL_CHECKS = """
SELECT t.TABLE_NAME, c.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS c
JOIN information_schema.TABLE_CONSTRAINTS t USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME)
WHERE c.CONSTRAINT_SCHEMA = DATABASE() AND t.CONSTRAINT_TYPE = 'CHECK'
"""
_TYPES = """
SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
"""


def catalog(connection: Connection) -> Catalog:
    """Read the CHECKs of tables and of columns, and the types' own names."""
    checks = _checks(connection)
    rows = execute(connection, _TYPES)
    types: dict[tuple[str | None, str, str], str] = {
        (None, str(table), str(column)): _text(type_) for table, column, type_ in rows
    }
    return Catalog(grouped(((None, row[0]), _text(row[1])) for row in checks), types)


def _checks(connection: Connection) -> list[Any]:
    query = _MARIADB_CHECKS if getattr(connection.dialect, "is_mariadb", False) else _MYSQL_CHECKS
    try:
        return list(execute(connection, query))
    except DBAPIError:  # MySQL 5.7, which ignores CHECKs
        return []


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def schemas(connection: Connection) -> list[str | None]:
    """Return the connection's database: another one is not ours to fill."""
    return [None]


def literal(value: Plain) -> str:
    """Write a value; a text with a backslash as bytes, whose meaning no setting changes."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
    if "\\" in value:
        return f"_utf8mb4 X'{value.encode().hex()}'"
    return quoted_text(value)


def typed(sql: str, column: Column[Any], native: str) -> str:
    """Give dates their type; what else is compared is converted by the server."""
    kind = {
        "date": "DATE",
        "datetime": "DATETIME(6)",
        "timestamp": "DATETIME(6)",
        "time": "TIME(6)",
    }
    if target := kind.get(native):
        return f"CAST({sql} AS {target})"
    if native == "decimal":
        return f"CAST({sql} AS DECIMAL(65, {getattr(column.type, 'scale', None) or 0}))"
    return sql


def readable(column: Column[Any], name: str) -> str:
    """Read numbers and texts as they are, dates as text."""
    if column.type.__visit_name__ in (
        "DATE",
        "DATETIME",
        "TIMESTAMP",
        "TIME",
        "DECIMAL",
        "NUMERIC",
    ):
        return f"CAST({name} AS CHAR)"
    return f"{name} + 0" if column.type.__visit_name__ == "BIT" else name


def no_columns() -> str:
    """Write an empty row."""
    return "() VALUES ()"


def update_one(table: str, assignment: str, order: str, condition: str, key: str) -> str:
    """Limit the UPDATE itself."""
    return f"UPDATE {table} SET {assignment} WHERE {condition} ORDER BY {order} LIMIT 1"


def is_filled_by_server(column: Column[Any], catalog: Catalog) -> bool:
    """Whether the column is AUTO_INCREMENT."""
    return column.autoincrement is True


def attempt(connection: Connection) -> AbstractContextManager[object]:
    """Do nothing: InnoDB undoes a refused statement, and keeps the transaction."""
    return contextlib.nullcontext()


@contextlib.contextmanager
def deferred(connection: Connection) -> Iterator[None]:
    """Switch the session's foreign keys off, and put them back as they were."""
    before = execute(connection, "SELECT @@foreign_key_checks").scalar_one()
    execute(connection, "SET foreign_key_checks = 0")
    try:
        yield
    finally:
        execute(connection, f"SET foreign_key_checks = {int(before)}")
