"""A lock is held until the transaction ends: also while later statements of it do slow work.

ALTER TABLE needs its ACCESS EXCLUSIVE lock for a moment only. An UPDATE of all rows, an index or a
VALIDATE after it in the same transaction makes everybody wait for all that time. Give the quick
change and the slow one a revision each; env.py must commit each (transaction_per_migration).
Source: https://www.postgresql.org/docs/current/explicit-locking.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import RecordedStatement, Recording
from sqlmodel_migrations.lint.rules.base import Match, built, measured, names, rewritten, touched

HAZARDS = (Hazard.LOCK_HELD,)
SEVERITY = Severity.ERROR
SUMMARY = "Slow work is done while a lock of an earlier statement keeps others waiting."


def find(recording: Recording) -> Iterator[Match]:
    """Find slow statements in transactions that hold a strong lock already."""
    for statement in measured(recording):
        work = _work(statement)
        held = statement.facts.held
        if not work or not held:
            continue
        locks = ", ".join(sorted({lock.name for lock in held.values()}))
        stay = "stays" if len(held) == 1 else "stay"
        are = "is" if len(work) == 1 else "are"
        yield Match(
            Hazard.LOCK_HELD,
            statement,
            f"{names(held)} {stay} locked ({locks}) while {names(work)} {are} worked through",
            "do the slow work in a revision of its own, so that the lock is given back before",
            tables=tuple(dict.fromkeys((*work, *held))),
        )


def _work(statement: RecordedStatement) -> tuple[str, ...]:
    """The tables of which it reads or writes all there is."""
    slow = [*rewritten(statement), *built(statement)]
    for table, facts in touched(statement).items():
        changed = facts.updated + facts.deleted + facts.inserted
        if facts.rows and (facts.is_scanned or 2 * changed >= facts.rows):
            slow.append(table)
    return tuple(dict.fromkeys(slow))
