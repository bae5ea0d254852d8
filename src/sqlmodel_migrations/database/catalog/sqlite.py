"""An SQLite database as a `Catalog`, in four queries.

What its pragmas do not tell (names, checks, collations, AUTOINCREMENT, deferrable foreign keys,
generated expressions) is read from the text that each table was created with.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from sqlmodel_migrations.database import sqlite_table
from sqlmodel_migrations.database.catalog.base import (
    CHECK,
    FOREIGN_KEY,
    PRIMARY_KEY,
    UNIQUE,
    Catalog,
    Column,
    Constraint,
    Index,
    Table,
    key,
)
from sqlmodel_migrations.database.catalog.sqlite_expression import canonical, equivalent
from sqlmodel_migrations.database.sqlite_table import Clause
from sqlmodel_migrations.database.sqlite_token import fold, literal, quote, significant, unquote
from sqlmodel_migrations.errors import ChangeRefused

__all__ = ["equivalent", "questions", "read", "reads_every_schema"]

# A schema is another file.
reads_every_schema = False

_KINDS = (PRIMARY_KEY, UNIQUE, CHECK, FOREIGN_KEY)
_ACTION = r"\bon {} (set null|set default|cascade|restrict|no action)\b"
_CONFLICT = re.compile(r"\bon conflict (\w+)")
_ASCENDING = re.compile(r"\s+asc(?=[,)]|$)")

_MASTER = (
    "SELECT type, name, tbl_name AS of_table, sql FROM {schema}.sqlite_master ORDER BY type, name"
)

# The pragma of a virtual table fails where its module is not loaded.
_COLUMNS = """
SELECT m.name AS of_table, x.name, x.type, x."notnull" AS is_required, x.dflt_value AS expression,
       x.hidden
