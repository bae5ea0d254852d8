"""`history`: the revisions, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sqlmodel_migrations.cli import answer, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode, UsageError
from sqlmodel_migrations.history import text
from sqlmodel_migrations.project import duration
from sqlmodel_migrations.report import columns, entry
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.history.index import Revision
    from sqlmodel_migrations.run.applied import Applied


_SCRIPTS = {"same": "script as applied", "edited": "script edited since", "unknown": ""}


@verb(
    "history",
    examples=[
        ("history", "all revisions"),
        ("history -r current: -i", "those that follow what the database is at, which is marked"),
        ("history -r -3: --verbose", "the last three, with their texts"),
        ("history --applied", "what the database has: since when, and from the same script?"),
    ],
    exits=usual(ExitCode.DATABASE),
    every=True,
)
@click.option(
    "-r",
    "--rev-range",
    metavar="FROM:TO",
    help="Part of the history; either may be left out, and may be current.",
)
@options.verbose
@click.option("-i", "--indicate-current", is_flag=True, help="Ask the database where it is.")
@click.option(
    "--applied", is_flag=True, help="Show when each ran, how long, by what, and from which script."
)
def command(
    invocation: Invocation,
    rev_range: str | None,
    verbose: bool,
    indicate_current: bool,
    applied: bool,
) -> Report:
    """List what lies between two revisions."""
    base, head = _range(rev_range)
    if applied:
        return _applied(invocation, base, head)
    graph = invocation.graph()
    is_asked = indicate_current or "current" in (rev_range or "")
    current = answer.applied(invocation) if is_asked else None
    marked = frozenset(current or ()) if indicate_current else frozenset[str]()
    revisions = tuple(graph.walk(base, head, current=current))
    lines = (
        text.line(
            graph,
            found,
            verbose=verbose,
            include_branches=True,
            include_doc=True,
            include_parents=True,
            current=marked,
        )
        for found in revisions
    )
    result = [_as_json(found, current) for found in revisions]
    return answer.listed("history", result, lines, graph)


def _applied(invocation: Invocation, base: str, head: str) -> Report:
    """List what the database has, with what is known of how it came there."""
    migrations = invocation.migrations()
    wanted = {found.id for found in migrations.history(base, head)}
    found = [one for one in migrations.applied() if one.revision.id in wanted]
    return answer.listed(
        "history",
        [_run_as_json(one) for one in found],
        columns.aligned([_cells(one) for one in found]),
        migrations.graph,
    )


def _cells(one: Applied) -> tuple[str, ...]:
    if one.line is None:
        return (one.revision.id, "unknown", "", "", "", one.revision.message)
    took = "stamped" if one.line.direction == "stamp" else duration.said(one.line.seconds or 0.0)
    when = f"{one.line.started:%Y-%m-%d %H:%M:%S} UTC"
    by, script = f"by {one.line.tool}", _SCRIPTS[one.script]
    return (one.revision.id, when, took, by, script, one.revision.message)


def _run_as_json(one: Applied) -> dict[str, Any]:
    """Say what is known of the run; null where plain `alembic` made it."""
    line = one.line
    run = line and {
        "at": line.started.isoformat(),
        "seconds": line.seconds,
        "direction": line.direction,
        "tool": line.tool,
        "host": line.host,
        "pid": line.pid,
    }
    return entry.as_json(one.revision) | {"run": run, "script": str(one.script)}


def _as_json(revision: Revision, current: list[str] | None) -> dict[str, Any]:
    """Say whether the database is at the revision, where it was asked."""
    known = {} if current is None else {"is_current": revision.id in current}
    return entry.as_json(revision) | known


def _range(typed: str | None) -> tuple[str, str]:
    if typed is None:
        return "base", "heads"
    base, colon, head = typed.strip().partition(":")
    if not colon:
        raise UsageError(f"{typed!r} is no range", hint=f"type {typed}: or :{typed}")
    return base or "base", head or "heads"
