"""What differs between two catalogs of the same kind of server, each difference once.

`before` is what is there, `after` what should be: a text says "integer, not bigint".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias, TypeVar

from sqlalchemy import Connection

from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog.base import (
    CHECK,
    Catalog,
    Column,
    Constraint,
    Enum,
    Expression,
    Index,
    Table,
)

Named: TypeAlias = Callable[[str, str], bool]
_Part = TypeVar("_Part", bound=Constraint | Index)


@dataclass(frozen=True)
class CatalogDifference:
    """One difference. `kind` says of what: "table", "column", "type", "nullable", "default" …

    Of a column it is the field of `Column` that differs; else "constraint", "index", "trigger",
    "options", "comment", "owner", "enum", "sequence", "view", "domain", "schema". `table` is
    None for what belongs to no table; `name` is the column's, constraint's, index' or trigger's,
    or the object's own key. `before` and `after` are the two sides' texts, None where that side
    has none.
    """

    kind: str
    table: str | None
    name: str
    before: str | None
    after: str | None
    text: str

    def __str__(self) -> str:
        return self.text


def differences(
    before: Catalog,
    after: Catalog,
    *,
    named: Named | None = None,
    connection: Connection | None = None,
) -> tuple[CatalogDifference, ...]:
    """Compare two catalogs; the order of columns and SQLite's own tables do not matter.

    Names of constraints, indexes and owned sequences are compared where `named(table_key, name)`
    is true of one of the two; None: always. Texts that differ are asked to `connection`, on whose
    database the tables must exist, and are equal where they mean the same.
    """
    found = [*_tables(before, after, _Judge(named, connection))]
    found += _enums(before.enums, after.enums)
    for kind, one, other in (
        ("sequence", before.sequences, after.sequences),
        ("view", before.views, after.views),
        ("domain", before.domains, after.domains),
        ("schema", dict.fromkeys(before.schemas, ""), dict.fromkeys(after.schemas, "")),
    ):
        found += _texts(kind, None, one, other)
    return tuple(found)


@dataclass(frozen=True)
class _Judge:
    """Whether two texts, and two names, count as one."""

    named: Named | None
    connection: Connection | None

    def is_same_name(self, table: str, before: str | None, after: str | None) -> bool:
        if before == after:
            return True
        if self.named is None:
            return False
        return not any(name is not None and self.named(table, name) for name in (before, after))

    def is_same_text(
        self,
        table: Table,
        kind: Expression,
        before: str | None,
        after: str | None,
        column: Column | None = None,
    ) -> bool:
        if before is None or after is None or self.connection is None:
            return before == after
        return catalog.equivalent(self.connection, table, kind, before, after, column=column)


def _tables(before: Catalog, after: Catalog, judge: _Judge) -> Iterator[CatalogDifference]:
    one, other = _visible(before), _visible(after)
    for name in sorted({*one, *other}):
        if name not in one or name not in other:
            sides = ("" if name in side else None for side in (one, other))
            yield _absent("table", name, name, *sides)
        else:
            yield from _table(one[name], other[name], judge)


def _visible(side: Catalog) -> dict[str, Table]:
    """The tables without SQLite's own: `sqlite_sequence` stays when its last user goes."""
    return {name: table for name, table in side.tables.items() if table.owner != "sqlite"}


def _table(before: Table, after: Table, judge: _Judge) -> Iterator[CatalogDifference]:
    name = before.key
    for column in dict.fromkeys((*before.columns, *after.columns)):
        yield from _columns(column, before, after, judge)
    yield from _constraints(before, after, judge)
    yield from _indexes(before, after, judge)
    yield from _texts("trigger", name, before.triggers, after.triggers)
    yield from _values("comment", name, name, before.comment, after.comment)
    options = [*_values("options", name, name, _options(before), _options(after))]
    yield from options
    if not options:  # a partition's owner stands in its options as well
        yield from _values("owner", name, name, before.owner, after.owner)


def _options(table: Table) -> str | None:
    return ", ".join(sorted(table.options)) or None


def _columns(name: str, before: Table, after: Table, judge: _Judge) -> Iterator[CatalogDifference]:
    one, other = before.columns.get(name), after.columns.get(name)
    if one is None or other is None:
        types = (column.type if column is not None else None for column in (one, other))
        yield _absent("column", before.key, name, *types)
        return
    for field in fields(Column):
        if field.name not in ("name", "is_stored"):
            yield from _field(field.name, before, one, other, judge)


def _field(
    field: str, table: Table, before: Column, after: Column, judge: _Judge
) -> Iterator[CatalogDifference]:
    one, other = _spelled(field, before), _spelled(field, after)
    if one == other or _is_same_field(field, table, before, after, judge):
        return
    yield from _values(field, table.key, before.name, one, other)


def _spelled(field: str, column: Column) -> str | None:
    value = getattr(column, field)
    if field == "nullable":
        return "NULL" if value else "NOT NULL"
    if field == "computed" and value is not None:
        return f"{value} {'stored' if column.is_stored else 'virtual'}"
    return None if value is None else str(value)


def _is_same_field(field: str, table: Table, before: Column, after: Column, judge: _Judge) -> bool:
    if field == "sequence":
        # Where only one of them has a sequence, their identities differ.
        has_both = before.sequence is not None and after.sequence is not None
        return not has_both or judge.is_same_name(table.key, before.sequence, after.sequence)
    if field == "default":
        return judge.is_same_text(table, "default", before.default, after.default, after)
    if field == "computed" and before.is_stored == after.is_stored:
        return judge.is_same_text(table, "computed", before.computed, after.computed, after)
    return False


