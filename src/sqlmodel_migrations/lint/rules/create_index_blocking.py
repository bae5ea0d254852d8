"""CREATE INDEX reads the whole table and lets nobody write to it meanwhile.

On PostgreSQL it takes a SHARE lock, which stops INSERT, UPDATE and DELETE until the transaction
ends. CREATE INDEX CONCURRENTLY takes a weaker lock and lets writes go on; it cannot run inside a
transaction, so it needs an autocommit block, and a revision of its own.
Source: https://www.postgresql.org/docs/current/sql-createindex.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, lock, names, stops_writes, touched

HAZARD = Hazard.INDEX_LOCK
SEVERITY = Severity.ERROR
SUMMARY = "An index is built on an existing table while writes wait."

_FIX = """\
with op.get_context().autocommit_block():
    op.create_index({name!r}, {table!r}, [...], postgresql_concurrently=True, if_not_exists=True)
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find indexes that a statement built under a lock that stops writes."""
    for statement in recording.statements:
        for table, facts in touched(statement):
            if not facts.built or not stops_writes(facts):
                continue
            yield Match(
                statement,
                f"writes to {names([table])} wait while {names(facts.built)} is built"
                f" ({lock(facts)})",
                "build it concurrently, in an autocommit block and a revision of its own",
                _FIX.format(name=facts.built[0], table=table),
                (table,),
            )
