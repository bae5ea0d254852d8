"""The wire: every statement that goes to one connection, on its way to the driver."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from sqlalchemy import Connection, event

Send = Callable[[str], None]
"""Sends a text on its way to the driver, with the parameters that it came with."""


class Tap(Protocol):
    """What is asked before a statement is sent."""

    def take(self, sql: str, parameters: Any, send: Send) -> bool:
        """Send a text, or its statements, and return True; False lets SQLAlchemy send it."""

    def end(self, *, is_undone: bool) -> None:
        """A transaction is about to be committed, or rolled back."""


@contextlib.contextmanager
def tapped(connection: Connection, tap: Tap) -> Iterator[None]:
    """Ask `tap` for every statement of this connection, until the block ends."""
    dialect, engine = connection.dialect, connection.engine
    raw = connection.connection.dbapi_connection

    def is_other(context: Any) -> bool:
        return context.root_connection.connection.dbapi_connection is not raw

    def on_execute(cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        def send(text: str) -> None:
            dialect.do_execute(cursor, text, parameters, context)

        return not is_other(context) and tap.take(sql, parameters, send)

    def on_many(cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        def send(text: str) -> None:
            dialect.do_executemany(cursor, text, parameters, context)

        return not is_other(context) and tap.take(sql, parameters, send)

    def on_plain(cursor: Any, sql: str, context: Any) -> bool:
        def send(text: str) -> None:
            dialect.do_execute_no_params(cursor, text, context)

        return not is_other(context) and tap.take(sql, None, send)

    def on_commit(_: Connection) -> None:
        tap.end(is_undone=False)

    def on_rollback(_: Connection) -> None:
        tap.end(is_undone=True)

    hooks: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("do_execute", on_execute),
        ("do_executemany", on_many),
        ("do_execute_no_params", on_plain),
        ("commit", on_commit),
        ("rollback", on_rollback),
    )
    for name, hook in hooks:
        event.listen(engine, name, hook)
    try:
        yield
    finally:
        for name, hook in hooks:
            event.remove(engine, name, hook)
