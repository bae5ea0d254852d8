"""MariaDB's and MySQL's information_schema (`mysql_query`) as a `Catalog`.

Six queries for a database; one more each where it has partitioned tables and sequences.
A unique constraint is a unique index there, and is listed as an index only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row

from sqlmodel_migrations.database.catalog import mysql_query as query
from sqlmodel_migrations.database.catalog.base import (
    CHECK,
    FOREIGN_KEY,
    PRIMARY_KEY,
    Catalog,
    Column,
    Constraint,
    Expression,
    Index,
    Table,
    key,
)

_Row: TypeAlias = Row[Any]
_Rows: TypeAlias = Mapping[str, Sequence[_Row]]

# A schema is a database of the server; the others are not this project's.
reads_every_schema = False

_TABLES = ("BASE TABLE", "SYSTEM VERSIONED")
# What a foreign key does where nothing is said; InnoDB treats both alike.
_NO_ACTION = ("RESTRICT", "NO ACTION")
_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint", "bit", "year")
_NUMBERS = frozenset((*_INTEGERS, "decimal", "float", "double"))
_KNOWN_EXTRA = re.compile(r"(auto_increment|DEFAULT_GENERATED|\w+ GENERATED)\b,?\s*")
_TOKEN = re.compile(
    r"""'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*"|`(?:[^`]|``)*`|\s+|\w+|.""", re.DOTALL
)


def read(
    connection: Connection,
    schemas: Collection[str | None] | None,
    ignore: Callable[[str], bool],
) -> Catalog:
    """Read the catalog; `schemas` None is the connection's database."""
    wanted = [None] if schemas is None else list(dict.fromkeys(schemas))
    found = [_read(connection, schema) for schema in wanted]
    catalogs = [_catalog(rows, ignore) for rows in found]
    return Catalog(
        tables={name: table for c in catalogs for name, table in c.tables.items()},
        sequences={name: text for c in catalogs for name, text in c.sequences.items()},
        views={name: text for c in catalogs for name, text in c.views.items()},
        schemas=tuple(rows.schema for rows in found if rows.schema is not None),
    )


def equivalent(
    connection: Connection,
    table: Table,
    kind: Expression,
    texts: tuple[str, str],
    column: Column | None,
) -> bool:
    """Compare the texts, which the server has put into one form, but for their spaces."""
    one, other = (
        [token for token in _TOKEN.findall(text) if not token.isspace()] for text in texts
    )
    return one == other


@dataclass(frozen=True)
class _Found:
    """The rows of one database; `schema` is None for the connection's own."""

    schema: str | None
    home: str | None
    tables: Sequence[_Row]
    columns: _Rows
    indexes: _Rows
    foreign_keys: _Rows
    checks: _Rows
    triggers: _Rows
    partitions: _Rows
    sequences: Sequence[_Row]
    prints_defaults: bool


def questions(connection: Connection, schemas: Collection[str | None] | None) -> tuple[str, ...]:
    """Return what is asked of each database, whatever it has."""
    wanted = [None] if schemas is None else list(dict.fromkeys(schemas))
    return tuple(sql for schema in wanted for sql in _questions(connection, schema).values())


def _questions(connection: Connection, schema: str | None) -> dict[str, str]:
    flavour = _flavour(connection)
    found = {
        "tables": query.TABLES.format(algorithm=flavour.algorithm),
        "columns": query.COLUMNS,
        "indexes": query.INDEXES.format(**flavour.index),
        "foreign_keys": query.FOREIGN_KEYS,
        "checks": flavour.checks,
        "triggers": query.TRIGGERS,
    }
    return {name: _of(schema, sql) for name, sql in found.items()}


