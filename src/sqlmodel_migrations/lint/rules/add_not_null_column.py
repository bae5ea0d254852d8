"""A NOT NULL column without a default cannot be added to a table that has rows.

The server has no value for them, and refuses. Add the column with a server default, or nullable,
fill it, and set NOT NULL later.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording, Rows
from sqlmodel_migrations.lint.rules.base import Match, added, names

HAZARDS = (Hazard.FAILS_ON_DATA,)
SEVERITY = Severity.ERROR
SUMMARY = "A required column without a value for old rows is added."

_FIX = """\
op.add_column("{table}", sa.Column("{column}", ..., nullable=False, server_default=...))
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find new columns that any row makes fail."""
    for statement in recording.statements:
        columns = added(statement, "column")
        failures = statement.failures
        if not columns or Rows.CLEAN not in failures or Rows.EMPTY in failures:
            continue
        yield Match(
            Hazard.FAILS_ON_DATA,
            statement,
            f"any row makes it fail: {failures[Rows.CLEAN].message}",
            f"give {names(c.name for c in columns)} a server default, or fill it before it is"
            " required",
            _FIX.format(table=columns[0].table, column=columns[0].name),
        )
