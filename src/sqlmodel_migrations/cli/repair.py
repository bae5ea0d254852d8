"""`repair`: what an interrupted revision did, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from sqlmodel_migrations.cli import answer, execution, execution_options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import AnswerNeeded, ExitCode, UsageError
from sqlmodel_migrations.report import columns
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.history.graph import Graph
    from sqlmodel_migrations.prove.repair import Repaired
    from sqlmodel_migrations.run.repair import Interrupted

# How much of a statement is shown.
_LONGEST = 100


@verb(
    "repair",
    examples=[
        ("repair", "what ran of the revision, and what did not"),
        ("repair --finish", "run the rest of it, as the next upgrade would"),
        ("repair --undo", "take back what ran, where that is known to bring back what was"),
        ("repair --finish --doubt done", "you looked: the statement in doubt took effect"),
    ],
    exits=usual(
        ExitCode.ANSWER_NEEDED,
        ExitCode.DATABASE,
        ExitCode.REVISION_FAILED,
        ExitCode.INTERRUPTED,
        yes="no revision is half-applied, now or any more",
        no="a revision is half-applied; or the schema is not what a mark would say",
    ),
)
@click.option("--finish", "way", flag_value="finish", help="Run the rest of the revision.")
@click.option("--undo", "way", flag_value="undo", help="Take back what ran of it.")
@click.option(
    "--mark-done",
    "way",
    flag_value="mark-done",
    help="Record it as run, if the schema is what it makes.",
)
@click.option(
    "--mark-undone",
    "way",
    flag_value="mark-undone",
    help="Record it as not run, if the schema is what was before it.",
)
@click.option(
    "--doubt",
    type=click.Choice(["done", "not-done"]),
    help="What you found out about the statement that is in doubt.",
)
@click.option("-y", "--yes", is_flag=True, help="Take away what was made without asking.")
@execution_options.execution(but=("transaction", "backup"))
def command(
    invocation: Invocation, way: str | None, doubt: str | None, yes: bool, **how: Any
) -> Report:
    """Explain, or do what was asked."""
    migrations = invocation.migrations()
    found = migrations.interrupted()
    if found is None:
        return Report("repair", {"interrupted": None}, notes=("no revision is half-applied",))
    if way is None:
        if doubt is not None:
            raise UsageError("--doubt alone does nothing", hint="add --finish or --undo")
        return _explained(found, invocation)
    if way == "undo" and not _is_meant(invocation, migrations.reversal(found), yes):
        return Report("repair", None, notes=("nothing was changed",), exit_code=ExitCode.NO)
    with execution.under_way(invocation, how, is_sql=False) as told:
        is_done = None if doubt is None else doubt == "done"
        repaired = migrations.repair(found, way, is_done=is_done, **told)
    return _repaired(repaired, migrations.graph)


def _explained(found: Interrupted, invocation: Invocation) -> Report:
    return Report(
        "repair",
        {"interrupted": _as_json(found)},
        tuple(_lines(found)),
        (
            f"to run the rest: {invocation.typed('repair --finish')}",
            f"to take back what ran: {invocation.typed('repair --undo')}",
        ),
        exit_code=ExitCode.NO,
    )


def _lines(found: Interrupted) -> Iterator[str]:
    key = found.key
    yield f"revision {key.revision} was interrupted in the middle of its {key.direction}:"
    rows = [(f"  {ran.position}", str(ran.state), _short(ran.sql)) for ran in found.statements]
    yield from columns.aligned(rows)
    yield "what follows in the script did not run"


def _short(sql: str) -> str:
    line = " ".join(sql.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _as_json(found: Interrupted) -> dict[str, Any]:
    return {
        "revision": found.key.revision,
        "direction": found.key.direction,
        "current": list(found.heads),
        "statements": [
            {"position": ran.position, "state": str(ran.state), "statement": ran.sql}
            for ran in found.statements
        ],
    }


def _is_meant(invocation: Invocation, statements: tuple[str, ...], yes: bool) -> bool:
    """Whether what would be taken away may go; raises `AnswerNeeded` where nobody can be asked."""
    if not statements or yes:
        return True
    if not invocation.may_ask():
        raise AnswerNeeded(
            f"to undo it, this runs: {'; '.join(statements)}",
            flags=("--yes",),
            hint="type it again with this flag if that is meant",
        )
    for sql in statements:
        click.echo(f"this runs {sql}", err=True)
    return click.confirm("Run it?", default=False, err=True)


def _repaired(repaired: Repaired, graph: Graph) -> Report:
    moved = answer.moved("repair", repaired.outcome, graph, None)
    result = {"interrupted": None, "way": str(repaired.way), "sent": list(repaired.sent)}
    said = {
        "finish": f"revision {repaired.revision} is finished",
        "undo": f"revision {repaired.revision} is undone",
        "mark-done": f"revision {repaired.revision} is recorded as run",
        "mark-undone": f"revision {repaired.revision} is recorded as not run",
    }
    return moved._replace(
        result={**result, **(moved.result or {})},
        notes=(*(f"ran {sql}" for sql in repaired.sent), said[repaired.way], *moved.notes),
    )
