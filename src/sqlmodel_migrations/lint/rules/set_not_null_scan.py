"""SET NOT NULL reads the whole table under a lock that stops reads and writes.

PostgreSQL skips the scan where a validated CHECK constraint says already that the column IS NOT
NULL. Add the constraint NOT VALID; in the next revision validate it (writes go on meanwhile), set
NOT NULL and drop the constraint.
Source: https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, changed, measured, names, scanned, stopped

HAZARDS = (Hazard.SCAN_LOCK,)
SEVERITY = Severity.ERROR
SUMMARY = "A column becomes NOT NULL, and the whole table is read while all wait."

_FIX = """\
op.create_check_constraint(
    "{column}_is_set", "{table}", "{column} IS NOT NULL", postgresql_not_valid=True
)

# in the next revision
op.execute("ALTER TABLE {table} VALIDATE CONSTRAINT {column}_is_set")
op.alter_column("{table}", "{column}", nullable=False)
op.drop_constraint("{column}_is_set", "{table}", type_="check")
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find statements that did so and read the table."""
    for statement in measured(recording):
        tables = scanned(statement)
        found = [c for c in changed(statement, "nullable") if c.after == "NOT NULL"]
        if not tables or not found:
            continue
        yield Match(
            Hazard.SCAN_LOCK,
            statement,
            f"{stopped(statement, tables)} "
            f"while all rows are read: {names(c.name for c in found)} becomes NOT NULL",
            "prove it with a CHECK constraint first, which is validated while writes go on",
            _FIX.format(table=found[0].table, column=found[0].name),
            tables,
        )
