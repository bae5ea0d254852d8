"""Failures of a connection, turned into what the user can act on."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, NoSuchModuleError

from sqlmodel_migrations.database import dialects
from sqlmodel_migrations.database.dialects.base import Explanation
from sqlmodel_migrations.errors import DatabaseError, MigrationsError, Unreachable, UsageError
from sqlmodel_migrations.project.address import PLACEHOLDER

# module that is missing: what to install
_EXTRAS = {
    "psycopg": "sqlmodel-migrations[postgresql]",
    "pymysql": "sqlmodel-migrations[mysql]",
    "aiosqlite": "sqlmodel-migrations[async]",
    "asyncpg": "sqlmodel-migrations[async]",
    "asyncmy": "sqlmodel-migrations[async]",
    "greenlet": "sqlmodel-migrations[async]",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "aiomysql": "aiomysql",
    "pg8000": "pg8000",
}


@contextlib.contextmanager
def explained(url: URL | None = None) -> Iterator[None]:
    """Raise what a driver raises as `DatabaseError` or `UsageError`, with a hint, no password."""
    try:
        yield
    except MigrationsError:
        raise
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS and not _is_of_driver(error):
            raise
        raise missing_driver(str(error.name)) from error
    except NoSuchModuleError as error:
        raise _unknown_dialect(error) from error
    except (DBAPIError, OSError) as error:
        raise failure(error, url) from error


def _unknown_dialect(error: NoSuchModuleError) -> UsageError:
    """The error for a URL as Alembic's templates write it, or for a mistyped one."""
    name = str(error).rpartition(":")[2]
    if name == PLACEHOLDER.partition(":")[0]:
        return UsageError(
            f"'sqlalchemy.url' is still the placeholder '{PLACEHOLDER}'",
            hint="write your database's URL into alembic.ini",
        )
    return UsageError(
        f"SQLAlchemy knows no dialect '{name}', which the database URL names",
        hint="write postgresql://, mysql:// or sqlite:///",
    )


def missing_driver(module: str) -> UsageError:
    """Return the error for a driver that is not installed, with the command to type."""
    return UsageError(
        f"the driver '{module}' of the database URL is not installed",
        hint=f"type: pip install '{_EXTRAS.get(module, module)}'",
    )


def _is_of_driver(error: ModuleNotFoundError) -> bool:
    """Whether a dialect missed its driver, and not some script another module."""
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_name == "import_dbapi":
            return True
        frame = frame.tb_next
    return False


# How Python writes an object that has no better words for itself.
_ADDRESS = re.compile(r"<[\w.]+ object at 0x[0-9a-f]+>")


def reason(error: Exception) -> str:
    """Return what a driver says; those of MySQL say a pair of number and text."""
    if not isinstance(error, DBAPIError):
        return _ADDRESS.sub("…", str(error))
    said: tuple[object, ...] = getattr(error.orig, "args", ())
    if len(said) == 2 and isinstance(said[0], int):
        return f"{said[1]} ({said[0]})"
    return str(error.orig)


def first_line(error: Exception) -> str:
    """Return the first line of what a driver says."""
    return next(iter(reason(error).strip().splitlines()), "no message")


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE, under the name that the driver has for it; None where it has none."""
    original = error.orig if isinstance(error, DBAPIError) else error
    for name in ("sqlstate", "pgcode"):
        if found := getattr(original, name, None):
            return str(found)
    return None


DIVISION_BY_ZERO = "22012"
"""An SQLSTATE of the SQL standard."""


def number(error: BaseException) -> int | None:
    """Return the number of a MariaDB or MySQL error, which its drivers say first."""
    original = error.orig if isinstance(error, DBAPIError) else error
    said: tuple[object, ...] = getattr(original, "args", ())
    return said[0] if said and isinstance(said[0], int) else None


def failure(error: Exception, url: URL | None) -> DatabaseError:
    """Return what a driver's error means; unknown ones keep their own first line."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return DatabaseError(
            f"the connection to the database was lost: {first_line(error)}",
            hint="look at the server's log, then type the command again",
        )
    text = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    name = url.get_backend_name() if url is not None else _dialect_of(error)
    known = dialects.of(name).explain(text) or _explain_anywhere(text)
    if known is None:
        return DatabaseError(f"the database refuses: {first_line(error)}")
    where = f" ({url.render_as_string(hide_password=True)})" if url is not None else ""
    if not known.is_unreachable:
        return DatabaseError(known.message + where, hint=known.hint)
    # Whether no host has the name, nobody listens there, or nothing answers in time.
    return Unreachable(known.message + where, hint=known.hint, details=(first_line(error),))


def _dialect_of(error: Exception) -> str:
    """The dialect by the driver's module, where the URL is env.py's own secret."""
    module = type(getattr(error, "orig", error)).__module__
    return "sqlite" if "sqlite" in module else "other"


def _explain_anywhere(text: str) -> Explanation | None:
    """A foreign env.py keeps its URL to itself: ask every dialect for the text."""
    for name in ("postgresql", "mysql", "sqlite"):
        if known := dialects.of(name).explain(text):
            return known
    return None


def particulars(error: DBAPIError) -> tuple[str, ...]:
    """Return what PostgreSQL adds to its message: which object, which row."""
    lines = str(error.orig).splitlines()[1:]
    return tuple(line.strip() for line in lines if line.startswith(("DETAIL:", "HINT:")))
