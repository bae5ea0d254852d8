"""PostgreSQL: locks, table rewrites and scans by what its manual says of each command.

Source: https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

from dataclasses import replace

from sqlmodel_migrations.database.statement import Reader, Statement
from sqlmodel_migrations.lint.facts.postgresql_reading import LOCKS
from sqlmodel_migrations.lint.guess import widening
from sqlmodel_migrations.lint.guess.action import Act, Action
from sqlmodel_migrations.lint.guess.base import Guess, constraint, usual
from sqlmodel_migrations.lint.recording import (
    Broken,
    Facts,
    Failure,
    FailureKind,
    Lock,
    Rows,
    TableFacts,
)

_EXCLUSIVE = LOCKS["AccessExclusiveLock"]
_WRITES = LOCKS["ShareRowExclusiveLock"]
_SHARE = LOCKS["ShareLock"]

_VOLATILE = frozenset(
    (
        *("random", "gen_random_uuid", "uuid_generate_v1", "uuid_generate_v4", "nextval"),
        *("clock_timestamp", "timeofday", "serial", "bigserial", "smallserial", "stored"),
        *("serial4", "serial8", "serial2", "identity", "uuidv4", "uuidv7"),
    )
)
# What PreventInTransactionBlock is called for in the server's source.
_ALONE = ("VACUUM", "REINDEX DATABASE", "REINDEX SYSTEM", "CREATE DATABASE", "DROP DATABASE",
          "ALTER SYSTEM", "CREATE TABLESPACE", "DROP TABLESPACE")  # fmt: skip


def guess(action: Action) -> Guess:
    """Return what one action probably does to a table that has rows."""
    found = usual(action, _lock(action))
    own = found.facts.tables.get(action.table)
    if own is None:
        return found
    tables = {action.table: _worked(action, own)}
    return replace(found, facts=replace(found.facts, tables=tables))


def whole(statement: Statement, *, is_in_transaction: bool) -> Guess:
    """Return what is known of a statement whatever tables it names."""
    reader = Reader(statement)
    is_alone = any(reader.take(*words.split()) for words in _ALONE)
    is_built = statement.verb in ("CREATE", "DROP", "REINDEX")
    if is_in_transaction and (is_alone or (is_built and statement.has("CONCURRENTLY"))):
        said = Failure(FailureKind.TRANSACTION, "it cannot run inside a transaction block")
        return Guess(failures=dict.fromkeys(Rows, said))
    if statement.has("RENAME", "VALUE"):
        reader = Reader(statement)
        reader.take("ALTER", "TYPE")
        name = reader.name()
        if name is not None:
            broken = Broken(name.name, "the value", "a value has another name")
            return Guess(Facts(broken=(broken,)))
    return Guess()


def _lock(action: Action) -> Lock | None:
    if action.act in (Act.UPDATE, Act.DELETE, Act.CREATE_TABLE):
        return None
    if action.act is Act.VALIDATE:
        return LOCKS["ShareUpdateExclusiveLock"]
    if action.act in (Act.REFRESH, Act.REBUILD_INDEX):
        is_weak = action.text.has("CONCURRENTLY")
        return None if is_weak else _EXCLUSIVE if action.act is Act.REFRESH else _SHARE
    if action.act is Act.CREATE_INDEX:
        return None if action.text.has("CONCURRENTLY") else _SHARE
    if action.act is Act.ADD_CONSTRAINT and constraint(action) == "FOREIGN KEY":
        return _WRITES
    return _EXCLUSIVE


def _worked(action: Action, own: TableFacts) -> TableFacts:
    """What takes as long as the table is large."""
    if action.act is Act.CREATE_INDEX:
        return replace(own, built=(action.name,)) if own.taken else own
    if action.act is Act.REBUILD_INDEX:
        return replace(own, built=(action.name or action.table,))
    if action.act in (Act.REWRITE, Act.REFRESH):
        return replace(own, is_rewritten=True, is_stored_query=action.act is Act.REFRESH)
    if action.act in (Act.VALIDATE, Act.ATTACH):
        return replace(own, is_scanned=True)
    if action.act is Act.ADD_COLUMN:
        return replace(own, is_rewritten=bool(_VOLATILE & action.text.names))
    if action.act is Act.CHANGE_TYPE:
        return replace(own, is_rewritten=not _is_widened(action))
    if action.act is Act.SET_NOT_NULL:
        return replace(own, is_scanned=True)
    if action.act is Act.ADD_CONSTRAINT:
        if constraint(action) in ("UNIQUE", "PRIMARY KEY", "EXCLUDE"):
            is_built = not action.text.has("USING", "INDEX")
            return replace(own, built=(action.name,) if is_built else ())
        return replace(own, is_scanned=not action.text.has("NOT", "VALID"))
    return own


def _is_widened(action: Action) -> bool:
    """Whether a column gets a type for which its rows are right as they are."""
    reader = Reader(action.text)
    if action.was is None or action.text.has("USING") or not reader.seek("TYPE"):
        return False
    new = action.text.text[action.text.tokens[reader.at - 1].end :]
    return widening.keeps_rows(action.was, new)
