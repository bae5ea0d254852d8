"""A new column whose values differ from row to row has to be written into every row at once.

A constant default is kept in the catalog, and so is one that is the same for the whole statement,
such as now(). A default that is computed for each row (random(), gen_random_uuid(), nextval(), so
SERIAL and IDENTITY too), a stored generated column and a domain with a constraint rewrite the
table while nobody can read or write it. Add the column without a default, set the default for
new rows, and fill the old ones in batches.
Source: https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, added, measured, names, rewritten, stopped

HAZARDS = (Hazard.TABLE_REWRITE,)
SEVERITY = Severity.ERROR
SUMMARY = "A column is added whose value has to be written into every row."

_FIX = """\
op.add_column("{table}", sa.Column("{column}", ..., nullable=True))
op.alter_column("{table}", "{column}", server_default=sa.text("..."))

# in the next revision, rows in batches, each in a transaction of its own
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find statements that added a column and wrote the table anew."""
    for statement in measured(recording):
        columns = added(statement, "column")
        tables = rewritten(statement)
        if not columns or not tables:
            continue
        yield Match(
            Hazard.TABLE_REWRITE,
            statement,
            f"{stopped(statement, tables)} while every row is written anew for"
            f" {names(c.name for c in columns)}",
            "add the column without a default, set the default, and fill old rows in batches",
            _FIX.format(table=columns[0].table, column=columns[0].name),
            tables,
        )
