"""How long a connection may take to be made, by the names that drivers have for it.

A server, or a tunnel to one, may accept a connection and never say a word.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect

# PyMySQL and asyncmy limit the handshake by the time that any answer may take; aiomysql does not.
_PARAMETERS = {
    "psycopg": ("connect_timeout",),
    "psycopg2": ("connect_timeout",),
    "asyncpg": ("timeout",),
    "pymysql": ("connect_timeout", "read_timeout"),
    "mysqldb": ("connect_timeout",),
    "asyncmy": ("connect_timeout", "read_timeout"),
    "aiomysql": ("connect_timeout",),
    "pysqlite": ("timeout",),
    "aiosqlite": ("timeout",),
}


def limit(dialect: Dialect, parameters: dict[str, Any], seconds: int) -> None:
    """Limit a connection by the driver's own parameters, unless env.py gives them.

    MariaDB's and MySQL's answers to statements are limited as well; of SQLite the wait for a lock.
    """
    for name in _PARAMETERS.get(dialect.driver, ()):
        parameters.setdefault(name, seconds)


def is_spent(error: BaseException) -> bool:
    """Whether a driver gave up waiting."""
    said = str(error).lower()
    return isinstance(error, TimeoutError) or "timeout" in said or "timed out" in said


def reason(error: BaseException) -> str:
    """Return what a driver says, in one line."""
    if is_spent(error):
        return "it does not answer"
    is_numbered = len(error.args) == 2 and isinstance(error.args[0], int)
    said = error.args[1] if is_numbered else error  # (1044, "Access denied …")
    return next(iter(str(said).strip().splitlines()), type(error).__name__)
