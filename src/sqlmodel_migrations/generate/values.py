"""Values for rows that have none: what the models know, written as SQL."""

from __future__ import annotations

import datetime
import json
import re
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, JSON, Column, Dialect, literal
from sqlalchemy.exc import CompileError, StatementError
from sqlalchemy.sql.elements import ClauseElement

from sqlmodel_migrations.database import quoting

_LITERAL = re.compile(r"[-+]?\d+(\.\d+)?|'(?:[^']|'')*'|NULL|TRUE|FALSE", re.IGNORECASE)
_PER_ROW_UUID = {
    "postgresql": "gen_random_uuid()",
    "sqlite": "lower(hex(randomblob(16)))",
    "mysql": "md5(concat(uuid(), rand()))",
}


@dataclass(frozen=True)
class Value:
    """`sql` gives the value; a constant one can be a column's default for a moment."""

    sql: str
    is_constant: bool


def told(text: str) -> Value:
    """Return what `--fill` gave: a literal is a constant, all else an expression."""
    return Value(text, _LITERAL.fullmatch(text.strip()) is not None)


def of_model(column: Column[Any], dialect: Dialect) -> Value | None:
    """Return what the model's `default` or `default_factory` gives; None where it knows none."""
    default: Any = column.default
    if default is None or getattr(default, "is_sequence", False):
        return None
    if isinstance(default.arg, ClauseElement):
        return Value(_compiled(default.arg, dialect), False)
    if callable(default.arg):
        return _made(column, default.arg, dialect)
    return _constant(column, default.arg, dialect)


def _made(column: Column[Any], factory: Any, dialect: Dialect) -> Value | None:
    """What a factory gives twice is a constant; UUIDs and the time are made by the server."""
    try:
        first, second = factory(None), factory(None)
    except Exception:
        return None
    if isinstance(first, uuid.UUID) and first != second:
        return _per_row_uuid(column, dialect)
    if isinstance(first, datetime.date) and (first != second or _is_now(first)):
        is_day = not isinstance(first, datetime.datetime)
        return Value("CURRENT_DATE" if is_day else "CURRENT_TIMESTAMP", False)
    return _constant(column, first, dialect) if first == second else None


def _is_now(value: datetime.date) -> bool:
    """Whether a value is today, or this minute, anywhere: a clock's rather than a constant."""
    utc = datetime.datetime.now(datetime.UTC)
    if not isinstance(value, datetime.datetime):
        return abs(value - utc.date()) <= datetime.timedelta(days=1)
    nows = (utc, utc.replace(tzinfo=None), datetime.datetime.now())
    minute = datetime.timedelta(minutes=1)
    return any(
        abs(value - now) < minute for now in nows if (now.tzinfo is None) == (value.tzinfo is None)
    )


def _per_row_uuid(column: Column[Any], dialect: Dialect) -> Value | None:
    name = "mysql" if dialect.name == "mariadb" else dialect.name
    if name == "mysql" and "UUID" in column.type.compile(dialect=dialect).upper():
        return Value("uuid()", False)
    made = _PER_ROW_UUID.get(name)
    return Value(made, False) if made else None


def _constant(column: Column[Any], value: Any, dialect: Dialect) -> Value | None:
    """Write a value as a literal: SQLAlchemy's, or else what the driver would be given."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return Value(_binary(value, dialect), True)
    if isinstance(value, datetime.datetime) and dialect.name in ("mysql", "mariadb"):
        value = _naive(value)
        return Value(f"'{value.isoformat(' ')}'", True)
    try:
        sql = _compiled(literal(value, column.type), dialect)
        if isinstance(column.type, ARRAY):  # An empty one has no type of its own.
            sql += f"::{column.type.compile(dialect=dialect)}"
        return Value(sql, True)
    except (CompileError, StatementError, ValueError, TypeError, NotImplementedError):
        return _bound(column, value, dialect)


def _naive(value: datetime.datetime) -> datetime.datetime:
    """MariaDB and MySQL keep no offset: UTC is what SQLModel stores."""
    if value.tzinfo is None:
        return value
    return value.astimezone(datetime.UTC).replace(tzinfo=None)


def _bound(column: Column[Any], value: Any, dialect: Dialect) -> Value | None:
    type_: Any = column.type
    if type_._type_affinity is JSON:
        return Value(quoting.literal(json.dumps(value), dialect), True)
    processor = type_.dialect_impl(dialect).bind_processor(dialect)
    given = processor(value) if processor is not None else value
    if isinstance(given, bytes):
        return Value(_binary(given, dialect), True)
    if isinstance(given, bool | int | float):
        return Value(repr(given), True)
    if isinstance(given, datetime.datetime | datetime.date | datetime.time | str):
        return Value(quoting.literal(str(given), dialect), True)
    return None


def _binary(value: bytes, dialect: Dialect) -> str:
    return f"'\\x{value.hex()}'" if dialect.name == "postgresql" else f"x'{value.hex()}'"


def _compiled(element: ClauseElement, dialect: Dialect) -> str:
    compiled = str(element.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    doubled = getattr(dialect.identifier_preparer, "_double_percents", False)
    return compiled.replace("%%", "%") if doubled else compiled
