"""Another type of a column may make the server write the whole table anew, or break running code.

PostgreSQL changes only the catalog where the old bytes are right for the new type, as from
varchar(20) to varchar(40) or to text; everything else is a table rewrite under an ACCESS EXCLUSIVE
lock. Add a second column of the new type, write both, fill the old rows in batches, then switch.
Code that still sends values of the old type may fail.
Source: https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint import cause
from sqlmodel_migrations.lint.cause import Cause
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import RecordedStatement, Recording
from sqlmodel_migrations.lint.rules.base import (
    Match,
    added,
    changed,
    measured,
    names,
    rewritten,
    stopped,
)

HAZARDS = (Hazard.TABLE_REWRITE, Hazard.BREAKS_RUNNING_CODE)
SEVERITY = Severity.ERROR
SUMMARY = "The type of a column is changed by writing the whole table anew, or breaks running code."

_FIX = """\
op.add_column("{table}", sa.Column("{column}_new", ...))

# write both columns, fill the old rows in batches, then read the new one
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find statements that changed a type and wrote the table anew, or broke old statements."""
    for statement in measured(recording):
        yield from _rewrites(statement)
        for table, reason in cause.breaks(statement, Cause.TYPE_CHANGED).items():
            yield Match(
                Hazard.BREAKS_RUNNING_CODE,
                statement,
                f"code that still uses '{table}' as it was fails: {reason}",
                "add a column of the new type beside the old one, and switch the code first",
                tables=(table,),
            )


def _rewrites(statement: RecordedStatement) -> Iterator[Match]:
    columns, tables = changed(statement, "type"), rewritten(statement)
    if not columns or not tables or added(statement, "column"):
        return
    first = columns[0]
    yield Match(
        Hazard.TABLE_REWRITE,
        statement,
        f"{stopped(statement, tables)} while every row is written anew:"
        f" {names(c.name for c in columns)} becomes {first.after}",
        "add a column of the new type beside the old one, and fill it in batches",
        _FIX.format(table=first.table, column=first.name),
        tables,
    )
