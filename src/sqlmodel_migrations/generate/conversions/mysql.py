"""MariaDB and MySQL: they convert by themselves, and drop without a word what does not fit."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.generate.conversions import base
from sqlmodel_migrations.generate.conversions.base import Change
from sqlmodel_migrations.generate.rewriters.base import Operation
from sqlmodel_migrations.generate.sqltype import Kind

_DIGITS = "^[[:space:]]*[-+]?[0-9]{1,60}[[:space:]]*$"
_NUMBER = (
    "^[[:space:]]*[-+]?([0-9]{1,30}[.]?[0-9]{0,30}|[.][0-9]{1,30})"
    "([eE][-+]?[0-9]{1,2})?[[:space:]]*$"
)
_UUID = "^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = "[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
_BOOLEAN = "tinyint(1)"
_BYTES = {"tinytext": 255, "text": 65_535, "mediumtext": 16_777_215}
_BYTES |= {name.replace("text", "blob"): size for name, size in _BYTES.items()}


def converted(change: Change) -> Iterator[Operation]:
    """Apply an expression first, to a text where the old type would not hold its value."""
    expression = change.told or _expression(change)
    if expression is None:
        base.require_known(change)
        yield change.operation
        if base.was_uuid(change):
            parts = ", ".join(base.uuid_parts(change))
            yield base.update(change, f"concat_ws('-', {parts})")
        return
    if not change.source.is_text:
        alter = f"ALTER TABLE {change.where} MODIFY {change.value} LONGTEXT NULL"
        yield change.statement(alter)
    yield base.update(change, expression)
    yield change.operation


def _expression(change: Change) -> str | None:
    if change.values_to_names() and change.source.is_text:
        return base.as_names(change, change.value)
    if change.source.is_text and change.target.text == _BOOLEAN:
        return base.boolean_number(change)
    return base.uuid_digits(change) if base.is_made_uuid(change) else None


def keeps_foreign_keys(change: Change) -> bool:
    """Never: the server refuses the change while they are there."""
    return False


def misfit(change: Change) -> str | None:
    """SELECT warns where ALTER fails, and a cast that is refused gives NULL."""
    source, target, value = change.source, change.target, change.value
    if change.labels and source.kind in (Kind.TEXT, Kind.ENUM):
        return base.no_label(change, value)
    if base.is_made_uuid(change):
        return f"{value} NOT REGEXP '{_UUID}'"
    if target.is_text or target.kind is Kind.BINARY:
        return _too_long(change)
    if source.is_text:
        return _unread(change)
    if source.is_number and target.is_number:
        return _no_number(change)
    if change.kinds == (Kind.DATETIME, Kind.DATE):
        return f"{value} <> CAST({value} AS DATE)"
    if source.kind is target.kind and source.kind in (Kind.DATETIME, Kind.TIME):
        return _fraction(change)
    return None


def _too_long(change: Change) -> str | None:
    source, target = change.source, change.target
    if target.base in _BYTES:
        is_wider = _BYTES.get(source.base, 2**32) <= _BYTES[target.base]
        is_short = bool(source.arguments) and source.arguments[0] * 4 <= _BYTES[target.base]
        is_long = source.is_text or source.kind is Kind.BINARY
        wide = is_wider or is_short or not is_long
        return None if wide else f"length({change.value}) > {_BYTES[target.base]}"
    if target.kind is Kind.BINARY and target.arguments:
        fits = bool(source.arguments) and source.arguments[0] <= target.arguments[0]
        return None if fits else f"length({change.value}) > {target.arguments[0]}"
    return base.too_long(change, change.value)


def _no_number(change: Change) -> str | None:
    source, target, value = change.source, change.target, change.value
    if target.is_integer:
        return base.no_integer(change, value)
    if target.is_decimal:
        return base.no_decimal(change, value)
    if target.base == "float" and not source.is_integer and source.base != "float":
        return f"abs({value}) > 3.4e38"
    return None


def _fraction(change: Change) -> str | None:
    """Digits of seconds that the new type has not; without a number it has none."""
    old, new = ((*type_.arguments, 0)[0] for type_ in (change.source, change.target))
    if new >= old:
        return None
    name = "TIME" if change.source.kind is Kind.TIME else "DATETIME"
    return f"{change.value} <> CAST({change.value} AS {name}({new}))"


def _unread(change: Change) -> str | None:
    """The condition for text that the new type does not read, or reads as less than it says."""
    target, value = change.target, change.value
    if target.text == _BOOLEAN:
        return base.no_boolean_word(change, value)
    if target.is_integer:
        low, high = base.bounds(target)
        number = f"CAST({value} AS DECIMAL(60, 0))"
        return _matched(value, _DIGITS, f"{number} NOT BETWEEN {low} AND {high}")
    if target.is_number:
        lost = base.no_decimal(change, f"CAST({value} AS DECIMAL(65, 30))")
        return _matched(value, _NUMBER, lost if lost and target.is_decimal else "false")
    if target.kind is Kind.JSON:
        return f"NOT json_valid({value})"
    if target.kind is Kind.UUID:
        return f"{value} NOT REGEXP '{_UUID}'"
    return _no_moment(change)


def _no_moment(change: Change) -> str | None:
    target, value = change.target, change.value
    places = (*target.arguments, 0)[0]
    if target.kind is Kind.DATE:
        return _matched(value, f"^{_DATE}$", f"CAST({value} AS DATE) IS NULL")
    patterns = {Kind.DATETIME: f"^{_DATE}([ T]{_TIME})?$", Kind.TIME: f"^{_TIME}$"}
    if target.kind not in patterns:
        return None
    name = target.kind.value.upper()
    read, kept = f"CAST({value} AS {name}(6))", f"CAST({value} AS {name}({places}))"
    return _matched(value, patterns[target.kind], f"{read} IS NULL OR {read} <> {kept}")


def _matched(value: str, pattern: str, misfit: str) -> str:
    found = f"{value} REGEXP '{pattern}'"
    return f"CASE WHEN {found} THEN {misfit} ELSE {value} IS NOT NULL END"
