"""PostgreSQL: DDL is transactional, so the driver's transactions are enough."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Insert, Select, Update, func, literal, select, text
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database.dialects.base import Explanation, Standpoint, explained
from sqlmodel_migrations.database.dialects.other import (
    checked,
    commits_ddl,
    connect_arguments,
    file,
    is_shared,
    limits_texts,
    real_transactions,
)

__all__ = [
    "both",
    "checked",
    "commits_ddl",
    "connect_arguments",
    "explain",
    "file",
    "flushed_once",
    "follow",
    "is_shared",
    "limits_texts",
    "real_transactions",
    "server",
    "standpoint",
    "tables_need_more",
]

# Texts of the server (src/backend/utils/init/postinit.c, libpq/auth.c) and of libpq, asyncpg.
_TEXTS = (
    (
        r'database "([^"]+)" does not exist',
        "the database '{0}' does not exist",
        "create it: createdb {0}",
    ),
    (
        r'password authentication failed for user "([^"]+)"',
        "the password for user '{0}' is wrong",
        "check the database URL",
    ),
    (r'role "([^"]+)" does not exist', "the user '{0}' does not exist", "check the database URL"),
    (
        r"no password supplied",
        "the server asks for a password, and the URL has none",
        "check the database URL",
    ),
    (
        r"(permission denied[^\n]*|must be owner of[^\n]*)",
        "the database refuses: {0}",
        "grant the user of the database URL what it lacks",
    ),
    (
        r"no space left on device",
        "the disk of the server is full",
        "make room on the server's disk",
    ),
)
_UNREACHABLE = (
    (
        r"the database system is (?:starting up|not yet accepting connections|in recovery)",
        "the PostgreSQL server is still starting",
        "try again, or let it be waited for: --wait 60s",
    ),
    (
        r"connection refused|could not connect|connect call failed|connection to server .* failed"
        r"|failed to resolve host|name or service not known|getaddrinfo failed|timeout expired"
        r"|closed the connection unexpectedly|the database system is shutting down",
        "the PostgreSQL server cannot be reached",
        "start it, or check host and port of the database URL",
    ),
)


@contextlib.contextmanager
def flushed_once(connection: Connection) -> Iterator[None]:
    """Let COMMIT not wait for the log, until the last one.

    The log is written in the order of the commits, and a commit that waits for it waits for all
    before it (PostgreSQL manual, "Asynchronous Commit"). A commit without an id of its own writes
    nothing and waits for nothing, so one is taken. Standbys are waited for likewise.
    """
    before = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    _set_commit(connection, "off")
    try:
        yield
    except BaseException:
        with contextlib.suppress(SQLAlchemyError):  # a connection that is lost commits no more
            _flush(connection, before)
        raise
    _flush(connection, before)


def _flush(connection: Connection, setting: str) -> None:
    connection.rollback()
    connection.exec_driver_sql("SELECT txid_current()")
    _set_commit(connection, setting)


def _set_commit(connection: Connection, setting: str) -> None:
    """Say how the session's commits wait, beginning with the one of this."""
    connection.exec_driver_sql(f"SET synchronous_commit = {setting}")
    connection.commit()


def both(change: Update, row: Insert) -> Select[Any]:
    """Do both in one statement: data-modifying WITH."""
    changed = change.returning(literal(1)).cte("changed")
    return select(1 // func.count()).select_from(changed).add_cte(row.cte("written"))


def server(connection: Connection) -> str:
    """Return e.g. `PostgreSQL 15.4`."""
    version = str(connection.exec_driver_sql("SHOW server_version").scalar_one())
    return f"PostgreSQL {version.split()[0]}"


def standpoint(connection: Connection) -> Standpoint:
    """Read the search path, unless nobody ever set one, and the role of SET ROLE."""
    path, role = connection.exec_driver_sql(
        "SELECT CASE WHEN setting <> boot_val OR reset_val <> boot_val THEN setting END,"
        " current_setting('role') FROM pg_settings WHERE name = 'search_path'"
    ).one()
    return Standpoint(path, None if role == "none" else str(role))


def follow(connection: Connection, leader: Standpoint) -> None:
    """Set the search path, and the role if there is one."""
    setting = text("SELECT set_config(:name, :value, false)")
    for name, value in (("search_path", leader.place), ("role", leader.role)):
        if value is not None:
            connection.execute(setting, {"name": name, "value": value})


def tables_need_more() -> bool:
    """Say that defaults and types may be made by hand."""
    return True


def explain(error: str) -> Explanation | None:
    """Say what a text of the server or of its drivers means."""
    return explained(error, _TEXTS, _UNREACHABLE)
