"""CREATE INDEX reads the whole table and lets nobody write to it meanwhile.

On PostgreSQL it takes a SHARE lock, which stops INSERT, UPDATE and DELETE until the transaction
ends. CREATE INDEX CONCURRENTLY takes a weaker lock and lets writes go on; it cannot run inside a
transaction, so it needs an autocommit block, and a revision of its own. MariaDB lets writes go on
by itself, but for a FULLTEXT index, and where the script asks for a lock.
Source: https://www.postgresql.org/docs/current/sql-createindex.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, added, built, measured, names, stopped

HAZARDS = (Hazard.INDEX_LOCK,)
SEVERITY = Severity.ERROR
SUMMARY = "An index is built on an existing table while writes wait."

_FIX = """\
with op.get_context().autocommit_block():
    op.create_index("{name}", "{table}", [...], postgresql_concurrently=True)
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find indexes that a statement made and built under a lock that stops writes."""
    for statement in measured(recording):
        new = {change.name for change in added(statement, "index")}
        for table, indexes in built(statement).items():
            if own := [name for name in indexes if name in new]:
                yield Match(
                    Hazard.INDEX_LOCK,
                    statement,
                    f"{stopped(statement, [table])} while {names(own)} is built",
                    *_advice(recording.dialect, own[0], table),
                    (table,),
                )


def _advice(dialect: str, name: str, table: str) -> tuple[str, str | None]:
    """What to do, and how."""
    if dialect == "postgresql":
        return (
            "build it concurrently, in an autocommit block and a revision of its own",
            _FIX.format(name=name, table=table),
        )
    return (
        "leave LOCK and ALGORITHM to the server; build a FULLTEXT index while nobody writes",
        None,
    )
