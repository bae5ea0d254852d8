"""Losses: what was there before a revision and is gone after it, and which statement took it.

Looked at when the revision is over: what a later statement of it brings back is not lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlmodel_migrations.database.catalog import Catalog, Constraint, Index, Table
from sqlmodel_migrations.database.catalog.difference import CatalogDifference, differences
from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.lint.facts import Measured
from sqlmodel_migrations.lint.facts.base import Names
from sqlmodel_migrations.lint.recording import Loss

# Of a column: a statement that says the word means it.
_WORDS = {
    "nullable": "NULL",
    "default": "DEFAULT",
    "comment": "COMMENT",
    "collation": "COLLATE",
    "computed": "AS",
    "extra": "UPDATE",
}
_KEYWORDS = {
    "nullable": "nullable",
    "default": "server_default",
    "comment": "comment",
    "collation": "type_",
}


@dataclass(frozen=True)
class Sent:
    """One statement that a revision sent, and what was measured of it.

    `keywords` are those that `alter_column` was called with; None for all other operations.
    """

    statement: Statement
    measured: Measured
    keywords: frozenset[str] | None = None


@dataclass(frozen=True)
class State:
    """The database when a revision begins or ends; tables by the keys they had then.

    `names` are what they are called now, `rows` how many there are.
    """

    catalog: Catalog
    names: Names
    rows: Mapping[str, int]


def found(
    sent: Sequence[Sent], before: State, after: State, named: frozenset[str]
) -> Mapping[int, tuple[Loss, ...]]:
    """Return the losses of a revision by the position of the statement that caused each.

    What is `named`, in small letters, is meant, as is what the statements themselves name.
    `before.names` and `after.names` are those of one meter: of tables that were there first.
    """
    losses: dict[int, list[Loss]] = {}
    for position, loss in (*_data(sent, before, after), *_objects(sent, before, after, named)):
        losses.setdefault(position, []).append(loss)
    return {position: tuple(dict.fromkeys(own)) for position, own in losses.items()}


def _data(sent: Sequence[Sent], before: State, after: State) -> Iterator[tuple[int, Loss]]:
    for key, name in before.names.tables.items():
        count = before.rows.get(name, 0)
        left = after.rows.get(after.names.tables.get(key, name), 0)
        if name not in before.catalog.tables and name not in before.catalog.views:
            continue
        if name not in after.catalog.tables and key not in after.names.tables:
            if name in before.catalog.tables:
                yield _place(sent, "table", key, name), Loss("table", key, count=count)
            continue
        yield from _columns(key, sent, before, after)
        if left < count and name in before.catalog.tables:
            yield _deleting(sent, key, name), Loss("rows", key, count=count - left)
    for position, each in enumerate(sent):
        for table, column in each.measured.shrunk:
            yield position, Loss("values", table, column)


def _columns(
    key: str, sent: Sequence[Sent], before: State, after: State
) -> Iterator[tuple[int, Loss]]:
    name = before.names.tables[key]
    table = before.catalog.tables.get(name)
    other = after.catalog.tables.get(after.names.tables.get(key, name))
    if table is None or other is None:
        return
    is_same = key in after.names.tables
    for (owner, old), now in before.names.columns.items():
        if owner != key:
            continue
        is_there = (key, old) in after.names.columns if is_same else now in other.columns
        if not is_there:
            yield _column_place(sent, (key, old), name, now), Loss("column", key, old)


def _objects(
    sent: Sequence[Sent], before: State, after: State, named: frozenset[str]
) -> Iterator[tuple[int, Loss]]:
    named |= {name for each in sent for name in each.statement.names}
    for difference in differences(before.catalog, _as_before(before, after)):
        if not _is_gone(difference):
            continue
        position = _place(sent, difference.kind, difference.table, difference.name)
        if (
            not sent
            or _is_meant(difference, sent[position], named)
            or _is_part(difference, before, after)
            or _has_other_words(difference, before, after)
        ):
            continue
        yield position, Loss(_kind(difference), difference.table, difference.name)
    yield from _attributes(sent, before, after)


def _kind(difference: CatalogDifference) -> str:
    """What to call what is lost."""
    if difference.kind == "nullable":
        return "not null"
    if difference.kind == "extra":
        return "on update" if "on update" in str(difference.before) else "invisible"
    return "expression" if difference.kind == "computed" else difference.kind


def _attributes(sent: Sequence[Sent], before: State, after: State) -> Iterator[tuple[int, Loss]]:
    """What columns have lost that were given another name."""
    for (key, old), now in before.names.columns.items():
        name, new = before.names.tables[key], after.names.columns.get((key, old))
        table = before.catalog.tables.get(name)
        other = after.catalog.tables.get(after.names.tables.get(key, name))
        if new is None or new == now or table is None or other is None:
            continue
        column = table.columns.get(now)
        successor = other.columns.get(new)
        if column is None or successor is None:
            continue
        position = _column_place(sent, (key, old), name, now)
        one, two = (
            Catalog(tables={name: replace(table, columns={now: each}, constraints=(), indexes=())})
            for each in (column, replace(successor, name=now))
        )
        for difference in differences(one, two):
            is_attribute = difference.kind in _WORDS and _is_gone(difference)
            if is_attribute and not _is_meant(difference, sent[position], frozenset()):
                yield position, Loss(_kind(difference), name, old)


def _as_before(before: State, after: State) -> Catalog:
    """The schema afterwards, with tables called what they were called before."""
    tables = dict(after.catalog.tables)
    for key, old in before.names.tables.items():
        new = after.names.tables.get(key)
        if new is not None and new != old and new in tables:
            table = tables.pop(new)
            schema, _, name = old.rpartition(".")
            tables[old] = replace(table, schema=schema or None, name=name)
    return replace(after.catalog, tables=tables)


def _is_gone(difference: CatalogDifference) -> bool:
    if difference.kind == "nullable":
        return difference.after == "NULL"
    if difference.kind == "index" and difference.before and difference.after:
        return _width(difference.after) < _width(difference.before)
    if difference.kind == "extra":
        was, now = str(difference.before or ""), str(difference.after or "")
        return any(word in was and word not in now for word in ("on update", "invisible"))
    if difference.kind in ("table", "column", "type", "options", "owner", "sequence"):
        return difference.kind == "sequence" and difference.table is None and _is_absent(difference)
    return _is_absent(difference)


def _width(definition: str) -> int:
    """How many columns an index has, by its definition."""
    return definition.count(",") + 1


def _is_absent(difference: CatalogDifference) -> bool:
    return difference.before is not None and difference.after is None


def _is_meant(difference: CatalogDifference, sent: Sent, named: frozenset[str]) -> bool:
    """Whether the revision says that this is to go.

    MariaDB's MODIFY says every attribute anew, so there the operation's own words count.
    """
    if difference.kind in _WORDS:
        if sent.keywords is not None:
            return _KEYWORDS.get(difference.kind) in sent.keywords
        return sent.statement.has(_WORDS[difference.kind])
    if difference.kind == "identity":  # its sequence goes with it, and what it had counted
        return False
    return difference.name.rpartition(".")[2].casefold() in named


def _is_part(difference: CatalogDifference, before: State, after: State) -> bool:
    """Whether it spoke of nothing but a table or columns that are gone themselves."""
    if difference.table is None:
        return False
    table = before.catalog.tables.get(difference.table)
    other = _as_before(before, after).tables.get(difference.table)
    if table is None or other is None:
        return True
    left = set(table.columns) & set(other.columns)
    return not _mentioned(difference, table) & left and difference.kind in ("index", "constraint")


def _has_other_words(difference: CatalogDifference, before: State, after: State) -> bool:
    """Whether it has no name of its own, and speaks of what has another name now, or is gone."""
    table = before.catalog.tables.get(difference.table or "")
    own = table.constraints if table is not None else ()
    found = next((c for c in own if c.name is None and c.definition == difference.name), None)
    if table is None or found is None:
        return False
    renamed = {
        now
        for (key, old), now in before.names.columns.items()
        if before.names.tables[key] == difference.table
        and after.names.columns.get((key, old), now) != now
    }
    is_dangling = found.target is not None and found.target not in after.catalog.tables
    return is_dangling or bool(_mentioned(difference, table) & renamed)


def _mentioned(difference: CatalogDifference, table: Table) -> set[str]:
    """The columns that an index or a constraint speaks of."""
    parts: tuple[Index | Constraint, ...] = (*table.indexes, *table.constraints)
    for part in parts:
        if (part.name or part.definition) == difference.name:
            known = {column for column in part.columns if column is not None}
            words = set(re.findall(r"\w+", part.definition)) if None in part.columns else set()
            return known | (words & set(table.columns))
    return set()


def _column_place(sent: Sequence[Sent], place: tuple[str, str], table: str, name: str) -> int:
    """The statement that dropped a column, or the table which a copy without it took the place of.

    `table` and `name` are what they were called when the revision began, `place` what at first.
    """
    for position, each in reversed(list(enumerate(sent))):
        gone = [c for c in each.measured.changes if _is_absent(c) and c.kind == "column"]
        if any(c.table == table and c.name == name for c in gone):
            return position
    copied = [p for p, each in enumerate(sent) if place in each.measured.gone]
    return _place(sent[: copied[-1] + 1] if copied else sent, "column", table, name)


def _place(sent: Sequence[Sent], kind: str, table: str | None, name: str) -> int:
    """The last statement after which this was gone; where none was seen, the last one."""
    for position in reversed(range(len(sent))):
        for change in sent[position].measured.changes:
            is_it = change.kind == kind and change.name == name and change.table in (table, name)
            is_table = change.kind == "table" and change.name == table
            if (is_it or is_table) and (_is_absent(change) or _is_gone(change)):
                return position
    return max(len(sent) - 1, 0)


def _deleting(sent: Sequence[Sent], key: str, name: str) -> int:
    """The statement that deleted the most rows of a table; else the one that replaced it."""

    def deleted(position: int) -> int:
        facts = sent[position].measured.tables.get(key)
        if facts is None:
            return 0
        return facts.rows if facts.is_emptied else max(facts.deleted, facts.cascaded)

    found = max(range(len(sent)), key=deleted, default=0)
    return found if sent and deleted(found) else _place(sent, "table", key, name)
