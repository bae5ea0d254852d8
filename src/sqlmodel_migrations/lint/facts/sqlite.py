"""SQLite: tables, root pages, rows and references before and after each statement.

A table is known again by its root page, which a rename keeps, or by its name, where a copy was put
in its place: the copy's INSERT … SELECT says what became of the columns.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from sqlmodel_migrations.database import target
from sqlmodel_migrations.database.sqlite_token import fold, quote
from sqlmodel_migrations.database.statement import Statement, verb
from sqlmodel_migrations.lint.facts.base import Back, Measured, Send, attempt
from sqlmodel_migrations.lint.facts.contents import Rows
from sqlmodel_migrations.lint.facts.followed import Followed
from sqlmodel_migrations.lint.recording import Failure, FailureKind, TableFacts

_TABLES = (
    "SELECT name, rootpage FROM sqlite_master"
    " WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
)
_READS = frozenset(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "REPLACE", "EXPLAIN", "VALUES"))
_CHANGING = frozenset(("INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"))
_CONTROLS = frozenset(("BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA"))

# Texts of the library (sqlite3.c), which has few codes of its own for these.
_OF_DATA = ("constraint failed", "with default value null", "non-null default", "datatype mismatch")
_OF_TRANSACTION = (
    "cannot vacuum from within",
    "cannot start a transaction within",
    "inside a transaction",
    "within a transaction",
)
_LACKS = ("no such module",)
_NAME = r'(?:"((?:[^"]|"")+)"|(\w+))'
_COPY = re.compile(
    rf"\s*INSERT\s+INTO\s+{_NAME}\s*\(([^)]*)\)\s*SELECT\s+(.*)\s+FROM\s+{_NAME}\s*;?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class _Reading:
    """What is there at one moment; `rows` and `references` (filled columns) by table."""

    roots: Mapping[str, int]
    columns: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, int]
    references: Mapping[str, int]


@dataclass(frozen=True)
class _Copy:
    """Rows copied from one table to another; `columns` from old to new name."""

    source: str
    target: str
    columns: Mapping[str, str]


def meter(connection: Connection) -> _Meter:
    """Return a meter that knows what is there now."""
    return _Meter(connection)


@dataclass
class _Meter(Followed[_Reading]):
    """One connection, and what became of the tables that were there first."""

    _copies: dict[str, _Copy] = field(default_factory=dict)

    def measure(self, sql: str, send: Send) -> Measured:
        """Send a statement and say what it did; never raises what the library refuses."""
        was_inside, changed = self._is_inside(), self._driver.total_changes
        error = attempt(send)
        changed = self._driver.total_changes - changed
        is_inside = was_inside or self._is_inside()
        if error is not None or verb(sql) in _CONTROLS:
            commits = error is None and verb(sql) in ("COMMIT", "END")
            return Measured(error, is_in_transaction=is_inside, commits=commits)
        before, self._last = self._last, self._read()
        changes = () if verb(sql) in _READS else self._schema.changes()
        words = Statement(sql, "sqlite").names
        rows = self._tracked.counted(before.rows)
        copy = self._note_copy(sql)
        gone = tuple(self._follow(before, sql))
        compared = self._compared(self._known)
        updated = self._updated(sql, changed, before)
        if not sql:
            updated = {key: rows.updated for key, rows in compared.rows.items()}
        return Measured(
            tables=dict(self._facts(before, rows, words, updated)),
            changes=changes,
            shrunk=tuple(self._shrunk(copy)),
            gone=gone,
            is_in_transaction=is_inside,
            unseen=() if sql else compared.unseen,
        )

    def mark(self) -> Back:
        """Return the way back to what is known now."""
        way, copies = super().mark(), dict(self._copies)

        def back() -> None:
            way()
            self._copies = dict(copies)

        return back

    @contextlib.contextmanager
    def undone(self) -> Iterator[None]:
        """Take back what is done inside; outside of a transaction a savepoint is one."""
        self._raw.run("SAVEPOINT sqlmodel_undone")
        try:
            yield
        finally:
            self._raw.run("ROLLBACK TO sqlmodel_undone")
            self._raw.run("RELEASE sqlmodel_undone")

    def failure(self, error: Exception) -> Failure:
        """Say what the library's error is about, by its text."""
        lines = str(error).strip().splitlines() or [type(error).__name__]
        text = lines[0].lower()
        kind = FailureKind.OTHER
        if any(known in text for known in _OF_TRANSACTION):
            kind = FailureKind.TRANSACTION
        elif any(known in text for known in _OF_DATA):
            kind = FailureKind.DATA
        elif any(known in text for known in _LACKS):
            kind = FailureKind.LACK
        return Failure(kind, lines[0], getattr(error, "sqlite_errorname", None))

    # -- what became of tables and columns -----------------------------------------------------

    def _follow(self, before: _Reading, sql: str) -> Iterator[tuple[str, str]]:
        """Follow tables and columns; yield the columns that a copy of their table has not."""
        now = self._last
        for key, name in self._tracked.tables.items():
            if name is None:
                if key in now.roots and key not in before.roots:
                    yield from self._come_back(key, before)
            elif name not in now.roots:
                root = before.roots.get(name)
                new = [n for n, r in now.roots.items() if r == root and n not in before.roots]
                self._tracked.tables[key] = new[0] if new else None
            elif verb(sql) in ("ALTER", ""):  # "" where nobody saw what was sent
                self._rename_columns(key, before.columns.get(name, ()), now.columns[name])

    def _come_back(self, key: str, before: _Reading) -> Iterator[tuple[str, str]]:
        """A copy was given the name of the table that went; yield the columns that it has not."""
        root = self._last.roots[key]
        former = next((n for n, r in before.roots.items() if r == root), key)
        copy = self._copies.get(former)
        self._tracked.tables[key] = key
        there = self._last.columns[key]
        for place, column in self._tracked.columns.items():
            if place[0] == key and column is not None:
                moved = copy.columns.get(fold(column)) if copy is not None else column
                self._tracked.columns[place] = moved if moved in there else None
                if moved not in there:
                    yield place

    def _rename_columns(self, key: str, old: Sequence[str], new: Sequence[str]) -> None:
        """One name that differs at one place is a rename; a name that is missing is gone."""
        renamed: dict[str, str | None] = {name: name for name in new}
        if len(old) == len(new):
            renamed |= dict(zip(old, new, strict=True))
        self._tracked.rename_columns(key, renamed)

    def _note_copy(self, sql: str) -> _Copy | None:
        found = _COPY.match(sql)
        if found is None:
            return None
        copied, source = (_unquoted(found[1], found[2]), _unquoted(found[5], found[6]))
        into = [_unquoted_text(part) for part in _split(found[3])]
        taken = _split(found[4])
        known = {fold(name): name for name in self._last.columns.get(source, ())}
        columns: dict[str, str] = {}
        for expression, name in zip(taken, into, strict=False):
            words = [fold(_unquoted(*pair)) for pair in re.findall(_NAME, expression)]
            old = next((word for word in words if word in known), None)
            if old is not None:
                columns.setdefault(old, name)
        copy = _Copy(source, copied, columns)
        self._copies[copied] = copy
        return copy

    # -- what a statement did ------------------------------------------------------------------

    def _facts(
        self,
        before: _Reading,
        rows: Mapping[str, int],
        words: frozenset[str],
        updated: Mapping[str, int],
    ) -> Iterator[tuple[str, TableFacts]]:
        for key, name in self._tracked.tables.items():
            had, has = rows[key], self._last.rows.get(name or "", 0)
            # Where nobody saw what was sent, nobody knows what it names.
            is_named = not words or bool({fold(key), fold(name or key)} & words)
            filled = before.references.get(name or key, 0)
            still = self._last.references.get(name or "", 0)
            cascaded = 0
            if name is not None and not is_named:
                cascaded = max(had - has, filled - still, 0)
            facts = TableFacts(
                rows=had,
                inserted=max(has - had, 0) if name is not None else 0,
                updated=updated.get(key, 0),
                deleted=max(had - has, 0) if name is not None and not cascaded else 0,
                cascaded=cascaded,
            )
            if facts != TableFacts(rows=had):
                yield key, facts

    def _updated(self, sql: str, changed: int, before: _Reading) -> Mapping[str, int]:
        """How many rows of which table a statement changed, with those that triggers changed.

        What is neither new nor gone, in this table or in one that a trigger or a foreign key
        reaches, was there and is another one.
        """
        named = target.changed(Statement(sql, "sqlite")) if verb(sql) in _CHANGING else None
        now = self._last.rows
        moved = sum(abs(now.get(name, 0) - count) for name, count in before.rows.items())
        keys = {(name or key).lower(): key for key, name in self._tracked.tables.items()}
        return {keys[n]: max(changed - moved, 0) for n in named or () if n in keys}

    def _shrunk(self, copy: _Copy | None) -> Iterator[tuple[str, str]]:
        """Columns of which a copy has fewer different values."""
        if copy is None:
            return
        key = next((key for key, name in self._tracked.tables.items() if name == copy.source), None)
        for old, new in copy.columns.items() if key is not None else ():
            first, second = (
                self._raw.number(f"SELECT count(DISTINCT CAST({quote(c)} AS TEXT)) FROM {quote(t)}")
                for t, c in ((copy.source, old), (copy.target, new))
            )
            place = next(
                (
                    p
                    for p, c in self._tracked.columns.items()
                    if p[0] == key and fold(c or "") == old
                ),
                None,
            )
            if second < first and place is not None:
                yield place

    # -- reading -------------------------------------------------------------------------------

    def _read(self) -> _Reading:
        roots = {str(name): int(root) for name, root in self._raw.rows(_TABLES)}
        return _Reading(
            roots,
            {name: tuple(self._columns_of(name)) for name in roots},
            {name: self._raw.number(f"SELECT count(*) FROM {quote(name)}") for name in roots},
            {name: self._filled(name) for name in roots},
        )

    def _numbers(self, table: str) -> Rows:
        names = self._last.columns[table]
        columns = ", ".join(f"quote({quote(name)})" for name in names)
        found = self._raw.rows(f"SELECT {columns} FROM {quote(table)}")
        return Rows(names, Counter(map(hash, found)))

    def _columns_of(self, table: str) -> Iterator[str]:
        for row in self._raw.rows(f"PRAGMA table_xinfo({quote(table)})"):
            yield str(row[1])

    def _filled(self, table: str) -> int:
        """How many of the table's referencing columns have a value, rows times columns."""
        columns = {row[3] for row in self._raw.rows(f"PRAGMA foreign_key_list({quote(table)})")}
        counts = "+".join(f"count({quote(column)})" for column in columns)
        return self._raw.number(f"SELECT {counts} FROM {quote(table)}") if counts else 0

    def _is_inside(self) -> bool:
        return bool(self._driver.in_transaction)

    @property
    def _driver(self) -> Any:
        """The connection of `sqlite3` itself, which aiosqlite wraps."""
        driver: Any = self.connection.connection.driver_connection
        return getattr(driver, "_conn", driver)


def _unquoted(quoted: str, plain: str) -> str:
    return quoted.replace('""', '"') if quoted else plain


def _unquoted_text(text: str) -> str:
    found = re.match(_NAME, text.strip())
    return _unquoted(found[1], found[2]) if found else text.strip()


def _split(text: str) -> list[str]:
    """Split at the commas that stand in no parentheses."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]
