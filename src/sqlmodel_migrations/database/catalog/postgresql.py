"""PostgreSQL's catalogs (`postgresql_query`) as a `Catalog`, in three queries.

While they run, the search path is the default schema alone, so that every name of it is printed
bare and every other one with its schema, whatever the connection's own path.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeAlias

from sqlalchemy import Connection, text

from sqlmodel_migrations.database.catalog import postgresql_query as query
from sqlmodel_migrations.database.catalog.base import (
    CHECK,
    EXCLUDE,
    FOREIGN_KEY,
    PRIMARY_KEY,
    UNIQUE,
    Catalog,
    Column,
    Constraint,
    Enum,
    Index,
    Table,
    key,
)
from sqlmodel_migrations.database.catalog.postgresql_expression import equivalent

__all__ = ["equivalent", "questions", "read", "reads_every_schema"]

_Row: TypeAlias = Any
_Rows: TypeAlias = Mapping[str, Sequence[_Row]]

reads_every_schema = True

_KINDS = {"p": PRIMARY_KEY, "u": UNIQUE, "c": CHECK, "f": FOREIGN_KEY, "x": EXCLUDE}
_STORAGE = {"p": "plain", "e": "external", "x": "extended", "m": "main"}
_COMPRESSION = {"p": "pglz", "l": "lz4"}
_REPLICA = {"f": "replica identity full", "n": "replica identity nothing"}
_FIRING = {"D": "disabled", "R": "enabled replica", "A": "enabled always"}


def read(
    connection: Connection,
    schemas: Collection[str | None] | None,
    ignore: Callable[[str], bool],
) -> Catalog:
    """Read the catalog; `schemas` None are all but the system's."""
    with search_path(connection) as place:
        wanted = place.wanted(schemas)
        rows = _read(connection, {"schemas": wanted, "home": place.home})
    return _catalog(rows, place, wanted, ignore)


def questions(connection: Connection, schemas: Collection[str | None] | None) -> tuple[str, ...]:
    """It is one query already."""
    return ()


@dataclass(frozen=True)
class _Place:
    """The default schema, and the others of the database."""

    home: str | None
    named: tuple[str, ...]
    owned: tuple[str, ...]

    def wanted(self, schemas: Collection[str | None] | None) -> list[str]:
        if schemas is None:
            return [*self.named, *self.owned]
        names = {self.home if name is None else name for name in schemas}
        return sorted(name for name in names if name is not None)

    def schema(self, name: str) -> str | None:
        return None if name == self.home else name


@contextlib.contextmanager
def search_path(connection: Connection) -> Iterator[_Place]:
    """Set the search path to the default schema alone, so that its names are printed bare."""
    # For the transaction only, where there is one: a COMMIT then brings back what the session has.
    raw = connection.connection.dbapi_connection
    session = bool(getattr(raw, "autocommit", False))
    row = connection.execute(text(query.SEARCH_PATH), {"session": session}).one()
    restored = {"path": row.path, "session": session}
    try:
        yield _Place(row.home, tuple(row.named), tuple(row.owned))
    except BaseException:
        # A failed transaction takes its setting with it; a session would keep it.
        if session:
            connection.execute(text(query.RESTORE), restored)
        raise
    connection.execute(text(query.RESTORE), restored)


@dataclass(frozen=True)
class _Found:
    """The rows of all queries; those of tables by the oid of their table."""

    relations: Sequence[_Row]
    types: Sequence[_Row]
    columns: _Rows
    constraints: _Rows
    indexes: _Rows
    triggers: _Rows


def _read(connection: Connection, parameters: Mapping[str, Any]) -> _Found:
    # Columns have a compression since PostgreSQL 14.
    version = connection.dialect.server_version_info or (0,)
    compression = "a.attcompression::text" if version >= (14,) else "NULL"

    queries = {
        "relations": query.RELATIONS,
        "types": query.TYPES,
        "columns": query.COLUMNS.format(compression=compression),
        "constraints": query.CONSTRAINTS,
        "indexes": query.INDEXES,
        "triggers": query.TRIGGERS,
    }
    lists = connection.execute(text(query.together(queries)), parameters).one()
    relations, types, *others = (json.loads(rows, object_hook=_row) for rows in lists)
    return _Found(relations, types, *map(_by_table, others))


