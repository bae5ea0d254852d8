"""Rows at stake: the project's own database asked about them, where it answers, to tell earlier.

A revision needs no database. One that is there, at the head of the history and quick to answer,
is read: what a guard would refuse at the upgrade is said now, and questions tell how many rows
they are about.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Dialect, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database import patience
from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.generate.comparison import Promise
from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.generate.questioner import Choice, Question, Questioner
from sqlmodel_migrations.generate.sql_text import escape_parameters
from sqlmodel_migrations.run import log
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.run.redirect import redirected

Ask = Callable[[Connection], None]

SECONDS = 1
"""How long a connection, and then each statement, may take."""

_LIMITS = {
    "postgresql": f"SET LOCAL statement_timeout = {SECONDS * 1000}",
    "mariadb": f"SET SESSION max_statement_time = {SECONDS}",
}


def require_fitting(checkout: Checkout, promises: Sequence[Promise]) -> None:
    """Raise `MigrationsError` with what the guards of a new script find in the database.

    Nothing is raised where the database is not reachable, not at the head, or slow.
    """
    if not any(promise.guards for promise in promises):
        return
    found: list[str] = []
    waiting = iter(promises)

    def look(connection: Connection) -> None:
        promise = next(waiting, Promise())
        found.extend(_misfits(connection, promise.guards))

    _asked(checkout, look)
    if found:
        raise MigrationsError(
            found[0],
            details=tuple(found[1:]),
            hint="change these rows first, or give --no-verify to write the revision all the same",
        )


def _misfits(connection: Connection, guards: Sequence[Guard]) -> Iterator[str]:
    for guard in guards:
        if count := _count(connection, guard.query):
            yield f"{count} {guard.reason}"


def _count(connection: Connection, query: str) -> int | None:
    """Return the number that a query gives; None where the database does not answer it."""
    with contextlib.suppress(SQLAlchemyError):
        if limit := _LIMITS.get(_server(connection.dialect)):
            connection.execute(text(limit))
        return int(connection.execute(text(escape_parameters(query))).scalar() or 0)
    connection.rollback()
    return None


def _server(dialect: Dialect) -> str:
    return "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name


def _asked(checkout: Checkout, ask: Ask) -> None:
    """Let `ask` read each database that env.py opens, if it is at the head; errors are no news."""
    if checkout.has_callers_transaction or checkout.async_engine is not None:
        return
    heads = {revision.id for revision in checkout.graph.heads}

    def task(context: MigrationContext, _: Mapping[str, Any]) -> None:
        connection = context.connection
        if connection is None or set(context.get_current_heads()) != heads:
            return
        try:
            ask(connection)
        finally:
            connection.rollback()

    with contextlib.suppress(Exception), log.muted(), redirected(_impatient):
        checkout.read(task)


def _impatient(dialect: Dialect, _cargs: list[Any], cparams: dict[str, Any]) -> None:
    """Give a connection a second to be made."""
    patience.limit(dialect, cparams, SECONDS)


@dataclass(frozen=True)
class Counting:
    """Asks as `questioner` does, and says how many rows each loss is about."""

    questioner: Questioner
    checkout: Checkout

    def choose(self, question: Question) -> Choice:
        """Return one of the choices."""
        shown = [self._counted(choice) for choice in question.choices]
        chosen = self.questioner.choose(replace(question, choices=shown))
        return question.choices[shown.index(chosen)]

    def _counted(self, choice: Choice) -> Choice:
        count = rows(self.checkout, choice.loses) if choice.loses is not None else None
        if count is None:
            return choice
        return replace(choice, words=f"{choice.words} ({count:,} row{'' if count == 1 else 's'})")


def rows(checkout: Checkout, thing: str) -> int | None:
    """Return how many rows a table has, or have a value in `table.column`; None if unknown.

    Asked in a thread of its own: this one may be inside of env.py, with its connections sent to
    the shadow. A connection of an event loop cannot be used there.
    """
    if checkout.is_in_loop:
        return None
    found: list[int] = []

    def look(connection: Connection) -> None:
        count = _count(connection, query) if (query := _query(connection, thing)) else None
        found.extend([] if count is None else [count])

    thread = threading.Thread(target=_asked, args=(checkout, look), daemon=True)
    thread.start()
    thread.join(3 * SECONDS)
    return found[0] if found else None


def _query(connection: Connection, thing: str) -> str | None:
    quote = connection.dialect.identifier_preparer.quote
    schema, _, name = thing.rpartition(".")
    inspector = inspect(connection)
    if inspector.has_table(name, schema=schema or None):
        where = f"{quote(schema)}.{quote(name)}" if schema else quote(name)
        return f"SELECT count(*) FROM {where}"
    schema, _, table = schema.rpartition(".")
    if not table or not inspector.has_table(table, schema=schema or None):
        return None
    where = f"{quote(schema)}.{quote(table)}" if schema else quote(table)
    return f"SELECT count({quote(name)}) FROM {where}"