FROM {schema}.sqlite_master AS m JOIN pragma_table_xinfo(m.name, {literal}) AS x
WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL %' ORDER BY m.name, x.cid
"""

_INDEXES = """
SELECT m.tbl_name AS of_table, m.name, m.sql, x.name AS column_name
FROM {schema}.sqlite_master AS m JOIN pragma_index_xinfo(m.name, {literal}) AS x
WHERE m.type = 'index' AND m.sql IS NOT NULL AND x."key" ORDER BY m.name, x.seqno
"""

_SHADOWS = "SELECT name FROM pragma_table_list WHERE schema = {literal} AND type = 'shadow'"


def read(
    connection: Connection,
    schemas: Collection[str | None] | None,
    ignore: Callable[[str], bool],
) -> Catalog:
    """Read the catalog; `schemas` None is `main`, others are databases, where attached."""
    wanted = {None if name == "main" else name for name in schemas or (None,)}
    if wanted != {None}:
        attached = connection.exec_driver_sql("SELECT name FROM pragma_database_list").scalars()
        wanted &= {None, *attached}
    found = [_catalog(_read(connection, name), ignore) for name in sorted(wanted, key=str)]
    return Catalog(
        tables={name: table for c in found for name, table in c.tables.items()},
        views={name: text for c in found for name, text in c.views.items()},
        schemas=tuple(sorted(name for name in wanted if name is not None)),
    )


def questions(connection: Connection, schemas: Collection[str | None] | None) -> tuple[str, ...]:
    """The driver has no round trips."""
    return ()


@dataclass(frozen=True)
class _Found:
    """The rows of one schema; `names` are those of its tables and columns, folded."""

    schema: str | None
    master: Sequence[Row[Any]]
    columns: Mapping[str, Sequence[Row[Any]]]
    indexes: Mapping[str, Sequence[Row[Any]]]
    triggers: Mapping[str, Sequence[Row[Any]]]
    shadows: frozenset[str]
    names: frozenset[str]
    parsed: Mapping[str, sqlite_table.Table]


def _read(connection: Connection, schema: str | None) -> _Found:
    place = {"schema": quote(schema or "main"), "literal": literal(schema or "main")}

    def rows(query: str) -> Sequence[Row[Any]]:
        options = {"no_parameters": True}
        return connection.exec_driver_sql(query.format(**place), execution_options=options).all()

    # SQLite lists its tables by kind since 3.37.
    version = connection.dialect.server_version_info or (0,)
    shadows = rows(_SHADOWS) if version >= (3, 37) else ()
    master, columns = rows(_MASTER), rows(_COLUMNS)
    names = (fold(name) for row in columns for name in (row.of_table, row.name))
    return _Found(
        schema=schema,
        master=master,
        columns=_by_table(columns),
        indexes=_by_table(rows(_INDEXES)),
        triggers=_by_table([row for row in master if row.type == "trigger"]),
        shadows=frozenset(row.name for row in shadows),
        names=frozenset(names),
        parsed=_parsed(master),
    )


def _by_table(rows: Sequence[Row[Any]]) -> Mapping[str, Sequence[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[fold(row.of_table)].append(row)
    return found


def _parsed(master: Sequence[Row[Any]]) -> dict[str, sqlite_table.Table]:
    """The tables by their folded names; a text that cannot be read is left out."""
    found = {}
    for row in master:
        if row.type == "table" and not _is_virtual(row.sql):
            try:
                found[fold(row.name)] = sqlite_table.parse(row.sql)
            except ChangeRefused:
                continue
    return found


def _is_virtual(sql: str) -> bool:
    return sql[:15].upper() == "CREATE VIRTUAL "


def _catalog(rows: _Found, ignore: Callable[[str], bool]) -> Catalog:
    named = [(key(rows.schema, row.name), row) for row in rows.master]
    return Catalog(
        tables={
            name: _table(row, rows)
            for name, row in named
            if row.type == "table" and not ignore(name)
        },
        views={name: canonical(row.sql, rows.names) for name, row in named if row.type == "view"},
    )


def _table(row: Row[Any], rows: _Found) -> Table:
    parsed = rows.parsed.get(fold(row.name))
    found = (_column(column, parsed, rows) for column in rows.columns.get(fold(row.name), ()))
    triggers = rows.triggers.get(fold(row.name), ())
    return Table(
        schema=rows.schema,
        name=row.name,
        columns={column.name: column for column in found},
        constraints=tuple(_constraints(parsed, rows)) if parsed is not None else (),
        indexes=tuple(_indexes(row.name, rows)),
        triggers={trigger.name: canonical(trigger.sql, rows.names) for trigger in triggers},
        options=_options(row, parsed, rows),
        owner=_owner(row, rows),
    )


def _owner(row: Row[Any], rows: _Found) -> str | None:
    if row.name.startswith("sqlite_"):
        return "sqlite"
    return "virtual" if _is_virtual(row.sql) or row.name in rows.shadows else None


def _options(row: Row[Any], parsed: sqlite_table.Table | None, rows: _Found) -> tuple[str, ...]:
    if parsed is not None:
        return tuple(sorted(option.lower() for option in parsed.options))
    # All that is known of a virtual table, or of one whose text cannot be read, is its text.
    tokens = significant(row.sql)
    start = next((n for n, token in enumerate(tokens) if token.is_word("USING")), 0)
    return (canonical(row.sql[tokens[start].start :], rows.names),)


def _column(row: Row[Any], parsed: sqlite_table.Table | None, rows: _Found) -> Column:
    found = None
    if parsed is not None and parsed.has_column(row.name):
        found = parsed.column(row.name)
    clauses = {clause.kind: clause for clause in found.clauses} if found is not None else {}
    is_rowid = parsed is not None and fold(parsed.rowid_alias or "") == fold(row.name)
    computed = clauses.get(sqlite_table.GENERATED)
    return Column(
        name=row.name,
        type=canonical(row.type, is_folded=False).upper(),
        # An INTEGER PRIMARY KEY is the rowid, which is never NULL whatever the pragma says.
        nullable=not row.is_required and not is_rowid,
        default=_default(row),
        computed=canonical(computed.expression, rows.names) if computed is not None else None,
        is_stored=row.hidden == 3,
        identity="autoincrement" if is_rowid and parsed and parsed.is_autoincrement else None,
        collation=_collation(clauses),
        extra=_conflict(clauses.get(sqlite_table.NOT_NULL), "not null"),
    )


def _default(row: Row[Any]) -> str | None:
    if row.expression is None or row.hidden or row.expression.upper() == "NULL":
        return None
    return canonical(row.expression, is_folded=False)


def _collation(clauses: Mapping[str, Clause]) -> str | None:
    clause = clauses.get(sqlite_table.COLLATE)
    name = unquote(clause.expression).upper() if clause is not None else "BINARY"
    return name if name != "BINARY" else None


def _conflict(clause: Clause | None, prefix: str) -> str | None:
    found = _CONFLICT.search(canonical(clause.text)) if clause is not None else None
    return f"{prefix} on conflict {found[1]}" if found else None


def _constraints(parsed: sqlite_table.Table, rows: _Found) -> Iterator[Constraint]:
    for clause in parsed.clauses:
        if clause.kind in _KINDS:
            yield _constraint(clause, parsed, rows)


def _constraint(clause: Clause, parsed: sqlite_table.Table, rows: _Found) -> Constraint:
    if clause.parent is not None:
        return _foreign_key(clause, parsed, rows)
    if clause.kind == CHECK:
        expression = canonical(clause.expression, rows.names)
        used = _used(clause.expression, parsed)
        written = f"CHECK ({clause.expression.strip()})"
        return Constraint(CHECK, clause.name, used, f"CHECK ({expression})", sql=written)
    return Constraint(
        kind=clause.kind,
        name=clause.name,
        columns=_spelled(clause.columns, parsed),
        definition=f"{clause.kind.upper()} ({_key(clause, rows)}){_suffix(clause)}",
    )


def _used(expression: str, parsed: sqlite_table.Table) -> tuple[str, ...]:
    words = {fold(token.name) for token in significant(expression)}
    return tuple(column.name for column in parsed.columns if fold(column.name) in words)


def _spelled(names: Sequence[str], parsed: sqlite_table.Table) -> tuple[str, ...]:
    """The columns as their table spells them."""
    return tuple(parsed.column(n).name if parsed.has_column(n) else n for n in names)


def _key(clause: Clause, rows: _Found) -> str:
    """What stands in the parentheses; AUTOINCREMENT is the column's, wherever it is written."""
    inside = quote(clause.column) if clause.column is not None else clause.expression
    return _ASCENDING.sub("", canonical(inside, rows.names)).removesuffix(" autoincrement")


