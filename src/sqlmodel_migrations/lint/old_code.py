"""The old code: what the code in production sends, compiled from the schema before the upgrade.

While a revision is deployed, code that was written for the schema before it still runs. For each
table it reads, inserts and updates all columns by name; what it can no longer do, it is told.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Executable, MetaData, Table
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.quoting import qualified
from sqlmodel_migrations.lint.recording import Broken
from sqlmodel_migrations.shadow.sample import rows as sample_rows
from sqlmodel_migrations.shadow.sample.demand import Demand

Undone = Callable[[], AbstractContextManager[object]]
"""What is done inside is taken back."""

_COMPARED = (sa.Integer, sa.Numeric, sa.String, sa.DateTime, sa.Date, sa.Boolean, sa.Uuid, sa.Enum)


@dataclass(frozen=True)
class _Probe:
    """One statement of the old code; `table` is a key, or the name of a view or of a type."""

    table: str
    kind: str
    statement: Executable = field(compare=False)


class OldCode:
    """The statements that succeed before the first pending revision."""

    def __init__(self, connection: Connection, before: Catalog, undone: Undone) -> None:
        self._connection, self._undone = connection, undone
        self._before = before
        self._probes = [probe for probe in self._compile() if self._reason(probe) is None]
        self._broken: dict[_Probe, str] = {}

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
            elif probe not in self._broken:
                self._broken[probe] = reason
                news.append(Broken(probe.table, probe.kind, reason))
        return tuple(news)

    def broken(self) -> frozenset[tuple[str, str]]:
        """Return table and kind of the statements that fail now."""
        return frozenset((probe.table, probe.kind) for probe in self._broken)

    def _reason(self, probe: _Probe) -> str | None:
        """How the statement fails; None where it does not."""
        try:
            with self._undone():
                self._connection.execute(probe.statement)
        except SQLAlchemyError as error:
            text = str(getattr(error, "orig", error)).strip()
            return next(iter(text.splitlines()), type(error).__name__)
        return None

    def _compile(self) -> Iterator[_Probe]:
        demands = sample_rows.demands(self._connection)
        by_key = {demand.table.key: demand for demand in demands}
        for key, demand in by_key.items():
            yield from _of_table(key, demand, self._rows(key, demand, by_key))
        for name in self._before.views:
            yield from self._of_view(name)
        for name, enum in self._before.enums.items():
            type_ = qualified(enum.schema, enum.name, self._connection.dialect)
            for label in enum.labels:
                text = f"SELECT CAST(:label AS {type_})"
                yield _Probe(name, f"value '{label}'", sa.text(text).bindparams(label=label))

    def _rows(
        self, key: str, demand: Demand, known: Mapping[str, Demand]
    ) -> Sequence[Mapping[str, Any]]:
        """Rows that the old code may write: of a partitioned table, one for each partition."""
        parts = [
            known[name]
            for name, table in self._before.tables.items()
            if table.owner == f"partition of {key}" and name in known
        ]
        found = (self._row(part) for part in parts or [demand])
        return [row for row in found if row is not None]

    def _row(self, demand: Demand) -> Mapping[str, Any] | None:
        """A row like one that is there, with keys of its own."""
        columns = [
            demand.table.columns[n] for n, c in demand.cells.items() if c.column.computed is None
        ]
        try:
            with self._undone():
                row = self._connection.execute(sa.select(*columns).limit(1)).mappings().first()
                if row is None:
                    return None
                tied = {name for r in demand.references for name in r.columns}
                fresh = {name: self._fresh(demand.table, name) for name in demand.keys - tied}
        except SQLAlchemyError:
            return None
        return {**{c.name: row[c.name] for c in columns}, **fresh}

    def _fresh(self, table: Table, name: str) -> Any:
        """A value that no row has, after the greatest one."""
        column = table.columns[name]
        greatest = self._connection.execute(sa.select(sa.func.max(column))).scalar()
        if isinstance(greatest, int):
            return greatest + 1
        if isinstance(greatest, str) and greatest:
            return greatest[:-1] + chr(ord(greatest[-1]) + 1)
        return greatest

    def _of_view(self, name: str) -> Iterator[_Probe]:
        schema, _, own = name.rpartition(".")
        with warnings.catch_warnings(), contextlib.suppress(SQLAlchemyError):
            warnings.simplefilter("ignore", SAWarning)
            view = Table(own, MetaData(), schema=schema or None, autoload_with=self._connection)
            yield _Probe(name, "SELECT", sa.select(*view.columns).limit(1))


def _of_table(key: str, demand: Demand, rows: Sequence[Mapping[str, Any]]) -> Iterator[_Probe]:
    table = demand.table
    if len(table.columns):
        yield _Probe(key, "SELECT", sa.select(*table.columns).limit(1))
    for number, row in enumerate(rows):
        mark = f" {number + 1}" if number else ""
        yield _Probe(key, f"INSERT{mark}", sa.insert(table).values(dict(row)))
        numbered = {n: v for n, v in row.items() if not demand.cells[n].is_skipped}
        if numbered and len(numbered) < len(row):
            yield _Probe(key, f"INSERT without keys{mark}", sa.insert(table).values(numbered))
        yield from _updates(key, table, row, mark)


def _updates(key: str, table: Table, row: Mapping[str, Any], mark: str) -> Iterator[_Probe]:
    known = {n: v for n, v in row.items() if isinstance(table.columns[n].type, _COMPARED)}
    condition = sa.and_(*(table.columns[n] == v for n, v in known.items() if v is not None))
    yield _Probe(
        key, f"SELECT WHERE{mark}", sa.select(sa.literal(1)).select_from(table).where(condition)
    )
    yield _Probe(key, f"UPDATE{mark}", sa.update(table).where(condition).values(dict(row)))
