"""`edit`: open a revision's file."""

from __future__ import annotations

import click

from sqlmodel_migrations.cli import answer, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode, UsageError
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report


@verb(
    "edit",
    arguments=[("[REVISION]", "An id or its beginning, head, current, -1. [default: head]")],
    examples=[
        ("edit", "the newest revision, in $VISUAL or $EDITOR"),
        ("edit 1e606859995a", "this one"),
    ],
    exits=usual(ExitCode.DATABASE),
)
@options.target(default="head")
def command(invocation: Invocation, revision: str) -> Report:
    """Open every file that `revision` names, and wait for the editor."""
    revisions = answer.named(invocation, invocation.graph(), revision)
    if not revisions:
        raise UsageError(f"{revision!r} names no revision")
    for found in revisions:
        click.edit(filename=str(found.path))
    return Report("edit", {"revisions": entry.all_as_json(revisions)})
