"""Options of the comparison: the user's, completed by ours.

Callables of the user's run first and may decide; explicit scalars of the user win.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from sqlalchemy import Connection, MetaData

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.base import key
from sqlmodel_migrations.generate.plain_types import render_item

Options = dict[str, Any]

SIDE_TABLES = "sqlmodel_migrations"
"""Tables of ours start with this; no comparison ever sees them."""

VERSION_COLUMN = "version_num"
"""The only column of a version table, whatever the table is called."""

_SCHEMAS = "sqlmodel_migrations_schemas"
"""Where options keep the set of schemas that are compared, unless env.py chooses them."""


def completed(options: Options) -> Options:
    """Return the user's options with ours for what they do not say."""
    connection = options.get("connection")
    metadata = metadatas(options.get("target_metadata"))
    ours = {
        **options,
        "render_item": _first_answer(options.get("render_item"), render_item),
        "include_name": all_agree(options.get("include_name"), _is_not_ours),
        "include_object": all_agree(options.get("include_object"), _is_no_other_history),
    }
    ours.setdefault("compare_server_default", True)
    if isinstance(connection, Connection):
        ours.setdefault("render_as_batch", connection.dialect.name == "sqlite")
        if "include_schemas" not in options:
            ours[_SCHEMAS] = set(schemas(metadata, connection))
            ours["include_schemas"] = bool(ours[_SCHEMAS])
            ours["include_name"] = all_agree(ours["include_name"], _is_schema_of(ours[_SCHEMAS]))
    return ours


def compare_also(options: Options, found: Catalog) -> None:
    """Compare further schemas: those in which a history made tables, whatever models name."""
    if _SCHEMAS in options:
        options[_SCHEMAS].update(t.schema for t in found.tables.values() if t.owner is None)
        options[_SCHEMAS].discard(None)
        options["include_schemas"] = bool(options[_SCHEMAS])


def leave_alone(options: Options, before: Catalog, after: Catalog, home: str | None) -> None:
    """Leave alone what no model can declare: see `Table.owner`. `home` is the default schema."""

    def is_declared(item: Any, name: str | None, kind: str, is_reflected: bool, twin: Any) -> bool:
        if kind != "table" or not is_reflected or twin is not None:
            return True
        found = before.tables.get(key(None if item.schema == home else item.schema, str(name)))
        if found is None or found.owner is None:
            return True
        # A part goes away with the whole.
        return bool(found.parents) and not any(parent in after.tables for parent in found.parents)

    options["include_object"] = all_agree(options.get("include_object"), is_declared)


def metadatas(target: Any) -> tuple[MetaData, ...]:
    """Return `target_metadata` as a tuple, whichever of Alembic's forms it has."""
    if target is None:
        return ()
    return (target,) if isinstance(target, MetaData) else tuple(target)


def schemas(metadata: Iterable[MetaData], connection: Connection) -> frozenset[str]:
    """Return the schemas that the models name, beside the connection's default one."""
    named = {table.schema for data in metadata for table in data.tables.values()}
    return frozenset(s for s in named if s and s != connection.dialect.default_schema_name)


def _first_answer(
    theirs: Callable[..., Any] | None, ours: Callable[..., Any]
) -> Callable[..., Any]:
    """Ask the user's callable first; `False` means that it leaves the answer to us."""
    if theirs is None:
        return ours

    def answer(*args: Any) -> Any:
        found = theirs(*args)
        return ours(*args) if found is False else found

    return answer


def all_agree(theirs: Callable[..., bool] | None, ours: Callable[..., bool]) -> Callable[..., bool]:
    """Return a filter that lets pass what both let pass; the user's is asked first."""
    if theirs is None:
        return ours
    return lambda *args: bool(theirs(*args)) and ours(*args)


def _is_not_ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or name is None or not name.startswith(SIDE_TABLES)


def _is_schema_of(named: Collection[str]) -> Callable[..., bool]:
    """Leave alone what is in schemas that no model names: other programs' tables are there."""

    def include(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "schema" or name is None or name in named

    return include


def _is_no_other_history(
    item: Any, _name: str | None, kind: str, reflected: bool, compare_to: Any
) -> bool:
    """Leave alone the version table of another history, which no model declares."""
    if kind != "table" or not reflected or compare_to is not None:
        return True
    return [column.name for column in item.columns] != [VERSION_COLUMN]
