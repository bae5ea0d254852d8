"""SQLite: transactions that hold for DDL, and foreign keys checked before their commit.

Python's driver begins a transaction before INSERT, UPDATE and DELETE only, so a failing revision
would leave half of itself behind. And while `foreign_keys` is ON, dropping the old copy of a
rebuilt table deletes the rows of its children; inside a transaction it cannot be switched off.
"""

from __future__ import annotations

import contextlib
import math
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, event
from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.exc import OperationalError

from sqlmodel_migrations.database.dialects.base import Explanation, explained
from sqlmodel_migrations.database.dialects.other import both as both
from sqlmodel_migrations.database.dialects.other import commits_ddl as commits_ddl
from sqlmodel_migrations.database.dialects.other import connect_arguments as connect_arguments
from sqlmodel_migrations.database.dialects.other import flushed_once as flushed_once
from sqlmodel_migrations.database.dialects.other import follow as follow
from sqlmodel_migrations.database.dialects.other import standpoint as standpoint
from sqlmodel_migrations.errors import ChangeRefused, DatabaseError, LockNotHad

# sqlite3.LEGACY_TRANSACTION_CONTROL, which Python 3.11 does not have.
_LEGACY = -1

# What the names of the files end in that runners lock, beside the database.
LOCK_SUFFIX = ".migrating"

# What runs outside a transaction, or opens and ends one itself.
_OUTSIDE = frozenset(("BEGIN", "PRAGMA", "VACUUM", "ATTACH", "DETACH", "COMMIT", "END", "ROLLBACK"))
# How many steps of SQLite's machine run between two looks at the clock: below a millisecond.
_STEPS = 1000
_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/|;)*(\w+)", re.DOTALL)

_LOCKED = (
    "the database is locked: another program is writing to it",
    "wait until it has finished, or stop it, and try again",
)
_TEXTS: tuple[tuple[str, str, str | None], ...] = (
    (r"database (?:table )?is locked", *_LOCKED),
    (
        r"unable to open database file",
        "the database file cannot be opened",
        "check that its folder exists and may be written",
    ),
    (
        r"attempt to write a readonly database",
        "the database file may not be written",
        "check the permissions of the file and of its folder",
    ),
    (
        r"file is not a database",
        "the file is no SQLite database",
        "check the path in the database URL",
    ),
    (r"database or disk is full", "the disk is full", "make room on the disk"),
    (
        r"database disk image is malformed",
        "the database file is damaged",
        "restore it from a backup",
    ),
)


@dataclass(frozen=True)
class Violation:
    """One row without its parent; `row` is its rowid, None where the table has none.

    `columns` are the referencing ones. `reason` is set instead of `row` where SQLite cannot
    check at all, because the parent's columns are not unique.
    """

    table: str
    parent: str
    columns: tuple[str, ...]
    row: int | None = None
    reason: str | None = None


@contextlib.contextmanager
def real_transactions(connection: Connection) -> Iterator[None]:
    """Begin with BEGIN IMMEDIATE before the first statement, foreign keys off; put all back.

    What is open on the connection is committed first. What the caller did not commit is rolled
    back at the end. Raises `LockNotHad` when the lock is not had within the driver's timeout.
    """
    connection.connection.commit()
    driver = _Driver(connection)
    with driver.manual(), driver.foreign_keys_off(), _begun(connection, driver):
        yield


@contextlib.contextmanager
def checked(connection: Connection | None) -> Iterator[None]:
    """Refuse, with table, parent and count, what leaves rows without their parents.

    Rows that had none before do not count. Raises `ChangeRefused`.
    """
    if connection is None:
        yield
        return
    before = foreign_key_violations(connection)
    yield
    refuse(new_violations(before, foreign_key_violations(connection)))


def server(connection: Connection) -> str:
    """Return e.g. `SQLite 3.40.1`."""
    return f"SQLite {connection.exec_driver_sql('SELECT sqlite_version()').scalar_one()}"


def file(connection: Connection) -> Path | None:
    """Return the path of the main database; None for one in memory or in a temporary file."""
    rows = connection.exec_driver_sql("PRAGMA database_list").all()
    name = next((str(row[2]) for row in rows if row[1] == "main"), "")
    return Path(name) if name else None


