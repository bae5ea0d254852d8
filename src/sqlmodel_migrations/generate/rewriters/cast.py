"""Changes of type: values are converted in a known way, and what does not fit is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alembic.operations import ops
from sqlalchemy import Enum as EnumType

from sqlmodel_migrations.database.catalog import Catalog, Column
from sqlmodel_migrations.errors import AnswerNeeded
from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.generate.operations.cast import CastColumnOp
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation
from sqlmodel_migrations.generate.sqltype import SqlType

_INTEGER_RANGES = {
    "tinyint": 7,
    "smallint": 15,
    "mediumint": 23,
    "integer": 31,
    "int": 31,
    "bigint": 63,
}


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Say how each change of type converts, guard what may fail, and ask where nobody knows."""
    return [new for op in operations for new in _rewritten(op, direction)]


def _rewritten(operation: Operation, direction: Direction) -> Iterator[Operation]:
    if not isinstance(operation, ops.AlterColumnOp) or operation.modify_type is None:
        yield operation
        return
    change = _change(operation, direction)
    if change is None:
        yield operation
        return
    direction.guards.extend(_guards(change))
    if direction.dialect.name == "postgresql":
        yield from _postgresql(change)
    else:
        yield from _elsewhere(change)


@dataclass(frozen=True)
class _Change:
    """One column on its way from one type to another."""

    operation: ops.AlterColumnOp
    direction: Direction
    old: Column
    new: Column

    @property
    def key(self) -> str:
        return self.direction.key(self.operation)

    @property
    def thing(self) -> str:
        return f"{self.key}.{self.operation.column_name}"

    @property
    def column(self) -> str:
        return self.direction.quote(self.operation.column_name)

    @property
    def where(self) -> str:
        return self.direction.quoted_table(self.operation)

    @property
    def source(self) -> SqlType:
        return SqlType.parse(self.old.type)

    @property
    def target(self) -> SqlType:
        return SqlType.parse(self.new.type)

    @property
    def told(self) -> str | None:
        """The expression that a person gave; the zone of a timestamp holds for both ways."""
        answers = self.direction.answers
        if self.direction.is_upgrade:
            return answers.usings.get(self.thing)
        given = answers.usings_down.get(self.thing)
        up = answers.usings.get(self.thing, "")
        return given or (up if "AT TIME ZONE" in up.upper() else None)


def _change(operation: ops.AlterColumnOp, direction: Direction) -> _Change | None:
    old = direction.column(operation, operation.column_name)
    after = direction.after.tables.get(direction.key(operation))
    new = after.columns.get(operation.column_name) if after is not None else None
    if old is None or new is None or old.type == new.type:
        return None
    return _Change(operation, direction, old, new)


# PostgreSQL: USING


def _postgresql(change: _Change) -> Iterator[Operation]:
    using = _using(change)
    if using is None:
        yield change.operation
        return
    default = change.old.default
    if default is not None:
        alter = f"ALTER TABLE {change.where} ALTER COLUMN {change.column}"
        yield _statement(f"{alter} DROP DEFAULT", change)
    yield CastColumnOp.of(_without_default(change), using)
    if change.operation.modify_server_default not in (False, None):
        yield _only_default(change.operation)
    elif default is not None and change.operation.modify_server_default is False:
        yield _statement(f"{alter} SET DEFAULT {_text_of(default)}", change)


def _text_of(default: str) -> str:
    """A default without the cast to the old type, which the server adds anew."""
    return re.sub(r"^('(?:[^']|'')*')::[\w\s\"().]+$", r"\1", default)


def _without_default(change: _Change) -> ops.AlterColumnOp:
    operation = change.operation
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


def _using(change: _Change) -> str | None:
    """The expression that converts; None where the server does it by itself."""
    if change.told is not None:
        return change.told
    source, target = change.source, change.target
    if source.base == target.base:
        return None
    if {source.base, target.base} == _ZONED:
        return _zone(change)
    if _is_enum(change, target):
        return f"{_mapped(change)}::{target.text}"
    if target.is_text or {source.base, target.base} == {"json", "jsonb"}:
        return f"{change.column}::{'text' if target.is_text else target.text}"
    if source.is_number and target.is_number:
        return None
    if source.base == "boolean" and target.is_integer:
        return f"{change.column}::integer"
    if source.is_text and (target.is_number or target.base in ("uuid", "json", "jsonb")):
        return f"{change.column}::{target.text}"
    if source.base == "date" and target.base.startswith("timestamp"):
        return None
    return _asked(change)


