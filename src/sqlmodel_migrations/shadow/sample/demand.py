"""Demands: what the rows of one table must satisfy, now and after the change that is being tried.

Read from reflected tables, a `Catalog` and the models' MetaData; `solver` finds the rows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Connection, ForeignKeyConstraint, MetaData, Table

from sqlmodel_migrations.shadow.sample.check import Check, read_check
from sqlmodel_migrations.shadow.sample.dialects import Catalog, SampleModule
from sqlmodel_migrations.shadow.sample.dialects.base import table_key
from sqlmodel_migrations.shadow.sample.shape import (
    UNKNOWN,
    Family,
    Shape,
    limits_of,
    meet,
    shape_of,
    shape_of_name,
)
from sqlmodel_migrations.shadow.sample.values import Default

_GENERATED = re.compile(r"nextval|uuid|random|rowid|clock|seq|gen_", re.IGNORECASE)


@dataclass(frozen=True)
class Cell:
    """One column: what it may hold, and who fills it.

    `is_present_nullable` is the database's word, `is_nullable` that of both sides.
    """

    column: Column[Any]
    shape: Shape
    native: str
    is_nullable: bool
    is_present_nullable: bool
    is_skipped: bool
    default: Default | None

    @property
    def name(self) -> str:
        return self.column.name


@dataclass(frozen=True)
class Reference:
    """A foreign key of either side; `parent` is None where no such table exists yet."""

    columns: tuple[str, ...]
    parent: Table | None
    parent_columns: tuple[str, ...]
    parent_name: str
    is_present: bool = True


@dataclass(frozen=True)
class Demand:
    """All that the rows of one table must satisfy."""

    table: Table
    cells: Mapping[str, Cell]
    uniques: tuple[tuple[str, ...], ...]
    references: tuple[Reference, ...]
    checks: tuple[Check, ...]

    @property
    def keys(self) -> frozenset[str]:
        """The columns of which values should differ in every row."""
        return frozenset(name for unique in self.uniques for name in unique)


@dataclass(frozen=True)
class Sides:
    """What is known of both sides: the database's catalog, and the tables after the change."""

    connection: Connection
    module: SampleModule
    catalog: Catalog
    present: Mapping[tuple[str | None, str], Table]
    future: Mapping[tuple[str | None, str], Sequence[Table]]


def sides(
    connection: Connection,
    module: SampleModule,
    catalog: Catalog,
    tables: Iterable[Table],
    also: Sequence[MetaData],
) -> Sides:
    """Gather both sides; a model's default schema may be written or not."""
    future: dict[tuple[str | None, str], list[Table]] = {}
    for metadata in also:
        for table in metadata.tables.values():
            future.setdefault(_normal(table_key(table), connection), []).append(table)
    present = {_normal(table_key(table), connection): table for table in tables}
    return Sides(connection, module, catalog, present, future)


def demand_of(table: Table, sides: Sides) -> Demand:
    """Return what the rows of `table` must satisfy."""
    after = sides.future.get(_normal(table_key(table), sides.connection), ())
    cells = {c.name: _cell(c, after, sides) for c in table.columns}
    uniques = {columns for side in (table, *after) for columns in _uniques(side)}
    return Demand(
        table,
        cells,
        tuple(sorted(u for u in uniques if set(u) <= set(cells))),
        tuple(_references(table, after, sides)),
        tuple(_checks(table, after, sides, cells)),
    )


def _normal(key: tuple[str | None, str], connection: Connection) -> tuple[str | None, str]:
    schema, name = key
    return (None if schema == connection.dialect.default_schema_name else schema, name)


def _cell(column: Column[Any], after: Sequence[Table], sides: Sides) -> Cell:
    native = sides.catalog.types.get((*table_key(column.table), column.name), "")
    shape = _shape(column, native, sides)
    twins = [side.columns[column.name] for side in after if column.name in side.columns]
    for twin in twins:
        shape = meet(shape, shape_of(twin.type, sides.connection.dialect))
    is_nullable = bool(column.nullable) and not getattr(column.type, "not_null", False)
    skipped = column.computed is not None or sides.module.is_filled_by_server(column, sides.catalog)
    return Cell(
        column,
        _narrow(shape, sides),
        native,
        is_nullable and all(twin.nullable for twin in twins),
        is_nullable,
        skipped,
        _default(column),
    )