def is_shared(connection: Connection) -> bool:
    """Say whether the database is a file: one in memory is its connection's alone."""
    return file(connection) is not None


@contextlib.contextmanager
def statement_timeout(connection: Connection, seconds: float | None) -> Iterator[None]:
    """Interrupt every statement that runs for longer; None and 0 are no limit.

    Without one SQLite asks as well, so that Python can handle a signal before the statement ends:
    what the handler raises interrupts it.
    """
    driver = _Driver(connection)
    deadline = [0.0]

    def start(*_: Any) -> None:
        deadline[0] = time.monotonic() + (seconds or math.inf)

    def is_over() -> bool:
        return time.monotonic() > deadline[0]

    event.listen(connection, "before_cursor_execute", start)
    start()
    driver.watch(is_over)
    try:
        yield
    finally:
        driver.watch(None)
        event.remove(connection, "before_cursor_execute", start)


def tables_need_more() -> bool:
    """Say that it has nothing beside tables that they could need."""
    return False


def limits_texts() -> bool:
    """Say that VARCHAR(n) takes any text (sqlite.org/datatype3.html, section 3)."""
    return False


def explain(error: str) -> Explanation | None:
    """Say what a text of the SQLite library means."""
    return explained(error, _TEXTS)


def foreign_key_violations(connection: Connection) -> tuple[Violation, ...]:
    """Return the rows without their parents, in the order of SQLite's `foreign_key_check`."""
    try:
        return tuple(_violations(connection, None))
    except OperationalError:  # one "foreign key mismatch" hides every other table
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        return tuple(v for name in tables.scalars().all() for v in _of_table(connection, str(name)))


def new_violations(
    before: Iterable[Violation], after: Iterable[Violation]
) -> tuple[Violation, ...]:
    """Return the violations that were not there before.

    A row keeps its old violation when its table, its parent or its column is renamed.
    """
    old, new = Counter(before), Counter(after)
    gone = list((old - new).elements())
    return tuple(v for v in (new - old).elements() if not _take_renamed(v, gone))


def refuse(violations: Iterable[Violation]) -> None:
    """Raise `ChangeRefused` when there is any violation; it names table, parent and count."""
    counts = Counter((v.table, v.parent, v.reason) for v in violations)
    if not counts:
        return
    lines = tuple(_sentence(*key, count) for key, count in counts.items())
    raise ChangeRefused(
        f"the change is not made: {lines[0]}",
        hint="repair or delete these rows in the revision, before the change",
        details=lines[1:],
    )


def _sentence(table: str, parent: str, reason: str | None, count: int) -> str:
    if reason is not None:
        return f"the foreign key of '{table}' to '{parent}' could not be checked: {reason}"
    rows = "1 row" if count == 1 else f"{count} rows"
    return f"{rows} of '{table}' would refer to a row of '{parent}' that is not there"


def _take_renamed(violation: Violation, gone: list[Violation]) -> bool:
    """Strike the violation that went away and differs from this one by one name only."""
    for old in gone:
        same = (
            old.table == violation.table,
            old.parent == violation.parent,
            old.columns == violation.columns,
        )
        if old.row == violation.row and old.reason == violation.reason and sum(same) == 2:
            gone.remove(old)
            return True
    return False


def _of_table(connection: Connection, table: str) -> Iterator[Violation]:
    try:
        yield from list(_violations(connection, table))
    except OperationalError as error:
        parents = {str(row[2]) for row in _foreign_keys(connection, table)}
        reason = str(error.orig)
        parent = next((p for p in parents if f'"{p}"' in reason.split("referencing")[-1]), "?")
        yield Violation(table, parent, (), reason=reason)


def _violations(connection: Connection, table: str | None) -> Iterator[Violation]:
    argument = f"({_quoted(table)})" if table is not None else ""
    rows = connection.exec_driver_sql(f"PRAGMA foreign_key_check{argument}").all()
    columns = {name: _referencing(connection, name) for name in {str(row[0]) for row in rows}}
    for child, rowid, parent, number in rows:
        yield Violation(child, parent, tuple(columns[child].get(number, ())), row=rowid)