def _suffix(clause: Clause) -> str:
    text = canonical(clause.text[clause.body - clause.start :])
    is_descending = clause.column is not None and text.startswith("primary key desc")
    conflict = _CONFLICT.search(text.rpartition(")")[2])
    return f"{' DESC' if is_descending else ''}{f' ON CONFLICT {conflict[1]}' if conflict else ''}"


def _foreign_key(clause: Clause, parsed: sqlite_table.Table, rows: _Found) -> Constraint:
    assert clause.parent is not None
    parent = rows.parsed.get(fold(clause.parent.name))
    columns = _spelled(clause.columns, parsed)
    targets = tuple(token.name for token in clause.parent_tokens)
    if parent is not None:
        key_columns = parent.primary_key.columns if parent.primary_key is not None else ()
        targets = _spelled(targets or key_columns, parent)
    target = parent.name.name if parent is not None else clause.parent.name
    return Constraint(
        kind=FOREIGN_KEY,
        name=clause.name,
        columns=columns,
        definition=f"FOREIGN KEY ({_list(columns, rows)}) REFERENCES {_list((target,), rows)}"
        f" ({_list(targets, rows)}){_actions(clause)}",
        target=key(rows.schema, target),
        target_columns=targets,
    )


def _list(names: Sequence[str], rows: _Found) -> str:
    return ", ".join(canonical(quote(name), rows.names) for name in names)


def _actions(clause: Clause) -> str:
    """What a foreign key does, in one order, without what it would do anyway."""
    start, end = (place - clause.start for place in clause.actions)
    text = canonical(clause.text[start:end])
    parts = []
    for event in ("delete", "update"):
        action = re.search(_ACTION.format(event), text)
        if action is not None and action[1] != "no action":
            parts.append(f"ON {event.upper()} {action[1].upper()}")
    if match := re.search(r"\bmatch (full|partial)\b", text):
        parts.append(f"MATCH {match[1].upper()}")
    if re.search(r"(?<!not )\bdeferrable\b", text):
        parts.append("DEFERRABLE")
        parts.extend(["INITIALLY DEFERRED"] if "initially deferred" in text else [])
    return "".join(f" {part}" for part in parts)


def _indexes(table: str, rows: _Found) -> Iterator[Index]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows.indexes.get(fold(table), ()):
        found[row.name].append(row)
    for name, parts in found.items():
        is_unique, rest = _index_text(parts[0].sql, rows)
        yield Index(
            name=name,
            is_unique=is_unique,
            columns=tuple(part.column_name for part in parts),
            definition=f"{'UNIQUE ' if is_unique else ''}{rest}",
            sql=parts[0].sql,
        )


def _index_text(sql: str, rows: _Found) -> tuple[bool, str]:
    """Whether an index is unique, and its text after the name of the table."""
    tokens = significant(sql)
    on = next(n for n, token in enumerate(tokens) if n > 2 and token.is_word("ON"))
    where = next((t.start for t in tokens[on:] if t.is_word("WHERE")), len(sql))
    keys = _ASCENDING.sub("", canonical(sql[tokens[on + 2].start : where], rows.names))
    condition = canonical(sql[where + len("WHERE") :], rows.names)
    return tokens[1].is_word("UNIQUE"), f"{keys} WHERE {condition}" if condition else keys
