"""`current`: the revision that the database is at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from sqlmodel_migrations.cli import options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.history import text
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.history.graph import Graph
    from sqlmodel_migrations.history.index import Revision
    from sqlmodel_migrations.run.position import Position


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
    positions = migrations.positions()
    graph, heads = migrations.graph, {found.id for found in migrations.heads()}
    revisions = graph.current(dict.fromkeys(id for each in positions for id in each.heads))
    is_at_head = all({*each.heads} == heads for each in positions)
    return Report(
        "current",
        {
            "revisions": entry.all_as_json(revisions),
            "is_at_head": is_at_head,
            "databases": [_as_json(one, heads) for one in positions] if len(positions) > 1 else [],
        },
        tuple(_lines(graph, positions, verbose=verbose)),
        _notes(invocation, bool(revisions), is_at_head, check_heads),
        exit_code=ExitCode.NO if check_heads and not is_at_head else ExitCode.YES,
    )


def _lines(graph: Graph, positions: Sequence[Position], *, verbose: bool) -> Iterator[str]:
    """A line for each revision; of several databases, below the name of each."""
    for position in positions:
        found = graph.current(position.heads)
        if len(positions) > 1:
            yield f"{position.database}:"
            yield from ("  " + line for each in found for line in _text(graph, each, verbose))
            yield from () if found else ("  no revision is applied",)
        else:
            yield from (text.line(graph, each, verbose=verbose) for each in found)


def _text(graph: Graph, revision: Revision, verbose: bool) -> Sequence[str]:
    return text.line(graph, revision, verbose=verbose).splitlines()


def _as_json(position: Position, heads: set[str]) -> dict[str, Any]:
    return {
        "database": position.database,
        "revisions": list(position.heads),
        "is_at_head": {*position.heads} == heads,
    }


def _notes(
    invocation: Invocation, has_any: bool, is_at_head: bool, is_asked: bool
) -> tuple[str, ...]:
    if is_asked and not is_at_head:
        return ("the database is not at every head", f"next: {invocation.typed('upgrade')}")
    return () if has_any else ("no revision is applied",)
