"""Standard SQL, for databases that have no module of their own."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection

from sqlmodel_migrations.shadow.sample.dialects.base import Catalog, Plain, quoted_text


def catalog(connection: Connection) -> Catalog:
    """Return nothing: what SQLAlchemy reflects must do."""
    return Catalog()


def schemas(connection: Connection) -> list[str | None]:
    """Return the default schema."""
    return [None]


def literal(value: Plain) -> str:
    """Write a value as standard SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
    return quoted_text(value)


def typed(sql: str, column: Column[Any], native: str) -> str:
    """Write a value as it is."""
    return sql


def default(sql: str) -> str:
    """Write the keyword."""
    return "DEFAULT"


def readable(column: Column[Any], name: str) -> str:
    """Read a key as it is."""
    return name


def update_one(table: str, assignment: str, order: str, condition: str, key: str) -> str:
    """Write an UPDATE of every row: there is no standard way to say one."""
    return f"UPDATE {table} SET {assignment} WHERE {condition}"


def is_filled_by_server(column: Column[Any], catalog: Catalog) -> bool:
    """Whether the column is an identity."""
    return column.identity is not None


def attempt(connection: Connection) -> AbstractContextManager[object]:
    """Open a savepoint."""
    return connection.begin_nested()


def deferred(connection: Connection) -> AbstractContextManager[object]:
    """Do nothing."""
    return contextlib.nullcontext()


def no_columns() -> str:
    """Write the end of an INSERT of which the server fills every column."""
    return "DEFAULT VALUES"
