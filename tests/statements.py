"""The statements that are sent through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


def anywhere(_cursor: Any) -> bool:
    return True


@contextmanager
def sent(
    through: sa.Engine | sa.Connection, counts: Callable[[Any], bool] = anywhere
) -> Iterator[list[str]]:
    """What is sent until the block ends, scratch databases included, by cursors that count."""
    statements: list[str] = []

    def note(_connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        if counts(cursor):
            statements.append(sql.strip())

    sa.event.listen(through, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(through, "before_cursor_execute", note)
