"""The foreign key is added NOT VALID, and VALIDATE follows in the next revision.

NOT VALID takes its locks for a moment only; VALIDATE reads all rows while writes go on.
"""

from __future__ import annotations

from sqlmodel_migrations.lint import safe_form
from sqlmodel_migrations.lint.fixes.base import Case, Plan


def plan(case: Case) -> Plan:
    """Write the same call with `postgresql_not_valid`, and a VALIDATE."""
    case.require("create_foreign_key")
    return safe_form.validated_later(case, "FOREIGN KEY")
