"""MariaDB and MySQL: what information_schema says, as CREATE TABLE."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, Dialect

from sqlmodel_migrations.database.catalog import Catalog, Column, Index, Table
from sqlmodel_migrations.database.catalog.base import CHECK, FOREIGN_KEY, PRIMARY_KEY
from sqlmodel_migrations.database.ddl.base import execute, literal
from sqlmodel_migrations.database.quoting import qualified, quote
from sqlmodel_migrations.run import bulk

# What MySQL takes behind DEFAULT without parentheses, and MariaDB all the same.
_PLAIN = re.compile(r"-?[\d.]+|_?\w*'.*'|[bxBX]'.*'|NULL|current_timestamp.*", re.I | re.S)


def make(live: Connection, scratch: Connection, wanted: Catalog) -> None:
    """Make the tables with their indexes, then the foreign keys between them."""
    dialect = scratch.dialect
    with bulk.together(scratch):
        for name, numbers in wanted.sequences.items():
            schema, _, bare = name.rpartition(".")
            execute(scratch, [f"CREATE SEQUENCE {qualified(schema, bare, dialect)} {numbers}"])
        execute(scratch, (_create(table, dialect) for table in wanted.tables.values()))
        for table in wanted.tables.values():
            execute(scratch, _foreign_keys(table, dialect))


def questions(scratch: Connection, tables: Collection[Table]) -> tuple[str, ...]:
    """SQLAlchemy reads a table from the statement that makes it."""
    names = (_name(table, scratch.dialect) for table in tables)
    return tuple(f"SHOW CREATE TABLE {name}" for name in names)


def _name(table: Table, dialect: Dialect) -> str:
    quoted = dialect.identifier_preparer.quote_identifier
    return ".".join(quoted(part) for part in (table.schema, table.name) if part is not None)


def _create(table: Table, dialect: Dialect) -> str:
    parts = ", ".join(_parts(table, dialect))
    options = " ".join(_options(table))
    return f"CREATE TABLE {qualified(table.schema, table.name, dialect)} ({parts}) {options}"


def _parts(table: Table, dialect: Dialect) -> Iterator[str]:
    inline = [c for c in table.constraints if c.kind == CHECK and c.name is None]
    for column in table.columns.values():
        own = [c.definition for c in inline if (*c.columns, column.name)[0] == column.name]
        yield " ".join([quote(column.name, dialect), *_column(column), *own])
    for constraint in table.constraints:
        if constraint.kind == PRIMARY_KEY:
            yield constraint.definition
        elif constraint.kind == CHECK and constraint.name is not None:
            yield f"CONSTRAINT {quote(constraint.name, dialect)} {constraint.definition}"
    yield from (_index(index, dialect) for index in table.indexes)


def _column(column: Column) -> Iterator[str]:
    yield column.type
    if column.collation is not None:
        yield f"COLLATE {column.collation}"
    if column.computed is not None:
        kind = "STORED" if column.is_stored else "VIRTUAL"
        yield f"GENERATED ALWAYS AS ({column.computed}) {kind}"
    if not column.nullable:
        yield "NOT NULL"
    elif column.computed is None:
        yield "NULL"
    if column.default is not None:
        is_plain = _PLAIN.fullmatch(column.default)
        yield f"DEFAULT {column.default}" if is_plain else f"DEFAULT ({column.default})"
    if column.identity is not None:
        yield column.identity
    if column.comment is not None:
        yield f"COMMENT {_text(column.comment)}"
    if column.extra is not None:
        yield column.extra


def _index(index: Index, dialect: Dialect) -> str:
    kind, parenthesis, rest = index.definition.partition("(")
    return f"{kind}INDEX {quote(index.name, dialect)} {parenthesis}{rest}"


def _options(table: Table) -> Iterator[str]:
    """The table's settings; its partitions and its history of rows are no matter of models."""
    settings = (option for option in table.options if "=" in option and " " not in option)
    yield from (setting.replace("collation=", "COLLATE=") for setting in settings)
    if table.comment is not None:
        yield f"COMMENT {_text(table.comment)}"


def _foreign_keys(table: Table, dialect: Dialect) -> Iterator[str]:
    for constraint in table.constraints:
        if constraint.kind == FOREIGN_KEY:
            yield (
                f"ALTER TABLE {qualified(table.schema, table.name, dialect)} ADD CONSTRAINT"
                f" {quote(str(constraint.name), dialect)} {constraint.definition}"
            )


def _text(value: str) -> str:
    return literal(value.replace("\\", "\\\\"))
