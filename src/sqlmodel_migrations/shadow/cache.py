"""Replays that were made before: kept beside env.py, by the checksums of what they depend on.

For SQLite, whose databases are files. On a server the cache would be a database of ours that
nobody asked for; `docs/design/shadow.md` says more.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import alembic
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sqlmodel_migrations.history import reach
from sqlmodel_migrations.version import __version__

PREFIX = "sqlmodel-migrations-shadow-"
LIMIT = 50_000_000
"""Bytes above which a replay is not kept: it would hold somebody's rows, not a schema."""


@dataclass(frozen=True)
class Place:
    """Where the replay of one history is kept; the name says what it was made from."""

    path: Path

    @classmethod
    def of(
        cls,
        context: MigrationContext,
        script: ScriptDirectory,
        arguments: Mapping[str, Any],
        revisions: Iterable[Path],
    ) -> Place | None:
        """Return the place for the replay of these revision files; None where it cannot be kept."""
        if context.dialect.name != "sqlite" or context.dialect.is_async:
            return None
        # env.py decides how the history runs.
        files = [Path(script.env_py_location), *sorted({*revisions})]
        texts = [path.read_bytes() for path in files]
        if not all(map(reach.is_closed, texts[1:])):
            return None
        made_by = repr((__version__, alembic.__version__, sqlite3.sqlite_version, dict(arguments)))
        digest = hashlib.sha256(made_by.encode())
        for text in texts:
            digest.update(hashlib.sha256(text).digest())
        return cls(Path(script.dir) / "__pycache__" / f"{PREFIX}{digest.hexdigest()[:24]}.db")

    def restore(self, context: MigrationContext) -> bool:
        """Bring the shadow to the state that was kept; False where there is none."""
        if not self.path.is_file():
            return False
        try:
            with contextlib.closing(sqlite3.connect(self.path)) as kept:
                kept.backup(_raw(context))
        except sqlite3.Error:
            self._forget(self.path)
            return False
        return True

    def keep(self, context: MigrationContext) -> None:
        """Keep the state of the shadow, instead of older ones; failing to is no error."""
        raw = _raw(context)
        size = raw.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        if sys.dont_write_bytecode or size.fetchone()[0] > LIMIT:
            return
        unfinished = self.path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError, sqlite3.Error):
            self.path.parent.mkdir(exist_ok=True)
            with contextlib.closing(sqlite3.connect(unfinished)) as kept:
                raw.backup(kept)
            for old in self.path.parent.glob(f"{PREFIX}*.db"):
                self._forget(old)
            unfinished.replace(self.path)
        self._forget(unfinished)

    def _forget(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _raw(context: MigrationContext) -> sqlite3.Connection:
    assert context.connection is not None
    raw = context.connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw
