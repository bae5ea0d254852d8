"""A value that was added to an enum can be used only after the transaction that added it.

PostgreSQL refuses "unsafe use of new value" until the ADD VALUE is committed. Add the value in an
autocommit block, and use it in the next revision.
Source: https://www.postgresql.org/docs/current/sql-altertype.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import NEW_ENUM_VALUE, Recording
from sqlmodel_migrations.lint.rules.base import Match, in_transaction, inside

HAZARDS = (Hazard.FAILS_IN_TRANSACTION,)
SEVERITY = Severity.ERROR
SUMMARY = "A new enum value is used in the transaction that added it."

_FIX = """\
with op.get_context().autocommit_block():
    op.execute("ALTER TYPE ... ADD VALUE IF NOT EXISTS '...'")

# use the value in the next revision
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find uses of values that are not committed."""
    for statement in recording.statements:
        failure = inside(statement)
        if failure is not None and failure.code == NEW_ENUM_VALUE:
            yield in_transaction(
                statement,
                f"it fails in the transaction that adds the value: {failure.message}",
                "add the value in an autocommit block, and use it in the next revision",
                _FIX,
            )
