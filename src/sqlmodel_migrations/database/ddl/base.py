"""What every dialect's module offers; the modules beside this one are its siblings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from sqlmodel_migrations.database.catalog import Catalog, Table


@dataclass(frozen=True)
class Piece:
    """One object that is no table: the statements that make it, and the one that drops it.

    `kind` is "view", "trigger", "function" …; `name` is its key, of a trigger its own name with
    the key of its table in `table`. Without `undo` it goes away with its table.
    """

    kind: str
    name: str
    sql: tuple[str, ...]
    undo: str | None = None
    table: str | None = None

    @property
    def title(self) -> str:
        """What it is called in a message: `view 'heroes'`."""
        of_table = f" of '{self.table}'" if self.table is not None else ""
        return f"{self.kind} '{self.name}'{of_table}"


class DdlModule(Protocol):
    """The shape of a module in this family. Everything is read from `connection`, which keeps it.

    `wanted` is the part of its catalog that is meant.
    """

    def before(self, connection: Connection, wanted: Catalog) -> tuple[Piece, ...]:
        """Return what tables may need, in an order in which it can be made."""

    def after(self, connection: Connection, wanted: Catalog) -> tuple[Piece, ...]:
        """Return what needs tables: views, triggers."""

    def table(self, connection: Connection, table: Table) -> tuple[str, ...]:
        """Return the statements that make a table with its indexes, as it is."""

    def foreign_keys(self, connection: Connection, table: Table) -> tuple[str, ...]:
        """Return the statements that add the foreign keys which `table` left out."""

    def unsaid(self, connection: Connection, wanted: Catalog) -> tuple[str, ...]:
        """Name what belongs to the tables and is not among all these: `policy 'p' of 'hero'`."""


def execute(connection: Connection, statements: Iterable[str]) -> None:
    """Run statements that no driver looks through for parameters."""
    for sql in statements:
        connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def literal(value: str) -> str:
    """Write a string as standard SQL."""
    return "'" + value.replace("'", "''") + "'"
