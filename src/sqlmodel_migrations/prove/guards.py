"""The guards of a script: what they count, and rows that they must refuse."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.generate.sql_text import escape_parameters
from sqlmodel_migrations.shadow import sample

_WAYS = ("null", "duplicate", "orphan", "too long", "text:nobody knows", "text:-1", "text:999999")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")


def of_script(path: Path, catalog: Catalog) -> tuple[Guard, ...]:
    """Return the guards that the upgrade of a written script has; () for any other script.

    Their table is the first one of `catalog` that the query names.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    functions = (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "upgrade")
    pairs = [pair for function in functions for pair in _pairs(function)]
    return tuple(_guard(query.replace("\\:", ":"), reason, catalog) for query, reason in pairs)


def _pairs(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign) or ast.unparse(node.targets[0]) != "guards":
            continue
        try:
            found = ast.literal_eval(node.value)
        except ValueError:
            continue
        yield from ((str(query), str(reason)) for query, reason in found)


def _guard(query: str, reason: str, catalog: Catalog) -> Guard:
    tables = [key for key, table in catalog.tables.items() if _names(query, table.name)]
    first = min(tables, key=lambda key: _position(query, catalog.tables[key].name), default="")
    columns = catalog.tables[first].columns if first else ()
    return Guard(query, reason, first, tuple(name for name in columns if _names(query, name)))


def _names(query: str, name: str) -> bool:
    return _position(query, name) >= 0


def _position(query: str, name: str) -> int:
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", query)
    return found.start() if found else -1


def refusing(connection: Connection, guards: Iterable[Guard]) -> tuple[Guard, ...]:
    """Return the guards that the rows do not satisfy as they are."""
    return tuple(guard for guard in guards if count(connection, guard))


def count(connection: Connection, guard: Guard) -> int:
    """Count as the script does; 0 where the query cannot be run on this schema."""
    try:
        with connection.begin_nested():
            return int(connection.scalar(text(escape_parameters(guard.query))) or 0)
    except DBAPIError:
        return 0


def spoil(connection: Connection, guard: Guard, tables: Sequence[Table], catalog: Catalog) -> bool:
    """Make one row violate `guard`; False where none of the known ways does it."""
    ways = (*_WAYS, *(f"text:{label}" for label in _labels(catalog, guard)))
    if count(connection, guard):
        return True
    for table in tables:
        if table.key == guard.table:
            return any(_spoil(connection, guard, table, how) for how in ways)
    return False


def _labels(catalog: Catalog, guard: Guard) -> Iterator[str]:
    """The values that the present schema lists for the table: one of them may have to go."""
    table = catalog.tables.get(guard.table)
    if table is None:
        return
    texts = [constraint.definition for constraint in table.constraints]
    texts += [column.type for column in table.columns.values()]
    for text_ in texts:
        yield from (label.replace("''", "'") for label in _QUOTED.findall(text_))
    for enum in catalog.enums.values():
        yield from enum.labels


def _spoil(connection: Connection, guard: Guard, table: Table, how: str) -> bool:
    for name in guard.columns:
        if name not in table.columns:
            continue
        attempt = connection.begin_nested()
        if sample.spoil(connection, table, column=name, how=how) and count(connection, guard):
            attempt.commit()
            return True
        attempt.rollback()
    return False