def _referencing(connection: Connection, table: str) -> dict[int, list[str]]:
    columns: dict[int, list[str]] = {}
    for row in _foreign_keys(connection, table):
        columns.setdefault(row[0], []).append(row[3])
    return columns


def _foreign_keys(connection: Connection, table: str) -> list[Any]:
    return list(connection.exec_driver_sql(f"PRAGMA foreign_key_list({_quoted(table)})").all())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextlib.contextmanager
def _begun(connection: Connection, driver: _Driver) -> Iterator[None]:
    """Send BEGIN IMMEDIATE before the first statement of each transaction.

    Not from SQLAlchemy's `begin` event: an engine may have one that sends a BEGIN of its own.
    """

    def begin(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if not driver.raw.in_transaction and not _is_outside(conn, statement):
            driver.begin_immediate()

    event.listen(connection, "before_cursor_execute", begin)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", begin)


def _is_outside(connection: Connection, statement: str) -> bool:
    """Whether a statement must not get a transaction; so inside Alembic's `autocommit_block`."""
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return True
    word = _FIRST_WORD.match(statement)
    return word is not None and word[1].upper() in _OUTSIDE


class _Driver:
    """The sqlite3 connection below SQLAlchemy's, also where aiosqlite keeps it in a thread."""

    def __init__(self, connection: Connection):
        self._pooled = connection.connection
        self._async = connection.dialect.is_async
        driver: Any = self._pooled.driver_connection
        self.raw: sqlite3.Connection = driver._conn if self._async else driver

    @contextlib.contextmanager
    def manual(self) -> Iterator[None]:
        """Let nobody but us begin; isolation level and autocommit are put back."""
        autocommit = getattr(self.raw, "autocommit", _LEGACY)
        if autocommit != _LEGACY:
            self._set("autocommit", _LEGACY)
        level = self.raw.isolation_level
        self._set("isolation_level", None)
        try:
            yield
        finally:
            # Changing the level would commit what is open.
            self._rollback()
            self._set("isolation_level", level)
            if autocommit != _LEGACY:
                self._set("autocommit", autocommit)

    @contextlib.contextmanager
    def foreign_keys_off(self) -> Iterator[None]:
        """Switch foreign keys off, which SQLite ignores inside a transaction."""
        before = self._run("PRAGMA foreign_keys")
        self._run("PRAGMA foreign_keys=OFF")
        if self._run("PRAGMA foreign_keys"):
            raise DatabaseError(
                "no revision runs: SQLite keeps foreign keys on, and could delete rows of children",
                hint="end the transaction that is open on this connection",
            )
        try:
            yield
        finally:
            self._rollback()
            self._run(f"PRAGMA foreign_keys={'ON' if before else 'OFF'}")

    def begin_immediate(self) -> None:
        """Take SQLite's write lock; waits as long as the connection's timeout says."""
        try:
            self._run("BEGIN IMMEDIATE")
        except Exception as error:  # each driver wraps sqlite3's in its own class
            if "locked" not in str(error):
                raise
            raise LockNotHad(_LOCKED[0], hint=_LOCKED[1]) from error

    def watch(self, is_over: Callable[[], bool] | None) -> None:
        """Let SQLite ask, every thousand steps of its machine, whether it is to stop."""
        if not self._async:
            self.raw.set_progress_handler(is_over, _STEPS)
            return
        adapted = cast(AdaptedConnection, self._pooled.dbapi_connection)
        adapted.run_async(lambda driver: driver.set_progress_handler(is_over, _STEPS))

    def _rollback(self) -> None:
        if self.raw.in_transaction:
            self._pooled.rollback()

    def _run(self, statement: str) -> Any:
        cursor = self._pooled.cursor()
        try:
            cursor.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None
        finally:
            cursor.close()

    def _set(self, name: str, value: object) -> None:
        if not self._async:
            setattr(self.raw, name, value)
            return
        # aiosqlite's own setters run outside the thread that sqlite3 insists on.
        adapted = cast(AdaptedConnection, self._pooled.dbapi_connection)
        adapted.run_async(lambda driver: driver._execute(setattr, self.raw, name, value))
