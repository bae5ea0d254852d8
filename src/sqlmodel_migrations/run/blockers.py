"""Who holds what a statement waits for, asked on another connection while it waits."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.util import greenlet_spawn

from sqlmodel_migrations.events import Blocked, Blocker, Emit
from sqlmodel_migrations.run import side_connection, waits

# Seconds that a statement may run before it is asked what it waits for, at most and at least;
# a quarter of what it may wait for a lock, so that the answer is there when it gives up.
_MOST_PATIENCE, _LEAST_PATIENCE = 0.4, 0.05
# Seconds between two questions about one statement, at most; first a quarter of its time so far.
_LONGEST_PAUSE = 10.0


@dataclass
class Watch:
    """The statement that runs, and who was last seen to block one."""

    emit: Emit
    patience: float = _MOST_PATIENCE
    blockers: tuple[Blocker, ...] = ()
    statement: str | None = None
    started: float = 0.0
    next: float = 0.0
    revision: str = ""
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _is_over: bool = False

    def begin(self, statement: str) -> None:
        with self._changed:
            self.statement, self.started = statement, time.monotonic()
            self.next = self.started + self.patience

    def end(self) -> None:
        with self._changed:
            self.statement = None

    def close(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify()

    def is_overdue(self) -> bool:
        """Wait until a statement has been running for long; false when closed."""
        with self._changed:
            while not self._is_over:
                self._changed.wait(self.patience)
                now = time.monotonic()
                if self.statement and now >= self.next:
                    self.next = now + min((now - self.started) / 4, _LONGEST_PAUSE)
                    return True
        return False

    def see(self, found: tuple[Blocker, ...]) -> None:
        """Tell who blocks the statement, if it is still running."""
        with self._changed:
            statement, elapsed = self.statement, time.monotonic() - self.started
            if not found or statement is None:
                return
            self.blockers = found
        self.emit(Blocked(self.revision, statement, elapsed, found))


@contextlib.contextmanager
def watched(
    connection: Connection, emit: Emit, lock_timeout: float | None = None
) -> Iterator[Watch]:
    """Watch the statements of a connection from a thread, while the context is open."""
    module = waits.of(connection.dialect.name)
    session = module.session(connection)
    opened = side_connection.opener(connection)
    connection.rollback()
    watch = Watch(emit, _patience(lock_timeout))
    if session is None:
        yield watch
        return

    def look() -> None:
        with opened() as side:
            watch.see(module.blockers(side, session))

    def before(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
        watch.begin(statement)

    def after(*_: Any) -> None:
        watch.end()

    listeners = {
        "before_cursor_execute": before,
        "after_cursor_execute": after,
        "rollback": after,
        "commit": after,
    }
    thread = threading.Thread(
        target=copy_context().run,
        args=(_watch, watch, look, connection.dialect.is_async),
        name="blockers",
        daemon=True,
    )
    for name, listener in listeners.items():
        event.listen(connection, name, listener)
    thread.start()
    try:
        yield watch
    finally:
        for name, listener in listeners.items():
            event.remove(connection, name, listener)
        watch.close()
        thread.join()


def _patience(lock_timeout: float | None) -> float:
    if not lock_timeout:
        return _MOST_PATIENCE
    return max(_LEAST_PATIENCE, min(lock_timeout / 4, _MOST_PATIENCE))


def _watch(watch: Watch, look: Callable[[], None], is_async: bool) -> None:
    while watch.is_overdue():
        # Whoever may not look, or cannot connect once more, is not told: the statement goes on.
        with contextlib.suppress(Exception):
            if is_async:
                asyncio.run(greenlet_spawn(look))
            else:
                look()
