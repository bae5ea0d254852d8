"""What SQLAlchemy's columns, constraints and indexes are as texts of SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Computed, Dialect, Index, MetaData, String, Table
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.schema import (
    CheckConstraint,
    Constraint,
    CreateColumn,
    CreateIndex,
    CreateTable,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.types import NullType, TypeEngine

from sqlmodel_migrations.database import sqlite_table
from sqlmodel_migrations.database.sqlite_table import (
    CHECK,
    DEFAULT,
    GENERATED,
    PRIMARY_KEY,
    UNIQUE,
    Clause,
    parse_column,
)
from sqlmodel_migrations.database.sqlite_token import unquote


def column(of: Column[Any], dialect: Dialect) -> str:
    """Return a column's definition; its primary and foreign keys are constraints of the table."""
    if of.table is None:
        Table("t", MetaData(), of)
    return str(CreateColumn(of).compile(dialect=dialect)).strip()


def type_(of: TypeEngine[Any] | type[TypeEngine[Any]], dialect: Dialect) -> str:
    """Return the declared type, with its collation."""
    made = of() if isinstance(of, type) else of
    return str(made.compile(dialect=dialect))


def default(of: object, dialect: Dialect) -> tuple[str | None, str | None]:
    """Return the text behind DEFAULT and the whole of GENERATED of a server default."""
    if isinstance(of, Computed):
        made = Column("x", String, Computed(of.sqltext, persisted=of.persisted))
    else:
        made = Column("x", String, server_default=of)  # type: ignore[arg-type]
    parsed = parse_column(column(made, dialect))
    plain, generated = parsed.clause(DEFAULT), parsed.clause(GENERATED)
    return plain.expression if plain else None, generated.text if generated else None


def constraint(of: Constraint, dialect: Dialect) -> str | None:
    """Return a constraint of a table; None where SQLite has none (a key to another schema)."""
    text = dialect.ddl_compiler(dialect, None).process(of)  # type: ignore[arg-type]
    return str(text).strip() if text else None


def constraint_name(of: Constraint, dialect: Dialect) -> str | None:
    """Return the name, with the naming convention applied."""
    if of.name is None:
        return None
    name = dialect.identifier_preparer.format_constraint(of)
    return unquote(str(name)) if name else None


def index(of: Index, dialect: Dialect, *, if_not_exists: bool = False) -> str:
    return str(CreateIndex(of, if_not_exists=if_not_exists).compile(dialect=dialect))


def refuse_unknown_columns(of: Index, table: sqlite_table.Table) -> None:
    """Raise `ChangeRefused` for an index on a column that is not there.

    SQLite takes a name in double quotes that it does not know for a string, and says nothing.
    """
    for column in of.columns:
        table.column(column.name)


def table(of: Table, dialect: Dialect) -> str:
    """Return the CREATE TABLE text, whatever its foreign keys refer to."""
    copy = of.to_metadata(MetaData())
    _add_parents(copy)
    return str(CreateTable(copy).compile(dialect=dialect)).strip()


def attached(args: Sequence[Any], name: str, columns: Sequence[str], schema: str | None) -> Table:
    """Return a table that has `table_args` of a batch, so that they can be compiled."""
    given = {arg.name for arg in args if isinstance(arg, Column)}
    plain = [Column(c, NullType) for c in columns if c not in given]
    made = Table(name, MetaData(), *plain, *args, schema=schema)
    _add_parents(made)
    return made


def _add_parents(table: Table) -> None:
    """Make stand-ins for the tables that foreign keys refer to."""
    for element in (e for c in table.foreign_key_constraints for e in c.elements):
        parent, _, name = element.target_fullname.rpartition(".")
        found = table.metadata.tables.get(parent)
        if found is None:
            schema, _, plain = parent.rpartition(".")
            found = Table(plain, table.metadata, schema=schema or None)
        if name not in found.c:
            found.append_column(Column(name, NullType))


def conventional_name(
    clause: Clause,
    table: str,
    columns: Sequence[str],
    convention: Mapping[str, Any],
    dialect: Dialect,
) -> str | None:
    """Return the name that a naming convention gives to an unnamed constraint, None for none."""
    made = _constraint(clause)
    if made is None:
        return None
    metadata = MetaData(naming_convention=convention)
    attached = Table(table, metadata, *(Column(name, NullType) for name in columns))
    try:
        attached.append_constraint(made)
        return constraint_name(made, dialect)
    except InvalidRequestError:  # a convention that wants a name to build on
        return None


def _constraint(clause: Clause) -> Constraint | None:
    if clause.kind == CHECK:
        return CheckConstraint(clause.expression)
    if clause.kind == UNIQUE:
        return UniqueConstraint(*clause.columns)
    if clause.kind == PRIMARY_KEY:
        return PrimaryKeyConstraint(*clause.columns)
    if clause.parent is None:
        return None
    names = [token.name for token in clause.parent_tokens] or clause.columns
    return ForeignKeyConstraint(clause.columns, [f"{clause.parent.name}.{name}" for name in names])
