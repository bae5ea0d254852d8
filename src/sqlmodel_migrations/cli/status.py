"""`status`: everything on one screen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report import entry, log
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.history.index import Revision
    from sqlmodel_migrations.status import Status


@verb(
    "status",
    examples=[
        ("status", "what is there, what is missing"),
        ("status --exit-code", "for a script: 1 if anything is missing"),
    ],
    exits=usual(
        yes="shown; with --exit-code, nothing is missing",
        no="with --exit-code: something is pending, missing or wrong",
    ),
    every=True,
)
@click.option("--exit-code", is_flag=True, help="End with 1 if something is missing.")
def command(invocation: Invocation, exit_code: bool) -> Report:
    """Show what can be seen; what cannot stands among the problems."""
    with log.shown(sys.stderr, quiet=True):
        status = invocation.migrations().status()
    is_missing = bool(status.pending or status.differences or status.problems or status.edited)
    return Report(
        "status",
        _result(status),
        tuple(_lines(status)),
        diagnostics=tuple(one.diagnostic() for one in status.edited),
        exit_code=ExitCode.NO if exit_code and is_missing else ExitCode.YES,
    )


def _result(status: Status) -> dict[str, Any]:
    found = status.differences
    return {
        "root": str(status.root),
        "directory": str(status.directory),
        "name": status.name,
        "database": status.database,
        "server": status.server,
        "current": list(status.current),
        "heads": entry.all_as_json(status.heads),
        "pending": entry.all_as_json(status.pending),
        "differences": None if found is None else [one.as_json() for one in found],
        "problems": list(status.problems),
        "edited": [one.revision.id for one in status.edited],
    }


def _lines(status: Status) -> Iterator[str]:
    server = f" ({status.server})" if status.server else ""
    yield f"project   {status.root}"
    yield f"scripts   {status.directory}"
    yield f"database  {status.database or 'unknown'}{server}"
    yield f"current   {', '.join(status.current) or 'none'}"
    yield f"heads     {'; '.join(map(_name, status.heads)) or 'none'}"
    yield f"pending   {len(status.pending) or 'none'}"
    yield from (f"  {_name(revision)}" for revision in status.pending)
    yield f"models    {_models(status)}"
    yield from (f"  {found.description}" for found in status.differences or ())
    yield from (f"problem   {problem}" for problem in status.problems)


def _models(status: Status) -> str:
    if status.differences is None:
        return "not compared"
    count = len(status.differences)
    changes = f"{count} change{'s' if count > 1 else ''} that no revision makes"
    return changes if count else "as the revisions make them"


def _name(revision: Revision) -> str:
    return f"{revision.id}, {revision.message}" if revision.message else revision.id
