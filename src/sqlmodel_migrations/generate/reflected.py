"""What a catalog has as SQLAlchemy's objects, to be made again by a script or asked about."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Constraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import NullType

from sqlmodel_migrations.database.catalog.base import Constraint as Found
from sqlmodel_migrations.database.catalog.base import Index as FoundIndex
from sqlmodel_migrations.database.catalog.base import Table as CatalogTable

# What stands between parentheses and is quoted where it has some itself.
_NAMES = r"""(?:[^()"`]|"(?:[^"]|"")*"|`(?:[^`]|``)*`)+"""
_IN_LIST = re.compile(
    rf"\(\((?P<column>{_NAMES})\)::text = ANY \(\(ARRAY\["
    r"(?P<labels>(?:'(?:[^']|'')*'::character varying(?:, )?)+)\]\)::text\[\]\)\)"
)
_PLAIN = re.compile(
    rf"(?:PRIMARY KEY|UNIQUE) \({_NAMES}\)(?: ON CONFLICT (?P<conflict>\w+))?", re.IGNORECASE
)
_CHECK = re.compile(r"CHECK \((.*)\)", re.IGNORECASE | re.DOTALL)
_ACTIONS = re.compile(
    rf"FOREIGN KEY \({_NAMES}\) REFERENCES {_NAMES}\({_NAMES}\)"
    r"(?: MATCH (?P<match>FULL|PARTIAL|SIMPLE))?"
    r"(?: ON UPDATE (?P<onupdate>CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION))?"
    r"(?: ON DELETE (?P<ondelete>CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION))?"
    r"(?P<deferrable> (?:NOT )?DEFERRABLE)?"
    r"(?: INITIALLY (?P<initially>DEFERRED|IMMEDIATE))?",
    re.IGNORECASE,
)


def shape(table: CatalogTable) -> Table:
    """Return a table with its columns' names alone."""
    columns = (Column(name, NullType) for name in table.columns)
    return Table(table.name, MetaData(), *columns, schema=table.schema)


def index(table: CatalogTable, found: FoundIndex) -> Index:
    """Return an index with its name and columns alone, of a table that is a `shape`."""
    owner = shape(table)
    columns = [owner.c[name] for name in found.columns if name is not None]
    return Index(found.name, *columns, unique=found.is_unique, _table=owner)


def stand_in(table: CatalogTable, found: Found) -> Constraint:
    """Return a constraint to be asked about: of no kind where SQLAlchemy has none for it."""
    made = constraint(table, found, found.name)
    if made is None:
        made = Constraint(name=found.name)
        shape(table).append_constraint(made)
    return made


def constraint(table: CatalogTable, found: Found, name: str | None) -> Constraint | None:
    """Return `found` as an object of a table of its own, called `name`.

    None where SQLAlchemy's object would say less than the definition does.
    """
    made = _make(found, name)
    if made is None:
        return None
    metadata = MetaData()
    own = found.target_columns if found.target == table.key else ()
    columns: list[Any] = [Column(c) for c in dict.fromkeys((*found.columns, *own))]
    Table(table.name, metadata, *columns, made, schema=table.schema)
    if found.target is not None and found.target not in metadata.tables:
        schema, _, name = found.target.rpartition(".")
        targets: list[Any] = [Column(c) for c in found.target_columns]
        Table(name, metadata, *targets, schema=schema or None)
    return made


def _make(found: Found, name: str | None) -> Constraint | None:
    if found.kind == "foreign key":
        return _foreign_key(found, name)
    if found.kind == "check":
        matched = _CHECK.fullmatch(found.sql or found.definition)
        return CheckConstraint(text(_escaped(_typed(matched[1]))), name=name) if matched else None
    matched = _PLAIN.fullmatch(found.definition)
    if matched is None:
        return None
    kind = PrimaryKeyConstraint if found.kind == "primary key" else UniqueConstraint
    options: Any = {"sqlite_on_conflict": matched["conflict"]} if matched["conflict"] else {}
    return kind(*found.columns, name=name, **options)


def _foreign_key(found: Found, name: str | None) -> Constraint | None:
    matched = _ACTIONS.fullmatch(found.definition)
    if matched is None:
        return None
    options: dict[str, Any] = {
        key: matched[key] for key in ("match", "onupdate", "ondelete", "initially") if matched[key]
    }
    if matched["deferrable"]:
        options["deferrable"] = "NOT" not in matched["deferrable"].upper()
    targets = [f"{found.target}.{column}" for column in found.target_columns]
    return ForeignKeyConstraint(found.columns, targets, name=name, **options)


def _typed(sql: str) -> str:
    """Undo what PostgreSQL makes of `name IN ('a', 'b')` over varchar.

    Its own text, read back, becomes yet another one, so that a downgrade would not restore it.
    """
    matched = _IN_LIST.fullmatch(sql)
    if matched is None:
        return sql
    labels = re.findall(r"'(?:[^']|'')*'", matched["labels"])
    return f"{matched['column']} IN ({', '.join(labels)})"


def _escaped(sql: str) -> str:
    """Keep `:word` from being read as a parameter."""
    return re.sub(r"(?<!:):(?=\w)", r"\\:", sql)
