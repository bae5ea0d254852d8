"""The models' MetaData with a name for every constraint, as a copy.

What has no name cannot be dropped by name later, and every server invents another one. The
naming convention of the MetaData goes first; else names are made from table and columns.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Constraint,
    Dialect,
    Enum,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.elements import conv

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.base import Constraint as Found
from sqlmodel_migrations.database.catalog.base import Table as CatalogTable
from sqlmodel_migrations.generate import found_names
from sqlmodel_migrations.generate.found_names import mentioned


@dataclass(frozen=True)
class Named:
    """Copies of the models' MetaData; `given` are the names that the models themselves give."""

    metadata: tuple[MetaData, ...]
    given: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    def is_given(self, table: str, name: str) -> bool:
        """Whether the models give this name to a constraint or an index of `table`."""
        return (table, name) in self.given


def copied(
    metadatas: Sequence[MetaData], dialect: Dialect, *, found: Catalog | None = None
) -> Named:
    """Return copies in which every unique, check and foreign key constraint has a name.

    Where the models give none it is that of the same constraint in `found`, as far as there is
    one: which may have none either.
    """
    copies = tuple(_copy(metadata, dialect) for metadata in metadatas)
    tables = [table for metadata in copies for table in metadata.tables.values()]
    given = frozenset((table.key, name) for table in tables for name in _names(table))
    for table in tables:
        there = found.tables.get(_key(table, dialect)) if found is not None else None
        _name_constraints(table, dialect, there)
    return Named(copies, given)


def _names(table: Table) -> Iterator[str]:
    items: list[Constraint | Index] = [*table.constraints, *table.indexes]
    yield from (str(item.name) for item in items if isinstance(item.name, str))


def invented_for(table: CatalogTable, constraint: Found) -> str:
    """Return the name that a constraint without one is known by: as a copy would have named it."""
    if constraint.kind == "foreign key":
        target = str(constraint.target).rpartition(".")[2]
        return "_".join(("fk", table.name, *constraint.columns, target))
    if constraint.kind == "check":
        return "_".join(("ck", table.name, *constraint.columns, _hashed(constraint.definition)))
    return "_".join(
        ("pk" if constraint.kind == "primary key" else "uq", table.name, *constraint.columns)
    )


def _copy(metadata: MetaData, dialect: Dialect) -> MetaData:
    twin = MetaData(naming_convention=metadata.naming_convention, info=metadata.info)
    twin.schema = metadata.schema
    for table in metadata.tables.values():
        made = table.to_metadata(twin)
        _keep_schemas_of_types(table, made)
        _lift_checks(made)
        _spell_out(made, dialect)
        _shorten(made, dialect)
    for sequence in metadata._sequences.values():
        sequence._copy()._set_metadata(twin)
    return twin


def _keep_schemas_of_types(table: Table, made: Table) -> None:
    """Leave types where the models have them: the copy would move them to its table's schema."""
    for column, copy in zip(table.columns, made.columns, strict=True):
        type_: Any = column.type
        copied_: Any = copy.type
        while isinstance(type_, ARRAY):
            type_, copied_ = type_.item_type, copied_.item_type
        if isinstance(type_, Enum):
            copied_.schema = type_.schema


def _lift_checks(table: Table) -> None:
    """Let checks of columns be the table's: Alembic writes no others, and MariaDB names none."""
    for column in table.columns:
        for check in [c for c in column.constraints if isinstance(c, CheckConstraint)]:
            column.constraints.discard(check)
            table.append_constraint(check._copy())


def _spell_out(table: Table, dialect: Dialect) -> None:
    """Make the checks of Boolean and Enum types constraints of the table, like all others.

    As parts of a type they would be made once more wherever the type is written.
    """
    for constraint in [c for c in table.constraints if getattr(c, "_type_bound", False)]:
        assert isinstance(constraint, CheckConstraint)
        columns = list(constraint.columns)
        table.constraints.discard(constraint)
        if _is_made(constraint, dialect):
            condition = text(_condition(constraint, dialect).replace(":", "\\:"))
            name = constraint.name if isinstance(constraint.name, str) else None
            table.append_constraint(CheckConstraint(condition, name=name))
        for column in columns:
            made_by: Any = column.type.copy()
            made_by.create_constraint = False
            column.type = made_by


