"""`index`: store what the revision files say, while a container's image is built."""

from __future__ import annotations

from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.history import index
from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.report.report import Report


@verb(
    "index",
    examples=[("index", "in a Dockerfile, after the revision files are copied")],
    exits=usual(),
    every=True,
)
def command(invocation: Invocation) -> Report:
    """Write the cache that every other command would write if it could."""
    found = invocation.settings()
    graph = Graph(
        index.store(found.version_locations, recursive=found.recursive, sourceless=found.sourceless)
    )
    count = len(graph.revisions)
    return Report(
        "index",
        {"stored": count},
        notes=(f"{count} revision{'' if count == 1 else 's'} stored in __pycache__",),
        diagnostics=graph.problems,
        exit_code=ExitCode.USAGE if graph.problems else ExitCode.YES,
    )
