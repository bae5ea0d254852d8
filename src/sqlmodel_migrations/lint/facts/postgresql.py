"""PostgreSQL: the locks, files and counters of the connection's own transaction.

Sources: `pg_locks`, `pg_class.relfilenode`, `pg_stat_get_xact_…`. A statement outside of a
transaction is tried inside one of its own first, where its locks can be seen; what then refuses
(CREATE INDEX CONCURRENTLY, VACUUM) runs as it is, and its locks follow from the files it wrote.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.statement import Statement, verb
from sqlmodel_migrations.lint.facts.base import Measured, Names, Schema, Send
from sqlmodel_migrations.lint.recording import Failure, FailureKind, Lock, Stops, TableFacts

# https://www.postgresql.org/docs/current/explicit-locking.html, weakest first.
_LOCKS = {
    "AccessShareLock": Lock("ACCESS SHARE", Stops.NOTHING),
    "RowShareLock": Lock("ROW SHARE", Stops.NOTHING),
    "RowExclusiveLock": Lock("ROW EXCLUSIVE", Stops.NOTHING),
    "ShareUpdateExclusiveLock": Lock("SHARE UPDATE EXCLUSIVE", Stops.NOTHING),
    "ShareLock": Lock("SHARE", Stops.WRITES),
    "ShareRowExclusiveLock": Lock("SHARE ROW EXCLUSIVE", Stops.WRITES),
    "ExclusiveLock": Lock("EXCLUSIVE", Stops.WRITES),
    "AccessExclusiveLock": Lock("ACCESS EXCLUSIVE", Stops.READS),
}
_ORDER = list(_LOCKS)

_OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'"
_RELATIONS = f"""
SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relkind::text, c.relfilenode::int8,
       i.indrelid::int8, pg_stat_get_xact_numscans(c.oid), pg_stat_get_xact_tuples_returned(c.oid),
       pg_stat_get_xact_tuples_inserted(c.oid), pg_stat_get_xact_tuples_updated(c.oid),
       pg_stat_get_xact_tuples_deleted(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'm', 'i') AND {_OURS}
"""
_HELD = """
SELECT relation::int8, mode FROM pg_locks
WHERE locktype = 'relation' AND pid = pg_backend_pid() AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_COLUMNS = f"""
SELECT a.attrelid::int8, a.attnum::int8, a.attname::text
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND {_OURS}
"""
_READS = frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "SET", "SHOW", "LOCK"))
_CONTROLS = frozenset(
    ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE")
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html: what PreventInTransactionBlock
# raises, COMMIT in a DO block, and a new enum value that is used in the transaction that made it.
_OF_TRANSACTION = frozenset(("25001", "2D000", "55P04"))
_OF_DATA = ("22", "23")


@dataclass(frozen=True)
class _Relation:
    """A row of `_RELATIONS`; `table` is the oid of an index' table."""

    oid: int
    schema: str
    name: str
    kind: str
    file: int
    table: int | None
    scans: int
    read: int
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True)
class _Reading:
    """What is there at one moment, by oid, and the lock modes that are held."""

    relations: Mapping[int, _Relation]
    held: Mapping[int, frozenset[str]]

    def indexes(self, table: int) -> list[_Relation]:
        return [r for r in self.relations.values() if r.table == table]


def meter(connection: Connection) -> _Meter:
    """Return a meter that knows what is there now."""
    return _Meter(connection)