def _narrow(shape: Shape, sides: Sides) -> Shape:
    # There, a date that is stored as text has no other form than SQLAlchemy's.
    if sides.connection.dialect.name == "postgresql":
        return shape
    return replace(shape, has_zone=False)


def _shape(column: Column[Any], native: str, sides: Sides) -> Shape:
    shape = shape_of(column.type, sides.connection.dialect)
    if shape is UNKNOWN:
        return shape_of_name(native)
    if column.type.__visit_name__ == "DOMAIN":  # of which SQLAlchemy forgets the length
        return meet(shape, limits_of(native, shape.family))
    checks = sides.catalog.checks.get(table_key(column.table), ())
    if any(_is_json_check(text, column.name) for text in checks):
        return Shape(Family.JSON)
    return shape


def _is_json_check(text: str, name: str) -> bool:
    # MariaDB's JSON is a text with this CHECK.
    return re.fullmatch(rf"\(*json_valid\([`\"]?{re.escape(name)}[`\"]?\)\)*", text) is not None


def _default(column: Column[Any]) -> Default | None:
    domain_default = getattr(column.type, "default", None)
    if column.computed is not None or column.server_default is None:
        return Default(str(domain_default)) if isinstance(domain_default, str) else None
    argument = getattr(column.server_default, "arg", None)
    text = re.sub(r"\s+ON UPDATE.*", "", str(getattr(argument, "text", argument)), flags=re.I)
    if text.upper() == "NULL":
        return None
    return Default(text, is_generated=bool(_GENERATED.search(text)))


def _uniques(table: Table) -> Iterator[tuple[str, ...]]:
    if len(table.primary_key.columns):
        yield tuple(c.name for c in table.primary_key.columns)
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            yield tuple(c.name for c in constraint.columns)
    for index in table.indexes:
        columns = [e for e in index.expressions if isinstance(e, Column)]
        if index.unique and columns and len(columns) == len(index.expressions):
            yield tuple(c.name for c in columns)


def _references(table: Table, after: Sequence[Table], sides: Sides) -> Iterator[Reference]:
    seen: set[object] = set()
    for side in (table, *after):
        for key in sorted(side.foreign_key_constraints, key=lambda key: tuple(key.column_keys)):
            reference = _reference(key, sides, side is table)
            shape = (reference.columns, reference.parent_name, reference.parent_columns)
            if shape not in seen and set(reference.columns) <= set(table.columns.keys()):
                seen.add(shape)
                yield reference


def _reference(key: ForeignKeyConstraint, sides: Sides, is_present: bool) -> Reference:
    # The text of the target: a model's table may not be in this MetaData.
    targets = [element.target_fullname.rsplit(".", 1) for element in key.elements]
    schema, _, name = targets[0][0].rpartition(".")
    parent = sides.present.get(_normal((schema or None, name), sides.connection))
    columns = tuple(column for _, column in targets)
    if parent is not None and not set(columns) <= set(parent.columns.keys()):
        parent = None
    names = tuple(column.name for column in key.columns)
    return Reference(names, parent, columns, targets[0][0], is_present)


def _checks(
    table: Table, after: Sequence[Table], sides: Sides, cells: Mapping[str, Cell]
) -> Iterator[Check]:
    texts = [*sides.catalog.checks.get(table_key(table), ())]
    for side in after:
        texts += _check_texts(side, sides.connection, set(side.columns.keys()) - set(cells))
    skipped = {name for name, cell in cells.items() if cell.is_skipped}
    for text in dict.fromkeys(texts):
        check = read_check(text, cells)
        if check.columns and not skipped & set(check.columns):
            yield check


def _check_texts(table: Table, connection: Connection, new: Collection[str]) -> Iterator[str]:
    """The CHECKs of a model's table, but for those that speak of a column yet to come."""
    compiler = connection.dialect.ddl_compiler(connection.dialect, None).sql_compiler  # type: ignore[arg-type]
    for constraint in table.constraints:
        if isinstance(constraint, sa.CheckConstraint):
            text = compiler.process(constraint.sqltext, include_table=False, literal_binds=True)
            if getattr(connection.dialect.identifier_preparer, "_double_percents", False):
                text = text.replace("%%", "%")
            if not read_check(text, new).columns:
                yield f"({text})"
