"""`heads`: the newest revision of every branch."""

from __future__ import annotations

import click

from sqlmodel_migrations.cli import answer, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.history import text
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report


@verb(
    "heads",
    examples=[("heads", "more than one: see merge")],
    exits=usual(),
    every=True,
)
@options.verbose
@click.option(
    "--resolve-dependencies",
    is_flag=True,
    help="Leave out heads that another revision depends on.",
)
def command(invocation: Invocation, verbose: bool, resolve_dependencies: bool) -> Report:
    """Show the revisions that none follows."""
    graph = invocation.graph()
    revisions = graph.effective_heads if resolve_dependencies else graph.heads
    lines = (
        text.line(graph, found, verbose=verbose, include_branches=True, tree_indicators=False)
        for found in revisions
    )
    return answer.listed("heads", entry.all_as_json(revisions), lines, graph)
