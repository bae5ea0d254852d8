"""A reading of PostgreSQL: the files, counters and locks of the connection's own transaction.

Sources: `pg_class.relfilenode`, `pg_stat_get_xact_…`, `pg_locks`. The counters are those of the
running transaction, so that only differences say something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel_migrations.lint.recording import Lock, Stops

Ask = Callable[[str], list[Any]]
"""Given a query, return its rows."""

# https://www.postgresql.org/docs/current/explicit-locking.html, weakest first.
LOCKS = {
    "AccessShareLock": Lock("ACCESS SHARE", Stops.NOTHING),
    "RowShareLock": Lock("ROW SHARE", Stops.NOTHING),
    "RowExclusiveLock": Lock("ROW EXCLUSIVE", Stops.NOTHING),
    "ShareUpdateExclusiveLock": Lock("SHARE UPDATE EXCLUSIVE", Stops.NOTHING),
    "ShareLock": Lock("SHARE", Stops.WRITES),
    "ShareRowExclusiveLock": Lock("SHARE ROW EXCLUSIVE", Stops.WRITES),
    "ExclusiveLock": Lock("EXCLUSIVE", Stops.WRITES),
    "AccessExclusiveLock": Lock("ACCESS EXCLUSIVE", Stops.READS),
}
_ORDER = list(LOCKS)

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


@dataclass(frozen=True)
class Relation:
    """A table, partitioned table, materialized view or index; `table` is the oid of its table.

    `scans` counts reads from end to end, `read` the rows read by them.
    """

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

    @property
    def has_rows(self) -> bool:
        """Whether it stores rows itself: a partitioned table does not."""
        return self.kind in "rm"


@dataclass(frozen=True)
class Reading:
    """What is there at one moment, by oid, and the lock modes that are held."""

    relations: Mapping[int, Relation]
    held: Mapping[int, frozenset[str]]

    def indexes(self, table: int) -> list[Relation]:
        """Return the indexes of a table."""
        return [r for r in self.relations.values() if r.table == table]

    def modes(self, oid: int) -> frozenset[str]:
        """Return the lock modes that are held on a relation."""
        return self.held.get(oid, frozenset())


def read(ask: Ask) -> Reading:
    """Read all that is there."""
    held: dict[int, set[str]] = {}
    for oid, mode in ask(_HELD):
        held.setdefault(oid, set()).add(mode)
    return Reading(
        {row[0]: Relation(*row) for row in ask(_RELATIONS)},
        {oid: frozenset(modes) for oid, modes in held.items()},
    )


def columns(ask: Ask) -> dict[tuple[int, int], str]:
    """Return the names of all columns by the oid of their table and their number."""
    return {(oid, number): name for oid, number, name in ask(_COLUMNS)}


def strongest(modes: Iterable[str]) -> Lock | None:
    """Return the strongest of some lock modes, as the manual calls it."""
    known = [mode for mode in modes if mode in LOCKS]
    return LOCKS[max(known, key=_ORDER.index)] if known else None
