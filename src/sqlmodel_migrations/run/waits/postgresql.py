"""PostgreSQL: `lock_timeout` and `statement_timeout` of the session, and `pg_blocking_pids`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sqlmodel_migrations.database import failures
from sqlmodel_migrations.events import Blocker
from sqlmodel_migrations.run.waits.base import LOCK_TIMEOUT, Limits
from sqlmodel_migrations.run.waits.other import is_interrupt as is_interrupt
from sqlmodel_migrations.run.waits.other import pause as pause

# lock_not_available, deadlock_detected, serialization_failure (errcodes.txt).
_LOCK_FAILURES = frozenset(("55P03", "40P01", "40001"))

# A lock timeout in the middle of it leaves an invalid index.
_CONCURRENTLY = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)
# It holds no lock that stops reads or writes, and takes as long as the table is large.
_VALIDATE = re.compile(r"\bVALIDATE\s+CONSTRAINT\b", re.IGNORECASE)


@contextlib.contextmanager
def limited(connection: Connection, limits: Limits) -> Iterator[None]:
    """Set both timeouts, but none while CONCURRENTLY runs, and no second one for VALIDATE."""
    names = ("lock_timeout", "statement_timeout")
    before = connection.exec_driver_sql(
        "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
    ).one()
    wanted = (_lock(before[0], limits.lock), _or_theirs(before[1], limits.statement))
    _set(connection, dict(zip(names, wanted, strict=True)))
    connection.commit()
    try:
        with _lifted(connection, wanted):
            yield
    finally:
        with contextlib.suppress(SQLAlchemyError):  # a connection that is lost has no settings
            connection.rollback()
            _set(connection, dict(zip(names, before, strict=True)))
            connection.commit()


def is_lock_failure(error: BaseException) -> bool:
    """Whether a lock timeout, a deadlock or a conflict of snapshots ended the transaction."""
    return isinstance(error, DBAPIError) and failures.sqlstate(error) in _LOCK_FAILURES


def session(connection: Connection) -> int | None:
    """Return the pid of the server's process."""
    return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def blockers(connection: Connection, session: int) -> tuple[Blocker, ...]:
    """Return the sessions that block `session`, the oldest transaction first."""
    rows = connection.execute(
        text(
            "SELECT pid, extract(epoch FROM now() - coalesce(xact_start, backend_start)),"
            " coalesce(state, backend_type), coalesce(query, '') FROM pg_stat_activity"
            " WHERE pid = ANY (pg_blocking_pids(:session)) ORDER BY 2 DESC"
        ),
        {"session": session},
    )
    return tuple(Blocker(pid, float(age), state, query) for pid, age, state, query in rows)


def _lock(theirs: str, wanted: float | None) -> str:
    if wanted is None and theirs == "0":
        wanted = LOCK_TIMEOUT
    return _or_theirs(theirs, wanted)


def _or_theirs(theirs: str, wanted: float | None) -> str:
    return theirs if wanted is None else f"{round(wanted * 1000)}ms"


def _set(connection: Connection, settings: dict[str, str]) -> None:
    calls = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in settings.items())
    connection.exec_driver_sql(f"SELECT {calls}")


@contextlib.contextmanager
def _lifted(connection: Connection, wanted: tuple[str, str]) -> Iterator[None]:
    """Lift timeouts around the statements that must not have them."""
    now = list(wanted)

    def lift(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
        lock = "0" if _CONCURRENTLY.search(statement) else wanted[0]
        slow = lock == "0" or _VALIDATE.search(statement)
        tell(conn, [lock, "0" if slow else wanted[1]])

    def lower(conn: Connection, *_: Any) -> None:
        tell(conn, list(wanted))

    def tell(conn: Connection, values: list[str]) -> None:
        if values == now:
            return
        cursor = conn.connection.cursor()
        try:
            cursor.execute(f"SET lock_timeout = '{values[0]}'")
            cursor.execute(f"SET statement_timeout = '{values[1]}'")
        finally:
            cursor.close()
        now[:] = values

    def forget(conn: Connection) -> None:
        now[:] = [""]  # a rollback takes a SET with it: tell it again

    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": lift,
        "after_cursor_execute": lower,
        "rollback": forget,
    }
    for name, listener in listeners.items():
        event.listen(connection, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(connection, name, listener)
