"""MariaDB and MySQL: what copies a table, by what the manual says; every DDL commits.

Source: https://mariadb.com/kb/en/innodb-online-ddl-operations-with-the-copy-alter-algorithm/
"""

from __future__ import annotations

from dataclasses import replace

from sqlmodel_migrations.database.statement import Statement
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
    lock = _lock(action)
    found = usual(action, lock)
    if action.act is Act.ADD_COLUMN and Rows.CLEAN in found.failures:
        # Old rows get the value that the type has for nothing; old code cannot insert new ones.
        reason = f"column '{action.name}' has no default"
        broken = (Broken(action.table, "INSERT", reason),)
        return Guess(replace(found.facts, broken=broken))
    if lock is None or action.table not in found.facts.tables:
        return found
    is_index = action.act is Act.CREATE_INDEX
    own = replace(
        found.facts.tables[action.table],
        is_rewritten=not is_index and action.act is not Act.LOCK,
        built=(action.name,) if is_index else (),
    )
    return replace(found, facts=replace(found.facts, tables={action.table: own}))


def _lock(action: Action) -> Lock | None:
    """The lock of a copy, or of an index that is built while writes wait."""
    has = action.text.has
    if action.act in _COPYING or action.act is Act.LOCK:
        return SHARED
    if action.act is Act.ADD_CONSTRAINT and constraint(action) in ("FOREIGN KEY", "CHECK"):
        return SHARED
    if action.act is Act.ADD_COLUMN and any(map(has, _FOR_EACH_ROW)):
        return SHARED
    if action.act is Act.CREATE_INDEX and any(map(has, _SLOW_INDEXES)):
        return SHARED_IN_PLACE
    return None


def whole(statement: Statement, *, is_in_transaction: bool) -> Guess:
    """Return what is known of a statement whatever tables it names."""
    found = Guess()
    return replace(found, facts=replace(found.facts, commits=statement.verb in COMMITS))
