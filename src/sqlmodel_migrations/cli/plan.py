"""`plan`: what would `upgrade` do, statement by statement? Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlmodel_migrations.cli import options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.database.sizes import Size
    from sqlmodel_migrations.plan.plan import Plan, PlannedRevision, PlannedStatement


@verb(
    "plan",
    arguments=[("[REVISION]", "An id or its beginning, head, +1. [default: head]")],
    examples=[
        ("plan", "what upgrade would do"),
        ("plan -o plan.json", "the same as a file, for: upgrade --plan plan.json"),
        ("plan --no-record", "the revisions alone; no scratch database is needed"),
    ],
    exits=usual(ExitCode.DATABASE, yes="shown; the database is as it was"),
    every=True,
)
@options.target(default="head")
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write the plan there."
)
@click.option("--record/--no-record", default=True,
              help="Run the revisions on a scratch database for their statements.")  # fmt: skip
def command(invocation: Invocation, revision: str, output: Path | None, record: bool) -> Report:
    """Show the plan, and write it where it is wanted."""
    from sqlmodel_migrations.plan import file

    plan = invocation.migrations().plan(revision, records=record)
    if output is not None:
        file.write(output, plan)
    return shown("plan", plan, output)


def shown(command: str, plan: Plan, output: Path | None = None) -> Report:
    """Report a plan: its revisions and their statements, then the tables that they touch."""
    from sqlmodel_migrations.plan import file

    return Report(
        command,
        file.as_json(plan),
        tuple(_lines(plan)),
        tuple(_notes(plan, output)),
    )


def _lines(plan: Plan) -> Iterator[str]:
    for revision in plan.revisions:
        yield from _revision(revision)
    for table, size in sorted(plan.sizes.items()):
        yield f"table {table}: {_size(size)}"


def _revision(revision: PlannedRevision) -> Iterator[str]:
    yield " ".join(filter(None, [revision.id, revision.message]))
    yield f"  {revision.file}"
    for statement in revision.statements:
        yield f"  {statement.operation}, line {statement.line}, {_transaction(statement)}"
        yield from (f"    {line}" for line in statement.sql.splitlines())
        if statement.failure is not None:
            yield f"    fails on the scratch database: {statement.failure}"
    if revision.unknown is not None:
        yield f"  not known: {revision.unknown}"
    elif not revision.statements:
        yield "  sends no statement"
    yield ""


def _transaction(statement: PlannedStatement) -> str:
    return "in no transaction" if statement.transaction is None else "in a transaction"


def _size(size: Size) -> str:
    rows = f"{size.rows:,} row{'' if size.rows == 1 else 's'}"
    return rows if size.bytes is None else f"{rows}, {_bytes(size.bytes)}"


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def _notes(plan: Plan, output: Path | None) -> Iterator[str]:
    yield from plan.notes
    number = len(plan.revisions)
    at = ", ".join(plan.current) or "base"
    if not number:
        yield f"nothing to do: database is at {at}"
        return
    what = "1 revision" if number == 1 else f"{number} revisions"
    yield f"{what} would run on {plan.server}, which is at {at}; nothing was changed"
    if output is not None:
        yield f"next: sqlmodel migrations upgrade --plan {output}"
