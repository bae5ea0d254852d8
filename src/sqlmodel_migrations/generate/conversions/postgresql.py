"""PostgreSQL: `USING` says how values are converted, and a text is looked at before it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic.operations import ops

from sqlmodel_migrations.errors import AnswerNeeded
from sqlmodel_migrations.generate.answers import flag
from sqlmodel_migrations.generate.conversions import base
from sqlmodel_migrations.generate.conversions.base import Change
from sqlmodel_migrations.generate.operations.cast import CastColumnOp
from sqlmodel_migrations.generate.rewriters.base import Operation
from sqlmodel_migrations.generate.sqltype import Kind, SqlType

_AWARE = "timestamp with time zone"
_ZONE = re.compile(r"AT TIME ZONE\s+('(?:[^']|'')+')", re.IGNORECASE)
_TYPE_OF_DEFAULT = re.compile(r"^('(?:[^']|'')*')::[\w\s\"().]+$")
_HAS_IS_JSON = (16,)

# What the parsers of the types read. Alone, none of them fails on what its pattern lets through.
_DIGITS = r"^\s*[-+]?[0-9]{1,200}\s*$"
_NUMBER = r"^\s*[-+]?([0-9]{1,200}[.]?[0-9]{0,200}|[.][0-9]{1,200})([eE][-+]?[0-9]{1,3})?\s*$"
_NO_NUMBER = r"^\s*([-+]?inf(inity)?|nan)\s*$"
_UUIDS = (
    r"^[0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}$",
    r"^[{][0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}[}]$",
)
_BOOLEAN = r"^\s*(t|tr|tru|true|y|ye|yes|on|1|f|fa|fal|fals|false|n|no|of|off|0)\s*$"
_DATE = r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
_OFFSET = r" ?(Z|[-+](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
_RANGES = {"real": ("1e-37", "3.4e38"), "double precision": ("1e-307", "1.79e308")}


def converted(change: Change) -> Iterator[Operation]:
    """Change the type in one statement; a default goes before it and comes back after it."""
    using = _using(change)
    if using is None:
        yield change.operation
        yield from _default_of_type(change, change.old.default)
        return
    if change.old.default is not None:
        yield change.statement(f"{_alter(change)} DROP DEFAULT")
    yield CastColumnOp.of(_without_default(change.operation), using)
    if change.operation.modify_server_default not in (False, None):
        yield _only_default(change.operation)
    elif change.old.default is not None:
        yield from _default_of_type(change, None)


def _default_of_type(change: Change, there: str | None) -> Iterator[Operation]:
    """Write a default that stays as one of the new type, where the server has another text."""
    default = change.new.default
    if change.operation.modify_server_default is not False or default in (None, there):
        return
    # The server adds the cast to the new type by itself.
    text = _TYPE_OF_DEFAULT.sub(r"\1", str(default))
    yield change.statement(f"{_alter(change)} SET DEFAULT {text}")


def _alter(change: Change) -> str:
    return f"ALTER TABLE {change.where} ALTER COLUMN {change.value}"


def _without_default(operation: ops.AlterColumnOp) -> ops.AlterColumnOp:
    return ops.AlterColumnOp(
        operation.table_name,
        operation.column_name,
        schema=operation.schema,
        existing_type=operation.existing_type,
        existing_nullable=operation.existing_nullable,
        existing_comment=operation.existing_comment,
        modify_type=operation.modify_type,
        modify_nullable=operation.modify_nullable,
        modify_comment=operation.modify_comment,
        **operation.kw,
    )


def _only_default(operation: ops.AlterColumnOp) -> ops.AlterColumnOp:
    return ops.AlterColumnOp(
        operation.table_name,
        operation.column_name,
        schema=operation.schema,
        existing_type=operation.modify_type,
        existing_nullable=operation.existing_nullable,
        modify_server_default=operation.modify_server_default,
    )


def _using(change: Change) -> str | None:
    """The expression that converts; None where the server does it by itself."""
    if change.told is not None:
        return change.told
    if change.source.base == change.target.base:
        return None
    if items := change.items():
        return _using_of_items(change, items)
    if _is_about_zones(change):
        return _in_zone(change)
    return _of_kinds(change)


def _of_kinds(change: Change) -> str | None:
    value, target = change.value, change.target
    if target.labels and change.source.kind in (Kind.TEXT, Kind.ENUM):
        return f"{_as_name(change)}::{target.text}"
    if change.kinds not in base.KNOWN:
        return _asked(change)
    if target.is_text:
        return f"{value}::text"
    if change.kinds == (Kind.BOOLEAN, Kind.NUMBER):
        return f"{value}::integer"
    if change.kinds == (Kind.NUMBER, Kind.BOOLEAN):
        return f"{value} <> 0"
    is_assigned = change.source.kind is target.kind or change.kinds == (Kind.DATE, Kind.DATETIME)
    return None if is_assigned and target.kind is not Kind.JSON else f"{value}::{target.text}"


def _as_name(change: Change) -> str:
    text = f"{change.value}::text"
    return f"({base.as_names(change, text)})" if change.values_to_names() else text


def _asked(change: Change) -> str:
    cast = f"{change.value}::{change.target.text}"
    if not change.direction.is_upgrade:
        return f"{change.value}::text::{change.target.text}"
    raise base.unknown(change, cast)


def _using_of_items(change: Change, items: Change) -> str | None:
    """Arrays are cast as a whole: a cast converts each item."""
    if items.target.labels and items.source.kind in (Kind.TEXT, Kind.ENUM):
        text = f"{change.value}::text[]"
        for value, name in items.values_to_names().items():
            pair = f"{change.direction.literal(value)}, {change.direction.literal(name)}"
            text = f"array_replace({text}, {pair})"
        return f"{text}::{change.target.text}"
    is_known = items.kinds in base.KNOWN and not _is_about_zones(items)
    if not is_known:
        return _asked(change)
    is_assigned = items.source.kind is items.target.kind and items.target.kind is not Kind.JSON
    return None if is_assigned else f"{change.value}::{change.target.text}"


def keeps_foreign_keys(change: Change) -> bool:
    """While numbers refer to numbers and texts to texts; others compare with their own type."""
    source, target = change.source, change.target
    is_comparable = source.kind is target.kind and source.kind in (Kind.NUMBER, Kind.TEXT)
    return is_comparable or source.base == target.base


# Zones: without one that is said, the server's own would shift every row.


def _is_about_zones(change: Change) -> bool:
    source, target = change.source, change.target
    has_zone = _AWARE in (source.base, target.base) and source.base != target.base
    return has_zone and {source.kind, target.kind} <= {Kind.DATE, Kind.DATETIME}


def _in_zone(change: Change) -> str:
    zone = _zone_of_the_way_up(change)
    if zone is not None:
        return _moved(change, zone)
    example = _moved(change, "'UTC'")
    raise AnswerNeeded(
        f"column '{change.thing}' changes from {change.old.type} to {change.new.type}:"
        " which time zone are the times in that are there?",
        flags=(flag("--using", f"{change.thing}={example}"),),
        hint="give the zone that the application wrote its times in",
    )


def _moved(change: Change, zone: str) -> str:
    value = f"{change.value}::timestamp" if change.source.kind is Kind.DATE else change.value
    moved = f"{value} AT TIME ZONE {zone}"
    return f"({moved})::date" if change.target.kind is Kind.DATE else moved


def _zone_of_the_way_up(change: Change) -> str | None:
    """The zone of the upgrade holds for the downgrade as well."""
    if change.direction.is_upgrade:
        return None
    found = _ZONE.search(change.direction.answers.usings.get(change.thing, ""))
    return found[1] if found else None


# What does not fit is counted first.


def misfit(change: Change) -> str | None:
    """Look at texts by patterns before they are cast: CASE casts none that does not match."""
    if items := change.items():
        condition = _misfit(items)
        array = f"unnest({change.value}) AS item"
        return condition and f"EXISTS (SELECT 1 FROM {array} WHERE {condition})"
    return _misfit(change)


def _misfit(change: Change) -> str | None:
    source, target, value = change.source, change.target, change.value
    if change.labels and source.kind in (Kind.TEXT, Kind.ENUM):
        return base.no_label(change, _as_text(change))
    if target.is_text:
        return base.too_long(change, _as_text(change))
    if source.is_text:
        return _unread(change)
    if source.is_number and target.is_number:
        return _no_number(change, value, source)
    if change.kinds == (Kind.NUMBER, Kind.BOOLEAN):
        return f"{value} NOT IN (0, 1)"
    if change.kinds == (Kind.DATETIME, Kind.DATE) and source.base != _AWARE:
        return f"{value} <> date_trunc('day', {value})"
    if source.base == target.base and source.kind in (Kind.DATETIME, Kind.TIME):
        return _fraction(change)
    return None


def _as_text(change: Change) -> str:
    return change.value if change.source.is_text else f"{change.value}::text"


def _no_number(change: Change, value: str, source: SqlType) -> str | None:
    target = change.target
    if target.is_integer:
        return base.no_integer(change, value)
    if target.is_decimal and target.arguments:
        if source.is_integer or source.is_decimal:
            return base.no_decimal(change, value)
        # round() of so many digits takes a numeric, which has no infinity before PostgreSQL 14.
        lost = base.no_decimal(change, f"{value}::numeric")
        return f"CASE WHEN {value} IN ('Infinity', '-Infinity') THEN true ELSE {lost} END"
    if target.base in _RANGES and (source.is_decimal or target.base == "real"):
        return _out_of_range(value, target) if not source.is_integer else None
    return None


def _out_of_range(value: str, target: SqlType) -> str:
    least, greatest = _RANGES[target.base]
    return f"{value} <> 0 AND abs({value}) NOT BETWEEN {least} AND {greatest}"


def _fraction(change: Change) -> str | None:
    """Digits of seconds that the new type has not."""
    places = [(*type_.arguments, 6)[0] for type_ in (change.source, change.target)]
    if places[1] >= places[0]:
        return None
    return f"{change.value} <> {change.value}::{change.target.text}"


def _unread(change: Change) -> str | None:
    """The condition for text that the new type does not read, or reads as less than it says."""
    target, value = change.target, change.value
    if target.is_integer:
        low, high = base.bounds(target)
        return _matched(value, _DIGITS, f"{value}::numeric NOT BETWEEN {low} AND {high}")
    if target.is_number:
        return _no_number_in_text(change)
    if target.kind is Kind.JSON:
        version = change.direction.dialect.server_version_info or ()
        return f"{value} IS NOT JSON" if version >= _HAS_IS_JSON else None
    if target.kind in (Kind.DATE, Kind.DATETIME):
        return _no_moment(change)
    patterns = {
        Kind.UUID: "|".join(_UUIDS),
        Kind.BOOLEAN: f"(?i){_BOOLEAN}",
        Kind.TIME: f"^{_TIME}$",
    }
    pattern = patterns.get(target.kind)
    return f"{value} !~ {change.direction.literal(pattern)}" if pattern else None


def _no_number_in_text(change: Change) -> str:
    target, value = change.target, change.value
    number = f"{value}::numeric"
    if target.base in _RANGES:
        lost = _out_of_range(number, target)
        return f"CASE WHEN {value} ~ '{_NUMBER}' THEN {lost} ELSE {value} !~* '{_NO_NUMBER}' END"
    return _matched(value, _NUMBER, base.no_decimal(change, number) or "false")


def _no_moment(change: Change) -> str:
    """Dates as ISO 8601 writes them: others depend on settings of the server."""
    target, value = change.target, change.value
    pattern = _DATE
    if target.kind is Kind.DATETIME:
        pattern += f"([ T]{_TIME}{_OFFSET})" if target.base == _AWARE else f"([ T]{_TIME})?"
    month = f"(left({value}, 8) || '01')::date"
    days = f"extract(day FROM {month} + interval '1 month' - interval '1 day')"
    return _matched(value, f"^{pattern}$", f"substr({value}, 9, 2)::integer > {days}")


def _matched(value: str, pattern: str, misfit: str) -> str:
    return f"CASE WHEN {value} ~ '{pattern}' THEN {misfit} ELSE {value} IS NOT NULL END"
