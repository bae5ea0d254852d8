"""A pair of schemas: what a person would answer about it, and what becomes of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel_migrations.generate.answers import Answers

from . import models
from .kind import KINDS, conversion
from .schema import Column, EnumType, Schema, Table

UNKNOWN = object()
"""In place of a value that only the server or a factory knows."""


@dataclass(frozen=True)
class Pair:
    """`before` has rows; things of both that have the same `uid` are the same thing."""

    before: Schema
    after: Schema

    def __repr__(self) -> str:
        answers = {name: value for name, value in vars(self.answers).items() if value}
        rows = {table.name: table.rows for table in self.before.tables}
        return (
            f"\n# before, with rows {rows}\n{models.source(self.before)}"
            f"\n# after, answers {answers}\n{models.source(self.after)}"
        )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show what can be pasted instead of how it was drawn: hypothesis asks for this."""
        printer.text(repr(self))

    def tables(self) -> Iterator[tuple[Table, Table]]:
        """Yield the tables that stay."""
        for table in self.before.tables:
            if (after := self.after.table(table.uid)) is not None:
                yield table, after

    def columns(self) -> Iterator[tuple[Table, Column | None, Column]]:
        """Yield the columns of tables that stay, new ones too, with their table as it is after."""
        for old, new in self.tables():
            known = {column.uid: column for column in old.columns}
            yield from ((new, known.get(column.uid), column) for column in new.columns)

    @property
    def answers(self) -> Answers:
        """What a person knows about this change."""
        return Answers(
            renames=dict(self._renames()),
            value_renames=dict(self._value_renames()),
            type_renames=dict(self._type_renames()),
            fills={name: sql for name, (sql, _) in self._fills().items()},
            usings=dict(self._usings("using")),
            usings_down=dict(self._usings("using_down")),
            accepted=frozenset((*self._gone(), *self._gone_labels())),
        )

    def _renames(self) -> Iterator[tuple[str, str]]:
        for old, new in self.tables():
            if old.name != new.name:
                yield old.full_name, new.name
            for column in old.columns:
                after = next((c for c in new.columns if c.uid == column.uid), None)
                if after is not None and after.name != column.name:
                    yield f"{old.full_name}.{column.name}", after.name

    def _enums(self) -> Iterator[tuple[EnumType, EnumType]]:
        """Yield the enums that columns have before and after."""
        used = {c.enum for table in self.after.tables for c in table.columns}
        after = {enum.uid: enum for enum in self.after.enums if enum.uid in used}
        was_used = {c.enum for table in self.before.tables for c in table.columns}
        for enum in self.before.enums:
            if enum.uid in was_used and enum.uid in after:
                yield enum, after[enum.uid]

    def _type_renames(self) -> Iterator[tuple[str, str]]:
        return ((old.name, new.name) for old, new in self._enums() if old.name != new.name)

    def _value_renames(self) -> Iterator[tuple[str, str]]:
        for old, new in self._enums():
            labels = dict(new.labels)
            for uid, label in old.labels:
                if labels.get(uid, label) != label:
                    yield f"{old.name}.{label}", labels[uid]

    def _gone_labels(self) -> Iterator[str]:
        for old, new in self._enums():
            labels = dict(new.labels)
            yield from (f"{old.name}.{label}" for uid, label in old.labels if uid not in labels)

    def _gone(self) -> Iterator[str]:
        for old in self.before.tables:
            new = self.after.table(old.uid)
            if new is None:
                yield old.full_name
                continue
            left = {column.uid for column in new.columns}
            yield from (f"{old.full_name}.{c.name}" for c in old.columns if c.uid not in left)

    def _fills(self) -> dict[str, tuple[str, Any]]:
        """Values for columns that must have one and know none."""
        found = {}
        for table, old, new in self.columns():
            if not self._wants_fill(old, new) or new.default is not None:
                continue
            choices = self._literals(new)
            if choices and (old is not None or new.server_default is None):
                found[f"{table.full_name}.{new.name}"] = choices[new.salt % len(choices)]
        return found

    def _wants_fill(self, old: Column | None, new: Column) -> bool:
        if new.nullable or new.computed is not None:
            return False
        return old is None or old.nullable

    def _literals(self, column: Column) -> tuple[tuple[str, Any], ...]:
        if column.kind != "enum":
            return KINDS[column.kind].fills
        if column.is_array:
            return (("'{}'", []),)
        labels = (label for _, label in self.after.enum(column).labels)
        return tuple(("'" + label.replace("'", "''") + "'", label) for label in labels)

    def _usings(self, which: str) -> Iterator[tuple[str, str]]:
        for table, old, new in self.columns():
            if old is None or old.kind == new.kind:
                continue
            told = getattr(conversion(old.kind, new.kind), which)
            if told is not None:
                thing = f"{table.full_name}.{new.name}"
                yield thing, told.replace("{c}", self.after.quote(new.name))

    # What becomes of values.

    def upgraded(self, table: Table, old: Column | None, new: Column, value: Any) -> Any:
        """Return what a value is after the upgrade; `value` is None for a new column."""
        if old is not None and (old.computed, old.of) != (new.computed, new.of):
            return UNKNOWN
        if old is None or (value is None and not new.nullable):
            return self._filled(table, old, new)
        if value is None:
            return None
        if old.kind == "enum" and old.enum == new.enum:
            return self._relabelled(old, new, value)
        return value if old.kind == new.kind else conversion(old.kind, new.kind).convert(value)

    def _filled(self, table: Table, old: Column | None, new: Column) -> Any:
        if new.computed is not None:
            return UNKNOWN
        if new.nullable:
            return UNKNOWN if new.server_default is not None else None
        if new.server_default is not None:
            return UNKNOWN
        if new.default is not None:
            value = new.default[1]
            return UNKNOWN if value is None else value
        filled = self._fills().get(f"{table.full_name}.{new.name}")
        return filled[1] if filled is not None else UNKNOWN

    def _relabelled(self, old: Column, new: Column, value: Any) -> Any:
        uids = {label: uid for uid, label in self.before.enum(old).labels}
        labels = dict(self.after.enum(new).labels)
        if old.is_array:
            return [labels[uids[label]] for label in value]
        return labels[uids[value]]

    def fits(self, old: Column, new: Column, value: Any) -> bool:
        """Whether a value may stay; else its row is refused."""
        if value is None:
            return True
        if new.kind == "enum":
            return self._has_label(old, new, value)
        return old.kind == new.kind or conversion(old.kind, new.kind).fits(value)

    def _has_label(self, old: Column, new: Column, value: Any) -> bool:
        labels = self.after.enum(new).labels
        if old.enum != new.enum:
            return value in {label for _, label in labels}
        known = {uid for uid, _ in labels}
        uids = {label: uid for uid, label in self.before.enum(old).labels}
        return all(uids[v] in known for v in (value if old.is_array else [value]))

    # What may be refused.

    def lacks_a_value(self) -> bool:
        """Whether rows would need a value on the way up that nobody knows."""
        return any(
            self._wants_fill(old, new)
            and new.default is None
            and new.server_default is None
            and f"{table.full_name}.{new.name}" not in self._fills()
            for table, old, new in self.columns()
        )

    def may_refuse_downgrade(self) -> bool:
        """Whether rows would need on the way back what was taken away: a value, another row."""
        if any(o and o.kind != n.kind and self._wants_fill(o, n) for _, o, n in self.columns()):
            return True  # What was filled in may not fit the old kind.
        for old, new in self.tables():
            if any(self.after.table(key.target) is None for key in old.foreign_keys()):
                return True
            left = {column.uid for column in new.columns}
            gone = [c for c in old.columns if c.uid not in left]
            if any(not c.nullable or c.server_default is not None for c in gone):
                return True  # A default that comes back may break a unique constraint.
        return False
