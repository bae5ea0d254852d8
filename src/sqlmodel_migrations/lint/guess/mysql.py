"""MariaDB and MySQL: what copies a table, by what the manual says; every DDL commits.

Source: https://mariadb.com/kb/en/innodb-online-ddl-operations-with-the-copy-alter-algorithm/
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.lint.facts import mysql_alter
from sqlmodel_migrations.lint.facts.mysql import COMMITS
from sqlmodel_migrations.lint.facts.mysql_alter import SHARED, SHARED_IN_PLACE
from sqlmodel_migrations.lint.guess.action import Act, Action
from sqlmodel_migrations.lint.guess.base import Guess, constraint, usual
from sqlmodel_migrations.lint.recording import Broken, Lock, Rows

_COPYING = (Act.CHANGE_TYPE, Act.SET_NOT_NULL, Act.REWRITE)
_FOR_EACH_ROW = ("STORED", "PERSISTENT", "UUID", "RAND", "SYS_GUID")
_SLOW_INDEXES = ("FULLTEXT", "SPATIAL")


def guess(action: Action) -> Guess:
    """Return what one action probably does to a table that has rows."""
    way = _way(action)
    found = usual(action, way.lock)
    found = replace(found, unread=(*found.unread, *way.unread))
    if action.act is Act.ADD_COLUMN and Rows.CLEAN in found.failures:
        # Old rows get the value that the type has for nothing; old code cannot insert new ones.
        reason = f"column '{action.name}' has no default"
        broken = (Broken(action.table, "INSERT", reason),)
        found = Guess(replace(found.facts, broken=broken), unread=found.unread)
    if way.lock is None or action.table not in found.facts.tables:
        return found
    own = replace(
        found.facts.tables[action.table],
        is_rewritten=way.is_copy,
        built=(action.name,) if _is_index(action) and not way.is_copy else (),
    )
    return replace(found, facts=replace(found.facts, tables={action.table: own}))


@dataclass(frozen=True)
class _Way:
    """How an action is carried out, and what its text does not tell of that."""

    lock: Lock | None = None
    is_copy: bool = False
    unread: tuple[str, ...] = ()


def _way(action: Action) -> _Way:
    """The usual way, unless the script says ALGORITHM or LOCK."""
    usually = _usual_way(action)
    alter = mysql_alter.read((action.whole or action.text).text, lambda: None)
    if alter is None:
        return usually
    if alter.algorithm == "COPY":
        return _Way(alter.copying, is_copy=True)
    is_odd = alter.lock == "NONE" or (usually.is_copy and alter.algorithm is not None)
    if usually.lock is not None and is_odd:
        said = "LOCK=NONE" if alter.lock == "NONE" else f"ALGORITHM={alter.algorithm}"
        return _Way(unread=(f"whether the server accepts {said} here does not stand in the text",))
    if usually.is_copy:
        return _Way(alter.copying, is_copy=True)
    return _Way(alter.in_place or usually.lock if _is_index(action) else usually.lock)


def _usual_way(action: Action) -> _Way:
    """A copy, or an index that is built while writes wait; all else is over at once."""
    has = action.text.has
    is_check = constraint(action) in ("FOREIGN KEY", "CHECK")
    if action.act in _COPYING or (action.act is Act.ADD_CONSTRAINT and is_check):
        return _Way(SHARED, is_copy=True)
    if action.act is Act.ADD_COLUMN and any(map(has, _FOR_EACH_ROW)):
        return _Way(SHARED, is_copy=True)
    if action.act is Act.CREATE_INDEX and any(map(has, _SLOW_INDEXES)):
        return _Way(SHARED_IN_PLACE)
    return _Way(SHARED if action.act is Act.LOCK else None)


def _is_index(action: Action) -> bool:
    is_unique = action.act is Act.ADD_CONSTRAINT and constraint(action) in ("UNIQUE", "PRIMARY KEY")
    return is_unique or action.act is Act.CREATE_INDEX


def whole(statement: Statement, *, is_in_transaction: bool) -> Guess:
    """Return what is known of a statement whatever tables it names."""
    found = Guess()
    return replace(found, facts=replace(found.facts, commits=statement.verb in COMMITS))
