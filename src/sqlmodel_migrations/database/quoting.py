"""Names and texts quoted for SQL that is written as text."""

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


def literal(text: str, dialect: Dialect) -> str:
    """Write a text as SQL does; MariaDB and MySQL read a backslash as the half of something."""
    if dialect.name in ("mysql", "mariadb"):
        text = text.replace("\\", "\\\\")
    return "'" + text.replace("'", "''") + "'"


def for_driver(sql: str, dialect: Dialect) -> str:
    """Return SQL as `exec_driver_sql` wants it: some drivers take `%` for a parameter's sign."""
    return sql.replace("%", "%%") if _formats(dialect) else sql


def from_driver(sql: str, dialect: Dialect) -> str:
    """Return the SQL that a driver makes of a text with parameters."""
    return sql.replace("%%", "%") if _formats(dialect) else sql


def _formats(dialect: Dialect) -> bool:
    return dialect.paramstyle in ("format", "pyformat")
