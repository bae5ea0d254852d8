"""`upgrade`: bring the database to a later revision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlmodel_migrations.cli import answer, execution_options, judgement, options, plan
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.errors import ExitCode, UsageError
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.plan.plan import Plan


@verb(
    "upgrade",
    arguments=[
        ("[REVISION]", "An id or its beginning, head, +1; FROM:TO with --sql. [default: head]"),
    ],
    examples=[
        ("upgrade", "to the newest revision"),
        ("upgrade +1", "one revision further"),
        ("upgrade --check-drift", "unless somebody changed the database by hand"),
        ("upgrade --lint error", "unless lint finds something that severe"),
        ("upgrade --backup", "with a copy of the SQLite file, put back if it fails"),
        ("upgrade --dry-run", "what would be done, statement by statement"),
        ("upgrade --sql > upgrade.sql", "the SQL, for somebody else to run"),
    ],
    exits=usual(
        ExitCode.DATABASE,
        ExitCode.REVISION_FAILED,
        ExitCode.INTERRUPTED,
        yes="the database is at the revision, now or before",
        no="with --check-drift, --plan or --lint: something is not as expected; nothing was run",
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
@click.option(
    "--lint",
    type=click.Choice([severity.value for severity in Severity]),
    help="Run nothing if lint finds something at least this severe.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, as plan does.")
@click.option(
    "--plan",
    "plan_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Do what the plan says, if it still holds.",
)
@execution_options.execution()
def command(
    invocation: Invocation,
    revision: str,
    sql: bool,
    tag: str | None,
    check_drift: bool,
    lint: str | None,
    dry_run: bool,
    plan_file: Path | None,
    **how: Any,
) -> Report:
    """Run what is pending up to `revision`."""
    if dry_run:
        return plan.shown("upgrade", invocation.migrations().plan(revision))
    planned = _plan(plan_file, is_sql=sql)
    _refuse_contradictions(sql=sql, check_drift=check_drift, lint=lint is not None)
    migrations = invocation.migrations()
    stream = invocation.sql_stream(sql)
    if not sql and not check_drift and not invocation.events:
        standing = migrations.standing(revision)
        if standing is not None:
            return answer.moved("upgrade", standing, migrations.graph, None)
    if lint is not None and (refusal := judgement.refusal(invocation, revision, lint)):
        return refusal
    from sqlmodel_migrations.cli import execution

    with execution.under_way(invocation, how, is_sql=sql) as told:
        outcome = migrations.upgrade(
            revision, sql=stream, tag=tag, check_drift=check_drift, plan=planned, **told
        )
    return answer.moved("upgrade", outcome, migrations.graph, stream)


def _refuse_contradictions(*, sql: bool, check_drift: bool, lint: bool) -> None:
    for flag, given in (("--check-drift", check_drift), ("--lint", lint)):
        if sql and given:
            raise UsageError(
                f"{flag} looks at the database, and --sql uses none", hint="leave one of them out"
            )


def _plan(path: Path | None, *, is_sql: bool) -> Plan | None:
    """Read the plan that is to be kept to."""
    if path is None:
        return None
    if is_sql:
        raise UsageError(
            "--plan is about running, and --sql runs nothing", hint="leave one of the two out"
        )
    from sqlmodel_migrations.plan import file

    return file.read(path)