@dataclass
class _Meter:
    """One connection; tables from before are known by their oid."""

    connection: Connection
    _schema: Schema = field(init=False)
    _keys: dict[int, str] = field(init=False)
    _counts: dict[int, int] = field(init=False)
    _columns: dict[tuple[int, int], str] = field(init=False)

    def __post_init__(self) -> None:
        self._schema = Schema(self.connection)
        relations = self._read().relations.values()
        tables = [r for r in relations if r.kind in "rpm"]
        self._keys = {r.oid: self._key(r) for r in tables}
        self._counts = {r.oid: self._count(r) for r in tables if r.kind in "rm"}
        self._columns = {
            (oid, number): name
            for oid, number, name in self._rows_of(_COLUMNS)
            if oid in self._keys
        }

    @property
    def catalog(self) -> Catalog:
        """The schema as it was last read."""
        return self._schema.now

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows each table from before has now."""
        return {self._keys[oid]: count for oid, count in self._counts.items()}

    def measure(self, sql: str, send: Send) -> Measured:
        """Send a statement and say what it did; never raises what the server refuses."""
        if verb(sql) in _CONTROLS:
            return Measured(_attempt(send))
        spread = self._spread(sql)
        before = self._read()
        if self._try("SAVEPOINT sqlmodel_lint"):
            error = _attempt(send)
            if error is not None:
                self._execute("ROLLBACK TO SAVEPOINT sqlmodel_lint")
                self._execute("RELEASE SAVEPOINT sqlmodel_lint")
                return Measured(error)
            self._execute("RELEASE SAVEPOINT sqlmodel_lint")
            return self._measured(sql, before, spread, is_in_transaction=True)
        return self._outside(sql, send, before, spread)

    def names(self) -> Names:
        """Return what is still there of what was there before."""
        now = {r.oid: self._key(r) for r in self._read().relations.values()}
        tables = {old: now[oid] for oid, old in self._keys.items() if oid in now}
        columns = {
            (self._keys[oid], self._columns[oid, number]): name
            for oid, number, name in self._rows_of(_COLUMNS)
            if (oid, number) in self._columns
        }
        return Names(tables, columns)

    @contextlib.contextmanager
    def undone(self) -> Iterator[None]:
        """Take back what is done inside, in a transaction or outside of one."""
        if self._try("SAVEPOINT sqlmodel_undone"):
            try:
                yield
            finally:
                self._execute("ROLLBACK TO SAVEPOINT sqlmodel_undone")
                self._execute("RELEASE SAVEPOINT sqlmodel_undone")
        else:
            self._execute("BEGIN")
            try:
                yield
            finally:
                self._execute("ROLLBACK")

    def failure(self, error: Exception) -> Failure:
        """Say what the driver's error is about, by its SQLSTATE."""
        code = _sqlstate(error)
        kind = FailureKind.OTHER
        if code in _OF_TRANSACTION:
            kind = FailureKind.TRANSACTION
        elif code is not None and code.startswith(_OF_DATA):
            kind = FailureKind.DATA
        lines = str(error).strip().splitlines()
        return Failure(kind, lines[0] if lines else type(error).__name__, code)

    def _outside(
        self, sql: str, send: Send, before: _Reading, spread: Mapping[tuple[str, str], int]
    ) -> Measured:
        """A statement in no transaction: in one of its own, or alone where it refuses that."""
        self._execute("BEGIN")
        error = _attempt(send)
        if error is None:
            found = self._measured(sql, before, spread, is_in_transaction=False)
            refused = _attempt(lambda: self._execute("COMMIT"))
            return found if refused is None else Measured(refused, is_in_transaction=False)
        self._execute("ROLLBACK")
        if self.failure(error).kind is FailureKind.TRANSACTION:
            error = _attempt(send)
            if error is None:
                return self._measured(sql, before, spread, is_in_transaction=False)
        return Measured(error, is_in_transaction=False)

    def _measured(
        self,
        sql: str,
        before: _Reading,
        spread: Mapping[tuple[str, str], int],
        *,
        is_in_transaction: bool,
    ) -> Measured:
        after = self._read()
        changes = () if verb(sql) in _READS else self._schema.changes()
        changed = {change.table for change in changes if change.table is not None}
        tables = dict(self._tables(before, after, changed))
        shrunk = [place for place, count in self._counted(spread) if count < spread[place]]
        return Measured(
            tables=tables,
            held=self._held(before),
            changes=changes,
            shrunk=tuple(shrunk),
            is_in_transaction=is_in_transaction,
        )

    def _held(self, before: _Reading) -> Mapping[str, Lock]:
        """The locks that stop writes, taken earlier in the transaction."""
        held = {key: _strongest(before.held.get(oid, ())) for oid, key in self._keys.items()}
        return {k: lock for k, lock in held.items() if lock and lock.stops >= Stops.WRITES}

    def _tables(
        self, before: _Reading, after: _Reading, changed: Set[str]
    ) -> Iterator[tuple[str, TableFacts]]:
        now = {oid: self._key(r) for oid, r in after.relations.items()}
        for oid, key in self._keys.items():
            if oid in before.relations:
                is_changed = bool({now.get(oid), key} & changed)
                facts = self._facts(oid, before, after, is_changed=is_changed)
                if facts != TableFacts(rows=facts.rows, is_stored_query=facts.is_stored_query):
                    yield key, facts

    def _facts(
        self, oid: int, before: _Reading, after: _Reading, *, is_changed: bool
    ) -> TableFacts:
        one, rows = before.relations[oid], self._counts.get(oid, 0)
        other = after.relations.get(oid)
        held = before.held.get(oid, frozenset())
        new = after.held.get(oid, frozenset()) - held
        taken = _strongest(new or (held if is_changed else ()))
        is_stored = one.kind == "m"
        if other is None:
            self._counts[oid] = 0
            return TableFacts(rows, taken, is_stored_query=is_stored)
        scanned = other.scans > one.scans and other.read - one.read >= rows
        built = self._built(oid, before, after)
        has_new_file = one.kind in "rm" and other.file != one.file
        if has_new_file:
            self._counts[oid] = self._count(other)
            taken = taken or _LOCKS["AccessExclusiveLock"]
        else:
            self._counts[oid] = (
                rows + (other.inserted - one.inserted) - (other.deleted - one.deleted)
            )
        # TRUNCATE gives a new file as well, but reads nothing.
        is_rewritten = has_new_file and (self._counts[oid] > 0 or other.scans > one.scans)
        deleted = other.deleted - one.deleted
        if is_rewritten:  # all of its indexes are, too: those count that were made anew
            built = [index for index in built if index.oid not in before.relations]
        elif has_new_file:
            deleted, built = rows, []
        if built and taken is None and any(b.oid in before.relations for b in built):
            taken = _LOCKS["ShareLock"]  # REINDEX outside of a transaction
        return TableFacts(
            rows=rows,
            taken=taken,
            is_rewritten=is_rewritten,
            is_scanned=scanned,
            built=tuple(sorted(b.name for b in built)),
            inserted=other.inserted - one.inserted,
            updated=other.updated - one.updated,
            deleted=deleted,
            is_stored_query=is_stored,
        )

    def _built(self, oid: int, before: _Reading, after: _Reading) -> list[_Relation]:
        """Indexes whose file is new; a rewrite gives all of the table's a new one."""
        files = {index.file for index in before.indexes(oid)}
        return [index for index in after.indexes(oid) if index.file not in files]

    def _spread(self, sql: str) -> Mapping[tuple[str, str], int]:
        """Count the different values in each column of the tables that an ALTER TABLE names."""
        if verb(sql) != "ALTER":
            return {}
        words = Statement(sql, "postgresql").names
        names = self.names()
        named = [old for old, key in names.tables.items() if key.rpartition(".")[2] in words]
        places = {place: 0 for place in names.columns if place[0] in named}
        return dict(self._counted(places, names))

    def _counted(
        self, places: Mapping[tuple[str, str], int], names: Names | None = None
    ) -> Iterator[tuple[tuple[str, str], int]]:
        names = names or (self.names() if places else Names({}, {}))
        for table in dict.fromkeys(table for table, _ in places):
            if table not in names.tables:
                continue
            own = [p for p in places if p[0] == table and p in names.columns]
            counts = ", ".join(
                f"count(DISTINCT {self._quoted(names.columns[place])}::text)" for place in own
            )
            if counts:
                row = self._rows_of(f"SELECT {counts} FROM {self._quoted_key(names.tables[table])}")
                yield from zip(own, row[0], strict=True)

    def _read(self) -> _Reading:
        held: dict[int, set[str]] = {}
        for oid, mode in self._rows_of(_HELD):
            held.setdefault(oid, set()).add(mode)
        return _Reading(
            {row[0]: _Relation(*row) for row in self._rows_of(_RELATIONS)},
            {oid: frozenset(modes) for oid, modes in held.items()},
        )

    def _count(self, relation: _Relation) -> int:
        found = self._rows_of(
            f"SELECT count(*) FROM {self._quoted(relation.schema)}.{self._quoted(relation.name)}"
        )
        return int(found[0][0])

    def _key(self, relation: _Relation) -> str:
        is_home = relation.schema == self.connection.dialect.default_schema_name
        return relation.name if is_home else f"{relation.schema}.{relation.name}"

    def _quoted_key(self, key: str) -> str:
        schema, dot, name = key.rpartition(".")
        return f"{self._quoted(schema)}.{self._quoted(name)}" if dot else self._quoted(name)

    def _quoted(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def _rows_of(self, sql: str) -> list[Any]:
        cursor = self.connection.connection.cursor()
        try:
            cursor.execute(sql)
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def _execute(self, sql: str) -> None:
        cursor = self.connection.connection.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()

    def _try(self, sql: str) -> bool:
        return _attempt(lambda: self._execute(sql)) is None


def _attempt(send: Send) -> Exception | None:
    try:
        send()
    except Exception as error:
        return error
    return None


def _strongest(modes: Iterable[str]) -> Lock | None:
    known = [mode for mode in modes if mode in _LOCKS]
    return _LOCKS[max(known, key=_ORDER.index)] if known else None


def _sqlstate(error: Exception) -> str | None:
    """psycopg and asyncpg call it `sqlstate`, psycopg2 `pgcode`; SQLAlchemy wraps asyncpg's."""
    for source in (error, error.__cause__):
        for name in ("sqlstate", "pgcode"):
            if code := getattr(source, name, None):
                return str(code)
    return None
