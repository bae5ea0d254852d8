"""SQLite: one writer at a time, waited for by `busy_timeout`; nobody knows who it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sqlmodel_migrations.database.dialects import sqlite
from sqlmodel_migrations.errors import LockNotHad
from sqlmodel_migrations.run.waits.base import LOCK_TIMEOUT, Limits
from sqlmodel_migrations.run.waits.other import blockers, session

__all__ = ["blockers", "is_interrupt", "is_lock_failure", "limited", "pause", "session"]

# Milliseconds: the longest that SQLite takes, where 0 is not to wait at all.
_ENDLESS = 2**31 - 1
# Seconds of transactions without a gap, and then the gap.
_LONGEST, _TURN = 0.25, 0.12


@contextlib.contextmanager
def limited(connection: Connection, limits: Limits) -> Iterator[None]:
    """Set `busy_timeout`, and interrupt a statement that takes too long."""
    before = int(connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one())
    wanted = limits.lock
    if wanted is None and not before:
        wanted = LOCK_TIMEOUT
    if wanted is not None:
        milliseconds = round(wanted * 1000) or _ENDLESS
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {milliseconds}")
    connection.rollback()
    try:
        with sqlite.statement_timeout(connection, limits.statement):
            yield
    finally:
        with contextlib.suppress(SQLAlchemyError):  # a closed connection has no pragmas
            connection.rollback()
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {before}")
            connection.rollback()


def pause(seconds: float) -> float:
    """Let a waiting writer find the file free now and then: it only looks every tenth of a second.

    So does SQLite's busy handler after its first looks (`sqliteDefaultBusyCallback` in main.c).
    """
    return _TURN if seconds >= _LONGEST else 0.0


def is_lock_failure(error: BaseException) -> bool:
    """Whether another connection was writing."""
    return isinstance(error, LockNotHad) or (
        isinstance(error, DBAPIError) and "locked" in str(error.orig)
    )


def is_interrupt(error: BaseException) -> bool:
    """Whether it is what SQLite calls SQLITE_INTERRUPT."""
    return isinstance(error, DBAPIError) and str(error.orig) == "interrupted"
