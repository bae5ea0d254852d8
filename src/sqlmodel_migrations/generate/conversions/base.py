"""A change of type, and what its conversion is on every database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from alembic.operations import ops
from sqlalchemy import Enum as EnumType
from sqlalchemy import Uuid

from sqlmodel_migrations.database.catalog import Catalog, Column
from sqlmodel_migrations.errors import AnswerNeeded
from sqlmodel_migrations.generate.answers import flag
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation
from sqlmodel_migrations.generate.sqltype import Kind, SqlType

_BITS = {
    "tinyint": 7,
    "smallint": 15,
    "mediumint": 23,
    "integer": 31,
    "int": 31,
    "bigint": 63,
}
_LONGEST = {Kind.UUID: 36, Kind.BOOLEAN: len("false")}
BOOLEANS: Mapping[str, str] = {
    **dict.fromkeys(("t", "true", "y", "yes", "on", "1"), "1"),
    **dict.fromkeys(("f", "false", "n", "no", "off", "0"), "0"),
}
"""The words that PostgreSQL reads as a boolean, but for their beginnings."""

_UUID_PARTS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
"""Where the parts between the hyphens stand in the 32 digits, and how long they are."""

KNOWN = frozenset(
    (
        *((kind, kind) for kind in Kind),
        *((kind, Kind.TEXT) for kind in Kind if kind is not Kind.BINARY),
        *((Kind.TEXT, kind) for kind in Kind if kind not in (Kind.BINARY, Kind.INTERVAL)),
        (Kind.NUMBER, Kind.BOOLEAN),
        (Kind.BOOLEAN, Kind.NUMBER),
        (Kind.DATE, Kind.DATETIME),
        (Kind.DATETIME, Kind.DATE),
    )
) - {(Kind.OTHER, Kind.OTHER), (Kind.TEXT, Kind.OTHER)}
"""Conversions in which each value has one meaning in the new type; others are asked for."""


@dataclass(frozen=True)
class Change:
    """One column on its way from one type to another; `value` is the SQL of one value of it."""

    operation: ops.AlterColumnOp
    direction: Direction
    old: Column
    new: Column
    source: SqlType
    target: SqlType
    value: str

    @classmethod
    def of(cls, operation: ops.AlterColumnOp, direction: Direction) -> Change | None:
        """Take the change out of an operation; None where the type stays as the server has it."""
        old = direction.column(operation, operation.column_name)
        after = direction.after.tables.get(direction.key(operation))
        new = after.columns.get(operation.column_name) if after is not None else None
        if old is None or new is None:
            return None
        if (old.type, old.collation) == (new.type, new.collation):
            return None
        source = _named(SqlType.parse(old.type), direction.before)
        target = _named(SqlType.parse(new.type), direction.after)
        value = direction.quote(operation.column_name)
        return cls(operation, direction, old, new, source, target, value)

    @property
    def key(self) -> str:
        return self.direction.key(self.operation)

    @property
    def thing(self) -> str:
        return f"{self.key}.{self.operation.column_name}"

    @property
    def where(self) -> str:
        return self.direction.quoted_table(self.operation)

    @property
    def told(self) -> str | None:
        """The expression that a person gave for this direction."""
        answers = self.direction.answers
        return (answers.usings if self.direction.is_upgrade else answers.usings_down).get(
            self.thing
        )

    @property
    def kinds(self) -> tuple[Kind, Kind]:
        return self.source.kind, self.target.kind

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the new type, also where it is kept as text."""
        return self.target.labels or self._kept_as_text()

    def items(self) -> Change | None:
        """The change of each item, where both types are arrays."""
        if self.source.item is None or self.target.item is None:
            return None
        source = _named(self.source.item, self.direction.before)
        target = _named(self.target.item, self.direction.after)
        return replace(self, source=source, target=target, value="item")

    def values_to_names(self) -> Mapping[str, str]:
        """The members' names by their values, where the rows may hold the values."""
        if self.source.labels:
            return {}  # The rows have names already.
        labels = self.labels
        found = {str(m.value): name for name, m in self._members().items() if name in labels}
        return {value: name for value, name in found.items() if value not in labels}

    def renamed_values(self) -> Mapping[str, str]:
        return self.direction.renamed_values(self.key, self.operation.column_name)

    def statement(self, sql: str) -> StatementOp:
        words = f"convert '{self.thing}'"
        return StatementOp(sql, None, words, self.operation.table_name, phase=order.CHANGES)

    def _kept_as_text(self) -> tuple[str, ...]:
        """A column too narrow for the members' values had their names before."""
        model = self._model_type()
        if not isinstance(model, EnumType) or not self.direction.is_upgrade:
            return ()
        longest = max((len(str(m.value)) for m in self._members().values()), default=0)
        is_narrow = bool(self.source.arguments) and self.source.arguments[0] < longest
        return () if is_narrow else tuple(model.enums)

    def _members(self) -> Mapping[str, Any]:
        model = getattr(self._model_type(), "item_type", self._model_type())
        found: Mapping[str, Any] = getattr(getattr(model, "enum_class", None), "__members__", {})
        return found

    def _model_type(self) -> Any:
        return self.operation.modify_type


class ConversionModule(Protocol):
    """The shape of a module in this family."""

    def converted(self, change: Change) -> Iterator[Operation]:
        """Yield the operations that change the type; raises `AnswerNeeded` if nobody knows how."""

    def misfit(self, change: Change) -> str | None:
        """Return the SQL condition of rows whose value is lost or refused, which never fails."""

    def keeps_foreign_keys(self, change: Change) -> bool:
        """Whether the foreign keys from and to the column may stay while its type changes."""


