"""Statements sent together: DDL waits until something is asked, and goes in one round trip.

Questions that will be asked one by one are asked together beforehand.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.database import driver
from sqlmodel_migrations.run.answer import Answer
from sqlmodel_migrations.run.call import Call, intercepted

# These send several statements in one text; drivers of MySQL where they were told so.
_POSTGRESQL = frozenset(("psycopg", "psycopg2"))
MULTI_STATEMENTS = 1 << 16
"""The flag of a MySQL client that sends several statements in one text (mysql_com.h)."""

_CHANGING = frozenset(("ALTER", "CREATE", "DROP", "RENAME"))
_WAITING = frozenset(("ALTER", "COMMENT", "CREATE", "DROP", "SET"))
# So many characters are sent at once: MariaDB takes 16 MB (max_allowed_packet).
_MOST = 1_000_000


@contextlib.contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Let CREATE, ALTER, COMMENT, DROP and SET wait for one another while this is open.

    They are sent before any other statement, and at the end; an error comes then, as if the one
    that failed had been sent alone. A driver that takes one statement at a time sends each at once.
    """
    if not _takes_several(connection):
        yield
        return
    bulk = _Bulk(connection)
    with intercepted(connection, bulk.handle):
        yield
        bulk.send()


@contextlib.contextmanager
def foreseen(connection: Connection, questions: Sequence[str]) -> Iterator[None]:
    """Ask questions at once, and give each answer when it is asked for while this is open.

    Each answer is given once. Whatever changes the database ends that.
    """
    if len(questions) < 2 or not _takes_several(connection):
        yield
        return
    known = _answers(connection, questions)

    def handle(call: Call) -> None:
        if (found := known.pop(call.sql, None)) is not None:
            call.give(found)
            return
        if any(statement.verb in _CHANGING for statement in call.statements):
            known.clear()
        call.send()

    with intercepted(connection, handle):
        yield


def _answers(connection: Connection, questions: Sequence[str]) -> dict[str, Answer]:
    """Ask; those after one that fails are left to be asked by themselves."""
    known: dict[str, Answer] = {}
    errors = connection.dialect.loaded_dbapi.Error
    cursor = connection.connection.cursor()
    with contextlib.suppress(errors), contextlib.closing(cursor):
        cursor.execute(";\n".join(questions))
        for question in questions:
            columns = tuple((each[0], each[1]) for each in cursor.description)
            rows = tuple(map(tuple, cursor.fetchall()))
            known[question] = Answer(columns, rows, len(rows))
            if not cursor.nextset():
                break
    return known


def takes_several(dialect: Dialect) -> bool:
    """Whether any connection of this driver takes several statements in one text."""
    return dialect.driver in _POSTGRESQL and not dialect.is_async


def _takes_several(connection: Connection) -> bool:
    flags = getattr(connection.connection, "client_flag", None)
    if isinstance(flags, int) and not connection.dialect.is_async:
        return bool(flags & MULTI_STATEMENTS)
    return takes_several(connection.dialect)


@dataclass
class _Bulk:
    """The statements that wait."""

    connection: Connection
    waiting: list[str] = field(default_factory=list)
    characters: int = 0
    is_sending: bool = False

    def handle(self, call: Call) -> None:
        """Keep a statement, or send those that wait and then this one."""
        verbs = {statement.verb for statement in call.statements}
        if self.is_sending or not verbs <= _WAITING or call.way == "do_executemany":
            self.send()
            call.send()
            return
        self.waiting.append(call.sql.rstrip().removesuffix(";"))
        self.characters += len(call.sql)
        call.give(Answer(rowcount=-1))
        if self.characters > _MOST:
            self.send()

    def send(self) -> None:
        """Send what waits; raises `DBAPIError`."""
        waiting, self.waiting, self.characters = self.waiting, [], 0
        if not waiting or self.is_sending:
            return
        self.is_sending = True
        try:
            done = self._send_several(waiting)
            for sql in waiting[done:]:
                self.connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
        finally:
            self.is_sending = False

    def _send_several(self, waiting: list[str]) -> int:
        """Return how many took effect: all, or those before one that failed."""
        if self.connection.dialect.driver in _POSTGRESQL:
            return self._send_with_savepoint(waiting)
        done = 0
        errors = self.connection.dialect.loaded_dbapi.Error
        with contextlib.suppress(errors), contextlib.closing(self._cursor()) as cursor:
            cursor.execute(";\n".join(waiting))
            done += 1
            while cursor.nextset():
                done += 1
        return done

    def _send_with_savepoint(self, waiting: list[str]) -> int:
        """Send all or none: a failure is not to end the transaction before it is known whose."""
        text = ";\n".join(["SAVEPOINT bulk", *waiting, "RELEASE SAVEPOINT bulk"])
        try:
            self._execute(text)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            self._execute("ROLLBACK TO SAVEPOINT bulk; RELEASE SAVEPOINT bulk")
            return 0
        return len(waiting)

    def _execute(self, text: str) -> None:
        with driver.reported(self.connection), contextlib.closing(self._cursor()) as cursor:
            cursor.execute(text)

    def _cursor(self) -> Any:
        return self.connection.connection.cursor()
