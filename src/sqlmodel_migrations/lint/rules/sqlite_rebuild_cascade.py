"""Rows of other tables go away, because the table that they refer to is dropped or rebuilt.

SQLite drops the old copy of a table that a batch rebuilds. With `PRAGMA foreign_keys=ON`, which
many applications set, that deletes the rows of children with ON DELETE CASCADE, and sets the others
to NULL under SET NULL; inside a transaction it cannot be switched off. Nothing fails.
Source: https://www.sqlite.org/lang_altertable.html#otheralter and
https://www.sqlite.org/foreignkeys.html#fk_schemacommands
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, names

HAZARDS = (Hazard.CASCADE_LOSS,)
SEVERITY = Severity.ERROR
SUMMARY = "Rows of referring tables are deleted, or lose their reference."

_FIX = """\
# first in the revision, before any other statement:
op.execute("PRAGMA foreign_keys=OFF")
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find statements after which tables that they do not name have lost rows or references."""
    for statement in recording.statements:
        lost = [key for key, found in statement.facts.tables.items() if found.cascaded]
        if lost:
            yield Match(
                Hazard.CASCADE_LOSS,
                statement,
                f"rows of {names(lost)} go away, or lose their reference: foreign keys are on while"
                " the table that they refer to is dropped",
                "switch foreign keys off first, outside of a transaction",
                _FIX,
                tables=tuple(lost),
            )
