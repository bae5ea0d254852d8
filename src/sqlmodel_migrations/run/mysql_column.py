"""Columns of MariaDB and MySQL: an ALTER keeps what it does not mention.

MODIFY and CHANGE state the whole column, so what a script leaves out is gone: NOT NULL, the
default, the comment, the collation, ON UPDATE. While our runner runs, `op.alter_column` gets
from the database what the script does not say; what it says stands.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.types import String

# argument of `alter_column`: (key of a reflected column, what "not said" looks like)
_ARGUMENTS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "existing_type": ("type", (None,)),
    "existing_nullable": ("nullable", (None,)),
    "existing_server_default": ("default", (None, False)),
    "existing_autoincrement": ("autoincrement", (None,)),
    "existing_comment": ("comment", (None,)),
}


@contextlib.contextmanager
def kept(context: MigrationContext) -> Iterator[None]:
    """Complete every `alter_column` while the block runs; other dialects are left alone."""
    if context.dialect.name not in ("mysql", "mariadb") or context.connection is None:
        yield
        return
    original: Callable[..., None] = context.impl.alter_column

    def alter_column(table_name: str, column_name: str, **said: Any) -> None:
        connection = context.impl.connection
        if connection is not None:
            said = _completed(connection, table_name, column_name, said)
        original(table_name, column_name, **said)

    vars(context.impl)["alter_column"] = alter_column
    try:
        yield
    finally:
        del vars(context.impl)["alter_column"]


def _completed(
    connection: Connection, table: str, column: str, said: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments with what the database knows for what was not said."""
    found = _reflected(connection, table, column, said.get("schema"))
    if found is None or "computed" in found:
        return said
    missing = {
        argument: _value(key, found.get(key))
        for argument, (key, unsaid) in _ARGUMENTS.items()
        if said.get(argument) in unsaid and found.get(key) is not None
    }
    if "existing_type" in missing:
        said = {**said, "type_": _with_collation(said.get("type_"), found["type"])}
    return {**said, **missing}


def _reflected(
    connection: Connection, table: str, column: str, schema: str | None
) -> dict[str, Any] | None:
    inspector = inspect(connection)
    if not inspector.has_table(table, schema=schema):
        return None
    columns = inspector.get_columns(table, schema=schema)
    return next((dict(c) for c in columns if c["name"].lower() == column.lower()), None)


def _value(key: str, value: Any) -> Any:
    """A default comes as the text that makes it."""
    return text(str(value).replace(":", "\\:")) if key == "default" else value


def _with_collation(type_: Any, old: Any) -> Any:
    """Give a new text type the collation of the old one, where it names none itself."""
    collation = getattr(old, "collation", None)
    if not isinstance(type_, String) or collation is None or type_.collation is not None:
        return type_
    twin: Any = type_.copy()
    twin.collation = collation
    return twin
