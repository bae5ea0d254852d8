"""PostgreSQL: an advisory lock on a connection of its own, in autocommit.

A waiter inside a transaction would be waited for by CREATE INDEX CONCURRENTLY, so the lock is
tried again and again instead. It is gone with its session, however that ends. In a caller's own
transaction the lock is the transaction's.
"""

from __future__ import annotations

import contextlib
import secrets
import selectors
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.errors import DatabaseError
from sqlmodel_migrations.run import side_connection
from sqlmodel_migrations.run.lock.base import key, me

# The name by which a session is known is cut there (NAMEDATALEN - 1).
_NAME_LENGTH = 63
_PREFIX = "sqlmodel migrations: "

# Other clients of a pooler may get a session in between: one look may see nothing.
_LOOKS = 3


@contextlib.contextmanager
def opened(context: MigrationContext) -> Iterator[_Advisory]:
    """Yield the advisory lock; raises `DatabaseError` behind a pooler that shares sessions."""
    connection = context.connection
    assert connection is not None
    if _alembic.is_in_external_transaction(context):
        yield _OfTransaction(connection, _number(context, connection))
        return
    number = _number(context, connection)
    connection.rollback()
    with side_connection.opened(connection) as side:
        _refuse_shared_sessions(side, connection)
        yield _Advisory(side, number)


@dataclass
class _Advisory:
    """A lock of the session of `connection`."""

    connection: Connection
    number: int

    def attempt(self) -> bool:
        if not self._scalar("SELECT pg_try_advisory_lock(:key)", key=self.number):
            return False
        name = (_PREFIX + me()).encode("ascii", "replace")[:_NAME_LENGTH].decode()
        self._scalar("SELECT set_config('application_name', :name, false)", name=name)
        return True

    def holder(self) -> str | None:
        row = self.connection.execute(
            text(
                "SELECT a.pid, a.application_name, host(a.client_addr), a.backend_start"
                " FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
                " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                " AND (l.classid::bigint << 32) | l.objid::bigint = :key"
            ),
            {"key": self.number},
        ).first()
        if row is None:
            return None
        session = f"session {row[0]} of the server"
        if str(row[1]).startswith(_PREFIX):
            return f"{str(row[1]).removeprefix(_PREFIX)} ({session})"
        return f"{session}, from {row[2] or 'the same machine'}, connected at {row[3]:%H:%M:%S}"

    def confirm(self) -> None:
        try:
            if not _is_silent(self.connection):
                self._scalar("SELECT 1")
        except SQLAlchemyError as error:
            raise DatabaseError(
                "the connection that held the migration lock is gone",
                hint="look at the server's log, then type the command again",
            ) from error

    def release(self) -> None:
        with contextlib.suppress(SQLAlchemyError):  # a lost session has released it
            self._scalar("SELECT pg_advisory_unlock(:key)", key=self.number)

    def _scalar(self, statement: str, **values: Any) -> Any:
        return self.connection.execute(text(statement), values).scalar()


class _OfTransaction(_Advisory):
    """A lock of the caller's transaction, which releases it at its end."""

    def attempt(self) -> bool:
        return bool(self._scalar("SELECT pg_try_advisory_xact_lock(:key)", key=self.number))

    def confirm(self) -> None:
        """The transaction holds it."""

    def release(self) -> None:
        """The transaction's end does."""


def _is_silent(connection: Connection) -> bool:
    """Whether nothing has come from the server, not even the end of the connection.

    That is seen without asking it, so it costs no round trip.
    """
    driver: Any = connection.connection.driver_connection
    try:
        descriptor = driver.fileno()
    except (AttributeError, connection.dialect.loaded_dbapi.Error):
        return False
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return not selector.select(timeout=0)


def _number(context: MigrationContext, connection: Connection) -> int:
    """The key, as the signed 64 bits that an advisory lock has."""
    schema = connection.execute(text("SELECT current_schema()")).scalar()
    return int.from_bytes(key(context, schema), "big", signed=True)


def _refuse_shared_sessions(side: Connection, connection: Connection) -> None:
    """Refuse a pooler in transaction mode, which lends each transaction any of its sessions."""
    if _is_pooled(side) and any(_is_shared(side, connection) for _ in range(_LOOKS)):
        raise DatabaseError(
            "the URL leads to a connection pooler in transaction mode: neither a migration lock nor"
            " a timeout would hold there",
            hint="give the URL of the server itself, or of a pool in session mode: --url URL",
            details=("nothing was run",),
        )


def _is_shared(side: Connection, connection: Connection) -> bool:
    """Whether a setting of one connection is the other's, too, or is its own no more.

    While the other one is in a transaction the session that it was lent is not free.
    """
    token = secrets.token_hex(8)
    setting = text("SELECT set_config('sqlmodel_migrations.session', :token, false)")
    look = text("SELECT current_setting('sqlmodel_migrations.session', true)")
    side.execute(setting, {"token": token})
    try:
        return connection.execute(look).scalar() == token or side.execute(look).scalar() != token
    finally:
        connection.rollback()


def _is_pooled(connection: Connection) -> bool:
    """Whether the server behind the connection is another one than the driver was told of."""
    driver: Any = connection.connection.driver_connection
    told = (
        getattr(getattr(driver, "info", None), "backend_pid", None)  # psycopg
        or _called(driver, "get_backend_pid")  # psycopg2
        or _called(driver, "get_server_pid")  # asyncpg
    )
    return told is None or told != connection.execute(text("SELECT pg_backend_pid()")).scalar()


def _called(driver: Any, name: str) -> int | None:
    function = getattr(driver, name, None)
    return None if function is None else int(function())