def _constraints(before: Table, after: Table, judge: _Judge) -> Iterator[CatalogDifference]:
    def is_same(one: Constraint, other: Constraint) -> bool:
        if one.kind != other.kind:
            return False
        if one.kind != CHECK:
            return one.definition == other.definition
        return judge.is_same_text(before, "check", one.definition, other.definition)

    pairs = _paired(before.constraints, after.constraints, is_same, lambda part: part.kind)
    for one, other in pairs:
        yield from _part("constraint", before.key, one, other, is_same, judge)


def _indexes(before: Table, after: Table, judge: _Judge) -> Iterator[CatalogDifference]:
    def is_same(one: Index, other: Index) -> bool:
        return judge.is_same_text(before, "index", one.definition, other.definition)

    for one, other in _paired(before.indexes, after.indexes, is_same, lambda _: "index"):
        yield from _part("index", before.key, one, other, is_same, judge)


def _paired(
    before: Sequence[_Part],
    after: Sequence[_Part],
    is_same: Callable[[_Part, _Part], bool],
    kind: Callable[[_Part], str],
) -> Iterator[tuple[_Part | None, _Part | None]]:
    """Join what is equal, then what means the same, then what has one name; the rest stays alone.

    What is equal comes first, so that the database is asked about few.
    """
    left, right = list(before), list(after)
    rounds: tuple[Callable[[_Part, _Part], bool], ...] = (
        lambda one, other: (one.name, one.definition) == (other.name, other.definition),
        lambda one, other: one.definition == other.definition and kind(one) == kind(other),
        lambda one, other: one.name == other.name and is_same(one, other),
        is_same,
        lambda one, other: one.name is not None and one.name == other.name,
        lambda one, other: kind(one) == kind(other) == "primary key",
    )
    for is_pair in rounds:
        yield from _taken(left, right, is_pair)
    yield from ((one, None) for one in left)
    yield from ((None, other) for other in right)


def _taken(
    left: list[_Part], right: list[_Part], is_pair: Callable[[_Part, _Part], bool]
) -> Iterator[tuple[_Part, _Part]]:
    for one in [*left]:
        other = next((found for found in right if is_pair(one, found)), None)
        if other is not None:
            left.remove(one)
            right.remove(other)
            yield one, other


def _part(
    kind: str,
    table: str,
    before: _Part | None,
    after: _Part | None,
    is_same: Callable[[_Part, _Part], bool],
    judge: _Judge,
) -> Iterator[CatalogDifference]:
    shown = after or before
    assert shown is not None
    name = shown.name or shown.definition
    if before is None or after is None:
        sides = (part.definition if part is not None else None for part in (before, after))
        yield _absent(kind, table, name, *sides)
    elif not is_same(before, after):
        yield from _values(kind, table, name, before.definition, after.definition)
    elif not judge.is_same_name(table, before.name, after.name):
        what = f"{kind} {shown.definition} of '{table}'"
        one, other = _named(before.name), _named(after.name)
        text = f"{what}: {one}, not {other}"
        yield CatalogDifference(kind, table, name, before.name, after.name, text)


def _named(name: str | None) -> str:
    return f"named '{name}'" if name is not None else "unnamed"


def _enums(before: Mapping[str, Enum], after: Mapping[str, Enum]) -> Iterator[CatalogDifference]:
    yield from _texts("enum", None, _labels(before), _labels(after))
    for name in sorted({*before} & {*after}):
        one, other = before[name].comment, after[name].comment
        yield from _values("comment", None, name, one, other)


def _labels(enums: Mapping[str, Enum]) -> dict[str, str]:
    return {name: ", ".join(map(repr, enum.labels)) for name, enum in enums.items()}


def _texts(
    kind: str, table: str | None, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[CatalogDifference]:
    for name in sorted({*before, *after}):
        if name in before and name in after:
            yield from _values(kind, table, name, before[name], after[name])
        else:
            yield _absent(kind, table, name, before.get(name), after.get(name))


def _values(
    kind: str, table: str | None, name: str, before: str | None, after: str | None
) -> Iterable[CatalogDifference]:
    """One difference of a value that both sides may have; none where it is equal."""
    if before == after:
        return
    subject = _subject(kind, table, name)
    text = f"{subject} {_shown(before)}, not {_shown(after)}"
    yield CatalogDifference(kind, table, name, before, after, text)


def _absent(
    kind: str, table: str | None, name: str, before: str | None, after: str | None
) -> CatalogDifference:
    """The difference of an object that one side has not; that side's text is None."""
    verdict = "is missing" if before is None else "should not be there"
    return CatalogDifference(
        kind, table, name, before, after, f"{_title(kind, table, name)} {verdict}"
    )


_OWN = ("table", "enum", "sequence", "view", "domain", "schema")
_PARTS = ("constraint", "index", "trigger")


def _title(kind: str, table: str | None, name: str) -> str:
    if table is None or kind == "table":
        return f"{kind} '{name}'"
    return f"column '{table}.{name}'" if kind == "column" else f"{kind} '{name}' of '{table}'"


def _subject(kind: str, table: str | None, name: str) -> str:
    if (table is None and kind in _OWN) or kind in _PARTS:
        return f"{_title(kind, table, name)}:"
    if table is None:
        return f"enum '{name}': {kind}"
    if table == name and kind in ("comment", "options", "owner"):
        return f"table '{table}': {kind}"
    return f"column '{table}.{name}': {_WORDS.get(kind, kind)}".rstrip()


# `nullable` and `extra` speak for themselves: "column 'hero.age': NULL, not NOT NULL".
_WORDS = {"nullable": "", "extra": ""}


def _shown(value: str | None) -> str:
    return "none" if value is None else value
