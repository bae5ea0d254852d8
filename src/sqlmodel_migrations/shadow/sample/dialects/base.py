"""What every dialect's module offers to make sample rows, and what they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import Column, Connection, Table

Plain = bool | int | Decimal | str | bytes | None
"""A value that can be written as SQL."""

Key = tuple[str | None, str]
"""A table's schema, None for the default one, and its name."""


@dataclass(frozen=True)
class Catalog:
    """What SQLAlchemy does not reflect: texts of CHECKs, names of types it does not know."""

    checks: Mapping[Key, Sequence[str]] = field(default_factory=dict)
    types: Mapping[tuple[str | None, str, str], str] = field(default_factory=dict)
    not_ours: frozenset[Key] = frozenset()
    without_rowid: frozenset[Key] = frozenset()


class SampleModule(Protocol):
    """The shape of a module in this family."""

    def catalog(self, connection: Connection) -> Catalog:
        """Read the constraints of every table in a bounded number of queries."""

    def schemas(self, connection: Connection) -> list[str | None]:
        """Return the schemas that are not the system's; None is the default one."""

    def literal(self, value: Plain) -> str:
        """Write a value as SQL."""

    def typed(self, sql: str, column: Column[Any], native: str) -> str:
        """Write a value as an expression of the column's type, where a CHECK is tried."""

    def default(self, sql: str) -> str:
        """Write the server's default as a value of an INSERT's row."""

    def no_columns(self) -> str:
        """Write the end of an INSERT of which the server fills every column."""

    def readable(self, column: Column[Any], name: str) -> str:
        """Write how a key is read, so that `literal` of what comes can be written back."""

    def update_one(self, table: str, assignment: str, order: str, condition: str, key: str) -> str:
        """Write an UPDATE of the first row, in some order, that satisfies a condition.

        `key` are the primary key's columns where the row has no other identity, else empty.
        """

    def is_filled_by_server(self, column: Column[Any], catalog: Catalog) -> bool:
        """Whether the server numbers this column itself."""

    def attempt(self, connection: Connection) -> AbstractContextManager[object]:
        """Keep the transaction usable when the statement inside is refused."""

    def deferred(self, connection: Connection) -> AbstractContextManager[object]:
        """Let foreign keys be wrong for a moment, as far as the server allows."""


def execute(connection: Connection, sql: str) -> Any:
    """Run SQL that has its values written into it: no driver looks for parameters."""
    return connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def quoted_text(value: str) -> str:
    """Write a string as standard SQL."""
    return "'" + value.replace("'", "''") + "'"


def table_key(table: Table) -> Key:
    """Return the key of a table in a `Catalog`."""
    return (table.schema, table.name)


def grouped(pairs: Any) -> dict[Key, list[str]]:
    """Gather texts by their table."""
    found: dict[Key, list[str]] = {}
    for key, text in pairs:
        found.setdefault(key, []).append(text)
    return found
