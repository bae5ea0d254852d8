"""The filters of the user's env.py, asked about what a catalog says is there."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel_migrations.database.catalog import Catalog, Constraint, Table
from sqlmodel_migrations.generate import reflected
from sqlmodel_migrations.generate.options import Options

CONSTRAINT_KINDS = {
    "unique": "unique_constraint",
    "foreign key": "foreign_key_constraint",
    "check": "check_constraint",
    "primary key": "primary_key",
    "exclude": "exclude_constraint",
}
"""What filters call the kinds of constraints; the last two are not asked about by Alembic."""


def passing(found: Catalog, options: Options, *, is_reflected: bool) -> Catalog:
    """Return what the filters let be compared: of the history if `is_reflected`, or the models."""
    tables = {
        key: _with_columns(table, options, is_reflected=is_reflected)
        for key, table in found.tables.items()
        if is_table_passing(table, options, is_reflected=is_reflected)
    }
    return replace(found, tables=tables)


def is_table_passing(table: Table, options: Options, *, is_reflected: bool = True) -> bool:
    """Whether `include_name` and `include_object` let a table be compared."""
    place = {"schema_name": table.schema, "schema_qualified_table_name": table.key}
    by_name, by_object = options.get("include_name"), options.get("include_object")
    if is_reflected and by_name is not None and not by_name(table.name, "table", place):
        return False
    shape = reflected.shape(table)
    return by_object is None or bool(by_object(shape, table.name, "table", is_reflected, None))


def is_constraint_passing(table: Table, found: Constraint, options: Options) -> bool:
    """Whether the filters let a constraint of the history be compared."""
    kind = CONSTRAINT_KINDS[found.kind]
    by_name, by_object = options.get("include_name"), options.get("include_object")
    if by_name is not None and not by_name(found.name, kind, _place(table)):
        return False
    if by_object is None:
        return True
    return bool(by_object(reflected.stand_in(table, found), found.name, kind, True, None))


def _place(table: Table) -> dict[str, str | None]:
    return {
        "schema_name": table.schema,
        "table_name": table.name,
        "schema_qualified_table_name": table.key,
    }


def _with_columns(table: Table, options: Options, *, is_reflected: bool) -> Table:
    place = _place(table)
    by_name, by_object = options.get("include_name"), options.get("include_object")
    shape = reflected.shape(table)

    def is_passing(name: str) -> bool:
        if is_reflected and by_name is not None and not by_name(name, "column", place):
            return False
        column = shape.columns[name]
        return by_object is None or bool(by_object(column, name, "column", is_reflected, None))

    return replace(table, columns={n: c for n, c in table.columns.items() if is_passing(n)})
