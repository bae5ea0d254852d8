"""SQLite: columns take any value, so that those are written as SQLAlchemy reads the new type."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.generate.conversions import base
from sqlmodel_migrations.generate.conversions.base import Change
from sqlmodel_migrations.generate.rewriters.base import Operation
from sqlmodel_migrations.generate.sqltype import Kind

_DIGIT = "[0-9]"
_TIME = f"{_DIGIT * 2}:{_DIGIT * 2}"
_DATE = f"{_DIGIT * 4}-{_DIGIT * 2}-{_DIGIT * 2}"


def converted(change: Change) -> Iterator[Operation]:
    """Write the values anew first, where the new type is read in another form."""
    expression = change.told or _expression(change)
    if expression is None:
        base.require_known(change)
        yield change.operation
        if base.was_uuid(change):
            yield base.update(change, " || '-' || ".join(base.uuid_parts(change)))
        return
    yield base.update(change, expression)
    yield change.operation


def _expression(change: Change) -> str | None:
    value = change.value
    if change.values_to_names():
        return base.as_names(change, value)
    if base.is_made_uuid(change):
        return base.uuid_digits(change)
    if change.kinds == (Kind.TEXT, Kind.BOOLEAN):
        return base.boolean_number(change)
    if change.kinds == (Kind.DATETIME, Kind.DATE):
        return f"date({value})"
    if change.kinds == (Kind.DATE, Kind.DATETIME):
        return f"{value} || ' 00:00:00.000000'"
    if change.kinds == (Kind.TEXT, Kind.DATETIME):
        return f"replace({value}, 'T', ' ')"
    return None


def keeps_foreign_keys(change: Change) -> bool:
    """Always: a rebuild keeps them, and they are checked at the end."""
    return True


def misfit(change: Change) -> str | None:
    """Texts of any length fit; a text that is no number would stay one."""
    source, target, value = change.source, change.target, change.value
    if change.labels and source.kind in (Kind.TEXT, Kind.ENUM):
        return base.no_label(change, value)
    if base.is_made_uuid(change):
        digits = f"replace({value}, '-', '')"
        return f"length({digits}) <> 32 OR {digits} GLOB '*[^0-9a-fA-F]*'"
    if source.is_text:
        return _unread(change)
    if source.is_number and target.is_integer:
        return None if source.is_integer else f"{value} <> round({value})"
    if source.is_number and target.is_decimal:
        return base.no_decimal(change, value)
    if change.kinds == (Kind.NUMBER, Kind.BOOLEAN):
        return f"{value} NOT IN (0, 1)"
    if change.kinds == (Kind.DATETIME, Kind.DATE):
        return f"time({value}) <> '00:00:00'"
    return None


def _unread(change: Change) -> str | None:
    """The condition for text that SQLAlchemy would not read as the new type."""
    target, value = change.target, change.value
    if target.is_integer:
        return f"CAST(CAST({value} AS INTEGER) AS TEXT) <> trim({value})"
    if target.is_number:
        return _no_number(change)
    conditions = {
        Kind.JSON: f"{value} IS NOT NULL AND NOT json_valid({value})",
        Kind.BOOLEAN: base.no_boolean_word(change, value),
        Kind.DATE: f"{value} IS NOT date({value}, '+0 days')",
        Kind.DATETIME: _no_datetime(value),
        Kind.TIME: f"{value} NOT GLOB '{_TIME}*' OR {value} IS NOT NULL AND time({value}) IS NULL",
    }
    return conditions.get(target.kind)


def _no_number(change: Change) -> str:
    """JSON writes a number as everybody does."""
    value = change.value
    is_number = f"json_type(trim({value})) IN ('integer', 'real')"
    lost = (
        base.no_decimal(change, f"CAST({value} AS NUMERIC)") if change.target.is_decimal else None
    )
    checked = f"CASE WHEN {is_number} THEN {lost or 'false'} ELSE true END"
    return (
        f"{value} IS NOT NULL AND CASE WHEN json_valid(trim({value})) THEN {checked} ELSE true END"
    )


def _no_datetime(value: str) -> str:
    """Not written as ISO 8601 does, not in the calendar, or with a zone, which would get lost."""
    return (
        f"{value} NOT GLOB '{_DATE}*' OR {value} IS NOT NULL AND datetime({value}) IS NULL"
        f" OR date(substr({value}, 1, 10), '+0 days') <> substr({value}, 1, 10)"
        f" OR substr({value}, 11) GLOB '*[-+Zz]*'"
    )
