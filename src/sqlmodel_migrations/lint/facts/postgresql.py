"""PostgreSQL: what a statement did, from a reading before it and one after it.

A statement outside of a transaction is tried inside one of its own first, where its locks can be
seen; what then refuses (CREATE INDEX CONCURRENTLY, VACUUM) runs as it is, and its locks follow
from the files it wrote.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from sqlmodel_migrations.database.catalog.difference import CatalogDifference
from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.lint.facts import postgresql_reading as reading
from sqlmodel_migrations.lint.facts.base import Back, Measured, Names, Send, Watched, attempt
from sqlmodel_migrations.lint.facts.postgresql_reading import LOCKS, Reading, Relation
from sqlmodel_migrations.lint.recording import Failure, FailureKind, Lock, Stops, TableFacts

_CHANGE_NO_SCHEMA = frozenset(
    ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "SET", "SHOW", "LOCK", "VALUES")
)
_CONTROLS = frozenset(
    ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE")
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html: what PreventInTransactionBlock
# raises, COMMIT in a DO block, and a new enum value that is used in the transaction that made it.
_OF_TRANSACTION = frozenset(("25001", "2D000", "55P04"))
_OF_DATA = ("22", "23")
# An extension or a library that is not installed, a language, a right that the role has not.
_LACKS = frozenset(("58P01", "42501", "0LP01"))
_NO_EXTENSION = re.compile(r'extension "[^"]*" (is not available|has no installation script)')

Place = tuple[str, str]
"""A table's key and the name of one of its columns, as they were first."""


def meter(connection: Connection) -> _Meter:
    """Return a meter that knows what is there now."""
    return _Meter(connection)