_ZONED = {"timestamp without time zone", "timestamp with time zone"}


def _zone(change: _Change) -> str:
    """Naive and aware times: without a zone, the server's own would shift every row."""
    raise AnswerNeeded(
        f"column '{change.thing}' changes from {change.old.type} to {change.new.type}:"
        " which time zone are the times in that are there?",
        flags=(f"--using \"{change.thing}={change.column} AT TIME ZONE 'UTC'\"",),
        hint="give the zone that the application wrote its times in",
    )


def _asked(change: _Change) -> str:
    if not change.direction.is_upgrade:
        return f"{change.column}::text::{change.target.text}"
    raise AnswerNeeded(
        f"column '{change.thing}' changes from {change.old.type} to {change.new.type}:"
        " how are its values converted?",
        flags=(f'--using "{change.thing}={change.column}::{change.target.text}"',),
        hint="give an SQL expression; --using-down gives the way back",
    )


def _is_enum(change: _Change, target: SqlType) -> bool:
    return bool(_labels_of(target, change.direction.after))


def _labels(change: _Change, target: SqlType) -> tuple[str, ...]:
    """The labels of the new type, also where it is kept as text."""
    return _labels_of(target, change.direction.after) or _kept_as_text(change)


def _kept_as_text(change: _Change) -> tuple[str, ...]:
    """The labels of an enum without a type; a column too narrow for its values had names before."""
    model = change.operation.modify_type if change.direction.is_upgrade else None
    if not isinstance(model, EnumType):
        return ()
    members = getattr(model.enum_class, "__members__", {}).values()
    longest = max((len(str(member.value)) for member in members), default=0)
    is_narrow = bool(change.source.arguments) and change.source.arguments[0] < longest
    return () if is_narrow else tuple(model.enums)


def _labels_of(type_: SqlType, catalog: Catalog) -> tuple[str, ...]:
    for enum in catalog.enums.values():
        spelled = f"{enum.schema}.{enum.name}" if enum.schema else enum.name
        if type_.text.replace('"', "") == spelled:
            return enum.labels
    return type_.labels


def _mapped(change: _Change) -> str:
    """Text as a label: the member's name, where the rows may hold the member's value."""
    pairs = _values_to_names(change)
    if not pairs:
        return f"{change.column}::text"
    cases = " ".join(f"WHEN {_literal(v)} THEN {_literal(n)}" for v, n in pairs.items())
    return f"(CASE {change.column}::text {cases} ELSE {change.column}::text END)"


def _values_to_names(change: _Change) -> dict[str, str]:
    if _labels_of(change.source, change.direction.before):
        return {}  # The rows have names already.
    members = getattr(getattr(change.operation.modify_type, "enum_class", None), "__members__", {})
    labels = _labels(change, change.target)
    found = {str(member.value): name for name, member in members.items() if name in labels}
    return {value: name for value, name in found.items() if value not in labels}


# MariaDB, MySQL and SQLite convert by themselves: an expression is applied first.


def _elsewhere(change: _Change) -> Iterator[Operation]:
    expression = change.told
    if expression is None and _values_to_names(change):
        cases = " ".join(
            f"WHEN {_literal(v)} THEN {_literal(n)}" for v, n in _values_to_names(change).items()
        )
        expression = f"CASE {change.column} {cases} ELSE {change.column} END"
    if expression is None:
        yield change.operation
        return
    if not change.source.is_text and change.direction.dialect.name != "sqlite":
        yield _statement(f"ALTER TABLE {change.where} MODIFY {change.column} LONGTEXT NULL", change)
    sql = f"UPDATE {change.where} SET {change.column} = {expression}"
    yield _statement(sql, change)
    yield change.operation


def _statement(sql: str, change: _Change) -> StatementOp:
    return StatementOp(
        sql, None, f"convert '{change.thing}'", change.operation.table_name, phase=order.CHANGES
    )


# What does not fit is counted first.


def _guards(change: _Change) -> Iterator[Guard]:
    if change.told is not None and not change.source.is_text:
        return
    condition = _misfit(change)
    if condition is None:
        return
    yield Guard(
        f"SELECT count(*) FROM {change.where} WHERE {condition}",
        f"rows of '{change.key}' have a value in '{change.operation.column_name}' that"
        f" {_trouble(change)}",
        change.key,
        (change.operation.column_name,),
    )


