"""MariaDB and MySQL: what copies a table, by what the manual says; every DDL commits.

Source: https://mariadb.com/kb/en/innodb-online-ddl-operations-with-the-copy-alter-algorithm/
"""

from __future__ import annotations

from dataclasses import replace

from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.lint.facts.mysql import COMMITS, SHARED
from sqlmodel_migrations.lint.guess.action import Act, Action
from sqlmodel_migrations.lint.guess.base import Guess, constraint, usual

_COPYING = (Act.CHANGE_TYPE, Act.SET_NOT_NULL)


def guess(action: Action) -> Guess:
    """Return what one action probably does to a table that has rows."""
    is_reference = action.act is Act.ADD_CONSTRAINT and constraint(action) in (
        "FOREIGN KEY",
        "CHECK",
    )
    if action.act not in _COPYING and not is_reference:
        return usual(action)
    found = usual(action, SHARED)
    own = replace(found.facts.tables[action.table], is_rewritten=True)
    return replace(found, facts=replace(found.facts, tables={action.table: own}))


def whole(statement: Statement, *, is_in_transaction: bool) -> Guess:
    """Return what is known of a statement whatever tables it names."""
    found = Guess()
    return replace(found, facts=replace(found.facts, commits=statement.verb in COMMITS))