@dataclass
class _Meter(Watched):
    """One connection; tables from before are known by their oid, columns by their number."""

    _keys: dict[int, str] = field(init=False)
    _counts: dict[int, int] = field(init=False)
    _columns: dict[tuple[int, int], str] = field(init=False)
    _path: str = field(init=False)
    _seen: Reading = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._path = self._search_path()
        self._seen = Reading({}, {})
        there = reading.read(self._raw.rows).relations.values()
        tables = [relation for relation in there if relation.kind in "rpm"]
        self._keys = {relation.oid: self._key(relation) for relation in tables}
        self._counts = self._counted([relation for relation in tables if relation.has_rows])
        columns = reading.columns(self._raw.rows)
        self._columns = {c: name for c, name in columns.items() if c[0] in self._keys}

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows each table from before has now."""
        return {self._keys[oid]: count for oid, count in self._counts.items()}

    def begin(self, *, has_cursor: bool) -> None:
        """A revision begins: what is seen from now on is its own, however it was sent."""
        self._seen = reading.read(self._raw.rows)

    def measure(self, sql: str, send: Send) -> Measured:
        """Send a statement and say what it did; never raises what the server refuses."""
        statement = Statement(sql, "postgresql")
        if statement.verb in _CONTROLS:
            error = attempt(send)
            return Measured(error, commits=error is None and statement.verb in ("COMMIT", "END"))
        spread = self._spread(statement)  # it scans tables, too
        # What nobody saw being sent was sent since the last statement.
        before = reading.read(self._raw.rows) if statement.tokens else self._seen
        trial = _Trial(statement, spread, before)
        if not self._is_done("SAVEPOINT sqlmodel_lint"):
            return self._outside(trial, send)
        error = attempt(send)
        if error is not None:
            self._raw.run("ROLLBACK TO SAVEPOINT sqlmodel_lint")
        self._raw.run("RELEASE SAVEPOINT sqlmodel_lint")
        if error is not None:
            return Measured(error, is_fatal=True)
        return self._measured(trial)

    def mark(self) -> Back:
        """Return the way back to what is known now."""
        schema, counts = self._schema.mark(), dict(self._counts)

        def back() -> None:
            schema()
            self._counts = dict(counts)

        return back

    def names(self) -> Names:
        """Return what is still there of what was there before."""
        there = reading.read(self._raw.rows).relations
        tables = {key: self._key(there[oid]) for oid, key in self._keys.items() if oid in there}
        columns = reading.columns(self._raw.rows)
        kept = {c: name for c, name in self._columns.items() if c in columns}
        return Names(tables, {(self._keys[c[0]], name): columns[c] for c, name in kept.items()})

    @contextlib.contextmanager
    def undone(self) -> Iterator[None]:
        """Take back what is done inside, in a transaction or outside of one."""
        is_inside = self._is_done("SAVEPOINT sqlmodel_undone")
        if not is_inside:
            self._raw.run("BEGIN")
        try:
            with self._at_home():
                yield
        finally:
            if is_inside:
                self._raw.run("ROLLBACK TO SAVEPOINT sqlmodel_undone")
                self._raw.run("RELEASE SAVEPOINT sqlmodel_undone")
            else:
                self._raw.run("ROLLBACK")

    def failure(self, error: Exception) -> Failure:
        """Say what the driver's error is about, by its SQLSTATE."""
        code = _sqlstate(error)
        kind = FailureKind.OTHER
        if code in _OF_TRANSACTION:
            kind = FailureKind.TRANSACTION
        elif code is not None and code.startswith(_OF_DATA):
            kind = FailureKind.DATA
        elif code in _LACKS or _NO_EXTENSION.search(str(error)):
            kind = FailureKind.LACK
        lines = str(error).strip().splitlines()
        return Failure(kind, lines[0] if lines else type(error).__name__, code)

    # One statement.

    def _outside(self, trial: _Trial, send: Send) -> Measured:
        """A statement in no transaction: in one of its own, or alone where it refuses that."""
        self._raw.run("BEGIN")
        error = attempt(send)
        if error is None:
            found = self._measured(trial, is_in_transaction=False)
            refused = attempt(lambda: self._raw.run("COMMIT"))
            return found if refused is None else Measured(refused, is_in_transaction=False)
        self._raw.run("ROLLBACK")
        if self.failure(error).kind is FailureKind.TRANSACTION:
            error = attempt(send)
            if error is None:
                return self._measured(trial, is_in_transaction=False)
        return Measured(error, is_in_transaction=False)

    def _measured(self, trial: _Trial, *, is_in_transaction: bool = True) -> Measured:
        after = self._seen = reading.read(self._raw.rows)
        is_plain = trial.statement.verb in _CHANGE_NO_SCHEMA
        with self._at_home():
            changes = () if is_plain else self._schema.changes()
            spread = self._distinct(trial.spread)
        return Measured(
            tables=dict(self._tables(trial, after, changes)),
            held=dict(self._held(trial.before)),
            changes=changes,
            shrunk=tuple(p for p, count in spread.items() if count < trial.spread[p]),
            is_in_transaction=is_in_transaction,
        )

    def _held(self, before: Reading) -> Iterator[tuple[str, Lock]]:
        """The locks that stop writes, taken earlier in the transaction."""
        for oid, key in sorted(self._keys.items(), key=lambda pair: pair[1]):
            lock = reading.strongest(before.modes(oid))
            if lock is not None and lock.stops >= Stops.WRITES:
                yield key, lock

    def _tables(
        self, trial: _Trial, after: Reading, changes: Iterable[CatalogDifference]
    ) -> Iterator[tuple[str, TableFacts]]:
        changed = {change.table for change in changes if not _is_validation(change)}
        for oid, key in sorted(self._keys.items(), key=lambda pair: pair[1]):
            if oid not in trial.before.relations:
                continue
            now = after.relations.get(oid)
            is_changed = key in changed or (now is not None and self._key(now) in changed)
            facts = self._facts(trial, after, oid, is_changed=is_changed)
            if facts != TableFacts(rows=facts.rows, is_stored_query=facts.is_stored_query):
                yield key, facts

    def _facts(self, trial: _Trial, after: Reading, oid: int, *, is_changed: bool) -> TableFacts:
        before, rows = trial.before.relations[oid], self._counts.get(oid, 0)
        held = trial.before.modes(oid)
        # A mode that was held already is not seen again: who changes the table needed it.
        taken = reading.strongest(after.modes(oid) - held or (held if is_changed else ()))
        now = after.relations.get(oid)
        facts = TableFacts(rows, taken, is_stored_query=before.kind == "m")
        if now is None:
            self._counts[oid] = 0
            return facts
        seen = _Seen(trial, before, now, after)
        self._counts[oid] = self._rows_after(rows, seen)
        is_emptied = seen.has_new_file and not seen.is_rewritten(self._counts[oid])
        return TableFacts(
            rows=rows,
            taken=taken or seen.needed,
            is_rewritten=seen.is_rewritten(self._counts[oid]),
            is_scanned=now.scans > before.scans and now.read - before.read >= rows,
            is_emptied=is_emptied,
            built=() if is_emptied else seen.built,
            # The counters of a transaction that a cursor ended meanwhile are gone.
            inserted=max(now.inserted - before.inserted, 0),
            updated=max(now.updated - before.updated, 0),
            deleted=max(now.deleted - before.deleted, 0),
            is_stored_query=facts.is_stored_query,
        )

    def _rows_after(self, rows: int, seen: _Seen) -> int:
        if seen.has_new_file:
            return self._counted([seen.now])[seen.now.oid]
        before, now = seen.before, seen.now
        return rows + (now.inserted - before.inserted) - (now.deleted - before.deleted)

    def _spread(self, statement: Statement) -> dict[Place, int]:
        """Count the different values of the columns whose type a statement may change."""
        if statement.verb != "ALTER" or not statement.has("TYPE"):
            return {}
        named = {
            key
            for key, name in self.names().tables.items()
            if name.rpartition(".")[2].casefold() in statement.names
        }
        places = ((self._keys[oid], name) for (oid, _), name in self._columns.items())
        return self._distinct([place for place in places if place[0] in named])

    def _distinct(self, places: Collection[Place]) -> dict[Place, int]:
        """Count the different values of columns that are still there."""
        if not places:
            return {}
        names, found = self.names(), dict[Place, int]()
        for table in dict.fromkeys(table for table, _ in places):
            own = [p for p in places if p[0] == table and p in names.columns]
            if own:
                counts = (f"count(DISTINCT {_quoted(names.columns[p])}::text)" for p in own)
                sql = f"SELECT {', '.join(counts)} FROM {_quoted_key(names.tables[table])}"
                found.update(zip(own, self._raw.rows(sql)[0], strict=True))
        return found

    # What is asked.

    def _counted(self, tables: Collection[Relation]) -> dict[int, int]:
        """Count the rows of tables."""
        counts = [
            f"SELECT {t.oid}::int8, count(*) FROM {_quoted(t.schema)}.{_quoted(t.name)}"
            for t in tables
        ]
        return dict(self._raw.rows(" UNION ALL ".join(counts))) if counts else {}

    def _key(self, relation: Relation) -> str:
        is_home = relation.schema == self.connection.dialect.default_schema_name
        return relation.name if is_home else f"{relation.schema}.{relation.name}"

    def _search_path(self) -> str:
        return str(self._raw.rows("SELECT current_setting('search_path')")[0][0])

    @contextlib.contextmanager
    def _at_home(self) -> Iterator[None]:
        """Look for tables where they were at first, whatever the script has set."""
        path = self._search_path()
        if path == self._path:
            yield
            return
        self._look_in(self._path)
        try:
            yield
        finally:
            # After an error it is gone with the savepoint.
            if self._is_done("SAVEPOINT sqlmodel_home"):
                self._raw.run("RELEASE SAVEPOINT sqlmodel_home")
                self._look_in(path)

    def _look_in(self, path: str) -> None:
        quoted = path.replace("'", "''")
        self._raw.run(f"SELECT set_config('search_path', '{quoted}', true)")

    def _is_done(self, sql: str) -> bool:
        return attempt(lambda: self._raw.run(sql)) is None


