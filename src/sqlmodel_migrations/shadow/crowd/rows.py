"""The rows of a crowd: one INSERT … SELECT a table, parents before children.

Where the server refuses what the types alone suggest, a few rows that `sample` has solved are
the pattern: first for the columns that a CHECK mentions, then for all but the keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.shadow.crowd import dialects
from sqlmodel_migrations.shadow.crowd.dialects import CrowdModule
from sqlmodel_migrations.shadow.crowd.dialects.base import is_flag
from sqlmodel_migrations.shadow.sample import dialects as sample_dialects
from sqlmodel_migrations.shadow.sample import rows as sample_rows
from sqlmodel_migrations.shadow.sample.demand import Cell, Demand, Reference
from sqlmodel_migrations.shadow.sample.inquiry import Inquiry, raise_if_lost

_PATTERNS = 3
_PATTERN = "sqlmodel_pattern"


def fill(connection: Connection, *, rows: int) -> None:
    """Insert up to `rows` rows into each table.

    They satisfy the present schema; columns are not NULL. A number stands for what the server
    numbers itself, from 1. Nothing is committed.
    """
    inquiry = Inquiry(connection, sample_dialects.of(connection.dialect))
    filling = _Filling(inquiry, dialects.of(connection.dialect), rows)
    with filling.module.unwatched(connection):
        for demand in _in_order(sample_rows.demands(connection)):
            filling.fill(demand)
    filling.module.settle(connection)


def _in_order(demands: Collection[Demand]) -> Iterator[Demand]:
    """Parents first; in a cycle the one that waits for the fewest."""
    waiting = {demand.table: demand for demand in demands}

    def missing(demand: Demand) -> int:
        parents = {r.parent for r in demand.references} - {demand.table}
        return len(parents & set(waiting))

    while waiting:
        found = min(waiting.values(), key=lambda demand: (missing(demand), demand.table.key))
        yield waiting.pop(found.table)


@dataclass
class _Filling:
    """One run of `fill`; `counts` are rows that each table has at least, by its key."""

    inquiry: Inquiry
    module: CrowdModule
    rows: int
    counts: dict[str, int] = field(default_factory=dict)
    patterns: int = 0

    def fill(self, demand: Demand) -> None:
        """Fill one table; it keeps the rows that it has."""
        made = self._inserted(demand, frozenset())
        if made is None:
            made = self._inserted_like_patterns(demand)
        self.counts[demand.table.key] = made if made == self.rows else self._count_of(demand.table)

    def _inserted_like_patterns(self, demand: Demand) -> int | None:
        """Insert rows like a few that are there, or that are made for it and taken away again."""
        table = self.inquiry.table(demand.table)
        is_empty = self._count_of(demand.table) == 0
        if is_empty:
            sample_rows.fill(self.inquiry.connection, [demand.table], rows=_PATTERNS)
        checked = frozenset(name for check in demand.checks for name in check.columns)
        self._copy_patterns(table, checked)
        if is_empty:
            self.inquiry.execute(f"DELETE FROM {table}")
        made = self._inserted(demand, checked)
        if made is None:
            made = self._inserted(demand, frozenset(demand.cells))
        self.inquiry.execute(f"DROP TABLE {_PATTERN}")
        return made

    def _copy_patterns(self, table: str, checked: Collection[str]) -> None:
        """Keep the rows of a table apart; of several those that have values in these columns."""
        whole = (
            " AND ".join(f"{self.inquiry.name(name)} IS NOT NULL" for name in checked) or "1 = 1"
        )
        found = self._count(f"SELECT count(*) FROM {table} WHERE {whole}")
        query = f"SELECT * FROM {table} WHERE {whole if found else '1 = 1'}"
        self.inquiry.execute(f"CREATE TEMPORARY TABLE {_PATTERN} AS {query}")
        self.patterns = self._count(f"SELECT count(*) FROM {_PATTERN}")

    def _inserted(self, demand: Demand, copied: Collection[str]) -> int | None:
        """Insert all rows at once; `copied` columns get the values of rows that are there."""
        try:
            with self.inquiry.attempt():
                sql = self._sql(demand, copied)
                return None if sql is None else int(self.inquiry.execute(sql).rowcount)
        except DBAPIError as error:
            raise_if_lost(error)
            return None

    def _count_of(self, table: Table) -> int:
        return self._count(f"SELECT count(*) FROM {self.inquiry.table(table)}")

    def _count(self, sql: str) -> int:
        return int(self.inquiry.execute(sql).scalar_one())

    def _sql(self, demand: Demand, copied: Collection[str]) -> str | None:
        """Write the INSERT; None where a column's values are not known."""
        values: dict[str, str] = {}
        sources = [self.module.numbers(self.rows)]
        for number, reference in enumerate(demand.references):
            if reference.parent is demand.table or not self._parent_rows(reference):
                continue
            alias = f"p{number}"
            sources.append(self._parents(reference, alias))
            for n, name in enumerate(reference.columns):
                values.setdefault(name, f"{alias}.k{n}")
        if copied:
            sources.append(self._pattern())
        for name, cell in demand.cells.items():
            if cell.is_skipped or name in values:
                continue
            value = self._value(cell, demand, copied)
            if value is None:
                return None
            values[name] = value
        names = self.inquiry.names(values)
        if not values:
            return None
        select = f"SELECT {', '.join(values.values())} FROM {' '.join(sources)}"
        return self.module.insert(self.inquiry.table(demand.table), names, select)

    def _value(self, cell: Cell, demand: Demand, copied: Collection[str]) -> str | None:
        own = {n for r in demand.references for n in r.columns}
        if cell.name in own:  # a parent without rows, or the table itself
            return "NULL" if cell.is_present_nullable else self._copied(cell, demand, copied)
        value = self.module.value(cell.shape, cell.native)
        if value is not None and (cell.name not in copied or cell.name in demand.keys):
            return self._usual(cell, value)
        return self._copied(cell, demand, copied)

    def _copied(self, cell: Cell, demand: Demand, copied: Collection[str]) -> str | None:
        if copied:
            return f"e.{self.inquiry.name(cell.name)}"
        return "NULL" if cell.is_present_nullable else None

    def _usual(self, cell: Cell, value: str) -> str:
        """Make the default of a flag the more frequent value."""
        if is_flag(cell.shape) and cell.default is not None:
            rare = cell.default.sql.lower().strip("'()") in ("false", "0")
            value = value.replace("> 0", "= 0") if rare else value
        return value

    def _parent_rows(self, reference: Reference) -> int:
        return self.counts.get(reference.parent.key, 0) if reference.parent is not None else 0

    def _parents(self, reference: Reference, alias: str) -> str:
        """Join one parent to each row, the next one to the next."""
        assert reference.parent is not None
        keys = ", ".join(
            f"{self.inquiry.name(name)} AS k{n}" for n, name in enumerate(reference.parent_columns)
        )
        first = self.inquiry.name(reference.parent_columns[0])
        return (
            f"JOIN (SELECT {keys}, row_number() OVER (ORDER BY {first}) - 1 AS i"
            f" FROM {self.inquiry.table(reference.parent)}) AS {alias}"
            f" ON {alias}.i = (n.g - 1) % {self._parent_rows(reference)}"
        )

    def _pattern(self) -> str:
        """Join one of the patterns to each row."""
        return (
            f"JOIN (SELECT o.*, row_number() OVER (ORDER BY 1) - 1 AS sqlmodel_number"
            f" FROM {_PATTERN} AS o) AS e ON e.sqlmodel_number = n.g % {max(self.patterns, 1)}"
        )