def _named(type_: SqlType, catalog: Catalog) -> SqlType:
    """Give an enum type of PostgreSQL, which is spelled by its name, its labels."""
    for enum in catalog.enums.values():
        spelled = f"{enum.schema}.{enum.name}" if enum.schema else enum.name
        if type_.text.replace('"', "") == spelled:
            return replace(type_, labels=enum.labels)
    return type_


def require_known(change: Change) -> None:
    """Raise `AnswerNeeded` where both types are understood, and no conversion is.

    On the way back nobody is asked: what the upgrade was told need not have an opposite.
    """
    is_understood = Kind.OTHER not in change.kinds
    if change.direction.is_upgrade and is_understood and change.kinds not in KNOWN:
        raise unknown(change, f"an expression of {change.value}")


def unknown(change: Change, example: str) -> AnswerNeeded:
    return AnswerNeeded(
        f"column '{change.thing}' changes from {change.old.type} to {change.new.type}:"
        " how are its values converted?",
        flags=(flag("--using", f"{change.thing}={example}"),),
        hint="give an SQL expression; --using-down gives the way back",
    )


def update(change: Change, expression: str) -> StatementOp:
    """Return the statement that applies an expression to every value."""
    return change.statement(f"UPDATE {change.where} SET {change.value} = {expression}")


def as_names(change: Change, value: str) -> str:
    """Text as a label: the member's name, where the rows may hold the member's value."""
    return cases(change, value, change.values_to_names())


def cases(change: Change, value: str, pairs: Mapping[str, str]) -> str:
    literal = change.direction.literal
    whens = " ".join(f"WHEN {literal(old)} THEN {literal(new)}" for old, new in pairs.items())
    return f"CASE {value} {whens} ELSE {value} END"


def is_made_uuid(change: Change) -> bool:
    """Whether text becomes UUIDs that are kept as 32 digits: it may have hyphens."""
    is_text = change.source.is_text and change.target.is_text
    return is_text and isinstance(change.operation.modify_type, Uuid)


def uuid_digits(change: Change) -> str:
    """The 32 digits of a UUID that is written with hyphens or without."""
    return f"replace(lower({change.value}), '-', '')"


def uuid_parts(change: Change) -> list[str]:
    """What stands between the hyphens, of a UUID that is kept as its digits."""
    return [f"substr({change.value}, {at}, {size})" for at, size in _UUID_PARTS]


def boolean_number(change: Change) -> str:
    """The number of a word that says a boolean."""
    return cases(change, f"lower(trim({change.value}))", BOOLEANS)


def was_uuid(change: Change) -> bool:
    """Whether UUIDs that are kept as 32 digits become text that has room for their hyphens."""
    is_text = change.source.is_text and change.target.is_text
    has_room = (*change.target.arguments, 36)[0] >= 36
    return is_text and has_room and isinstance(change.operation.existing_type, Uuid)


def no_label(change: Change, text: str) -> str | None:
    """The condition for text that is none of the new type's labels."""
    allowed = (*change.labels, *change.values_to_names(), *change.renamed_values())
    if change.source.labels and set(change.source.labels) <= set(allowed):
        return None
    return f"{text} NOT IN ({', '.join(map(change.direction.literal, allowed))})"


def no_boolean_word(change: Change, text: str) -> str:
    words = ", ".join(map(change.direction.literal, BOOLEANS))
    return f"lower(trim({text})) NOT IN ({words})"


def no_decimal(change: Change, value: str) -> str | None:
    """Digits before and after the point; None where the old type has no more of either."""
    source, target = change.source, change.target
    if not target.arguments:
        return None
    precision, scale = (*target.arguments, 0)[:2]
    if source.is_decimal and source.arguments:
        digits, places = (*source.arguments, 0)[:2]
        if digits - places <= precision - scale and places <= scale:
            return None
    return f"abs({value}) >= 1e{precision - scale} OR {value} <> round({value}, {scale})"


def no_integer(change: Change, value: str) -> str | None:
    """A number beyond the range of the new type, or with a fraction."""
    source, target = change.source, change.target
    is_narrower = bits(source) > bits(target) or source.is_unsigned != target.is_unsigned
    if source.is_integer and not is_narrower:
        return None
    low, high = bounds(target)
    fraction = "" if source.is_integer else f" OR {value} <> round({value})"
    return f"{value} NOT BETWEEN {low} AND {high}{fraction}"


def bits(type_: SqlType) -> int:
    return _BITS.get(type_.base, 63)


def bounds(type_: SqlType) -> tuple[int, int]:
    """The least and the greatest number of an integer type."""
    high = 2 ** bits(type_)
    return (0, 2 * high - 1) if type_.is_unsigned else (-high, high - 1)


def too_long(change: Change, text: str) -> str | None:
    """More characters than the new type takes; None where the old one never has as many."""
    limit = change.target.arguments[0] if change.target.arguments else None
    longest = _longest(change.source)
    if limit is None or (longest is not None and longest <= limit):
        return None
    return f"char_length({text}) > {limit}"


def _longest(source: SqlType) -> int | None:
    """The most characters that a value of the old type is written with; None for any number."""
    if source.is_text:
        return source.arguments[0] if source.arguments else None
    if source.base in _BITS:
        return len(str(-(2 ** _BITS[source.base])))
    return max(map(len, source.labels), default=_LONGEST.get(source.kind))
