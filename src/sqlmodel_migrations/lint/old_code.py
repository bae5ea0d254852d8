"""The old code: what the code in production sends, compiled from the schema before the upgrade.

While a revision is deployed, code that was written for the schema before it still runs. For each
table it reads, inserts and updates all columns by name; what it can no longer do, it is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Executable, Table
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sqlmodel_migrations.database.quoting import qualified
from sqlmodel_migrations.database.statement import Reader, Statement
from sqlmodel_migrations.lint.facts import Back, Meter
from sqlmodel_migrations.lint.recording import Broken
from sqlmodel_migrations.shadow.sample import rows as sample_rows
from sqlmodel_migrations.shadow.sample.demand import Demand

_FAR_KINDS = ("SEQUENCE", "FUNCTION", "PROCEDURE", "TYPE", "DOMAIN")
"""What tables stand on that a statement about it does not name."""

_COMPARED = (sa.Integer, sa.Numeric, sa.String, sa.DateTime, sa.Date, sa.Boolean, sa.Uuid, sa.Enum)


Way = tuple[Executable, ...]
"""Statements, one after the other."""


@dataclass(frozen=True)
class _Probe:
    """One thing that the old code does; `table` is a key, or the name of a view or of a type.

    It may be done in several ways: as long as one of them succeeds, it can be done.
    """

    table: str
    kind: str
    ways: tuple[Way, ...] = field(compare=False)


@dataclass(frozen=True)
class _Rows:
    """A row that is there, one like it with keys of its own, and one that shares no value."""

    known: dict[str, Any]
    like: dict[str, Any]
    own: dict[str, Any]

    def without(self, names: Iterable[str]) -> _Rows:
        """Return the same without some columns."""
        out = set(names)
        known, like, own = (
            {name: value for name, value in row.items() if name not in out}
            for row in (self.known, self.like, self.own)
        )
        return _Rows(known, like, own)


class OldCode:
    """The statements that succeed before the first pending revision.

    It is made then. What reads is known at once; what writes is compiled when a revision comes
    near the table, since it takes a row to write.
    """

    def __init__(self, connection: Connection, meter: Meter) -> None:
        self._connection, self._meter = connection, meter
        self._before, self._undone = meter.catalog, meter.undone
        self._probes = [*self._reads(), *self._values()]
        self._known: set[str] = set()
        self._broken: dict[_Probe, str] = {}

    def prepare(self, sql: str) -> None:
        """Compile what writes to the tables that a statement names, while they are as they were.

        What goes further than its words say may reach all of them.
        """
        words = {word.casefold() for word in re.findall(r"\w+", sql)}
        tables = self._before.tables
        named = {key for key, table in tables.items() if table.name.casefold() in words}
        if _is_far(Statement(sql, self._connection.dialect.name)):
            named = set(tables)
        wholes = {str(tables[key].owner).removeprefix("partition of ") for key in named}
        for key in (named | wholes & set(tables)) - self._known:
            self._known.add(key)
            self._probes += [p for p in self._writes(key) if self._reason(p) is None]

    def look(self, changed: Collection[str]) -> tuple[Broken, ...]:
        """Try again what speaks of `changed` or failed before; return what fails only now.

        Types and views are always tried: a change of what they stand on does not name them.
        """
        news: list[Broken] = []
        for probe in self._probes:
            is_loose = probe.table not in self._before.tables
            if probe.table not in changed and not is_loose and probe not in self._broken:
                continue
            reason = self._reason(probe)
            if reason is None:
                self._broken.pop(probe, None)
                continue
            if probe not in self._broken:
                news.append(Broken(probe.table, probe.kind, reason))
            self._broken[probe] = reason
        return tuple(news)

    def broken(self) -> dict[tuple[str, str], str]:
        """Return how statements fail now, by table and kind."""
        return {(probe.table, probe.kind): reason for probe, reason in self._broken.items()}

    def mark(self) -> Back:
        """Return the way back to what fails now."""
        broken = dict(self._broken)

        def back() -> None:
            self._broken = dict(broken)

        return back

    def _reason(self, probe: _Probe) -> str | None:
        """How it fails, first of all; None where it can be done."""
        reasons: list[str] = []
        for way in probe.ways:
            try:
                with self._undone():
                    for statement in way:
                        self._connection.execute(statement)
            except DBAPIError as error:
                reasons.append(self._said(error.orig or error))
            except SQLAlchemyError as error:
                reasons.append(self._said(error))
            else:
                return None
        return reasons[0]

    def _said(self, error: BaseException) -> str:
        found = error if isinstance(error, Exception) else Exception(*error.args)
        return self._meter.failure(found).message or type(error).__name__

    def _reads(self) -> Iterator[_Probe]:
        for key, table in self._before.tables.items():
            if table.columns:
                yield _read(key, table.schema, table.name, table.columns)
        for key in self._before.views:
            schema, _, name = key.rpartition(".")
            view = qualified(schema or None, name, self._connection.dialect)
            columns = self._connection.execute(sa.text(f"SELECT * FROM {view} LIMIT 0")).keys()
            yield _read(key, schema or None, name, columns)

    def _values(self) -> Iterator[_Probe]:
        """The labels of enum types, each as it is written."""
        for key, enum in self._before.enums.items():
            type_ = qualified(enum.schema, enum.name, self._connection.dialect)
            for label in enum.labels:
                statement = sa.text(f"SELECT CAST(:label AS {type_})").bindparams(label=label)
                yield _Probe(key, f"the value '{label}'", ((statement,),))

    @cached_property
    def _demands(self) -> Mapping[str, Demand]:
        return {demand.table.key: demand for demand in sample_rows.demands(self._connection)}

    def _writes(self, key: str) -> Iterator[_Probe]:
        demand = self._demands.get(key)
        if demand is None:
            return
        for number, rows in enumerate(self._rows(key, demand)):
            mark = f" {number + 1}" if number else ""
            yield _insert(key, f"INSERT{mark}", demand.table, rows)
            numbered = rows.without(_numbers(demand))
            if numbered.known and numbered != rows:
                yield _insert(key, f"INSERT without a number{mark}", demand.table, numbered)
            for name, kind in _left_out(demand):
                yield _insert(
                    key, f"INSERT {kind} '{name}'{mark}", demand.table, _less(rows, name, kind)
                )
            yield from _updates(key, demand.table, rows.like, mark)

    def _rows(self, key: str, demand: Demand) -> Iterator[_Rows]:
        """Rows that the old code may write: of a partitioned table, one for each partition."""
        parts = [
            self._demands[name]
            for name, table in self._before.tables.items()
            if table.owner == f"partition of {key}" and name in self._demands
        ]
        for part in parts or [demand]:
            if rows := self._row(part):
                yield rows

    def _row(self, demand: Demand) -> _Rows | None:
        cells = demand.cells.values()
        columns = [cell.column for cell in cells if cell.column.computed is None]
        tied = {name for reference in demand.references for name in reference.columns}
        try:
            with self._undone():
                found = self._connection.execute(sa.select(*columns).limit(1)).mappings().first()
                fresh = {c.name: self._fresh(demand.table, c.name) for c in columns}
        except SQLAlchemyError:
            return None
        if found is None:
            return None
        keys = {name: fresh[name] for name in demand.keys - tied if name in fresh}
        others = {name: fresh[name] for name in fresh if name not in tied}
        return _Rows(dict(found), {**found, **keys}, {**found, **others})

    def _fresh(self, table: Table, name: str) -> Any:
        """A value that no row has, after the greatest one, where the type has such."""
        column = table.columns[name]
        is_ordered = isinstance(column.type, sa.Integer | sa.String) and not isinstance(
            column.type, sa.Enum
        )
        value = sa.func.max(column) if is_ordered else column
        greatest = self._connection.execute(sa.select(value).limit(1)).scalar()
        if isinstance(greatest, int) and not isinstance(greatest, bool):
            return greatest + 1
        if isinstance(greatest, str) and greatest and is_ordered:
            return greatest[:-1] + chr(ord(greatest[-1]) + 1)
        return greatest


def _is_far(statement: Statement) -> bool:
    """Whether a statement may change tables that it does not name."""
    if statement.verb in ("DO", "CALL") or statement.has("CASCADE"):
        return True
    reader = Reader(statement)
    if not reader.take_any("CREATE", "ALTER", "DROP"):
        return False
    reader.take("OR", "REPLACE")
    return reader.take_any(*_FAR_KINDS) is not None


def _numbers(demand: Demand) -> Iterator[str]:
    """The columns that no code writes: what numbers itself, and a primary key with a default."""
    keys = set(demand.table.primary_key.columns.keys())
    for name, cell in demand.cells.items():
        if cell.is_skipped or (name in keys and cell.default is not None):
            yield name


def _left_out(demand: Demand) -> Iterator[tuple[str, str]]:
    """The columns that the old code may leave without a value: it says NULL, or says nothing."""
    numbers = set(_numbers(demand))
    for name, cell in demand.cells.items():
        if name in numbers:
            continue
        if cell.is_present_nullable and name not in demand.keys:  # a key is there to be written
            yield name, "NULL in"
        elif cell.default is not None:
            yield name, "without"


def _less(rows: _Rows, name: str, kind: str) -> _Rows:
    """The same rows with NULL in a column, or without the column."""
    if kind == "without":
        return rows.without([name])
    known, like, own = ({**row, name: None} for row in (rows.known, rows.like, rows.own))
    return _Rows(known, like, own)


def _read(key: str, schema: str | None, name: str, columns: Collection[str]) -> _Probe:
    table = sa.table(name, *(sa.column(column) for column in columns), schema=schema)
    return _Probe(key, "SELECT", ((sa.select(*table.columns).limit(1),),))


def _insert(key: str, kind: str, table: Table, rows: _Rows) -> _Probe:
    """Insert a row like another one, or an own one, or one that was there once more."""
    like, own = (sa.insert(table).values(row) for row in (rows.like, rows.own))
    again = (_deletion(table, rows.known), sa.insert(table).values(rows.known))
    return _Probe(key, kind, ((like,), (own,), again))


def _deletion(table: Table, row: Mapping[str, Any]) -> Executable:
    """Delete a row by its key; by all its values where it has none or leaves it out."""
    keys = [column for column in table.primary_key.columns if column.name in row]
    columns = keys or [c for c in table.columns if isinstance(c.type, _COMPARED)]
    known = [c == row[c.name] for c in columns if row.get(c.name) is not None]
    return sa.delete(table).where(sa.and_(*known) if known else sa.false())


def _updates(key: str, table: Table, row: Mapping[str, Any], mark: str) -> Iterator[_Probe]:
    """What compares each column with a value of its type, and what sets it."""
    known = {n: v for n, v in row.items() if isinstance(table.columns[n].type, _COMPARED)}
    where = sa.and_(sa.true(), *(table.columns[n] == v for n, v in known.items() if v is not None))
    found = sa.select(sa.literal(1)).select_from(table).where(where)
    yield _Probe(key, f"SELECT … WHERE{mark}", ((found,),))
    yield _Probe(key, f"UPDATE{mark}", ((sa.update(table).where(where).values(row),),))
