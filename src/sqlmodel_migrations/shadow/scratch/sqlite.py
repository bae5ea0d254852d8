"""A scratch SQLite database: a temporary file, which several connections can share."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from sqlmodel_migrations.shadow.scratch.base import PREFIX, Scratch, Target


def make(original: Target, shadow_url: URL | None) -> Scratch:
    """Make an empty database in a temporary folder; nothing of it is synced to the disk."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    parameters = {**original.cparams, "uri": False}
    target = _Unsynced(original.dialect, [str(folder / "shadow.db")], parameters)
    return Scratch(target, lambda: shutil.rmtree(folder, ignore_errors=True))


def copy(scratch: Scratch) -> Scratch | None:
    """Make another one with what is in `scratch`."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    file = shutil.copy(scratch.target.cargs[0], folder)
    target = _Unsynced(scratch.target.dialect, [str(file)], scratch.target.cparams)
    return Scratch(target, lambda: shutil.rmtree(folder, ignore_errors=True))


class _Unsynced(Target):
    """A file that is thrown away: durability would only cost time."""

    def connect(self) -> Any:
        connection = super().connect()
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA journal_mode=MEMORY")
        cursor.close()
        return connection