def _trouble(change: _Change) -> str:
    labels = _labels(change, change.target)
    return f"is none of {', '.join(labels)}" if labels else f"does not fit {change.new.type}"


def _misfit(change: _Change) -> str | None:
    """The condition for rows whose value is lost or refused by the new type."""
    source, target = change.source, change.target
    if change.told is not None:
        return None
    if _labels(change, target) and (source.is_text or source.labels):
        return _no_label(change)
    if target.is_text:
        return _too_long(change)
    if target.is_integer:
        return _no_integer(change)
    if target.base in _DECIMALS and target.arguments and source.is_number:
        return _no_decimal(change)
    return None


_DECIMALS = ("numeric", "decimal")


def _no_label(change: _Change) -> str | None:
    labels = _labels(change, change.target)
    there = _labels_of(change.source, change.direction.before)
    renamed = change.direction.renamed_values(change.key, change.operation.column_name)
    allowed = (*labels, *_values_to_names(change), *renamed)
    if there and set(there) <= set(allowed):
        return None
    return f"{_as_text(change)} NOT IN ({', '.join(map(_literal, allowed))})"


def _no_decimal(change: _Change) -> str | None:
    """Digits before and after the point; none where the old type has no more of either."""
    source, column = change.source, change.column
    precision, scale = (*change.target.arguments, 0)[:2]
    if source.base in _DECIMALS and source.arguments:
        digits, places = (*source.arguments, 0)[:2]
        if digits - places <= precision - scale and places <= scale:
            return None
    return f"abs({column}) >= 1e{precision - scale} OR {column} <> round({column}, {scale})"


def _too_long(change: _Change) -> str | None:
    limit = change.target.arguments[0] if change.target.arguments else None
    if limit is None or change.direction.dialect.name == "sqlite":
        return None
    longest = _longest(change)
    if longest is not None and longest <= limit:
        return None
    return f"char_length({_as_text(change)}) > {limit}"


def _longest(change: _Change) -> int | None:
    """The most characters that a value of the old type is written with; None for any number."""
    source = change.source
    if source.is_text:
        return source.arguments[0] if source.arguments else None
    if source.base in _INTEGER_RANGES:
        return len(str(-(2 ** _INTEGER_RANGES[source.base])))
    labels = _labels_of(source, change.direction.before)
    return max(map(len, labels), default=None)


def _no_integer(change: _Change) -> str | None:
    source, target, column = change.source, change.target, change.column
    if source.is_text:
        return _no_digits(change)
    bits = _INTEGER_RANGES.get(target.base)
    if bits is None or change.direction.dialect.name == "sqlite":
        return (
            f"{column} <> round({column})" if source.is_number and not source.is_integer else None
        )
    low, high = _bounds(target)
    narrower = not source.is_integer or _INTEGER_RANGES.get(source.base, 63) > bits
    if source.is_integer and not narrower and source.is_unsigned == target.is_unsigned:
        return None
    if not source.is_number:
        return None
    return f"{column} NOT BETWEEN {low} AND {high}" + (
        "" if source.is_integer else f" OR {column} <> round({column})"
    )


def _no_digits(change: _Change) -> str:
    column = change.column
    if change.direction.dialect.name == "sqlite":
        return f"CAST(CAST({column} AS INTEGER) AS TEXT) <> trim({column})"
    low, high = _bounds(change.target)
    if change.direction.dialect.name == "postgresql":
        is_digits = f"{column} ~ '^\\s*[-+]?[0-9]+\\s*$'"
        number = f"{column}::numeric"
    else:
        is_digits = f"{column} REGEXP '^[[:space:]]*[-+]?[0-9]{{1,60}}[[:space:]]*$'"
        number = f"CAST({column} AS DECIMAL(60, 0))"
    return (
        f"CASE WHEN {is_digits} THEN {number} NOT BETWEEN {low} AND {high}"
        f" ELSE {column} IS NOT NULL END"
    )


def _bounds(target: SqlType) -> tuple[int, int]:
    bits = _INTEGER_RANGES.get(target.base, 63)
    return (0, 2 ** (bits + 1) - 1) if target.is_unsigned else (-(2**bits), 2**bits - 1)


def _as_text(change: _Change) -> str:
    is_cast = change.direction.dialect.name == "postgresql" and not change.source.is_text
    return f"{change.column}::text" if is_cast else change.column


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
