"""`upgrade`: bring the database to a later revision."""

from __future__ import annotations

from typing import Any

import click

from sqlmodel_migrations.cli import answer, execution, execution_options, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode, UsageError
from sqlmodel_migrations.report.report import Report


@verb(
    "upgrade",
    arguments=[
        ("[REVISION]", "An id or its beginning, head, +1; FROM:TO with --sql. [default: head]"),
    ],
    examples=[
        ("upgrade", "to the newest revision"),
        ("upgrade +1", "one revision further"),
        ("upgrade --check-drift", "unless somebody changed the database by hand"),
        ("upgrade --backup", "with a copy of the SQLite file, put back if it fails"),
        ("upgrade --sql > upgrade.sql", "the SQL, for somebody else to run"),
    ],
    exits=usual(
        ExitCode.DATABASE,
        ExitCode.REVISION_FAILED,
        ExitCode.INTERRUPTED,
        yes="the database is at the revision, now or before",
        no="with --check-drift: there is drift, and nothing was run",
    ),
    every=True,
)
@options.target(default="head")
@options.sql
@options.tag
@click.option(
    "--check-drift",
    is_flag=True,
    help="Run nothing if the database is not what its revisions make.",
)
@execution_options.execution()
def command(
    invocation: Invocation,
    revision: str,
    sql: bool,
    tag: str | None,
    check_drift: bool,
    **how: Any,
) -> Report:
    """Run what is pending up to `revision`."""
    if sql and check_drift:
        raise UsageError(
            "--check-drift looks at the database, and --sql uses none", hint="leave one of them out"
        )
    migrations = invocation.migrations()
    stream = invocation.sql_stream(sql)
    with execution.under_way(invocation, how, is_sql=sql) as told:
        outcome = migrations.upgrade(revision, sql=stream, tag=tag, check_drift=check_drift, **told)
    return answer.moved("upgrade", outcome, migrations.graph, stream)
