"""The server refuses this statement inside a transaction, and revisions run in one.

CREATE INDEX CONCURRENTLY, VACUUM, REINDEX CONCURRENTLY and the like need an autocommit block; it
commits what the revision did before, so give such a statement a revision of its own.
Source: https://alembic.sqlalchemy.org/en/latest/api/runtime.html (autocommit_block)
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import NEW_ENUM_VALUE, FailureKind, Recording
from sqlmodel_migrations.lint.rules.base import Match, in_transaction, inside

HAZARDS = (Hazard.FAILS_IN_TRANSACTION,)
SEVERITY = Severity.ERROR
SUMMARY = "A statement that cannot run in a transaction is sent in one."

_FIX = """\
with op.get_context().autocommit_block():
    ...
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find statements that the transaction makes fail."""
    for statement in recording.statements:
        failure = inside(statement)
        if failure is None or failure.kind is not FailureKind.TRANSACTION:
            continue
        if failure.code != NEW_ENUM_VALUE:
            yield in_transaction(
                statement,
                f"it fails in a transaction: {failure.message}",
                "send it in an autocommit block, in a revision of its own",
                _FIX,
            )
