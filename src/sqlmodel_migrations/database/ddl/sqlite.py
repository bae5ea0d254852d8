"""SQLite keeps the texts that everything was made with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from sqlmodel_migrations.database.catalog import Catalog, Table
from sqlmodel_migrations.database.ddl.base import Piece
from sqlmodel_migrations.database.sqlite_token import fold, quote

_TEXTS = "SELECT type, name, tbl_name, sql FROM {schema}.sqlite_master WHERE sql IS NOT NULL"


def before(connection: Connection, wanted: Catalog) -> tuple[Piece, ...]:
    """Return the virtual tables; those in which they keep their rows come with them."""
    return tuple(
        Piece("virtual table", row.name, (row.sql,), f"DROP TABLE {quote(row.name)}")
        for row in _rows(connection, "type = 'table' AND sql LIKE 'CREATE VIRTUAL %'")
        if row.name in wanted.tables
    )


def after(connection: Connection, wanted: Catalog) -> tuple[Piece, ...]:
    """Return views and triggers, in the order in which they were made."""
    return tuple(_pieces(_rows(connection, "type IN ('view', 'trigger')"), wanted))


def _pieces(rows: Sequence[Row[Any]], wanted: Catalog) -> Iterator[Piece]:
    tables = {fold(name): name for name in (*wanted.tables, *wanted.views)}
    for row in rows:
        if row.type == "view" and row.name in wanted.views:
            yield Piece("view", row.name, (row.sql,), f"DROP VIEW {quote(row.name)}")
        elif row.type == "trigger" and fold(row.tbl_name) in tables:
            yield Piece("trigger", row.name, (row.sql,), table=tables[fold(row.tbl_name)])


def table(connection: Connection, table: Table) -> tuple[str, ...]:
    """Return the texts of a table and of its indexes."""
    rows = _rows(connection, "type IN ('table', 'index')", table.schema)
    ordered = sorted(rows, key=lambda row: row.type != "table")
    return tuple(row.sql for row in ordered if fold(row.tbl_name) == fold(table.name))


def foreign_keys(connection: Connection, table: Table) -> tuple[str, ...]:
    """Return nothing: they stand in the table's text, whether the other table is there or not."""
    return ()


def unsaid(connection: Connection, wanted: Catalog) -> tuple[str, ...]:
    """Return nothing: there is nothing else."""
    return ()


def _rows(connection: Connection, condition: str, schema: str | None = None) -> Sequence[Row[Any]]:
    query = f"{_TEXTS.format(schema=quote(schema or 'main'))} AND {condition} ORDER BY rowid"
    return connection.execute(text(query)).all()
