"""Sample rows: a few generated rows for every table of a scratch database.

They satisfy what the database says of itself and, where asked, what the models will demand after
the change, so that a migration is tried with data in its way. No application is imported.
Neighbours: `demand` (what a row must satisfy), `solver` (rows that do),
`spoiler` (one row that does not).
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.exc import DBAPIError, SAWarning

from sqlmodel_migrations.shadow.sample import dialects
from sqlmodel_migrations.shadow.sample.demand import (
    Cell,
    Demand,
    Reference,
    Sides,
    demand_of,
    sides,
)
from sqlmodel_migrations.shadow.sample.dialects import Catalog, SampleModule
from sqlmodel_migrations.shadow.sample.dialects.base import table_key
from sqlmodel_migrations.shadow.sample.inquiry import Inquiry, Row, raise_if_lost
from sqlmodel_migrations.shadow.sample.solver import (
    Axis,
    Impossible,
    Problem,
    candidates,
    null_axis,
    reference_axis,
    solve,
)
from sqlmodel_migrations.shadow.sample.values import Default, Value

_NOT_DATA = ("alembic_version", "sqlmodel_migrations")
_TRIES_A_ROW = 4


@dataclass(frozen=True)
class Filled:
    """What was made; tables are keyed as in `MetaData.tables`: `name` or `schema.name`.

    `left_out` says why a table got no row; `skipped_columns` are those that the server fills.
    """

    counts: Mapping[str, int]
    left_out: Mapping[str, str]
    skipped_columns: Mapping[str, tuple[str, ...]]


def fill(
    connection: Connection,
    tables: Collection[Table] | None = None,
    *,
    rows: int = 3,
    seed: int = 0,
    also: Sequence[MetaData] = (),
) -> Filled:
    """Insert up to `rows` rows into each table, the same for the same schema and `seed`.

    `tables` are reflected ones, by default all that `reflect` finds. The rows satisfy the
    constraints of `also` as well, as far as these speak of present tables and columns. What
    cannot be made is left out and said; only a lost connection is raised. Nothing is committed.
    """
    module = dialects.of(connection.dialect)
    catalog = module.catalog(connection)
    if tables is None:
        tables = _reflected(connection, module, catalog)
    known = {other for table in tables for other in table.metadata.tables.values()} | {*tables}
    both = sides(connection, module, catalog, known, also)
    filling = _Filling(Inquiry(connection, module), rows, seed)
    filling.run(_demands(tables, both))
    return Filled(filling.counts, filling.left_out, filling.skipped)


def demands(connection: Connection) -> list[Demand]:
    """Return what the rows of every table that `reflect` finds must satisfy."""
    module = dialects.of(connection.dialect)
    catalog = module.catalog(connection)
    tables = _reflected(connection, module, catalog)
    return _demands(tables, sides(connection, module, catalog, tables, ()))


def reflect(connection: Connection) -> tuple[Table, ...]:
    """Return every table that holds data of the project: no views, no extension's, no Alembic's."""
    module = dialects.of(connection.dialect)
    return _reflected(connection, module, module.catalog(connection))


def _reflected(connection: Connection, module: SampleModule, catalog: Catalog) -> tuple[Table, ...]:
    metadata = MetaData()
    with warnings.catch_warnings():
        # Types and indexes that SQLAlchemy does not know are looked up, or tried.
        warnings.simplefilter("ignore", SAWarning)
        for schema in module.schemas(connection):
            metadata.reflect(connection, schema=schema, resolve_fks=False)
    tables = sorted(metadata.tables.values(), key=lambda table: table.key)
    return tuple(t for t in tables if _is_data(t) and table_key(t) not in catalog.not_ours)


def _is_data(table: Table) -> bool:
    return not table.name.startswith(_NOT_DATA)


def _demands(tables: Iterable[Table], both: Sides) -> list[Demand]:
    return [demand_of(table, both) for table in sorted(tables, key=lambda t: t.key)]


@dataclass(frozen=True)
class _Late:
    """A foreign key of rows that were inserted before their parents."""

    demand: Demand
    reference: Reference


@dataclass
class _Filling:
    """One run of `fill`: what is done, and what is still to be tied together."""

    inquiry: Inquiry
    rows: int
    seed: int
    counts: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, tuple[str, ...]] = field(default_factory=dict)
    late: list[_Late] = field(default_factory=list)
    planned: dict[Table, list[Axis]] = field(default_factory=dict)
    promised: list[_Late] = field(default_factory=list)
    keys: dict[object, list[tuple[Value, ...]]] = field(default_factory=dict)

    def run(self, demands: list[Demand]) -> None:
        with contextlib.ExitStack() as stack:
            waiting = list(demands)
            while waiting:
                demand = _next(waiting)
                if self._owes(demand, waiting) and not self.promised:
                    # Rows whose parents come later, in a cycle that allows no NULL.
                    stack.enter_context(self.inquiry.module.deferred(self.inquiry.connection))
                self._fill(demand, {other.table for other in waiting})
                waiting.remove(demand)
            for late in self.late:
                self._tie(late)
            self._withdraw()

    def _owes(self, demand: Demand, waiting: list[Demand]) -> bool:
        tables = {other.table for other in waiting} - {demand.table}
        return any(r.parent in tables and not _optional(demand, r) for r in demand.references)

    def _fill(self, demand: Demand, unfilled: set[Table]) -> None:
        key = demand.table.key
        self.counts[key] = 0
        try:
            demand, axes = self._axes(demand, unfilled)
            self.skipped[key] = tuple(n for n, cell in demand.cells.items() if cell.is_skipped)
            self.counts[key] = self._insert(demand, axes)
        except Impossible as reason:
            self.left_out[key] = str(reason)
        except DBAPIError as error:
            raise_if_lost(error)
            self.left_out[key] = f"the database refused every row: {_reason(error)}"

    def _axes(self, demand: Demand, unfilled: set[Table]) -> tuple[Demand, list[Axis]]:
        axes = list(self.planned.get(demand.table, ()))
        demand = _with_supplied(demand, {name for axis in axes for name in axis.columns})
        for reference in demand.references:
            if reference.parent is None:
                axes.append(reference_axis(reference, [], demand.cells))
            elif reference.parent not in unfilled:
                parents = self._parents(reference)
                axes.append(reference_axis(reference, parents, demand.cells))
            else:
                demand, axis = self._late_axis(demand, reference)
                axes.append(axis)
        return _with_keys_that_refer(demand, axes)

    def _parents(self, reference: Reference) -> list[tuple[Value, ...]]:
        """Read the keys of a table that is filled, once."""
        key = (reference.parent_name, reference.parent_columns)
        if key not in self.keys:
            self.keys[key] = self.inquiry.parents(reference)
        return self.keys[key]

    def _late_axis(self, demand: Demand, reference: Reference) -> tuple[Demand, Axis]:
        """NULL until the parents are there, else a key that a row to come will have."""
        late = _Late(demand, reference)
        if nullable := _optional(demand, reference):
            self.late.append(late)
            freed = {name: replace(demand.cells[name], is_nullable=True) for name in nullable}
            demand = replace(demand, cells={**demand.cells, **freed})
            return demand, null_axis(reference, [*freed.values()])
        assert reference.parent is not None
        if reference.parent is demand.table:
            return self._own_axis(demand, reference)
        plan = self._plan(reference, reference.parent)
        self.promised.append(late)
        self.planned.setdefault(reference.parent, []).append(Axis(reference.parent_columns, plan))
        return demand, Axis(reference.columns, plan)

    def _own_axis(self, demand: Demand, reference: Reference) -> tuple[Demand, Axis]:
        """Each row is its own parent."""
        demand = _with_supplied(demand, set(reference.parent_columns))
        keys = self._plan(reference, demand.table)
        if set(reference.columns) & set(reference.parent_columns):
            return demand, Axis(reference.columns, keys)
        columns = (*reference.columns, *reference.parent_columns)
        return demand, Axis(columns, [(*key, *key) for key in keys])

    def _plan(self, reference: Reference, parent: Table) -> list[tuple[Value, ...]]:
        cells = {n: _bare_cell(parent, n, self.inquiry) for n in reference.parent_columns}
        demand = Demand(parent, cells, (reference.parent_columns,), (), ())
        problem = Problem(demand, (), self.inquiry, self.rows, self.seed)
        made = [candidates(cell, problem)[: self.rows] for cell in cells.values()]
        return list(zip(*made, strict=False))

    def _insert(self, demand: Demand, axes: list[Axis]) -> int:
        """Insert all rows at once; what is refused is tried plainer, then row by row."""
        refused: DBAPIError | None = None
        for attempt in (0, 1):
            rows = self._solved(demand, axes, attempt, self.rows)
            try:
                with self.inquiry.attempt():
                    return self._send(demand, rows)
            except DBAPIError as error:
                raise_if_lost(error)
                refused = error
        count = sum(self._insert_one(demand, axes, number) for number in range(self.rows))
        if not count and refused is not None:
            raise refused
        return count

    def _insert_one(self, demand: Demand, axes: list[Axis], number: int) -> int:
        for attempt in range(_TRIES_A_ROW):
            rows = self._solved(demand, axes, attempt, self.rows, has_nulls=attempt % 2 == 0)
            if number >= len(rows):
                return 0
            try:
                with self.inquiry.attempt():
                    return self._send(demand, [rows[(number + attempt) % len(rows)]])
            except DBAPIError as error:
                raise_if_lost(error)
        return 0

    def _solved(
        self, demand: Demand, axes: list[Axis], attempt: int, rows: int, has_nulls: bool = True
    ) -> list[Row]:
        problem = Problem(
            demand,
            axes,
            self.inquiry,
            rows,
            self.seed,
            attempt,
            has_nulls,
            Random(f"{self.seed}/{demand.table.key}/{attempt}"),
        )
        found = solve(problem)
        if not found:
            raise Impossible("no row has a key that is free")
        return found

    def _send(self, demand: Demand, rows: list[Row]) -> int:
        inquiry, table = self.inquiry, self.inquiry.table(demand.table)
        columns = [n for n in rows[0] if not all(isinstance(row[n], Default) for row in rows)]
        if not columns:
            for _ in rows:
                inquiry.execute(f"INSERT INTO {table} {inquiry.module.no_columns()}")
            return len(rows)
        forced = any(demand.table.columns[name].identity is not None for name in columns)
        override = " OVERRIDING SYSTEM VALUE" if forced else ""
        values = (", ".join(inquiry.literal(row[name]) for name in columns) for row in rows)
        inquiry.execute(
            f"INSERT INTO {table} ({inquiry.names(columns)}){override}"
            f" VALUES {', '.join(f'({row})' for row in values)}"
        )
        return len(rows)

    def _tie(self, late: _Late) -> None:
        """Refer from all rows but one to a parent, now that it is there; from all if they must."""
        count = self.counts[late.demand.table.key]
        must = not all(late.demand.cells[n].is_nullable for n in late.reference.columns)
        parents = self._parents(late.reference) if count else []
        for number in range(count if must or count == 1 else count - 1):
            turned = parents[number % len(parents) :] + parents if parents else []
            if not any(self._refer(late, parent) for parent in turned[:3]):
                return

    def _refer(self, late: _Late, parent: tuple[Value, ...]) -> bool:
        table, inquiry = late.demand.table, self.inquiry
        pairs = dict(zip(late.reference.columns, parent, strict=True))
        free = _optional(late.demand, late.reference)
        names = {name: inquiry.name(name) for name in pairs}
        assignment = ", ".join(f"{names[n]} = {inquiry.literal(pairs[n])}" for n in free)
        conditions = [f"{names[n]} IS NULL" for n in free]
        conditions += [
            f"{names[n]} = {inquiry.literal(v)}" for n, v in pairs.items() if n not in free
        ]
        key = [column.name for column in table.primary_key.columns]
        order = ", ".join(f"{inquiry.name(name)} DESC" for name in key or free)
        sql = inquiry.module.update_one(
            inquiry.table(table), assignment, order, " AND ".join(conditions), inquiry.names(key)
        )
        try:
            with inquiry.attempt():
                return bool(inquiry.execute(sql).rowcount)
        except DBAPIError as error:
            raise_if_lost(error)
            return False

    def _withdraw(self) -> None:
        """Delete the rows whose promised parents could not be made."""
        for late in self.promised:
            assert late.reference.parent is not None
            if self.counts.get(late.reference.parent.key) or not self.counts[late.demand.table.key]:
                continue
            self.inquiry.execute(f"DELETE FROM {self.inquiry.table(late.demand.table)}")
            self.counts[late.demand.table.key] = 0
            self.left_out[late.demand.table.key] = (
                f"no row of '{late.reference.parent_name}' is there to refer to"
            )


def _next(waiting: list[Demand]) -> Demand:
    """The table whose parents are filled; in a cycle one that can wait for them with NULL."""
    tables = {demand.table for demand in waiting}

    def missing(demand: Demand) -> list[Reference]:
        return [r for r in demand.references if r.parent in tables and r.parent is not demand.table]

    for demand in waiting:
        if not missing(demand):
            return demand
    for demand in waiting:
        if all(_optional(demand, reference) for reference in missing(demand)):
            return demand
    return waiting[0]


def _optional(demand: Demand, reference: Reference) -> list[str]:
    """The columns of a foreign key that may be NULL for a while."""
    return [name for name in reference.columns if demand.cells[name].is_present_nullable]


def _with_keys_that_refer(demand: Demand, axes: list[Axis]) -> tuple[Demand, list[Axis]]:
    """Supply numbered keys that refer to a parent; what is computed cannot be supplied."""
    tied = {name for axis in axes for name in axis.columns if demand.cells[name].is_skipped}
    supplied = {name for name in tied if demand.table.columns[name].computed is None}
    demand = _with_supplied(demand, supplied)
    return demand, [axis for axis in axes if not set(axis.columns) & (tied - supplied)]


def _with_supplied(demand: Demand, names: set[str]) -> Demand:
    """Take columns from the server's hands: their values must be known beforehand."""
    taken = {
        name: replace(cell, is_skipped=False, default=None) if name in names else cell
        for name, cell in demand.cells.items()
    }
    return replace(demand, cells=taken)


def _bare_cell(table: Table, name: str, inquiry: Inquiry) -> Cell:
    both = sides(inquiry.connection, inquiry.module, Catalog(), [table], ())
    return replace(demand_of(table, both).cells[name], is_skipped=False, default=None)


def _reason(error: DBAPIError) -> str:
    return next(iter(str(error.orig).strip().splitlines()), type(error).__name__)
