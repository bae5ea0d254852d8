"""The whole table is read while writes wait.

So does ATTACH PARTITION without a CHECK constraint that proves the bounds, a new partition beside
a default one, which is searched for rows that belong into the new one, and ADD PRIMARY KEY USING
INDEX on a column that may be NULL. A constraint that is validated beforehand spares the scan.
Source: https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import (
    Match,
    changed,
    constraints,
    measured,
    scanned,
    stopped,
)

HAZARDS = (Hazard.SCAN_LOCK,)
SEVERITY = Severity.ERROR
SUMMARY = "A whole table is read while writes wait."


def find(recording: Recording) -> Iterator[Match]:
    """Find scans for which neither a constraint nor NOT NULL is the reason."""
    for statement in measured(recording):
        tables = scanned(statement)
        is_told = constraints(statement, "FOREIGN KEY", "CHECK") or any(
            c.after == "NOT NULL" for c in changed(statement, "nullable")
        )
        if tables and not is_told:
            yield Match(
                Hazard.SCAN_LOCK,
                statement,
                f"{stopped(statement, tables)} while all of it is read",
                "add a CHECK constraint that proves it, NOT VALID, and validate it before",
                tables=tables,
            )
