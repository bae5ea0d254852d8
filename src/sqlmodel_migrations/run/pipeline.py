"""A pipeline: on a database that is empty, definitions are sent without waiting for the answer.

The server works on one revision while Python makes the next; each is a transaction of its own as
ever. All that is read waits for what was sent before it. Where anything fails, the server skips
the rest, and the revisions go on from where the database is, without a pipeline: so an error is
told of the statement that failed. In a database with tables each answer is waited for: others may
hold a lock there, and it is to be seen what waits for it.

PostgreSQL through psycopg 3 alone: https://www.psycopg.org/psycopg3/docs/advanced/pipeline.html
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database.statement import verb

_DEFINING = frozenset(("ALTER", "COMMENT", "CREATE", "DROP"))
# What defines by a query may say how many rows it made, and may take long.
_QUERY = re.compile(r"\bAS\b", re.IGNORECASE)
# Seconds after which an answer is waited for, so that what happened can be told.
_PATIENCE = 0.1

_IS_EMPTY = """
SELECT NOT EXISTS (
    SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
)
"""


class Unclear(Exception):
    """An answer that was not waited for was an error: of that revision, or of one before it."""


@dataclass
class Pipeline:
    """What is sent and not answered; `raw` is psycopg's connection, None where there is no such.

    `is_unsure` says that not all is answered, or was not when the revision began. `settled` is
    called when all is. `is_lost` says that the connection was gone when the pipeline was closed.
    """

    raw: Any = None
    settled: Callable[[], None] = lambda: None
    is_unsure: bool = False
    is_lost: bool = False
    _driver: Any = None
    _is_unread: bool = False
    _is_behind: bool = False
    _has_failed: bool = False
    _since: float = field(default_factory=time.monotonic)
    _end: ExitStack = field(default_factory=ExitStack)

    def begin(self) -> None:
        """Begin with a revision, or with all that are one transaction."""
        self.is_unsure = self._is_behind
        if self.raw is not None and self._driver is None:
            self._enter()

    def _enter(self) -> None:
        raw = self.raw
        self._driver = self._end.enter_context(raw.pipeline())
        self._end.callback(setattr, raw, "cursor_factory", raw.cursor_factory)
        self._end.callback(vars(raw).pop, "commit")
        raw.cursor_factory = _cursors(raw.cursor_factory, self)
        raw.commit = self._commit

    def leave(self) -> None:
        """Wait for each answer until the next revision; raises what the driver raises."""
        if self._driver is not None:
            self._settle()
            self._driver = None
            self._end.close()

    def close(self) -> None:
        """Wait for each answer from now on; a transaction that is open is rolled back.

        A server that ends says so before it hangs up: `is_lost` is known only now.
        """
        raw, driver = self.raw, self._driver
        self.raw = self._driver = None
        self._is_behind = self.is_unsure = self._has_failed = False
        with contextlib.suppress(Exception):  # what failed was told, or will be
            self._end.close()
        if driver is not None and not raw.closed:
            with contextlib.suppress(Exception):
                raw.rollback()
        self.is_lost = raw is not None and bool(raw.closed)

    def settle(self) -> None:
        """Wait for all answers; raises `Unclear` where one is an error."""
        try:
            self._settle()
        except Exception as error:
            raise Unclear from error

    def tick(self) -> None:
        """Settle now and then."""
        if not self._is_behind or time.monotonic() - self._since > _PATIENCE:
            self.settle()

    @property
    def is_open(self) -> bool:
        """Whether answers may be left unread."""
        return self.raw is not None

    @contextlib.contextmanager
    def unread(self) -> Iterator[None]:
        """Wait for no answer to what is executed meanwhile."""
        self._is_unread = True
        try:
            yield
        finally:
            self._is_unread = False

    def require_well(self) -> None:
        """Raise `Unclear` where a script caught an error that was none of its statement's."""
        if self._has_failed:
            raise Unclear

    def execute(self, execute: Callable[[], Any], query: object) -> Any:
        """Send a query, and wait for its answer and all before it if it is read."""
        if self._driver is None:
            return execute()
        if isinstance(query, str) and ";" in query.rstrip().rstrip(";"):
            self.leave()  # the protocol of a pipeline takes one statement at a time
            return execute()
        if self._is_left(query):
            self.is_unsure = self._is_behind = True
            with self._blamed():
                return execute()
        self._settle()
        found = execute()
        self._driver.sync()
        return found

    def _is_left(self, query: object) -> bool:
        if self.raw.autocommit or not isinstance(query, str):
            return False
        return self._is_unread or (verb(query) in _DEFINING and not _QUERY.search(query))

    def _settle(self) -> None:
        if self._is_behind:
            with self._blamed():
                self._driver.sync()
            self._is_behind, self._since = False, time.monotonic()
        self.settled()

    def _commit(self) -> None:
        """Commit, and begin the next transaction in the same way: psycopg waits for each."""
        if not self._is_behind:
            type(self.raw).commit(self.raw)
            return
        with self.unread(), self.raw.cursor() as cursor:
            cursor.execute("COMMIT AND CHAIN")

    @contextlib.contextmanager
    def _blamed(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            self._has_failed = True
            raise


@contextlib.contextmanager
def opened(connection: Connection) -> Iterator[Pipeline]:
    """Open a pipeline where the database is empty and the driver has one.

    The connection is in no transaction, before and afterwards.
    """
    pipeline = Pipeline()
    if _is_possible(connection):
        pipeline.raw = connection.connection.dbapi_connection
    try:
        yield pipeline
    finally:
        pipeline.close()


@contextlib.contextmanager
def joined(connection: Connection) -> Iterator[None]:
    """Wait once, at the end, for the answers to all that is executed meanwhile; none is read.

    The first error is raised then, and what follows it is not done. A driver without a pipeline
    waits for each.
    """
    if not _has_pipeline(connection):
        yield
        return
    raw: Any = connection.connection.dbapi_connection
    with raw.pipeline():
        yield


def _has_pipeline(connection: Connection) -> bool:
    dialect = connection.dialect
    if dialect.driver != "psycopg" or dialect.is_async:
        return False
    from psycopg import Pipeline as Driver

    return Driver.is_supported()


def _is_possible(connection: Connection) -> bool:
    if not _has_pipeline(connection):
        return False
    from psycopg import Connection as Raw

    if not issubclass(type(connection.connection.dbapi_connection), Raw):
        return False  # one that is wrapped, to be observed
    is_empty = False
    with contextlib.suppress(SQLAlchemyError):
        is_empty = bool(connection.exec_driver_sql(_IS_EMPTY).scalar())
    connection.rollback()
    return is_empty


def _cursors(base: Any, pipeline: Pipeline) -> Any:
    """Return a class of cursors that send through a pipeline."""

    class Cursor(base):  # type: ignore[misc]
        def execute(self, query: Any, *given: Any, **named: Any) -> Any:
            send = partial(super().execute, query, *given, **named)
            return pipeline.execute(send, query)

        def executemany(self, query: Any, *given: Any, **named: Any) -> Any:
            send = partial(super().executemany, query, *given, **named)
            return pipeline.execute(send, None)

        def copy(self, *given: Any, **named: Any) -> Any:
            pipeline.leave()
            return super().copy(*given, **named)

        def stream(self, *given: Any, **named: Any) -> Any:
            pipeline.leave()
            return super().stream(*given, **named)

    return Cursor