def _row(values: dict[str, Any]) -> _Row:
    return SimpleNamespace(**values)


def _by_table(rows: Sequence[_Row]) -> _Rows:
    found: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        found[row.of_table].append(row)
    return found


def _catalog(
    rows: _Found, place: _Place, wanted: Collection[str], ignore: Callable[[str], bool]
) -> Catalog:
    named = {key(place.schema(row.schema), row.name): row for row in rows.relations}
    tables = {
        name: _table(row, rows, place)
        for name, row in named.items()
        if row.kind in "rpf" and not ignore(name)
    }
    types = {key(place.schema(row.schema), row.name): row for row in rows.types}
    return Catalog(
        tables=tables,
        enums={n: _enum(row, place) for n, row in types.items() if row.kind == "e"},
        sequences={n: _sequence(row) for n, row in named.items() if row.kind == "S"},
        views={n: _view(row, rows) for n, row in named.items() if row.kind in "vm"},
        domains={n: _domain(row) for n, row in types.items() if row.kind == "d"},
        schemas=tuple(n for n in place.named if n in wanted and n != place.home),
    )


def _table(row: _Row, rows: _Found, place: _Place) -> Table:
    columns = (_column(column, row.name) for column in rows.columns.get(row.oid, ()))
    return Table(
        schema=place.schema(row.schema),
        name=row.name,
        columns={column.name: column for column in columns},
        constraints=tuple(_constraint(c) for c in rows.constraints.get(row.oid, ())),
        indexes=tuple(_index(i) for i in rows.indexes.get(row.oid, ())),
        triggers={t.name: _trigger(t) for t in rows.triggers.get(row.oid, ())},
        comment=row.comment,
        options=tuple(_options(row)),
        owner=_owner(row),
    )


def _owner(row: _Row) -> str | None:
    if row.extension is not None:
        return f"extension {row.extension}"
    if row.bound is not None:
        return f"partition of {row.parents[0]}"
    if row.parents:
        return f"inherits {', '.join(row.parents)}"
    return f"server {row.server}" if row.server is not None else None


def _options(row: _Row) -> Iterator[str]:
    if row.partitioned_by is not None:
        yield f"partition by {row.partitioned_by}"
    if row.bound is not None:
        yield f"partition of {row.parents[0]} {row.bound}"
    elif row.parents:
        yield f"inherits {', '.join(row.parents)}"
    if row.server is not None:
        yield f"server {row.server}"
    yield from _storage_options(row)
    if row.is_secured:
        yield "row level security"
    if row.is_forced:
        yield "forced row level security"


def _storage_options(row: _Row) -> Iterator[str]:
    if row.persistence == "u":
        yield "unlogged"
    if row.method not in (None, "heap"):
        yield f"using {row.method}"
    if row.space is not None:
        yield f"tablespace {row.space}"
    if row.kind in "rp" and row.identity in _REPLICA:
        yield _REPLICA[row.identity]
    yield from sorted(row.storage or ())


def _column(row: _Row, table: str) -> Column:
    is_serial = bool(row.is_used) and not row.identity
    is_computed = bool(row.generated.strip("\0 "))
    return Column(
        name=row.name,
        type=row.type,
        nullable=row.is_nullable,
        default=None if is_serial or is_computed else row.expression,
        computed=row.expression if is_computed else None,
        is_stored=row.generated == "s",
        identity=_serial(row) if is_serial else _identity(row),
        sequence=row.sequence if row.is_used else None,
        collation=row.collation,
        comment=row.comment,
        extra=", ".join(_extra(row)) or None,
    )


