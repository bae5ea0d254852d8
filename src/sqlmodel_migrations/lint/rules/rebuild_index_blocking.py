"""An index that was there is built again while writes wait.

REINDEX does it on purpose; ALTER COLUMN … TYPE does it for the indexes of the column where the
new type sorts otherwise. REINDEX … CONCURRENTLY lets writes go on.
Source: https://www.postgresql.org/docs/current/sql-reindex.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, added, built, measured, names, stopped

HAZARDS = (Hazard.INDEX_LOCK,)
SEVERITY = Severity.ERROR
SUMMARY = "An existing index is built again while writes wait."

_FIX = """\
with op.get_context().autocommit_block():
    op.execute("REINDEX INDEX CONCURRENTLY {name}")
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find indexes that a statement built and did not make."""
    for statement in measured(recording):
        made = (*added(statement, "index"), *added(statement, "constraint"))
        new = {change.name for change in made}
        for table, indexes in built(statement).items():
            if old := [name for name in indexes if name not in new]:
                yield Match(
                    Hazard.INDEX_LOCK,
                    statement,
                    f"{stopped(statement, [table])} while {names(old)} is built again",
                    "build it again concurrently, in an autocommit block",
                    _FIX.format(name=old[0]),
                    (table,),
                )
