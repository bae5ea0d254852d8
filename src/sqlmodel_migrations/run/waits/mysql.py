"""MariaDB and MySQL: metadata locks, InnoDB's row locks, and the time of a statement."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sqlmodel_migrations.events import Blocker
from sqlmodel_migrations.run.waits.base import LOCK_TIMEOUT, Limits
from sqlmodel_migrations.run.waits.other import is_interrupt as is_interrupt
from sqlmodel_migrations.run.waits.other import pause as pause

# ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK (mysqld_error.h).
_LOCK_FAILURES = frozenset((1205, 1213))

# InnoDB's waits for a row, and others for a table's metadata.
_LOCK = ("lock_wait_timeout", "innodb_lock_wait_timeout")

# The longest that both take: a year.
_ENDLESS = 31_536_000


@contextlib.contextmanager
def limited(connection: Connection, limits: Limits) -> Iterator[None]:
    """Set the session's variables; MySQL limits the time of a SELECT only."""
    before = _session(connection)
    wanted = {**_locks(connection, limits.lock, before), **_statement(limits.statement, before)}
    _set(connection, wanted)
    connection.rollback()
    try:
        yield
    finally:
        with contextlib.suppress(SQLAlchemyError):  # a connection that is lost has no variables
            connection.rollback()
            _set(connection, {name: before[name] for name in wanted})
            connection.rollback()


def is_lock_failure(error: BaseException) -> bool:
    """Whether a lock wait ended in its timeout or in a deadlock."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return False
    return next(iter(error.orig.args), None) in _LOCK_FAILURES


def session(connection: Connection) -> int | None:
    """Return the connection's id."""
    return int(connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one())


def blockers(connection: Connection, session: int) -> tuple[Blocker, ...]:
    """Return who holds the rows that `session` waits for; else every other open transaction.

    Which transaction holds a metadata lock is known to no view that is switched on by default
    (`performance_schema`, `metadata_lock_info`): all that are open on this server may.
    """
    rows = connection.execute(
        text(
            "SELECT p.id, p.time, coalesce(nullif(p.state, ''), p.command), coalesce(p.info, ''),"
            " timestampdiff(SECOND, t.trx_started, now())"
            " FROM information_schema.innodb_trx t"
            " JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id"
            " WHERE p.id <> :session AND p.id <> connection_id() AND p.db = database()"
            " ORDER BY 5 DESC"
        ),
        {"session": session},
    )
    return tuple(
        Blocker(int(id), float(age or time), str(state).lower(), str(info))
        for id, time, state, info, age in rows
    )


def _session(connection: Connection) -> dict[str, str]:
    names = ", ".join(f"'{name}'" for name in (*_LOCK, "max_statement_time", "max_execution_time"))
    rows = connection.exec_driver_sql(f"SHOW SESSION VARIABLES WHERE variable_name IN ({names})")
    return {str(row[0]): str(row[1]) for row in rows}


def _locks(connection: Connection, wanted: float | None, before: dict[str, str]) -> dict[str, str]:
    """Give both the value that was asked for; else the default, where they have the server's."""
    if wanted is not None:
        return dict.fromkeys(_LOCK, str(math.ceil(wanted) or _ENDLESS))
    rows = connection.exec_driver_sql(f"SELECT {', '.join(f'@@GLOBAL.{name}' for name in _LOCK)}")
    servers = dict(zip(_LOCK, map(str, rows.one()), strict=True))
    default = str(math.ceil(LOCK_TIMEOUT))
    return {name: default for name in _LOCK if before[name] == servers[name]}


def _statement(wanted: float | None, before: dict[str, str]) -> dict[str, str]:
    if wanted is None:
        return {}
    if "max_statement_time" in before:
        return {"max_statement_time": f"{wanted:g}"}
    return {"max_execution_time": str(round(wanted * 1000))}


def _set(connection: Connection, variables: dict[str, str]) -> None:
    if variables:
        pairs = ", ".join(f"SESSION {name} = {value}" for name, value in variables.items())
        connection.exec_driver_sql(f"SET {pairs}")
