"""`upgrade`: bring the database to a later revision."""

from __future__ import annotations

from sqlmodel_migrations.cli import answer, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report.report import Report


@verb(
    "upgrade",
    arguments=[
        ("[REVISION]", "An id or its beginning, head, +1; FROM:TO with --sql. [default: head]"),
    ],
    examples=[
        ("upgrade", "to the newest revision"),
        ("upgrade +1", "one revision further"),
        ("upgrade --sql > upgrade.sql", "the SQL, for somebody else to run"),
    ],
    exits=usual(
        ExitCode.DATABASE,
        ExitCode.REVISION_FAILED,
        ExitCode.INTERRUPTED,
        yes="the database is at the revision, now or before",
    ),
    every=True,
)
@options.target(default="head")
@options.sql
@options.tag
def command(invocation: Invocation, revision: str, sql: bool, tag: str | None) -> Report:
    """Run what is pending up to `revision`."""
    migrations = invocation.migrations()
    stream = invocation.sql_stream(sql)
    outcome = migrations.upgrade(revision, sql=stream, tag=tag)
    return answer.moved("upgrade", outcome, migrations.graph, stream)