def _extra(row: _Row) -> Iterator[str]:
    if row.storage is not None:
        yield f"storage {_STORAGE.get(row.storage, row.storage)}"
    if row.compression in _COMPRESSION:
        yield f"compression {_COMPRESSION[row.compression]}"
    if row.target is not None:
        yield f"statistics {row.target}"


def _identity(row: _Row) -> str | None:
    if row.identity not in ("a", "d"):
        return None
    return f"{'always' if row.identity == 'a' else 'by default'} {_numbers(row)}{_as(row)}"


def _serial(row: _Row) -> str:
    usual = (1, 1, 1, _LARGEST.get(row.sequence_type), 1, False)
    numbers = "" if tuple(_values(row)) == usual else f" {_numbers(row)}"
    return f"serial{numbers}{_as(row)}"


_LARGEST = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


def _as(row: _Row) -> str:
    return f" as {row.as_type}" if row.as_type is not None else ""


def _values(row: _Row) -> tuple[Any, ...]:
    return (row.seqstart, row.seqincrement, row.seqmin, row.seqmax, row.seqcache, row.seqcycle)


def _numbers(row: _Row) -> str:
    start, increment, least, most, cache, cycles = _values(row)
    return (
        f"start {start} increment {increment} minvalue {least} maxvalue {most} cache {cache}"
        f"{' cycle' if cycles else ''}"
    )


def _constraint(row: _Row) -> Constraint:
    return Constraint(
        kind=_KINDS[row.kind],
        name=row.name,
        columns=tuple(row.columns),
        definition=row.definition,
        target=row.target,
        target_columns=tuple(row.target_columns),
    )


def _index(row: _Row) -> Index:
    on = row.sql.removeprefix(row.head)
    only = "ONLY " if on.startswith("ONLY ") else ""
    rest = on.removeprefix(only).removeprefix(row.qualified).removeprefix(row.visible)
    unique = "UNIQUE " if row.is_unique else ""
    return Index(
        name=row.name,
        is_unique=row.is_unique,
        columns=tuple(row.columns),
        definition=f"{unique}{rest}{'' if row.is_valid else ' INVALID'}",
        sql=f"{row.head}{only}{row.visible}{rest}",
    )


def _trigger(row: _Row) -> str:
    firing = _FIRING.get(row.enabled)
    return f"{row.sql} ({firing})" if firing else str(row.sql)


def _enum(row: _Row, place: _Place) -> Enum:
    return Enum(
        schema=place.schema(row.schema),
        name=row.name,
        labels=tuple(row.labels),
        users=tuple(row.users),
        comment=row.comment,
        owner=f"extension {row.extension}" if row.extension is not None else None,
    )


def _marked(row: _Row, parts: Iterator[str]) -> str:
    """The parts as one text, which says whose the object and what its comment is."""
    said = [*parts]
    if row.comment is not None:
        said.append(f"comment {row.comment!r}")
    if row.extension is not None:
        said.insert(0, f"extension {row.extension}:")
    return " ".join(said)


def _sequence(row: _Row) -> str:
    return _marked(row, iter([f"{row.type} {_numbers(row)}", *_storage_options(row)]))


def _view(row: _Row, rows: _Found) -> str:
    return _marked(row, _view_parts(row, rows))


def _view_parts(row: _Row, rows: _Found) -> Iterator[str]:
    if row.kind == "m":
        yield "materialized"
    yield from _storage_options(row)
    yield row.query.strip()
    yield from (f"{_index(index).sql};" for index in rows.indexes.get(row.oid, ()))
    yield from (f"{_trigger(trigger)};" for trigger in rows.triggers.get(row.oid, ()))


def _domain(row: _Row) -> str:
    return _marked(row, _domain_parts(row))


def _domain_parts(row: _Row) -> Iterator[str]:
    yield row.base
    if row.collation is not None:
        yield f"COLLATE {row.collation}"
    if row.expression is not None:
        yield f"DEFAULT {row.expression}"
    if row.is_not_null:
        yield "NOT NULL"
    yield from row.checks
