"""`stamp`: record where a database is."""

from __future__ import annotations

from typing import Any

import click

from sqlmodel_migrations.cli import answer, contrast, execution, execution_options, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report.report import Report


@verb(
    "stamp",
    arguments=[
        ("[REVISIONS]...", "Ids or their beginnings, head, heads, base. [default: head]"),
    ],
    examples=[
        ("stamp", "an existing database has all that the models say"),
        ("stamp 1e606859995a", "it has what this revision makes"),
        ("stamp --purge base", "forget every revision, known or not"),
    ],
    exits=usual(ExitCode.DATABASE, ExitCode.INTERRUPTED),
    every=True,
)
@options.targets(default="head")
@options.sql
@options.tag
@click.option("--purge", is_flag=True, help="Empty the version table first.")
@click.option(
    "--no-compare", is_flag=True, help="Do not look whether the schema is the revision's."
)
@execution_options.execution(but=("statement_timeout", "transaction", "backup", "accept_edited"))
def command(
    invocation: Invocation,
    revisions: tuple[str, ...],
    sql: bool,
    tag: str | None,
    purge: bool,
    no_compare: bool,
    **how: Any,
) -> Report:
    """Write the version table and nothing else."""
    migrations = invocation.migrations()
    stream = invocation.sql_stream(sql)
    with execution.under_way(invocation, how, is_sql=sql) as told:
        outcome = migrations.stamp(revisions, sql=stream, tag=tag, purge=purge, **told)
    report = answer.moved("stamp", outcome, migrations.graph, stream)
    if sql:
        return report
    is_compared = outcome.after and not no_compare
    drift = migrations.drift(only_if_cheap=True) if is_compared else None
    return contrast.warned(report, drift, invocation)
