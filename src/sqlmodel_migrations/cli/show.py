"""`show`: a revision's facts and its whole text."""

from __future__ import annotations

from sqlmodel_migrations.cli import answer, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.history import text
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report


@verb(
    "show",
    arguments=[("[REVISION]", "An id or its beginning, head, current, base:head. [default: head]")],
    examples=[
        ("show", "the newest revision"),
        ("show current", "the one that the database is at"),
    ],
    exits=usual(ExitCode.DATABASE),
)
@options.target(default="head")
def command(invocation: Invocation, revision: str) -> Report:
    """Show every revision that `revision` names."""
    graph = invocation.graph()
    revisions = answer.named(invocation, graph, revision)
    return Report(
        "show",
        {"revisions": entry.all_as_json(revisions)},
        tuple(text.entry(graph, found) for found in revisions),
    )
