"""Reflection put right: columns that SQLAlchemy or Alembic read otherwise than they are."""

from __future__ import annotations

import re
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Inspector, Table

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.generate.sides import Sides


def correct(context: MigrationContext, found: Sides) -> None:
    """Let what autogenerate reflects of the schema before say what its catalog says."""
    if context.dialect.name == "postgresql":
        _alembic.reflect_columns(context, _Serials(found))
    elif context.dialect.name in ("mysql", "mariadb"):
        _alembic.reflect_columns(context, _unescaped)
    elif context.dialect.name == "sqlite":
        _alembic.reflect_columns(context, _parenthesized)


class _Serials:
    """Takes the default of a serial away, which its type implies.

    Alembic asks the server for the sequence by its name, column by column, and cannot spell one
    with an apostrophe.
    """

    def __init__(self, found: Sides):
        self._found = found

    def __call__(self, _: Inspector, table: Table, column: Any) -> None:
        known = self._found.before.tables.get(self._found.key(table.schema, table.name))
        twin = known.columns.get(column["name"]) if known is not None else None
        if twin is not None and (twin.identity or "").startswith("serial"):
            column.pop("default", None)


def _unescaped(_inspector: Inspector, _table: Table, column: Any) -> None:
    """Read a backtick as one: SQLAlchemy leaves both that SHOW CREATE TABLE writes."""
    column["name"] = column["name"].replace("``", "`")


# What SQLite takes behind DEFAULT without parentheses (its grammar's "literal-value").
_LITERAL = re.compile(
    r"[-+]?[\d.]\w*|x?'(?:[^']|'')*'|\"[^\"]*\"|NULL|TRUE|FALSE|CURRENT_\w+|\(.*\)", re.I | re.S
)


def _parenthesized(_inspector: Inspector, _table: Table, column: Any) -> None:
    """Give a default that is an expression its parentheses back, which the pragma leaves out."""
    default = column.get("default")
    if isinstance(default, str) and not _LITERAL.fullmatch(default.strip()):
        column["default"] = f"({default})"
