"""`check`: would `revision` find anything?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.generate.difference import Difference
    from sqlmodel_migrations.history.index import Revision


@verb(
    "check",
    examples=[
        ("check", "in CI; no database is needed"),
        ("check --database", "before a deployment: is the database at head as well?"),
    ],
    exits=usual(
        ExitCode.DATABASE,
        yes="nothing is missing",
        no="a revision is missing; with --database: one is pending, or an applied one was edited",
    ),
    every=True,
)
@click.option(
    "--database",
    is_flag=True,
    help="Check also that no revision is pending, and no applied script was edited.",
)
@click.option(
    "--from-database",
    is_flag=True,
    help="Compare with the live database instead of the revisions, as Alembic does.",
)
def command(invocation: Invocation, database: bool, from_database: bool) -> Report:
    """Compare, and say what is missing."""
    migrations = invocation.migrations()
    compared = migrations.compare(from_database=from_database)
    differences = compared.differences
    pending = migrations.pending() if database else ()
    edited = [one for one in migrations.applied() if one.script == "edited"] if database else []
    result = {
        "differences": [difference.as_json() for difference in differences],
        "pending": entry.all_as_json(pending) if database else None,
        "edited": [one.revision.id for one in edited] if database else None,
        "notes": list(compared.notes),
    }
    return Report(
        "check",
        result,
        (*_missing(differences), *_pending(pending)),
        (*compared.notes, *_advice(invocation, bool(differences), bool(pending))),
        diagnostics=tuple(one.diagnostic() for one in edited),
        exit_code=ExitCode.NO if differences or pending or edited else ExitCode.YES,
    )


def _missing(differences: tuple[Difference, ...]) -> tuple[str, ...]:
    if not differences:
        return ()
    lines = (f"  {difference.description}" for difference in differences)
    return ("the models have changes that no revision makes:", *lines)


def _pending(pending: tuple[Revision, ...]) -> tuple[str, ...]:
    if not pending:
        return ()
    lines = (f"  {revision.id}, {revision.message}" for revision in pending)
    return ("the database lacks revisions:", *lines)


def _advice(invocation: Invocation, is_missing: bool, is_pending: bool) -> tuple[str, ...]:
    if is_missing:
        return (f"next: {invocation.typed('revision')}",)
    if is_pending:
        return (f"next: {invocation.typed('upgrade')}",)
    return ("nothing is missing: the revisions make what the models say",)
