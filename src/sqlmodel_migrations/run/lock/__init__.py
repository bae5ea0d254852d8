"""The migration lock: one runner at a time for one history of one database."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator

from alembic.runtime.migration import MigrationContext

from sqlmodel_migrations.database import family
from sqlmodel_migrations.errors import Interrupted, LockNotHad
from sqlmodel_migrations.events import Locked, Waiting
from sqlmodel_migrations.run.execution import Execution
from sqlmodel_migrations.run.lock.base import Lock, LockModule

__all__ = ["Lock", "held"]

# Seconds between two attempts: short, since most runs of a history are; then longer.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
# Seconds between two events that say the same.
_TELL_EVERY = 5.0


@contextlib.contextmanager
def held(context: MigrationContext, execution: Execution) -> Iterator[Lock]:
    """Hold the migration lock of the history of `context`; it is polled, never waited for.

    Raises `LockNotHad` after `execution.migration_lock_timeout` seconds, naming the holder, and
    `Interrupted` when it is asked to stop. The connection is in no transaction meanwhile.
    """
    module = _of(context.dialect.name)
    with module.opened(context) as lock:
        waited = _wait(lock, execution)
        try:
            execution.emit(Locked(waited))
            yield lock
        finally:
            lock.release()


def _of(name: str) -> LockModule:
    module: LockModule = family.member(__name__, name, other="other")
    return module


def _wait(lock: Lock, execution: Execution) -> float:
    """Try until the lock is had, and return how many seconds that took."""
    started = told = time.monotonic()
    said: str | None = ""
    pause = _FIRST_PAUSE
    while not lock.attempt():
        now = time.monotonic()
        elapsed, timeout = now - started, execution.migration_lock_timeout
        holder = lock.holder()
        if elapsed >= timeout:
            raise _refusal(holder, timeout)
        if said != holder or now - told >= _TELL_EVERY:
            execution.emit(Waiting(holder, elapsed, timeout))
            said, told = holder, now
        if execution.stop():
            raise Interrupted(
                "interrupted while another run held the migration lock: nothing was run"
            )
        execution.sleep(min(pause * random.uniform(0.5, 1.0), timeout - elapsed))
        pause = min(pause * 2, _LONGEST_PAUSE)
    return time.monotonic() - started


def _refusal(holder: str | None, timeout: float) -> LockNotHad:
    return LockNotHad(
        f"the migration lock was not had within {timeout:g} s: it is held by"
        f" {holder or 'another run'}",
        hint="wait until that run has ended, or stop it; then type the command again",
        details=("nothing was run",),
    )