def _read(connection: Connection, schema: str | None) -> _Found:
    def rows(sql: str) -> Sequence[_Row]:
        return connection.exec_driver_sql(sql, execution_options={"no_parameters": True}).all()

    asked = _questions(connection, schema)
    tables = rows(asked.pop("tables"))
    kinds = {row.kind for row in tables}
    has_partitions = any("partitioned" in (row.options or "") for row in tables)
    home = tables[0].home if tables else schema
    by_table = {name: _by_table(rows(sql)) for name, sql in asked.items()}
    return _Found(
        schema=None if schema == home else schema,
        home=home,
        tables=tables,
        columns=by_table["columns"],
        indexes=by_table["indexes"],
        foreign_keys=by_table["foreign_keys"],
        checks=by_table["checks"],
        triggers=by_table["triggers"],
        partitions=_by_table(rows(_of(schema, query.PARTITIONS))) if has_partitions else {},
        sequences=_sequences(connection, tables) if "SEQUENCE" in kinds else (),
        prints_defaults=_flavour(connection).prints_defaults,
    )


def _of(schema: str | None, sql: str) -> str:
    """A query of one database, None for the connection's own."""
    return sql.replace(query.SCHEMA, "NULL" if schema is None else _literal(schema))


@dataclass(frozen=True)
class _Flavour:
    """Where information_schema differs between MariaDB and MySQL."""

    checks: str
    algorithm: str
    index: Mapping[str, str]
    prints_defaults: bool


def _flavour(connection: Connection) -> _Flavour:
    if not getattr(connection.dialect, "is_mariadb", False):
        hidden = "CASE IS_VISIBLE WHEN 'NO' THEN 'INVISIBLE' END"
        index = {"expression": "EXPRESSION", "hidden": hidden}
        return _Flavour(query.MYSQL_CHECKS, "NULL", index, prints_defaults=False)
    version = connection.dialect.server_version_info or (0,)
    # MariaDB has ignored indexes since 10.6.
    hidden = "CASE IGNORED WHEN 'YES' THEN 'IGNORED' END" if version >= (10, 6) else "NULL"
    index = {"expression": "NULL", "hidden": hidden}
    return _Flavour(query.MARIADB_CHECKS, "v.ALGORITHM", index, prints_defaults=True)


def _sequences(connection: Connection, tables: Sequence[_Row]) -> Sequence[_Row]:
    names = [
        (_literal(row.name), _table_name(row.of_schema, row.name))
        for row in tables
        if row.kind == "SEQUENCE"
    ]
    sql = query.sequences(names)
    return connection.exec_driver_sql(sql, execution_options={"no_parameters": True}).all()


def _by_table(rows: Sequence[_Row]) -> _Rows:
    found: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        found[row.of_table].append(row)
    return found


def _catalog(rows: _Found, ignore: Callable[[str], bool]) -> Catalog:
    named = {key(rows.schema, row.name): row for row in rows.tables}
    return Catalog(
        tables={
            name: _table(row, rows)
            for name, row in named.items()
            if row.kind in _TABLES and not ignore(name)
        },
        sequences={key(rows.schema, row.name): _sequence(row) for row in rows.sequences},
        views={n: _view(row, rows) for n, row in named.items() if row.kind == "VIEW"},
    )


def _table(row: _Row, rows: _Found) -> Table:
    found = rows.columns.get(row.name, ())
    checks = [_check(check, found) for check in rows.checks.get(row.name, ())]
    columns = [_column(column, row, rows) for column in found]
    for position, column in enumerate(columns):
        columns[position] = _as_json(column, found[position], checks)
    foreign_keys = _foreign_keys(row.name, rows)
    return Table(
        schema=rows.schema,
        name=row.name,
        columns={column.name: column for column in columns},
        constraints=(*_primary_key(row.name, rows), *foreign_keys, *checks),
        indexes=tuple(_indexes(row.name, rows, foreign_keys)),
        triggers={t.name: _trigger(t, rows) for t in rows.triggers.get(row.name, ())},
        comment=row.comment or None,
        options=tuple(_options(row, rows)),
    )


def _options(row: _Row, rows: _Found) -> Iterator[str]:
    if row.engine != row.usual_engine:
        yield f"engine={row.engine}"
    if row.collation != row.usual_collation:
        yield f"collation={row.collation}"
    if row.kind == "SYSTEM VERSIONED":
        yield "system versioned"
    yield from sorted(o.lower() for o in (row.options or "").split() if o != "partitioned")
    if parts := rows.partitions.get(row.name):
        yield _partitioned(parts)