def _condition(constraint: CheckConstraint, dialect: Dialect) -> str:
    options = {"literal_binds": True, "include_table": False}
    sql = str(constraint.sqltext.compile(dialect=dialect, compile_kwargs=options))
    doubled = getattr(dialect.identifier_preparer, "_double_percents", False)
    return sql.replace("%%", "%") if doubled else sql


def _is_made(constraint: Constraint, dialect: Dialect) -> bool:
    """Whether this dialect gets the constraint: PostgreSQL has booleans of its own."""
    rule = getattr(constraint, "_create_rule", None)
    made: Any = CreateTable(Table("t", MetaData()))
    return rule is None or bool(rule(dialect.ddl_compiler(dialect, made)))


def _key(table: Table, dialect: Dialect) -> str:
    is_default = table.schema in (None, dialect.default_schema_name)
    return table.name if is_default else f"{table.schema}.{table.name}"


def _name_constraints(table: Table, dialect: Dialect, found: CatalogTable | None) -> None:
    """Name what has no name."""
    nameless: list[Constraint] = []
    if found is not None:
        unnamed = [c for c in sorted(table.constraints, key=_order) if not _has_name(c, dialect)]
        nameless = found_names.take(table, found, unnamed)
    taken = {str(c.name) for c in table.constraints if _has_name(c, dialect)}
    for constraint in sorted(table.constraints, key=_order):
        if not _is_nameable(constraint) or _has_name(constraint, dialect):
            continue
        if any(constraint is each for each in nameless):
            continue
        name = _free(_invented(table, constraint), taken, dialect, constraint)
        taken.add(name)
        constraint.name = conv(name)


def _shorten(table: Table, dialect: Dialect) -> None:
    """Give what is too long for the server the name that SQLAlchemy makes of it in DDL."""
    preparer = dialect.identifier_preparer
    for constraint in table.constraints:
        if _has_name(constraint, dialect):
            constraint.name = conv(_bare(str(preparer.format_constraint(constraint)), dialect))
    for index in table.indexes:
        if index.name is not None:
            index.name = conv(_bare(preparer.format_index(index), dialect))


def _bare(name: str, dialect: Dialect) -> str:
    """A name without its quotes, and without what they ask for inside of them."""
    preparer = dialect.identifier_preparer
    if not (name.startswith(preparer.initial_quote) and name.endswith(preparer.final_quote)):
        return name
    bare = name[1:-1].replace(preparer.escape_to_quote, preparer.escape_quote)
    # Drivers that take `%s` for a parameter: the preparer doubles every `%` for them.
    return bare.replace("%%", "%") if getattr(preparer, "_double_percents", False) else bare


def _is_nameable(constraint: Constraint) -> bool:
    return isinstance(constraint, UniqueConstraint | CheckConstraint | ForeignKeyConstraint)


def _has_name(constraint: Constraint, dialect: Dialect) -> bool:
    """Whether the DDL would name it: a convention counts, SQLAlchemy's "no name" does not."""
    if constraint.name is None:
        return False
    return dialect.identifier_preparer.format_constraint(constraint) is not None


def _invented(table: Table, constraint: Constraint) -> str:
    if isinstance(constraint, ForeignKeyConstraint):
        target = constraint.elements[0].target_fullname.rsplit(".", 2)[-2]
        return "_".join(("fk", table.name, *constraint.column_keys, target))
    if isinstance(constraint, UniqueConstraint):
        return "_".join(("uq", table.name, *(c.name for c in constraint.columns)))
    assert isinstance(constraint, CheckConstraint)
    return "_".join(("ck", table.name, *mentioned(table, constraint)[:2], _digest(constraint)))


def _digest(constraint: Constraint) -> str:
    return _hashed(_text(constraint))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def _text(constraint: Constraint) -> str:
    return " ".join(str(getattr(constraint, "sqltext", "")).split())


def _free(name: str, taken: set[str], dialect: Dialect, constraint: Constraint) -> str:
    """Shorten a name to what the server allows, and keep it apart from the others."""
    limit = min(dialect.max_identifier_length, 63)
    name = re.sub(r"\s+", "_", name)
    if len(name.encode()) <= limit and name not in taken:
        return name
    digest = hashlib.sha256((name + _text(constraint)).encode()).hexdigest()[:8]
    head = name.encode()[: limit - 9].decode(errors="ignore")
    return f"{head}_{digest}"


def _order(constraint: Constraint) -> int:
    return getattr(constraint, "_creation_order", 0)
