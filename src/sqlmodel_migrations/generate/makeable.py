"""Whether a database can have a column of the models at all; asked before anything is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Dialect, MetaData
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateColumn

from sqlmodel_migrations.errors import UsageError


def require_models(metadata: MetaData, dialect: Dialect) -> None:
    """Raise `UsageError` as `require` does, for every column of the models."""
    tables = metadata.tables.values()
    require(((t.fullname, column) for t in tables for column in t.columns), dialect)


def require(columns: Iterable[tuple[str, Column[Any]]], dialect: Dialect) -> None:
    """Raise `UsageError` that names a column, and its table, whose type this database lacks."""
    for table, column in columns:
        _require_length(table, column, dialect)
        try:
            CreateColumn(column).compile(dialect=dialect)
        except CompileError as error:
            raise UsageError(
                f"column '{table}.{column.name}' cannot be made on {dialect.name}: {error}",
                hint=_length_hint(str(error), str(column.name)),
            ) from error


def _require_length(table: str, column: Column[Any], dialect: Dialect) -> None:
    """PostgreSQL cuts longer names off, so that they would differ from the models for ever."""
    limit = dialect.max_identifier_length
    names = {"table": table.rpartition(".")[2], f"column of '{table}'": str(column.name)}
    for thing, name in names.items():
        if dialect.name == "postgresql" and len(name.encode()) > limit:
            raise UsageError(
                f"the name of {thing} '{name}' is too long: {dialect.name} keeps {limit} bytes",
                hint="give it a shorter one in the database: __tablename__ = '…' for a table,"
                " sa_column_kwargs={'name': '…'} for a column",
            )


def _length_hint(error: str, column: str) -> str | None:
    if "requires a length" not in error:
        return None
    return f"give it a length: {column}: str = Field(max_length=255), or String(255)"
