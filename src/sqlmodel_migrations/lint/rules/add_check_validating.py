"""A CHECK constraint reads the whole table under a lock that stops reads and writes.

Added NOT VALID it holds for new rows at once; VALIDATE CONSTRAINT, in a transaction of its own,
checks the old rows while writes go on.
Source: https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import (
    NOT_VALID,
    Match,
    names,
    stopped,
    validated,
)

HAZARDS = (Hazard.SCAN_LOCK,)
SEVERITY = Severity.ERROR
SUMMARY = "A CHECK constraint is added, and the whole table is read while all wait."


def find(recording: Recording) -> Iterator[Match]:
    """Find statements that did so and read the table."""
    for statement, tables, found in validated(recording, "CHECK"):
        form = {"name": found[0].name, "table": found[0].table}
        yield Match(
            Hazard.SCAN_LOCK,
            statement,
            f"{stopped(statement, tables)} "
            f"while all rows are checked against {names(c.name for c in found)}",
            "add it NOT VALID, and validate it in the next revision",
            NOT_VALID.format(operation="create_check_constraint", **form),
            tables,
        )
