"""`ensure-version`: make the version table."""

from __future__ import annotations

from sqlmodel_migrations.cli import answer, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report.report import Report


@verb(
    "ensure-version",
    examples=[("ensure-version", "the database is at base afterwards, or where it was")],
    exits=usual(ExitCode.DATABASE),
    every=True,
)
@options.sql
def command(invocation: Invocation, sql: bool) -> Report:
    """Create the table and write no row."""
    stream = invocation.sql_stream(sql)
    invocation.migrations().ensure_version(sql=stream)
    if stream is not None:
        return Report("ensure-version", answer.script(stream))
    return Report("ensure-version", {}, notes=("the version table is there",))
