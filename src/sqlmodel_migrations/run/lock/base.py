"""What every dialect's lock offers; the modules beside this one are its siblings."""

from __future__ import annotations

import datetime
import hashlib
import os
import socket
from contextlib import AbstractContextManager
from typing import Protocol

from alembic.runtime.migration import MigrationContext


class Lock(Protocol):
    """A lock that is tried, not waited for."""

    def attempt(self) -> bool:
        """Try to take the lock; true where it is ours now."""

    def holder(self) -> str | None:
        """Say who holds it: pid, host and since, as far as the server tells."""

    def confirm(self) -> None:
        """Raise `DatabaseError` where the lock that was taken is held no more."""

    def release(self) -> None:
        """Give it back; raises nothing where it is gone already."""


class LockModule(Protocol):
    """The shape of a module in this family."""

    def opened(self, context: MigrationContext) -> AbstractContextManager[Lock]:
        """Yield the lock of a history, not taken yet; what it needs is closed at the end."""


def key(context: MigrationContext, *place: str | None) -> bytes:
    """Return eight bytes that name the history: its version table, and the `place` it is in."""
    parts = (*place, context.version_table_schema, context.version_table)
    text = "\0".join(part or "" for part in parts)
    return hashlib.sha256(f"sqlmodel-migrations\0{text}".encode()).digest()[:8]


def me() -> str:
    """Return who we are, for whoever waits: `pid 4242 on host-1 since 2026-01-31 12:00:00Z`."""
    now = datetime.datetime.now(datetime.UTC)
    return f"pid {os.getpid()} on {socket.gethostname()} since {now:%Y-%m-%d %H:%M:%S}Z"
