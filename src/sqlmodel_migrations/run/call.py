"""A call of the driver: one statement on its way, before the server has seen it.

`intercepted` puts a function in the way of everything that a script executes: operations, SQL
text, the ORM. What goes past SQLAlchemy, to the driver's own cursor, is not seen.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, event

from sqlmodel_migrations.database import quoting
from sqlmodel_migrations.database.statement import Statement, split
from sqlmodel_migrations.run import answer
from sqlmodel_migrations.run.answer import Answer, Column, Row, Unkeepable

# SQLAlchemy counts its savepoints for as long as a connection lives.
_SAVEPOINT = re.compile(r"\bsa_savepoint_\d+\b")
# How many rows are read at a time.
_CHUNK = 500


@dataclass
class Call:
    """A statement with its parameters; `way` is the method of the dialect that takes it."""

    context: Any
    cursor: Any
    text: str
    parameters: Any
    way: str

    @cached_property
    def sql(self) -> str:
        """The text as the server gets it, but for the parameters."""
        if self.way == "do_execute_no_params":
            return self.text
        return quoting.from_driver(self.text, self.context.dialect)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """What the text consists of: one statement, or several."""
        return split(self.sql, self.context.dialect.name)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of text and parameters, in hexadecimal."""
        text = _SAVEPOINT.sub("sa_savepoint", self.text)
        whole = f"{self.way}\0{text}\0{answer.canonical(self.parameters)}"
        return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()

    def send(self) -> None:
        """Let the driver execute it; raises what the driver raises."""
        execute = getattr(self.context.dialect, self.way)
        given = () if self.way == "do_execute_no_params" else (self.parameters,)
        execute(self.cursor, self.text, *given, self.context)

    def take(self) -> Answer:
        """Return what it was answered with, and let Python read the same."""
        found = Answer(
            rowcount=_number(self.cursor.rowcount) or 0,
            last_row=_number(getattr(self.cursor, "lastrowid", None)),
        )
        if self.cursor.description is None:
            return found
        columns = tuple((column[0], column[1]) for column in self.cursor.description)
        rows, lost = _read(self.cursor)
        found = replace(found, columns=columns, rows=tuple(rows), lost=lost)
        self._show(found)
        return replace(found, rows=()) if lost else found

    def failed(self, error: Exception) -> Answer:
        """Return what an error of the driver is kept as."""
        module = self.context.dialect.loaded_dbapi
        names = (kind.__name__ for kind in type(error).__mro__)
        name = next((name for name in names if hasattr(module, name)), "Error")
        return Answer(error=(name, tuple(error.args)))

    def give(self, found: Answer) -> None:
        """Answer it as it was answered before; raises what was raised then."""
        if found.error is not None:
            name, arguments = found.error
            raise getattr(self.context.dialect.loaded_dbapi, name)(*arguments)
        self._show(found)

    def _show(self, found: Answer) -> None:
        shown = _Shown(self.cursor, found)
        self.context.cursor = shown
        # SQLAlchemy reads the rows of an INSERT of many … RETURNING from its own variable.
        self.context.fetchall_for_returning = lambda _: shown.fetchall()


class _Shown:
    """A cursor whose rows are known; what follows them is read from the driver's own."""

    def __init__(self, cursor: Any, found: Answer):
        self.real = cursor
        self.rowcount = found.rowcount
        self.lastrowid = found.last_row
        self._rows = deque(found.rows)
        self._has_more = found.lost is not None
        self.description = None if found.columns is None else [*map(_described, found.columns)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def fetchone(self) -> Row | None:
        if self._rows:
            return self._rows.popleft()
        return self.real.fetchone() if self._has_more else None

    def fetchmany(self, size: int | None = None) -> Sequence[Row]:
        wanted = size or self.real.arraysize
        rows = [self._rows.popleft() for _ in range(min(wanted, len(self._rows)))]
        if not rows and self._has_more:
            return list(self.real.fetchmany(wanted))
        return rows

    def fetchall(self) -> Sequence[Row]:
        rows = [*self._rows, *(self.real.fetchall() if self._has_more else ())]
        self._rows.clear()
        return rows


def _described(column: Column) -> tuple[Any, ...]:
    """A column as PEP 249 describes it; SQLAlchemy reads the first two."""
    return (*column, None, None, None, None, None)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _read(cursor: Any) -> tuple[list[Row], str | None]:
    """Read the rows; where they cannot be kept, the first ones, and the reason."""
    rows: list[Row] = []
    size = 0
    while chunk := [tuple(row) for row in cursor.fetchmany(_CHUNK)]:
        rows.extend(chunk)
        try:
            size += answer.size(chunk)
        except Unkeepable as error:
            return rows, str(error)
        if size > answer.LIMIT:
            return rows, f"its rows are more than {answer.LIMIT // 1024} kB"
    return rows, None


Handle = Callable[[Call], None]
"""What is asked for each call: it sends it, or gives it an answer."""

# Who is asked on a connection, the last one; `interceptable` keeps it.
_HANDLES: WeakKeyDictionary[Connection, list[Handle]] = WeakKeyDictionary()


@contextlib.contextmanager
def intercepted(connection: Connection, handle: Handle) -> Iterator[None]:
    """Ask `handle` for every statement that is executed on `connection` while this is open.

    Other connections go on as they are.
    """
    with interceptable(connection):
        handles = _HANDLES[connection]
        handles.append(handle)
        try:
            yield
        finally:
            handles.pop()


@contextlib.contextmanager
def interceptable(connection: Connection) -> Iterator[None]:
    """Set the listeners that `intercepted` needs, once for all of those opened meanwhile."""
    if connection in _HANDLES:
        yield
        return
    handles = _HANDLES[connection] = []
    listeners = _listeners(connection, handles)
    for name, listener in listeners.items():
        event.listen(connection.dialect, name, listener, insert=True)
    try:
        yield
    finally:
        del _HANDLES[connection]
        for name, listener in listeners.items():
            event.remove(connection.dialect, name, listener)


def _listeners(connection: Connection, handles: list[Handle]) -> dict[str, Callable[..., bool]]:
    """The listeners of a dialect, whose connections may be many."""

    def handled(way: str, cursor: Any, text: str, parameters: Any, context: Any) -> bool:
        if not handles or context.root_connection is not connection:
            return False
        cursor = cursor.real if isinstance(cursor, _Shown) else cursor
        handles[-1](Call(context, cursor, text, parameters, way))
        return True

    def one(cursor: Any, text: str, parameters: Any, context: Any) -> bool:
        return handled("do_execute", cursor, text, parameters, context)

    def many(cursor: Any, text: str, parameters: Any, context: Any) -> bool:
        return handled("do_executemany", cursor, text, parameters, context)

    def bare(cursor: Any, text: str, context: Any) -> bool:
        return handled("do_execute_no_params", cursor, text, None, context)

    return {"do_execute": one, "do_executemany": many, "do_execute_no_params": bare}
