"""The statements of a revision, told as they are sent; the place where a run is stopped."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, event

from sqlmodel_migrations.database.statement import without_secrets
from sqlmodel_migrations.errors import Interrupted
from sqlmodel_migrations.events import StatementFinished, StatementStarted
from sqlmodel_migrations.run.execution import Execution


@dataclass
class Telling:
    """Tells of the statements of the revision under way; `telling` opens it for a move."""

    how: Execution
    _revision: str | None = None
    _number: int = 0
    _started: float = 0.0

    @contextlib.contextmanager
    def of(self, revision: str) -> Iterator[None]:
        """Tell of each statement, and raise `Interrupted` before one where a stop is asked for."""
        self._revision, self._number = revision, 0
        try:
            yield
        finally:
            self._revision = None

    def before(self, conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if self._revision is None:
            return
        if self.how.stop():
            raise Interrupted("interrupted")
        self._number, self._started = self._number + 1, time.monotonic()
        shown = without_secrets(statement, conn.dialect.name)
        self.how.emit(StatementStarted(self._revision, self._number, shown))

    def after(self, conn: Connection, cursor: Any, *_: Any) -> None:
        if self._revision is None:
            return
        rows = getattr(cursor, "rowcount", -1)
        elapsed = time.monotonic() - self._started
        done = StatementFinished(self._revision, self._number, elapsed, rows if rows >= 0 else None)
        self.how.emit(done)


@contextlib.contextmanager
def telling(connection: Connection, how: Execution) -> Iterator[Telling]:
    """Listen to a connection, once for many revisions."""
    found = Telling(how)
    event.listen(connection, "before_cursor_execute", found.before)
    event.listen(connection, "after_cursor_execute", found.after)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", found.before)
        event.remove(connection, "after_cursor_execute", found.after)
