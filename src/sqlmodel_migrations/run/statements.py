"""The statements of one revision, told as they are sent; the place where a run is stopped."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, event

from sqlmodel_migrations.database.statement import without_secrets
from sqlmodel_migrations.errors import Interrupted
from sqlmodel_migrations.events import StatementFinished, StatementStarted
from sqlmodel_migrations.run.execution import Execution


@contextlib.contextmanager
def told(connection: Connection, revision: str, execution: Execution) -> Iterator[None]:
    """Tell of each statement, and raise `Interrupted` before one where a stop is asked for."""
    number, started = 0, 0.0

    def before(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal number, started
        if execution.stop():
            raise Interrupted("interrupted")
        number, started = number + 1, time.monotonic()
        shown = without_secrets(statement, conn.dialect.name)
        execution.emit(StatementStarted(revision, number, shown))

    def after(conn: Connection, cursor: Any, *_: Any) -> None:
        rows = getattr(cursor, "rowcount", -1)
        elapsed = time.monotonic() - started
        execution.emit(StatementFinished(revision, number, elapsed, rows if rows >= 0 else None))

    event.listen(connection, "before_cursor_execute", before)
    event.listen(connection, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", before)
        event.remove(connection, "after_cursor_execute", after)
