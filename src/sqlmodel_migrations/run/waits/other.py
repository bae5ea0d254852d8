"""Databases of which we know nothing: they wait as they do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection

from sqlmodel_migrations.events import Blocker
from sqlmodel_migrations.run.waits.base import Limits


@contextlib.contextmanager
def limited(connection: Connection, limits: Limits) -> Iterator[None]:
    """Set nothing."""
    yield


def is_lock_failure(error: BaseException) -> bool:
    """Know no error of this kind."""
    return False


def is_interrupt(error: BaseException) -> bool:
    """Know no such error: drivers raise the `KeyboardInterrupt` itself."""
    return False


def session(connection: Connection) -> int | None:
    """Know no number."""
    return None


def pause(seconds: float) -> float:
    """Say that others get their turn anyway."""
    return 0.0


def blockers(connection: Connection, session: int) -> tuple[Blocker, ...]:
    """Know nobody."""
    return ()
