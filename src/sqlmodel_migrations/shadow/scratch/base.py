"""What a scratch database is, and what every dialect's module offers to make one."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import URL, Dialect

from sqlmodel_migrations.database import patience
from sqlmodel_migrations.errors import UsageError

PREFIX = "sqlmodel_shadow_"
"""Every scratch database's name starts with this; anything else is never dropped."""


SECONDS = 15
"""How long the server may take to accept the first connection, and to say so."""


@dataclass
class Target:
    """Where a driver connects to: SQLAlchemy's dialect, and the driver's own arguments."""

    dialect: Dialect
    cargs: list[Any]
    cparams: dict[str, Any]

    def connect(self) -> Any:
        """Return a new DBAPI connection (under an async driver: SQLAlchemy's adapted one)."""
        return self.dialect.connect(*self.cargs, **self.cparams)

    def limited(self) -> Target:
        """Return the same place with a limit for how long a connection may take."""
        cparams = dict(self.cparams)
        patience.limit(self.dialect, cparams, SECONDS)
        return Target(self.dialect, list(self.cargs), cparams)

    def with_database(self, name: str) -> Target:
        """Return the same server with another database, whatever the driver calls it."""
        key = database_parameter(self.dialect)
        return Target(self.dialect, list(self.cargs), {**self.cparams, key: name})


@dataclass
class Scratch:
    """A database that we made: where it is, and how it goes away."""

    target: Target
    drop: Callable[[], None]
    notes: list[str] = field(default_factory=list)
    confine: Callable[[Any], Any] = lambda connection: connection
    """Keeps a connection from reaching other databases, where the server itself does not."""
    ours: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the driver's for a connection on which no script runs, only we."""

    def connect(self, *, is_ours: bool = False) -> Any:
        """Return a new DBAPI connection that reaches this database only."""
        target = self.target
        if is_ours and self.ours:
            target = Target(target.dialect, target.cargs, {**target.cparams, **self.ours})
        return self.confine(target.connect())


class Maintenance:
    """The connection that a scratch database is made on, kept to drop it.

    Where it is lost by then, `connect` opens another one to `place`.
    """

    def __init__(self, connection: Any, place: Target, connect: Callable[[Target], Any]):
        self.place = place
        self._connection: Any = connection
        self._connect = connect

    def execute(self, *statements: str) -> list[Any]:
        """Run statements, and return the rows of the last one."""
        return execute(self._connection, *statements)

    @contextlib.contextmanager
    def making(self) -> Iterator[None]:
        """Close where the block fails, and nothing is made that would have to be dropped.

        An async driver's is closed in any case: its event loop may be over when that is dropped.
        """
        try:
            yield
        except BaseException:
            self._close()
            raise
        if self.place.dialect.is_async:
            self._close()

    def finish(self, *statements: str) -> None:
        """Run statements, and close."""
        try:
            if self._connection is None or not self._is_done(statements):
                self._close()
                self._connection = self._connect(self.place)
                self.execute(*statements)
        finally:
            self._close()

    def _is_done(self, statements: Sequence[str]) -> bool:
        with contextlib.suppress(self.place.dialect.loaded_dbapi.Error):
            self.execute(*statements)
            return True
        return False

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        with contextlib.suppress(self.place.dialect.loaded_dbapi.Error):
            if connection is not None:
                connection.close()


class ScratchModule(Protocol):
    """The shape of a module in this family."""

    def make(self, original: Target, shadow_url: URL | None) -> Scratch:
        """Make an empty database of the kind of `original`, without touching `original`.

        Raises `DatabaseError` where neither the server nor a fall-back gives one.
        """

    def copy(self, scratch: Scratch) -> Scratch | None:
        """Make another one with what is in `scratch`, which nobody may be using any more.

        None where the server has no way to copy a database.
        """


def database_parameter(dialect: Dialect) -> str:
    """Return what the driver calls the database: `dbname`, `database` or `db`."""
    probe = URL.create(dialect.name, host="localhost", database="probe")
    _, parameters = dialect.create_connect_args(probe)
    return next(key for key, value in parameters.items() if value == "probe")


def new_name() -> str:
    """Return a name that no other process gives, at most 40 characters."""
    return f"{PREFIX}{os.getpid()}_{secrets.token_hex(4)}"


def execute(connection: Any, *statements: str) -> list[Any]:
    """Run statements on a DBAPI connection and return the rows of the last one, if it has any."""
    cursor = connection.cursor()
    try:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
    finally:
        cursor.close()


def require_empty(place: Target, tables: str) -> None:
    """Raise `UsageError` where the database that `shadow_url` names holds tables.

    `tables` counts them. Nothing would be changed there, since a scratch database is made beside
    it; but somebody's data is not where scratch databases belong.
    """
    connection = place.limited().connect()
    try:
        count = execute(connection, tables)[0][0]
    finally:
        connection.close()
    if count:
        raise UsageError(
            f"'shadow_url' names a database that holds {count} table{'s' if count > 1 else ''}",
            hint="name an empty database of a server that is there for tests",
        )
