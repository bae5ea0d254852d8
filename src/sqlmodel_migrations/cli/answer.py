"""What several commands answer: where the database was taken, which file was written."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.cli.invocation import Invocation
    from sqlmodel_migrations.history.graph import Graph
    from sqlmodel_migrations.history.index import Revision
    from sqlmodel_migrations.run.outcome import Outcome


def moved(command: str, outcome: Outcome, graph: Graph, sql: TextIO | None) -> Report:
    """Report where the database was and is; with `sql`, only the text that would take it there."""
    if sql is not None:
        return _written(command, outcome, sql)
    result = {
        "before": list(outcome.before),
        "after": list(outcome.after),
        "applied": entry.all_as_json(outcome.applied),
        "notes": list(outcome.notes),
    }
    is_done = bool(outcome.applied) or outcome.before != outcome.after
    place = f"database is at {entry.place(outcome.after, graph)}"
    said = place if is_done else f"nothing to do: {place}"
    return Report(command, result, notes=(*outcome.notes, said))


def _written(command: str, outcome: Outcome, sql: TextIO) -> Report:
    """Report a script of SQL, which is wrong where revisions are missing in it."""
    lines = tuple(
        f"revision {revision} cannot be written as SQL: the script stops there"
        for revision in outcome.missing
    )
    return Report(
        command,
        {**script(sql), "missing": list(outcome.missing)},
        notes=(*outcome.notes, *lines),
        exit_code=ExitCode.NO if outcome.missing else ExitCode.YES,
    )


def script(sql: TextIO) -> dict[str, Any]:
    """Return the SQL that was collected for a machine; a person has read it on stdout."""
    return {"sql": sql.getvalue()} if isinstance(sql, io.StringIO) else {}


def named(invocation: Invocation, graph: Graph, symbol: str) -> tuple[Revision, ...]:
    """Return the revisions that `symbol` names; where it says `current` the database is asked."""
    return graph.resolve(symbol, current=applied(invocation) if "current" in symbol else None)


def applied(invocation: Invocation) -> list[str]:
    """Ask the database which revisions it is at."""
    return [revision.id for revision in invocation.migrations().current()]


def listed(
    command: str, result: list[dict[str, Any]], lines: Iterable[str], graph: Graph
) -> Report:
    """Report revisions of a history, which is wrong where a file of it is broken."""
    return Report(
        command,
        {"revisions": result},
        tuple(lines),
        () if result or graph.problems else (_nothing(command, graph),),
        diagnostics=graph.problems,
        exit_code=ExitCode.USAGE if graph.problems else ExitCode.YES,
    )


def _nothing(command: str, graph: Graph) -> str:
    if not graph.revisions:
        return "there is no revision yet"
    branches = "the history does not branch"
    return branches if command == "branches" else "there is no revision in this range"
