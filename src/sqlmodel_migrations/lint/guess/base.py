"""What every dialect's module guesses, and what is the same on each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlmodel_migrations.database.catalog.difference import CatalogDifference
from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.lint.guess.action import Act, Action
from sqlmodel_migrations.lint.guess.reach import Reach
from sqlmodel_migrations.lint.recording import (
    Broken,
    Facts,
    Failure,
    FailureKind,
    Lock,
    Loss,
    Rows,
    TableFacts,
)


@dataclass(frozen=True)
class Guess:
    """What a statement probably does, as if each table had one row.

    `unread` says what its text does not tell.
    """

    facts: Facts = field(default_factory=Facts)
    failures: Mapping[Rows, Failure] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


class GuessModule(Protocol):
    """The shape of a module in this family."""

    def guess(self, action: Action) -> Guess:
        """Return what one action probably does to a table that has rows."""

    def whole(self, statement: Statement, *, is_in_transaction: bool) -> Guess:
        """Return what is known of a statement whatever tables it names."""


def joined(guesses: Sequence[Guess]) -> Guess:
    """Return what all of them say together."""
    facts = [each.facts for each in guesses]
    tables: dict[str, TableFacts] = {}
    for found in facts:
        for name, own in found.tables.items():
            tables[name] = _worse(tables.get(name), own)
    return Guess(
        Facts(
            tables,
            changes=tuple(x for f in facts for x in f.changes),
            losses=tuple(x for f in facts for x in f.losses),
            broken=tuple(x for f in facts for x in f.broken),
            commits=any(f.commits for f in facts),
        ),
        {rows: failure for each in guesses for rows, failure in each.failures.items()},
        tuple(dict.fromkeys(reason for each in guesses for reason in each.unread)),
    )


def _worse(one: TableFacts | None, other: TableFacts) -> TableFacts:
    if one is None:
        return other
    locks = sorted((x for x in (one.taken, other.taken) if x), key=lambda lock: lock.stops)
    return TableFacts(
        rows=1,
        taken=locks[-1] if locks else None,
        is_rewritten=one.is_rewritten or other.is_rewritten,
        is_scanned=one.is_scanned or other.is_scanned,
        is_emptied=one.is_emptied or other.is_emptied,
        built=(*one.built, *other.built),
        is_stored_query=one.is_stored_query or other.is_stored_query,
        updated=max(one.updated, other.updated),
        deleted=max(one.deleted, other.deleted),
    )


def usual(action: Action, lock: Lock | None = None) -> Guess:
    """Return what an action does on every database: what is gone, what breaks, what may fail."""
    table, name = action.table, action.name
    facts = TableFacts(rows=1, taken=lock)
    if action.act is Act.DROP_TABLE:
        gone, loss = _change("table", table, table, "", None), Loss("table", table)
        return _lost(action, facts, gone, loss, "it is gone")
    if action.act is Act.DROP_COLUMN:
        gone, loss = _change("column", table, name, "", None), Loss("column", table, name)
        return _lost(action, facts, gone, loss, f"column '{name}' is gone")
    if action.act is Act.RENAME_TABLE:
        gone = _change("table", table, table, "", None)
        return _lost(action, facts, gone, None, "it has another name")
    if action.act is Act.RENAME_COLUMN:
        gone = _change("column", table, name, "", None)
        return _lost(action, facts, gone, None, f"column '{name}' has another name")
    if action.act is Act.TRUNCATE:
        emptied = TableFacts(rows=1, taken=lock, is_emptied=True)
        return Guess(Facts({table: emptied}, losses=(Loss("rows", table),)))
    if action.act in (Act.UPDATE, Act.DELETE):
        return _of_rows(action)
    if action.act in (Act.DROP_VIEW, Act.DETACH):
        what = "it is gone" if action.act is Act.DROP_VIEW else f"'{name}' is no part of it"
        return Guess(Facts({table: facts}, broken=(Broken(table, "SELECT", what),)))
    if action.act is Act.DROP_PARTITION:
        return Guess(Facts({table: facts}, losses=(Loss("rows", table),)))
    return Guess(Facts({table: facts} if lock else {}, changes=_added(action)), _failures(action))


def _of_rows(action: Action) -> Guess:
    """What changes rows: how many a condition picks out may not stand in the text."""
    count = int(action.reach is Reach.ALL)
    if action.act is Act.UPDATE:
        facts = TableFacts(rows=1, updated=count)
        loses = action.text.has("THEN", "DELETE")  # of MERGE
    else:
        facts = TableFacts(rows=1, deleted=count)
        loses = True
    losses = (Loss("rows", action.table),) if loses else ()
    unread = f"how many rows of '{action.table}' this changes does not stand in its text"
    is_unread = action.reach is Reach.UNKNOWN
    return Guess(Facts({action.table: facts}, losses=losses), unread=(unread,) if is_unread else ())


def _lost(
    action: Action, facts: TableFacts, gone: CatalogDifference, loss: Loss | None, why: str
) -> Guess:
    broken = Broken(action.table, "SELECT", why)
    losses = () if loss is None else (loss,)
    return Guess(Facts({action.table: facts}, changes=(gone,), losses=losses, broken=(broken,)))


def _added(action: Action) -> tuple[CatalogDifference, ...]:
    """The change of the schema that rules ask for."""
    kinds = {Act.ADD_COLUMN: "column", Act.CREATE_INDEX: "index"}
    if action.act in kinds:
        return (_change(kinds[action.act], action.table, action.name, None, ""),)
    if action.act is Act.ADD_CONSTRAINT:
        return (_change("constraint", action.table, action.name, None, constraint(action)),)
    if action.act is Act.CHANGE_TYPE:
        return (_change("type", action.table, action.name, "", "another type"),)
    if action.act is Act.SET_NOT_NULL:
        return (_change("nullable", action.table, action.name, "NULL", "NOT NULL"),)
    return ()


def constraint(action: Action) -> str:
    """Return the kind of a constraint that is added, as a catalog spells its beginning."""
    for words in ("FOREIGN KEY", "PRIMARY KEY", "UNIQUE", "EXCLUDE", "CHECK"):
        if action.text.has(*words.split()):
            return words
    return ""


def _failures(action: Action) -> Mapping[Rows, Failure]:
    is_required = action.text.has("NOT", "NULL") and not action.has_value
    if action.act is Act.ADD_COLUMN and is_required:
        said = Failure(FailureKind.DATA, f"there is no value for column '{action.name}'")
        return {Rows.CLEAN: said, Rows.DIRTY: said}
    text = None
    if action.act is Act.VALIDATE:
        text = f"rows may violate '{action.name}'"
    elif action.act is Act.ATTACH:
        text = f"rows of '{action.name}' may lie outside of the bounds"
    elif action.act is Act.SET_NOT_NULL:
        text = f"column '{action.name}' may hold NULL"
    elif action.act is Act.ADD_CONSTRAINT and not action.text.has("NOT", "VALID"):
        text = f"rows may violate '{action.name}'"
    elif action.act is Act.CREATE_INDEX and action.text.has("UNIQUE"):
        text = f"rows may be alike in '{action.name}'"
    return {} if text is None else {Rows.DIRTY: Failure(FailureKind.DATA, text)}


def _change(
    kind: str, table: str, name: str, before: str | None, after: str | None
) -> CatalogDifference:
    return CatalogDifference(kind, table, name, before, after, f"{kind} {name}")
