"""Names quoted for SQL that is written as text."""

from __future__ import annotations

from sqlalchemy import Dialect


def quote(name: str, dialect: Dialect) -> str:
    """Quote a name where it needs quotes.

    `%` stays single: SQLAlchemy doubles it for drivers that take `%s` for a parameter, and
    doubles it once more where the text is compiled by `text()`.
    """
    preparer = dialect.identifier_preparer
    quoted = preparer.quote(name)
    return quoted.replace("%%", "%") if getattr(preparer, "_double_percents", False) else quoted


def qualified(schema: str | None, name: str, dialect: Dialect) -> str:
    """Quote the name of a table or type, with its schema where that is not the default one."""
    quoted = quote(name, dialect)
    return f"{quote(schema, dialect)}.{quoted}" if schema else quoted