def _partitioned(parts: Sequence[_Row]) -> str:
    first = parts[0]
    by = f"partition by {first.method.lower()} ({first.expression})"
    if first.part_method:
        by += f" subpartition by {first.part_method.lower()} ({first.part_expression})"
    names = (
        " ".join(str(word) for word in (part.name, part.part_name, part.bound) if word is not None)
        for part in parts
    )
    return f"{by}: {', '.join(names)}"


def _column(row: _Row, table: _Row, rows: _Found) -> Column:
    computed = row.computed or None
    return Column(
        name=row.name,
        type=row.type,
        nullable=row.is_nullable == "YES",
        default=None if computed else _default(row, rows),
        computed=computed,
        is_stored=computed is not None and "VIRTUAL" not in row.extra,
        identity="auto_increment" if "auto_increment" in row.extra else None,
        collation=row.collation if row.collation != table.collation else None,
        comment=row.comment or None,
        extra=_KNOWN_EXTRA.sub("", row.extra).strip().lower() or None,
    )


def _default(row: _Row, rows: _Found) -> str | None:
    """The expression; MariaDB prints one, MySQL the value of a literal without its quotes."""
    expression: str | None = row.expression
    if expression is None or expression == "NULL":
        return None
    return expression if rows.prints_defaults or _is_expression(row) else _literal(expression)


def _is_expression(row: _Row) -> bool:
    return "DEFAULT_GENERATED" in row.extra or row.plain_type in _NUMBERS


def _as_json(column: Column, row: _Row, checks: list[Constraint]) -> Column:
    """A column that MariaDB makes for JSON, its check taken out of `checks`.

    JSON is another word for this text with this check, there: they cannot be told apart.
    """
    definition = f"CHECK (json_valid({_quoted(column.name)}))"
    check = next((c for c in checks if c.name is None and c.definition == definition), None)
    if check is None or column.type != "longtext" or row.collation != "utf8mb4_bin":
        return column
    checks.remove(check)
    return replace(column, type="json", collation=None)


def _check(row: _Row, columns: Sequence[_Row]) -> Constraint:
    names = {column.name for column in columns}
    used = (_unquoted(t) for t in _TOKEN.findall(row.clause) if t.startswith("`"))
    suffix = "" if row.is_enforced == "YES" else " NOT ENFORCED"
    return Constraint(
        kind=CHECK,
        name=None if row.is_inline else row.name,
        columns=tuple(dict.fromkeys(name for name in used if name in names)),
        definition=f"CHECK ({row.clause}){suffix}",
    )


def _primary_key(table: str, rows: _Found) -> Iterator[Constraint]:
    parts = [row for row in rows.indexes.get(table, ()) if row.name == "PRIMARY"]
    if parts:
        columns = tuple(row.column_name for row in parts)
        # Its name is always PRIMARY, whatever it was given.
        yield Constraint(PRIMARY_KEY, None, columns, f"PRIMARY KEY {_parts(parts)}")


def _foreign_keys(table: str, rows: _Found) -> tuple[Constraint, ...]:
    found = groupby(rows.foreign_keys.get(table, ()), key=lambda row: row.name)
    return tuple(_foreign_key(list(parts), rows) for _, parts in found)


def _foreign_key(parts: Sequence[_Row], rows: _Found) -> Constraint:
    first = parts[0]
    schema = None if first.target_schema == rows.home else first.target_schema
    columns = tuple(row.column_name for row in parts)
    target_columns = tuple(row.target_column for row in parts)
    definition = (
        f"FOREIGN KEY ({_list(columns)}) REFERENCES {_table_name(schema, first.target)}"
        f" ({_list(target_columns)})"
    )
    if first.on_delete not in _NO_ACTION:
        definition += f" ON DELETE {first.on_delete}"
    if first.on_update not in _NO_ACTION:
        definition += f" ON UPDATE {first.on_update}"
    target = key(schema, first.target)
    return Constraint(FOREIGN_KEY, first.name, columns, definition, target, target_columns)


