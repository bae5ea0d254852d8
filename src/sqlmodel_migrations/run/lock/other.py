"""Databases that we know no lock of, and those that nobody else sees."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from alembic.runtime.migration import MigrationContext


@contextlib.contextmanager
def opened(context: MigrationContext) -> Iterator[NoLock]:
    """Yield what is always had."""
    yield NoLock()


class NoLock:
    """A lock that nobody else wants."""

    def attempt(self) -> bool:
        return True

    def holder(self) -> str | None:
        return None

    def confirm(self) -> None:
        """Nothing was taken."""

    def release(self) -> None:
        """Nothing was taken."""
