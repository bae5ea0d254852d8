"""What every dialect's module offers to measure statements, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection

from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.difference import CatalogDifference, differences
from sqlmodel_migrations.lint.recording import Failure, Lock, TableFacts

Send = Callable[[], None]
"""Sends the statement; raises what the driver raises."""

Back = Callable[[], None]
"""Takes a meter back to what it knew when it was marked: what was done since is undone."""


@dataclass(frozen=True)
class Measured:
    """What a meter saw of one statement.

    `error` is what the driver raised: the connection is usable all the same, and what the
    statement did is undone as far as the server can. `shrunk` are columns, as pairs of table and
    name, whose values became fewer different ones; `gone` those that a copy in the place of their
    table has not. `is_in_transaction` says whether it ran in one; an
    error `is_fatal` where the server would do nothing more in that transaction. Of tables that are
    `unseen` nobody knows how many rows were changed.
    """

    error: Exception | None = None
    tables: Mapping[str, TableFacts] = field(default_factory=dict)
    held: Mapping[str, Lock] = field(default_factory=dict)
    changes: tuple[CatalogDifference, ...] = ()
    shrunk: tuple[tuple[str, str], ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    is_in_transaction: bool = True
    commits: bool = False
    is_fatal: bool = False
    unseen: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether it did nothing at all."""
        return self.error is None and not (self.tables or self.changes or self.unseen)


@dataclass(frozen=True)
class Names:
    """What tables and columns from before are called now; what is gone is not in it.

    Tables by the key they had; columns by that key and their old name.
    """

    tables: Mapping[str, str]
    columns: Mapping[tuple[str, str], str]


class Meter(Protocol):
    """Measures statements on one connection, one after the other.

    It is made before the first pending revision, and knows what was there then: facts speak of
    those tables only, by the names they had.
    """

    @property
    def catalog(self) -> Catalog:
        """The schema as it was last read."""

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows each table from before has now."""

    def begin(self, *, has_cursor: bool) -> None:
        """A revision begins: what is seen from now on is its own.

        With `has_cursor` it may send statements by the driver's cursor, which nobody sees.
        """

    def measure(self, sql: str, send: Send) -> Measured:
        """Send a statement and say what it did; never raises what the server refuses.

        An empty text stands for what nobody saw being sent.
        """

    def mark(self) -> Back:
        """Return the way back to what is known now."""

    def names(self) -> Names:
        """Return what is still there of what was there before."""

    def undone(self) -> AbstractContextManager[object]:
        """Take back what is done inside, in a transaction or outside of one."""

    def failure(self, error: Exception) -> Failure:
        """Say what the driver's error is about."""


class FactsModule(Protocol):
    """The shape of a module in this family."""

    def meter(self, connection: Connection) -> Meter:
        """Return a meter that knows what is there now."""


@dataclass
class Schema:
    """The schema as it was last read, so that each statement's changes can be told."""

    connection: Connection
    now: Catalog = field(init=False)

    def __post_init__(self) -> None:
        self.now = catalog.read(self.connection)

    def mark(self) -> Back:
        """Return the way back to the schema as it is now."""
        now = self.now

        def back() -> None:
            self.now = now

        return back

    def changes(self) -> tuple[CatalogDifference, ...]:
        """Read the schema again; return what differs from before."""
        before, self.now = self.now, catalog.read(self.connection)
        return differences(before, self.now)


@dataclass(frozen=True)
class Raw:
    """The driver's own cursor: what is asked by it, nobody who listens to SQLAlchemy sees."""

    connection: Connection

    def rows(self, sql: str) -> list[Any]:
        """Return the rows of a query."""
        cursor = self.connection.connection.cursor()
        try:
            cursor.execute(sql)
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def number(self, sql: str) -> int:
        """Return the one number that a query gives."""
        return int(self.rows(sql)[0][0])

    def run(self, sql: str) -> None:
        """Send a statement."""
        cursor = self.connection.connection.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()


@dataclass
class Tracked:
    """What tables and columns from before are called now; None for what is gone."""

    tables: dict[str, str | None]
    columns: dict[tuple[str, str], str | None]

    @classmethod
    def of(cls, columns: Mapping[str, Iterable[str]]) -> Tracked:
        """Begin with the columns of each table as they are called first."""
        places = {(table, name): name for table, names in columns.items() for name in names}
        return cls({table: table for table in columns}, dict(places))

    def names(self) -> Names:
        """Return what is still there."""
        tables = {key: name for key, name in self.tables.items() if name is not None}
        columns = {
            place: name
            for place, name in self.columns.items()
            if name is not None and place[0] in tables
        }
        return Names(tables, columns)

    def mark(self) -> Back:
        """Return the way back to what everything is called now."""
        tables, columns = dict(self.tables), dict(self.columns)

        def back() -> None:
            self.tables, self.columns = dict(tables), dict(columns)

        return back

    def counted(self, rows: Mapping[str, int]) -> dict[str, int]:
        """Return the rows of each table from before, given those of the tables as they are now."""
        return {key: rows.get(name or "", 0) for key, name in self.tables.items()}

    def rename_columns(self, key: str, renamed: Mapping[str, str | None]) -> None:
        """Follow a table's columns to their new names; those that have none are gone."""
        for place, column in self.columns.items():
            if place[0] == key and column is not None:
                self.columns[place] = renamed.get(column)


def attempt(send: Send) -> Exception | None:
    """Send something; return what the driver raised."""
    try:
        send()
    except Exception as error:
        return error
    return None


@dataclass
class Watched:
    """One connection and its schema: what the meter of every dialect begins with."""

    connection: Connection
    _raw: Raw = field(init=False)
    _schema: Schema = field(init=False)

    def __post_init__(self) -> None:
        self._raw = Raw(self.connection)
        self._schema = Schema(self.connection)

    @property
    def catalog(self) -> Catalog:
        """The schema as it was last read."""
        return self._schema.now
