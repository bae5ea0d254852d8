"""SQLite: a locked file beside the database, which the system releases with its process.

Each revision has SQLite's own write lock besides (BEGIN IMMEDIATE), for whoever else writes.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic.runtime.migration import MigrationContext

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database.dialects import sqlite
from sqlmodel_migrations.errors import DatabaseError
from sqlmodel_migrations.run.lock import other
from sqlmodel_migrations.run.lock.base import Lock, key, me

# Where the locked byte is: behind what is written, so that Windows lets others read that.
_FAR = 1 << 20


@contextlib.contextmanager
def opened(context: MigrationContext) -> Iterator[Lock]:
    """Yield the lock of a database file; one in memory is nobody else's."""
    assert context.connection is not None
    file = sqlite.file(context.connection)
    if not _alembic.is_in_external_transaction(context):
        context.connection.rollback()
    if file is None:
        yield other.NoLock()
        return
    name = "" if context.version_table == "alembic_version" else f"-{key(context).hex()}"
    database = Path(os.path.realpath(file))
    yield _File(Path(f"{database}{name}{sqlite.LOCK_SUFFIX}"), database, database.stat())


@dataclass
class _File:
    path: Path
    database: Path
    opened: os.stat_result
    """What the database's file was when the connection was made."""
    _descriptor: int = -1

    def attempt(self) -> bool:
        descriptor = self._opened()
        if not (_locked(descriptor) and _is_same(os.fstat(descriptor), self.path)):
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        os.ftruncate(descriptor, 0)
        os.write(descriptor, me().encode())
        return True

    def holder(self) -> str | None:
        try:
            return self.path.read_text(encoding="utf-8", errors="replace").strip() or None
        except OSError:
            return None

    def confirm(self) -> None:
        """Raise where another file is in the database's place; the lock is held in any case."""
        if not _is_same(self.opened, self.database):
            raise DatabaseError(
                f"'{self.database}' is not the file any more that was opened",
                hint="type the command again, on the file that is there now",
            )

    def release(self) -> None:
        # Whoever opened it meanwhile sees that it is in place no more, and opens another.
        is_open_file_kept = os.name == "nt"
        if not is_open_file_kept:
            self._remove()
        os.close(self._descriptor)
        if is_open_file_kept:
            self._remove()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink()

    def _opened(self) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise DatabaseError(
                f"the lock file '{self.path}' cannot be written: {error.strerror}",
                hint="check the permissions of the database's folder; SQLite writes there, too",
                details=("nothing was run",),
            ) from error


def _is_same(stat: os.stat_result, path: Path) -> bool:
    """Whether what stands at `path` is still the file of `stat`."""
    try:
        return os.path.samestat(stat, path.stat())
    except OSError:
        return False


def _locked(descriptor: int) -> bool:
    """Take the lock of an open file; false where somebody else has it."""
    try:
        import fcntl
    except ImportError:
        return _locked_on_windows(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _locked_on_windows(descriptor: int) -> bool:
    import msvcrt

    os.lseek(descriptor, _FAR, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
    return True
