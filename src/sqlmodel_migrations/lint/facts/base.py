"""What every dialect's module offers to measure statements, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection

from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.difference import CatalogDifference, differences
from sqlmodel_migrations.lint.recording import Failure, Lock, TableFacts

Send = Callable[[], None]
"""Sends the statement; raises what the driver raises."""


@dataclass(frozen=True)
class Measured:
    """What a meter saw of one statement.

    `error` is what the driver raised: the connection is usable all the same, and what the
    statement did is undone as far as the server can. `shrunk` are columns, as pairs of table and
    name, whose values became fewer different ones. `is_in_transaction` says whether it ran in one.
    """

    error: Exception | None = None
    tables: Mapping[str, TableFacts] = field(default_factory=dict)
    held: Mapping[str, Lock] = field(default_factory=dict)
    changes: tuple[CatalogDifference, ...] = ()
    shrunk: tuple[tuple[str, str], ...] = ()
    is_in_transaction: bool = True
    commits: bool = False


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

    def measure(self, sql: str, send: Send) -> Measured:
        """Send a statement and say what it did; never raises what the server refuses."""

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

    def changes(self) -> tuple[CatalogDifference, ...]:
        """Read the schema again; return what differs from before."""
        before, self.now = self.now, catalog.read(self.connection)
        return differences(before, self.now)
