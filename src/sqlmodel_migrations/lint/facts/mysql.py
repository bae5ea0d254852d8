"""MariaDB and MySQL: the cheapest way in which the server accepts to change a table.

An ALTER TABLE is sent with `ALGORITHM=INPLACE, LOCK=NONE` first, then with `LOCK=SHARED`: what is
refused is a copy of the whole table, while writes wait.
Source: https://mariadb.com/kb/en/innodb-online-ddl-overview/
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from sqlmodel_migrations.database import target
from sqlmodel_migrations.database.catalog.difference import CatalogDifference
from sqlmodel_migrations.database.statement import Statement, verb
from sqlmodel_migrations.lint.facts.base import (
    Measured,
    Names,
    Send,
    Tracked,
    Watched,
    attempt,
)
from sqlmodel_migrations.lint.recording import Failure, FailureKind, Lock, Stops, TableFacts

SHARED = Lock("SHARED", Stops.WRITES)

_TABLES = (
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = database() AND table_type = 'BASE TABLE'"
)
_COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = database() ORDER BY table_name, ordinal_position"
)
# https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
COMMITS = frozenset(
    (
        *("ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE", "GRANT", "REVOKE"),
        *("ANALYZE", "OPTIMIZE", "REPAIR", "LOCK", "FLUSH", "BEGIN", "START"),
    )
)
_READS = frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "SET", "SHOW", "WITH"))
_CHANGING = frozenset(("UPDATE", "REPLACE", "INSERT"))
_ONLINE = re.compile(r"\b(ALGORITHM|LOCK)\s*=", re.IGNORECASE)

# mysqld_error.h: what rows are not as a statement demands.
_OF_DATA = frozenset(
    (1048, 1062, 1138, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1406, 1451, 1452, 1690, 3819, 4025)
)
# A right that the user has not, an engine or a plugin that the server has not.
_LACKS = frozenset((1044, 1045, 1142, 1227, 1286, 1524, 1548, 1728))


@dataclass(frozen=True)
class _Reading:
    """What is there at one moment, by table."""

    columns: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, int]


def meter(connection: Connection) -> _Meter:
    """Return a meter that knows what is there now."""
    return _Meter(connection)


@dataclass
class _Meter(Watched):
    """One connection, and what became of the tables that were there first."""

    _last: _Reading = field(init=False)
    _tracked: Tracked = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._last = self._read()
        self._tracked = Tracked.of(
            {name: self._last.columns.get(name, ()) for name in self._last.rows}
        )

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows each table from before has now."""
        return self._tracked.counted(self._last.rows)

    def measure(self, sql: str, send: Send) -> Measured:
        """Send a statement and say what it did; never raises what the server refuses."""
        word = verb(sql)
        spread = self._spread(sql)
        lock, error = self._sent(sql, send)
        commits = word in COMMITS
        if error is not None:
            return Measured(error, commits=commits)
        changed = self._changed_rows() if word in _CHANGING else 0
        before, self._last = self._last, self._read()
        changes = () if word in _READS else self._schema.changes()
        rows = self._tracked.counted(before.rows)
        named = self._named(sql)
        self._follow(before, sql)
        shrunk = [place for place, count in self._counted(spread) if count < spread[place]]
        return Measured(
            tables=dict(self._facts(rows, named, lock, changed, changes, word)),
            changes=changes,
            shrunk=tuple(shrunk),
            commits=commits,
        )

    def names(self) -> Names:
        """Return what is still there of what was there before."""
        return self._tracked.names()

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
        return Failure(kind, text.strip().splitlines()[0], None if code is None else str(code))

    # -- sending -------------------------------------------------------------------------------

    def _sent(self, sql: str, send: Send) -> tuple[Lock | None, Exception | None]:
        """Send a change of a table as cheaply as it is accepted; return what stops meanwhile."""
        for suffix, lock in self._ways(sql):
            if attempt(lambda: self._raw.run(sql.rstrip().rstrip(";") + suffix)) is None:  # noqa: B023
                return lock, None
        error = attempt(send)
        is_copy = error is None and self._is_table_change(sql)
        return (SHARED if is_copy and not _ONLINE.search(sql) else None), error

    def _ways(self, sql: str) -> tuple[tuple[str, Lock | None], ...]:
        if not self._is_table_change(sql) or _ONLINE.search(sql):
            return ()
        comma = "," if verb(sql) == "ALTER" else ""
        between = "," if comma else ""
        return (
            (f"{comma} ALGORITHM=INPLACE{between} LOCK=NONE", None),
            (
                f"{comma} ALGORITHM=INPLACE{between} LOCK=SHARED",
                Lock("SHARED in place", Stops.WRITES),
            ),
            # A new name takes an exclusive lock for a moment, and copies nothing.
            (f"{comma} ALGORITHM=INPLACE", None),
        )

    def _is_table_change(self, sql: str) -> bool:
        words = Statement(sql, "mysql").names
        if verb(sql) == "ALTER":
            return "table" in words and not {"partition", "partitions"} & words
        return verb(sql) in ("CREATE", "DROP") and "index" in words and "table" not in words

    # -- what became of tables and columns -----------------------------------------------------

    def _follow(self, before: _Reading, sql: str) -> None:
        now = self._last
        words = Statement(sql, "mysql").names
        new = [name for name in now.rows if name not in before.rows]
        for key, name in self._tracked.tables.items():
            if name is None:
                continue
            if name not in now.rows:
                is_renamed = verb(sql) in ("RENAME", "ALTER")
                self._tracked.tables[key] = self._renamed(name, new, sql) if is_renamed else None
            elif now.columns.get(name) != before.columns.get(name):
                old, there = before.columns.get(name, ()), now.columns[name]
                renamed: dict[str, str | None] = {column: column for column in there}
                if len(old) == len(there) and {"change", "rename"} & words:
                    renamed |= dict(zip(old, there, strict=True))
                self._tracked.rename_columns(key, renamed)

    def _renamed(self, name: str, new: list[str], sql: str) -> str | None:
        """The new name that the statement gives after the old one."""
        tail = sql[sql.lower().find(name.lower()) + len(name) :].lower()
        found = [other for other in new if other.lower() in tail]
        return min(found, key=lambda other: tail.find(other.lower()), default=None)

    # -- what a statement did ------------------------------------------------------------------

    def _facts(
        self,
        rows: Mapping[str, int],
        named: frozenset[str],
        lock: Lock | None,
        changed: int,
        changes: tuple[CatalogDifference, ...],
        word: str,
    ) -> Iterator[tuple[str, TableFacts]]:
        for key, name in self._tracked.tables.items():
            had, has = rows[key], self._last.rows.get(name or "", 0)
            is_named = bool({key.lower(), (name or key).lower()} & named)
            is_changed = is_named or any(change.table in (key, name) for change in changes)
            taken = lock if is_changed else None
            facts = TableFacts(
                rows=had,
                taken=taken,
                is_rewritten=taken is SHARED,
                built=_built(changes, key, name) if taken not in (None, SHARED) else (),
                inserted=max(has - had, 0),
                updated=_updated(changed, has - had, word) if is_named else 0,
                deleted=max(had - has, 0) if word == "DELETE" else 0,
                is_emptied=has < had and word != "DELETE" and name is not None,
            )
            if facts != TableFacts(rows=had):
                yield key, facts

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

    def _spread(self, sql: str) -> dict[tuple[str, str], int]:
        """Measure what stands in each column of the tables that an ALTER TABLE names.

        That is the number of different values, and of all characters: less of either is a loss.
        """
        if verb(sql) != "ALTER":
            return {}
        words = Statement(sql, "mysql").names
        places = {
            place: 0
            for place in self._tracked.columns
            if (self._tracked.tables[place[0]] or "").lower() in words
        }
        return dict(self._counted(places))

    def _counted(
        self, places: Mapping[tuple[str, str], int]
    ) -> Iterator[tuple[tuple[str, str], int]]:
        for table in dict.fromkeys(table for table, _ in places):
            name = self._tracked.tables[table]
            own = [p for p in places if p[0] == table and self._tracked.columns[p] is not None]
            if name is None or not own:
                continue
            counts = ", ".join(
                f"count(DISTINCT {column}) + coalesce(sum(char_length({column})), 0)"
                for column in (self._quoted(self._tracked.columns[place] or "") for place in own)
            )
            row = self._raw.rows(f"SELECT {counts} FROM {self._quoted(name)}")[0]
            yield from zip(own, map(int, row), strict=True)

    # -- reading -------------------------------------------------------------------------------

    def _read(self) -> _Reading:
        names = [str(row[0]) for row in self._raw.rows(_TABLES)]
        columns: dict[str, list[str]] = {name: [] for name in names}
        for table, column in self._raw.rows(_COLUMNS):
            columns.setdefault(str(table), []).append(str(column))
        return _Reading(
            {name: tuple(found) for name, found in columns.items()},
            {
                name: self._raw.number(f"SELECT count(*) FROM {self._quoted(name)}")
                for name in names
            },
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
