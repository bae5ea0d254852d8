"""MariaDB and MySQL: every DDL statement commits, so a revision is no unit there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, func, select

from sqlmodel_migrations.database.dialects.base import Explanation, Standpoint, explained
from sqlmodel_migrations.database.dialects.other import (
    both,
    checked,
    file,
    flushed_once,
    is_shared,
    limits_texts,
    real_transactions,
    tables_need_more,
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

# These encode a password as latin-1, which refuses or garbles what others send as UTF-8.
_LATIN_1 = ("pymysql", "aiomysql", "asyncmy")

# Error numbers of the server (mysqld_error.h) as PyMySQL, asyncmy, aiomysql and mysqlclient
# print them: `(1049, "Unknown database 'x'")`.
_TEXTS = (
    (
        r"1049\D+unknown database '([^']+)'",
        "the database '{0}' does not exist",
        "create it: CREATE DATABASE {0}",
    ),
    (
        r"1045\D+access denied for user '([^']+)'",
        "the password for user '{0}' is wrong",
        "check the database URL",
    ),
    (
        r"1044\D+access denied for user '([^']+)'",
        "the user '{0}' may not use this database",
        "check the database URL",
    ),
    (
        r"((?:\w+, )*\w+ command denied to user [^\"]+)",
        "the database refuses: {0}",
        "grant the user of the database URL what it lacks",
    ),
    (
        r"\(1021|\(1114|disk full|no space left on device",
        "the disk of the server is full",
        "make room on the server's disk",
    ),
)
_UNREACHABLE = (
    (
        r"\(2003|\(2002|\(2013|\(2006|can't connect to",
        "the MariaDB or MySQL server cannot be reached",
        "start it, or check host and port of the database URL",
    ),
)


def server(connection: Connection) -> str:
    """Return e.g. `MariaDB 10.11.6` or `MySQL 8.4.0`."""
    version = str(connection.exec_driver_sql("SELECT VERSION()").scalar_one())
    product = "MariaDB" if "mariadb" in version.lower() else "MySQL"
    return f"{product} {version.split('-')[0]}"


def commits_ddl() -> bool:
    """Say that DDL cannot be rolled back: it commits before and after itself."""
    return True


def connect_arguments(url: URL) -> dict[str, Any]:
    """Give the password as the bytes that a server which was asked in UTF-8 knows."""
    if not isinstance(url.password, str) or url.password.isascii():
        return {}
    driver = url.get_driver_name()
    return {"password": url.password.encode()} if driver in _LATIN_1 else {}


def standpoint(connection: Connection) -> Standpoint:
    """Read the current database."""
    return Standpoint(connection.execute(select(func.database())).scalar())


def follow(connection: Connection, leader: Standpoint) -> None:
    """Go to the database that `leader` is in, if env.py went to another one."""
    if leader.place in (None, connection.engine.url.database):
        return
    if leader.place != standpoint(connection).place:
        quoted = connection.dialect.identifier_preparer.quote_identifier(str(leader.place))
        connection.exec_driver_sql(f"USE {quoted}".replace("%", "%%"))


def explain(error: str) -> Explanation | None:
    """Say what a text of the server or of its drivers means."""
    return explained(error, _TEXTS, _UNREACHABLE)
