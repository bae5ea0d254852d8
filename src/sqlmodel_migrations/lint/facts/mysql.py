"""MariaDB and MySQL: the cheapest way in which the server accepts to change a table.

What a routine does to rows is seen by comparing them: nothing else tells which tables it changed.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from sqlmodel_migrations.database import target
from sqlmodel_migrations.database.catalog.difference import CatalogDifference
from sqlmodel_migrations.database.statement import Reader, Statement, verb
from sqlmodel_migrations.lint.facts import mysql_alter
from sqlmodel_migrations.lint.facts.base import Measured, Send, attempt
from sqlmodel_migrations.lint.facts.contents import Changed, Contents, Rows
from sqlmodel_migrations.lint.facts.followed import Followed
from sqlmodel_migrations.lint.recording import Failure, FailureKind, Lock, Stops, TableFacts
from sqlmodel_migrations.shadow.scratch import base as scratch

_TABLES = (
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = database() AND table_type = 'BASE TABLE'"
)
_COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = database() ORDER BY table_name, ordinal_position"
)
_FUNCTIONS = (
    "SELECT lower(routine_name) FROM information_schema.routines"
    " WHERE routine_schema = database() AND routine_type = 'FUNCTION'"
)
_TRIGGERS = "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = database()"
_ALGORITHM = "SHOW SESSION VARIABLES LIKE 'alter_algorithm'"
_COMMITTED = "SHOW SESSION STATUS LIKE 'Com_commit'"

# https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
COMMITS = frozenset(
    (
        *("ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE", "GRANT", "REVOKE"),
        *("ANALYZE", "OPTIMIZE", "REPAIR", "LOCK", "FLUSH", "BEGIN", "START", "COMMIT"),
    )
)
_CHANGING = frozenset(("UPDATE", "REPLACE", "INSERT"))
_OF_ROWS = frozenset((*_CHANGING, "DELETE"))
_READS = frozenset((*_OF_ROWS, "SELECT", "SET", "SHOW", "WITH"))

# mysqld_error.h: what rows are not as a statement demands.
_OF_DATA = frozenset(
    (1048, 1062, 1138, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1406, 1451, 1452, 1690, 3819, 4025)
)
# The scratch database, whose name says nothing to anybody.
_SCRATCH = re.compile(rf"`?{scratch.PREFIX}\w+`?\.")
# A right that the user has not, an engine or a plugin that the server has not.
_LACKS = frozenset((1044, 1045, 1142, 1227, 1286, 1524, 1548, 1728))


@dataclass(frozen=True)
class _Reading:
    """What is there at one moment, by table; `functions` are names in small letters."""

    columns: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, int]
    functions: frozenset[str]
    has_triggers: bool


@dataclass(frozen=True)
class _Sending:
    """How a statement was sent, and what came of it; `lock` is what was held meanwhile."""

    lock: Lock | None = None
    is_copy: bool = False
    error: Exception | None = None


@dataclass(frozen=True)
class _Spread:
    """What stands in a column: `size` counts its different values and all characters."""

    size: int
    nulls: int

    def is_less(self, before: _Spread) -> bool:
        """Whether values were cut or became equal, or NULL became some value."""
        return self.size < before.size or self.nulls < before.nulls


def meter(connection: Connection) -> _Meter:
    """Return a meter that knows what is there now."""
    return _Meter(connection)


@dataclass
class _Meter(Followed[_Reading]):
    """One connection, and what became of the tables that were there first."""

    _locked: dict[str, Lock] = field(default_factory=dict)

    def measure(self, sql: str, send: Send) -> Measured:
        """Send a statement and say what it did; never raises what the server refuses."""
        statement = Statement(sql, "mysql")
        is_inside = not self._raw.number("SELECT @@autocommit")
        if statement.verb in ("LOCK", "UNLOCK"):
            return self._locking(statement, send)
        spread, contents = self._spread(sql), self._contents_before(statement)
        sending = self._sent(sql, send)
        commits = statement.verb in COMMITS and not statement.has("BEGIN", "NOT", "ATOMIC")
        if sending.error is not None:
            return Measured(sending.error, commits=commits, is_in_transaction=is_inside)
        found = self._measured(statement, sending, spread, contents)
        if contents is not None:
            is_over = bool(found.changes) or not self._raw.number("SELECT @@in_transaction")
            commits = commits or is_over
        return replace(found, commits=commits, is_in_transaction=is_inside)

    def _measured(
        self,
        statement: Statement,
        sending: _Sending,
        spread: Mapping[tuple[str, str], _Spread],
        contents: Contents | None,
    ) -> Measured:
        """Say what a statement did that the server has accepted."""
        sql = statement.text
        count = self._changed_rows() if statement.verb in _CHANGING else 0
        before, self._last = self._last, self._read_after(statement, contents)
        is_plain = statement.verb in _READS and contents is None
        changes = () if is_plain else self._schema.changes()
        had, named, held = self._tracked.counted(before.rows), self._named(sql), dict(self._locked)
        self._follow(before, sql)
        shrunk = [place for place, now in self._counted(spread) if now.is_less(spread[place])]
        rows = {
            key: self._rows_of(key, name, had[key], count, statement, named)
            for key, name in self._tracked.tables.items()
        }
        compared = self._compared(contents)
        rows |= compared.rows
        return Measured(
            tables=dict(self._facts(had, named, sending, rows, changes, statement.verb)),
            held=held,
            changes=changes,
            shrunk=tuple(shrunk),
            unseen=compared.unseen,
        )

    @contextlib.contextmanager
    def undone(self) -> Iterator[None]:
        """Take back what is done inside, in the transaction that is open or in one of its own."""
        is_inside = bool(self._raw.number("SELECT @@in_transaction"))
        self._raw.run("SAVEPOINT sqlmodel_undone" if is_inside else "START TRANSACTION")
        try:
            yield
        finally:
            self._raw.run("ROLLBACK TO SAVEPOINT sqlmodel_undone" if is_inside else "ROLLBACK")

    def failure(self, error: Exception) -> Failure:
        """Say what the server's error is about, by its number."""
        said = error.args
        code = said[0] if said and isinstance(said[0], int) else None
        text = str(said[1]) if len(said) > 1 else str(error)
        kind = FailureKind.LACK if code in _LACKS else FailureKind.OTHER
        kind = FailureKind.DATA if code in _OF_DATA else kind
        text = _SCRATCH.sub("", text)
        return Failure(kind, text.strip().splitlines()[0], None if code is None else str(code))

    # -- sending -------------------------------------------------------------------------------

    def _sent(self, sql: str, send: Send) -> _Sending:
        """Send a change of a table as cheaply as it is accepted."""
        alter = mysql_alter.read(sql, self._algorithm)
        for way in alter.ways() if alter is not None else ():
            if attempt(lambda: self._raw.run(way.sql)) is None:  # noqa: B023
                return _Sending(way.lock)
        error = attempt(send)
        if alter is None or error is not None:
            return _Sending(error=error)
        return _Sending(alter.copying, is_copy=True)

    def _algorithm(self) -> str | None:
        """The algorithm of the session, which MySQL has not."""
        rows = self._raw.rows(_ALGORITHM)
        return str(rows[0][1]).upper() if rows else None

    def _locking(self, statement: Statement, send: Send) -> Measured:
        """Send LOCK TABLES or UNLOCK TABLES; nothing stays locked that has to be looked at."""
        error = attempt(send)
        if error is not None:
            return Measured(error, commits=True)
        self._raw.run("UNLOCK TABLES")
        self._locked = dict(self._locks(statement))
        facts = {key: TableFacts(self.rows[key], lock) for key, lock in self._locked.items()}
        return Measured(tables=facts, commits=True)

    def _locks(self, statement: Statement) -> Iterator[tuple[str, Lock]]:
        reader = Reader(statement)
        if not reader.take("LOCK") or not reader.take_any("TABLES", "TABLE"):
            return
        keys = {str(name).lower(): key for key, name in self._tracked.tables.items()}
        while (name := reader.name()) is not None:
            kind = None
            while kind is None and reader.next is not None and not reader.sign(","):
                kind = reader.take_any("READ", "WRITE")
                reader.at += kind is None
            reader.take_any("LOCAL", "CONCURRENT")
            reader.sign(",")
            key = keys.get(name.name.lower())
            if key is not None:
                stops = Stops.READS if kind == "WRITE" else Stops.WRITES
                yield key, Lock(f"LOCK TABLES {kind}", stops)

    # -- what became of tables and columns -----------------------------------------------------

    def _follow(self, before: _Reading, sql: str) -> None:
        now = self._last
        words = Statement(sql, "mysql").names
        new = [name for name in now.rows if name not in before.rows]
        for key, name in self._tracked.tables.items():
            if name is None:
                continue
            if name not in now.rows:
                self._tracked.tables[key] = self._renamed(name, new, before, sql)
            elif now.columns.get(name) != before.columns.get(name):
                old, there = before.columns.get(name, ()), now.columns[name]
                renamed: dict[str, str | None] = {column: column for column in there}
                if len(old) == len(there) and {"change", "rename"} & words:
                    renamed |= dict(zip(old, there, strict=True))
                self._tracked.rename_columns(key, renamed)

    def _renamed(self, name: str, new: list[str], before: _Reading, sql: str) -> str | None:
        """The new name that the statement gives after the old one; None where it is gone.

        Where nobody saw a statement, a new table with the same columns is the old one.
        """
        if not sql:
            columns = before.columns.get(name)
            return next((other for other in new if self._last.columns[other] == columns), None)
        if verb(sql) not in ("RENAME", "ALTER"):
            return None
        tail = sql[sql.lower().find(name.lower()) + len(name) :].lower()
        found = [other for other in new if other.lower() in tail]
        return min(found, key=lambda other: tail.find(other.lower()), default=None)

    # -- what a statement did ------------------------------------------------------------------

    def _facts(
        self,
        had: Mapping[str, int],
        named: frozenset[str],
        sending: _Sending,
        rows: Mapping[str, Changed],
        changes: tuple[CatalogDifference, ...],
        word: str,
    ) -> Iterator[tuple[str, TableFacts]]:
        for key, name in self._tracked.tables.items():
            has = self._last.rows.get(name or "", 0)
            is_changed = self._is_named(key, name, named) or any(
                change.table in (key, name) for change in changes
            )
            taken = sending.lock if is_changed else None
            is_copy = taken is not None and sending.is_copy
            facts = TableFacts(
                rows=had[key],
                taken=taken,
                is_rewritten=is_copy,
                built=() if taken is None or is_copy else _built(changes, key, name),
                inserted=max(has - had[key], 0),
                updated=rows[key].updated,
                deleted=rows[key].deleted,
                is_emptied=has < had[key] and not rows[key].deleted and name is not None,
            )
            if facts != TableFacts(rows=had[key]):
                yield key, facts

    def _rows_of(
        self,
        key: str,
        name: str | None,
        had: int,
        changed: int,
        statement: Statement,
        named: frozenset[str],
    ) -> Changed:
        """The rows that an ordinary statement changed or deleted."""
        more = self._last.rows.get(name or "", 0) - had
        is_named = self._is_named(key, name, named)
        return Changed(
            _updated(changed, more, statement.verb) if is_named else 0,
            max(-more, 0) if statement.verb == "DELETE" else 0,
        )

    def _is_named(self, key: str, name: str | None, named: frozenset[str]) -> bool:
        return bool({key.lower(), (name or key).lower()} & named)

    # -- what routines do ----------------------------------------------------------------------

    def _contents_before(self, statement: Statement) -> Contents | None:
        """The rows before what nobody sees: a routine, or what a cursor has sent; else None."""
        if not statement.tokens:
            return self._known
        return self._contents() if self._runs_routine(statement) else None

    def _runs_routine(self, statement: Statement) -> bool:
        if statement.verb in ("CALL", "DO") or statement.has("BEGIN", "NOT", "ATOMIC"):
            return True
        if statement.verb != "SELECT" or "(" not in statement.text:
            return False
        return bool(self._last.functions & statement.names)

    def _numbers(self, table: str) -> Rows:
        names = self._last.columns[table]
        columns = ", ".join(f"quote({self._quoted(name)})" for name in names)
        sql = f"SELECT crc32(concat_ws(',', {columns})) FROM {self._quoted(table)}"
        return Rows(names, Counter(int(row[0]) for row in self._raw.rows(sql)))

    def _commits(self) -> int:
        """How often the session has said COMMIT."""
        return int(self._raw.rows(_COMMITTED)[0][1])

    def _changed_rows(self) -> int:
        return max(self._raw.number("SELECT ROW_COUNT()"), 0)

    def _named(self, sql: str) -> frozenset[str]:
        """The tables that a statement says it changes; of a join the first one, as is usual."""
        statement = Statement(sql, "mysql")
        named = target.changed(statement)
        if named is not None or statement.verb != "UPDATE":
            return named or frozenset()
        there = {str(name).lower() for name in self._tracked.tables.values()}
        words = (token.name.lower() for token in statement.tokens)
        return frozenset([word for word in words if word in there][:1])

    def _spread(self, sql: str) -> dict[tuple[str, str], _Spread]:
        """Measure what stands in each column of the tables that an ALTER TABLE names."""
        if verb(sql) != "ALTER":
            return {}
        words = Statement(sql, "mysql").names
        places = [
            place
            for place in self._tracked.columns
            if (self._tracked.tables[place[0]] or "").lower() in words
        ]
        return dict(self._counted(places))

    def _counted(
        self, places: Iterable[tuple[str, str]]
    ) -> Iterator[tuple[tuple[str, str], _Spread]]:
        places = list(places)
        for table in dict.fromkeys(table for table, _ in places):
            name = self._tracked.tables[table]
            own = [p for p in places if p[0] == table and self._tracked.columns[p] is not None]
            if name is None or not own:
                continue
            counts = ", ".join(
                f"count(DISTINCT {column}) + coalesce(sum(char_length({column})), 0),"
                f" sum({column} IS NULL)"
                for column in (self._quoted(self._tracked.columns[place] or "") for place in own)
            )
            row = self._raw.rows(f"SELECT {counts} FROM {self._quoted(name)}")[0]
            found = [int(number or 0) for number in row]
            yield from zip(own, map(_Spread, found[::2], found[1::2]), strict=True)

    # -- reading -------------------------------------------------------------------------------

    def _read_after(self, statement: Statement, contents: object) -> _Reading:
        """Read again what a statement may have changed."""
        if contents is None and statement.verb in _OF_ROWS:
            if statement.verb == "UPDATE" and not self._last.has_triggers:
                return self._last
            return replace(self._last, rows=self._sizes(self._last.rows))
        if contents is None and statement.verb in _READS:
            return self._last
        return self._read()

    def _sizes(self, tables: Iterable[str]) -> dict[str, int]:
        """Count the rows of tables."""
        names = list(tables)
        counts = ", ".join(f"(SELECT count(*) FROM {self._quoted(name)})" for name in names)
        return dict(zip(names, self._raw.rows(f"SELECT {counts}")[0], strict=True) if names else ())

    def _read(self) -> _Reading:
        names = [str(row[0]) for row in self._raw.rows(_TABLES)]
        columns: dict[str, list[str]] = {name: [] for name in names}
        for table, column in self._raw.rows(_COLUMNS):
            columns.setdefault(str(table), []).append(str(column))
        return _Reading(
            {name: tuple(found) for name, found in columns.items()},
            self._sizes(names),
            frozenset(str(row[0]) for row in self._raw.rows(_FUNCTIONS)),
            bool(self._raw.number(_TRIGGERS)),
        )

    def _quoted(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"


def _updated(changed: int, more: int, word: str) -> int:
    """How many old rows a statement changed: what ON DUPLICATE KEY changes is counted twice."""
    if word == "UPDATE":
        return changed
    return max(changed - more, 0) // 2 if word in _CHANGING else 0


def _built(changes: tuple[CatalogDifference, ...], key: str, name: str | None) -> tuple[str, ...]:
    return tuple(
        str(change.name)
        for change in changes
        if change.kind == "index" and change.table in (key, name) and change.before is None
    )