def _indexes(table: str, rows: _Found, foreign_keys: Sequence[Constraint]) -> Iterator[Index]:
    for name, found in groupby(rows.indexes.get(table, ()), key=lambda row: row.name):
        if name != "PRIMARY":
            yield _index(list(found), rows, foreign_keys)


def _index(parts: Sequence[_Row], rows: _Found, foreign_keys: Sequence[Constraint]) -> Index:
    first = parts[0]
    prefix = "" if first.is_plain else "UNIQUE "
    prefix = f"{first.type} " if first.type in ("FULLTEXT", "SPATIAL") else prefix
    rest = _parts(parts) + "".join(_index_options(first))
    table = _table_name(rows.schema, first.of_table)
    return Index(
        name=first.name,
        is_unique=not first.is_plain,
        columns=tuple(row.column_name for row in parts),
        definition=f"{prefix}{rest}",
        sql=f"CREATE {prefix}INDEX {_quoted(first.name)} ON {table} {rest}",
        implements=_implemented(first.name, f"{prefix}{rest}", first.of_table, foreign_keys),
    )


def _implemented(
    name: str, definition: str, table: str, foreign_keys: Sequence[Constraint]
) -> str | None:
    """The foreign key that has an index like the server's own: its columns and its name.

    An unnamed key `hero_ibfk_1` has an index called as its first column, then `name_2` …
    """
    for found in foreign_keys:
        is_unnamed = str(found.name).startswith(f"{table}_ibfk_")
        counted = re.fullmatch(re.escape(found.columns[0]) + r"(_\d+)?", name)
        if definition != f"({_list(found.columns)})":
            continue
        if name == found.name or (is_unnamed and counted):
            return found.name
    return None


def _index_options(row: _Row) -> Iterator[str]:
    if row.type not in ("BTREE", "FULLTEXT", "SPATIAL"):
        yield f" USING {row.type}"
    if row.comment:
        yield f" COMMENT {_literal(row.comment)}"
    if row.hidden is not None:
        yield f" {row.hidden}"


def _parts(parts: Sequence[_Row]) -> str:
    return f"({', '.join(_part(row) for row in parts)})"


def _part(row: _Row) -> str:
    what = _quoted(row.column_name) if row.column_name is not None else f"({row.expression})"
    length = f"({row.length})" if row.length is not None else ""
    return f"{what}{length}{' DESC' if row.direction == 'D' else ''}"


def _trigger(row: _Row, rows: _Found) -> str:
    order = f" ({row.position})" if row.position > 1 else ""
    when = f"{row.timing} {row.event} ON {_quoted(row.of_table)}{order}"
    return f"{when} FOR EACH ROW {without_home(row.body, rows.home)}"


def _view(row: _Row, rows: _Found) -> str:
    parts = [without_home(row.query or "", rows.home)]
    if row.algorithm not in (None, "UNDEFINED"):
        parts.insert(0, f"algorithm {row.algorithm}")
    if row.security != "DEFINER":
        parts.insert(0, f"security {row.security}")
    if row.checked != "NONE":
        parts.append(f"with {row.checked} check option")
    return " ".join(parts)


def without_home(sql: str, home: str | None) -> str:
    """Return a text without the name of the connection's database, which a view is stored with."""
    if home is None:
        return sql
    tokens = _TOKEN.findall(sql)
    after = [*tokens[1:], ""]
    skipped = {
        position + offset
        for position, (token, following) in enumerate(zip(tokens, after, strict=True))
        if token == _quoted(home) and following == "."
        for offset in (0, 1)
    }
    return "".join(token for position, token in enumerate(tokens) if position not in skipped)


def _sequence(row: _Row) -> str:
    cycle = " cycle" if row.cycle_option else ""
    return (
        f"start {row.start_value} increment {row.increment} minvalue {row.minimum_value}"
        f" maxvalue {row.maximum_value} cache {row.cache_size}{cycle}"
    )


def _table_name(schema: str | None, name: str) -> str:
    return f"{_quoted(schema)}.{_quoted(name)}" if schema is not None else _quoted(name)


def _list(names: Collection[str]) -> str:
    return ", ".join(_quoted(name) for name in names)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _unquoted(token: str) -> str:
    return token[1:-1].replace("``", "`")


def _literal(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