@dataclass(frozen=True)
class _Trial:
    """A statement that is about to be sent, and what there was before it."""

    statement: Statement
    spread: Mapping[Place, int]
    before: Reading


@dataclass(frozen=True)
class _Seen:
    """One table before a statement and after it."""

    trial: _Trial
    before: Relation
    now: Relation
    after: Reading

    @property
    def has_new_file(self) -> bool:
        return self.before.has_rows and self.before.file != self.now.file

    def is_rewritten(self, rows: int) -> bool:
        """Whether the new file holds the rows of the old one; TRUNCATE gives an empty one."""
        is_truncate = self.trial.statement.verb == "TRUNCATE"
        return self.has_new_file and (rows > 0 or not is_truncate)

    @property
    def built(self) -> tuple[str, ...]:
        """Indexes whose file is new; of a table that was written anew, old ones made anew."""
        before = self.trial.before.indexes(self.before.oid)
        oids, files, names = ({getattr(i, n) for i in before} for n in ("oid", "file", "name"))
        new = [i for i in self.after.indexes(self.now.oid) if i.file not in files]
        if self.has_new_file:
            new = [index for index in new if index.oid not in oids and index.name in names]
        return tuple(sorted(index.name for index in new))

    @property
    def needed(self) -> Lock | None:
        """The lock that must have been taken for these files, where none was seen."""
        if self.has_new_file:
            return LOCKS["AccessExclusiveLock"]
        known = self.trial.before.relations
        again = [i for i in self.after.indexes(self.now.oid) if i.oid in known]
        is_again = any(index.file != known[index.oid].file for index in again)
        return LOCKS["ShareLock"] if is_again else None


def _is_validation(change: CatalogDifference) -> bool:
    """Whether a constraint was proven, for which a weak lock is enough."""
    return change.kind == "constraint" and f"{change.before}" == f"{change.after} NOT VALID"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted_key(key: str) -> str:
    schema, dot, name = key.rpartition(".")
    return f"{_quoted(schema)}.{_quoted(name)}" if dot else _quoted(name)


def _sqlstate(error: Exception) -> str | None:
    """psycopg and asyncpg call it `sqlstate`, psycopg2 `pgcode`; SQLAlchemy wraps asyncpg's."""
    for source in (error, error.__cause__):
        for name in ("sqlstate", "pgcode"):
            if code := getattr(source, name, None):
                return str(code)
    return None
