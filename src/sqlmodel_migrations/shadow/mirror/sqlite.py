"""SQLite keeps the texts that its tables and indexes were made with."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection

from sqlmodel_migrations.database.catalog import Catalog, Table
from sqlmodel_migrations.database.ddl.base import execute
from sqlmodel_migrations.database.sqlite_token import fold, quote
from sqlmodel_migrations.run.sqlite import edit


def make(live: Connection, scratch: Connection, wanted: Catalog) -> None:
    """Make tables and indexes by their own texts; virtual tables and SQLite's own are left out."""
    tables = [table for table in wanted.tables.values() if table.owner is None]
    for schema in {table.schema for table in tables}:
        names = {fold(table.name) for table in tables if table.schema == schema}
        texts = _texts(live, schema or "main", names)
        execute(scratch, (edit.in_schema(text, schema) if schema else text for text in texts))


def questions(scratch: Connection, tables: Collection[Table]) -> tuple[str, ...]:
    """It is asked for all tables at once."""
    return ()


def _texts(live: Connection, schema: str, names: set[str]) -> Iterable[str]:
    """The texts of these tables, then those of their indexes."""
    sql = (
        f"SELECT type, tbl_name, sql FROM {quote(schema)}.sqlite_master"
        " WHERE type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC, rowid"
    )
    rows = live.exec_driver_sql(sql).all()
    return [text for _, table, text in rows if fold(table) in names]
