"""`current`: the revision that the database is at."""

from __future__ import annotations

import click

from sqlmodel_migrations.cli import options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.history import text
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report


@verb(
    "current",
    examples=[
        ("current", "what the version table says"),
        ("current --check-heads", "for a script: 1 unless every head is applied"),
    ],
    exits=usual(
        ExitCode.DATABASE,
        yes="shown; with --check-heads, every head is applied",
        no="with --check-heads: the database is not at every head",
    ),
    every=True,
)
@click.option("-c", "--check-heads", is_flag=True, help="End with 1 unless every head is applied.")
@options.verbose
def command(invocation: Invocation, check_heads: bool, verbose: bool) -> Report:
    """Ask the version table."""
    migrations = invocation.migrations()
    applied = [found.id for found in migrations.current()]
    is_at_head = set(applied) == {found.id for found in migrations.heads()}
    revisions = migrations.graph.current(applied)
    lines = (text.line(migrations.graph, found, verbose=verbose) for found in revisions)
    return Report(
        "current",
        {"revisions": entry.all_as_json(revisions), "is_at_head": is_at_head},
        tuple(lines),
        _notes(invocation, bool(revisions), is_at_head, check_heads),
        exit_code=ExitCode.NO if check_heads and not is_at_head else ExitCode.YES,
    )


def _notes(
    invocation: Invocation, has_any: bool, is_at_head: bool, is_asked: bool
) -> tuple[str, ...]:
    if is_asked and not is_at_head:
        return ("the database is not at every head", f"next: {invocation.typed('upgrade')}")
    return () if has_any else ("no revision is applied",)
