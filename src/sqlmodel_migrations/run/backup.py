"""A copy of an SQLite file, made before an upgrade and put back if that fails.

Both ways go through SQLite's backup API: the copy is consistent while others write, and whoever
has the database open sees the rows that are put back.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from sqlmodel_migrations.database import dialects
from sqlmodel_migrations.errors import (
    DatabaseError,
    Interrupted,
    MigrationsError,
    StepFailed,
    UsageError,
)
from sqlmodel_migrations.events import BackupMade, BackupRestored
from sqlmodel_migrations.run.execution import Execution
from sqlmodel_migrations.run.waits.base import LOCK_TIMEOUT

# Pages copied at once: between two such parts a stop is noticed.
_PAGES = 2048
# Seconds until a locked database is asked again.
_PAUSE = 0.05


@contextlib.contextmanager
def kept(connection: Connection, execution: Execution) -> Iterator[Path]:
    """Copy the file of `connection` and yield the copy's path; put it back if the block raises.

    Not where somebody asked to stop: what was applied until then stays. Nor where another
    connection has written meanwhile, whose rows would be lost. What was done stands in the
    error's details. Raises `UsageError` where there is no file, `DatabaseError` where it cannot
    be copied, `Interrupted`.
    """
    file = dialects.of(connection.dialect.name).file(connection)
    if file is None:
        raise UsageError(
            "a backup is a copy of an SQLite file, and this database is none",
            hint="leave --backup and the setting 'backup' out; a server has tools of its own",
            details=("nothing was run",),
        )
    connection.rollback()
    copy = make(file, execution)
    execution.emit(BackupMade(str(copy)))
    before = _version(connection)
    try:
        yield copy
    except Interrupted as stop:
        _tell(stop, f"the copy from before is kept: '{copy}'")
        raise
    except Exception as error:
        connection.rollback()
        if _version(connection) == before:
            _put_back(copy, file, execution, error)
        else:
            _tell(error, f"'{copy}' was not put back: another program has written since")
        raise


def _put_back(copy: Path, file: Path, execution: Execution, error: Exception) -> None:
    """Restore the file, and add to the error what became of it."""
    try:
        restore(copy, file, execution)
    except DatabaseError as trouble:
        _tell(error, trouble.message)
        return
    execution.emit(BackupRestored(str(copy)))
    _tell(error, f"'{copy}' was put back: the database is as it was before")
    if isinstance(error, StepFailed):
        error.pending = (*error.applied, *error.pending)
        error.applied = ()


def _tell(error: Exception, line: str) -> None:
    if isinstance(error, MigrationsError):
        error.details = (*error.details, line)
    else:
        error.add_note(line)


def make(file: Path, execution: Execution) -> Path:
    """Copy `file` to a new one beside it, `<name>.<time in UTC>.backup`, and return its path.

    Raises `DatabaseError` with nothing left behind, and `Interrupted`.
    """
    path = _free(file)
    partial = path.with_name(f"{path.name}.partial")
    try:
        with _explained(f"no copy of '{file}' was made, and nothing was run"):
            partial.touch(mode=0o600, exist_ok=False)
            shutil.copymode(file, partial)
            _copy(file, partial, execution)
            partial.rename(path)
    finally:
        for left in (partial, partial.with_name(f"{partial.name}-journal")):
            left.unlink(missing_ok=True)
    return path


def restore(copy: Path, file: Path, execution: Execution) -> None:
    """Make `file` what `copy` is; raises `DatabaseError`."""
    with _explained(f"'{file}' is not as before: the copy '{copy}' could not be put back"):
        _copy(copy, file, execution)


def _free(file: Path) -> Path:
    """A path that is not taken; the second copy of a second is `…Z-2`."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    number = 1
    while True:
        ending = "" if number == 1 else f"-{number}"
        path = file.with_name(f"{file.name}.{now}{ending}.backup")
        if not path.exists():
            return path
        number += 1


def _copy(source: Path, target: Path, execution: Execution) -> None:
    with closing(_opened(source)) as old, closing(_opened(target)) as new:
        # One snapshot for all parts: a writer in between would make SQLite begin anew.
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchall()
        old.backup(new, pages=_PAGES, progress=_watched(execution), sleep=_PAUSE)


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)


def _watched(execution: Execution) -> Callable[[int, int, int], None]:
    """What SQLite tells after each part: ends the copy when asked to, or when locked too long."""
    patience = LOCK_TIMEOUT if execution.lock_timeout is None else execution.lock_timeout
    since = time.monotonic()

    def look(status: int, _remaining: int, _total: int) -> None:
        nonlocal since
        if execution.stop():
            raise Interrupted("interrupted while the database was copied: nothing was run")
        if status not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            since = time.monotonic()
        elif patience and time.monotonic() - since > patience:
            raise sqlite3.OperationalError("database is locked")

    return look


@contextlib.contextmanager
def _explained(effect: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        known = dialects.of("sqlite").explain(str(error))
        raise DatabaseError(
            f"{effect}: {known.message if known else reason}", hint=known.hint if known else None
        ) from error


def _version(connection: Connection) -> int:
    """A number that changes when another connection writes (sqlite.org/pragma, data_version)."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute("PRAGMA data_version")
        row = cursor.fetchone()
        assert row is not None
        return int(row[0])
    finally:
        cursor.close()
