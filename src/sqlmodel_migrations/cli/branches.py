"""`branches`: where the history branches."""

from __future__ import annotations

from sqlmodel_migrations.cli import answer, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.history import text
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report


@verb(
    "branches",
    examples=[("branches", "each branch point with the revisions that follow it")],
    exits=usual(),
)
@options.verbose
def command(invocation: Invocation, verbose: bool) -> Report:
    """Show the revisions that several follow."""
    graph = invocation.graph()
    points = [found for found in graph.walk() if graph.is_branch_point(found.id)]
    result = [
        entry.as_json(point) | {"branches": entry.all_as_json(graph.children(point.id))}
        for point in points
    ]
    lines = (text.branch_point(graph, point, verbose=verbose) for point in points)
    return answer.listed("branches", result, lines, graph)
