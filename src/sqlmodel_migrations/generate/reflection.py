"""Reflection put right: columns that SQLAlchemy or Alembic read otherwise than they are."""

from __future__ import annotations

import re
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Inspector, Table

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database.catalog.base import Column as CatalogColumn
from sqlmodel_migrations.generate.sides import Sides


def correct(context: MigrationContext, found: Sides) -> None:
    """Let what autogenerate reflects of the schema before say what its catalog says."""
    if context.dialect.name == "postgresql":
        _alembic.reflect_columns(context, _Serials(found))
    elif context.dialect.name in ("mysql", "mariadb"):
        _alembic.reflect_columns(context, _Mysql(found))
    elif context.dialect.name == "sqlite":
        _alembic.reflect_columns(context, _parenthesized)


class _Twins:
    """The columns of a catalog, for those that are reflected."""

    def __init__(self, found: Sides):
        self._found = found

    def _of(self, table: Table, name: str) -> CatalogColumn | None:
        known = self._found.before.tables.get(self._found.key(table.schema, table.name))
        return known.columns.get(name) if known is not None else None


class _Serials(_Twins):
    """Takes the default of a serial away, which its type implies.

    Alembic asks the server for the sequence by its name, column by column, and cannot spell one
    with an apostrophe.
    """

    def __call__(self, _: Inspector, table: Table, column: Any) -> None:
        twin = self._of(table, column["name"])
        if twin is not None and (twin.identity or "").startswith("serial"):
            column.pop("default", None)


class _Mysql(_Twins):
    """Reads a backtick as one, where SQLAlchemy leaves both that SHOW CREATE TABLE writes.

    JSON of MariaDB is a LONGTEXT to it, without the check that makes it JSON.
    """

    def __call__(self, _: Inspector, table: Table, column: Any) -> None:
        column["name"] = column["name"].replace("``", "`")
        twin = self._of(table, column["name"])
        if twin is not None and twin.type == "json":
            column["type"] = JSON()


# What SQLite takes behind DEFAULT without parentheses (its grammar's "literal-value").
_LITERAL = re.compile(
    r"[-+]?[\d.]\w*|x?'(?:[^']|'')*'|\"[^\"]*\"|NULL|TRUE|FALSE|CURRENT_\w+|\(.*\)", re.I | re.S
)


def _parenthesized(_inspector: Inspector, _table: Table, column: Any) -> None:
    """Give a default that is an expression its parentheses back, which the pragma leaves out."""
    default = column.get("default")
    if isinstance(default, str) and not _LITERAL.fullmatch(default.strip()):
        column["default"] = f"({default})"
