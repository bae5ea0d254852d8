"""`downgrade`: take the database back, asking before rows go away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from sqlmodel_migrations.cli import answer, execution, execution_options, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import AnswerNeeded, ExitCode
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.run.losses import Losses


@verb(
    "downgrade",
    arguments=[
        ("[REVISION]", "An id or its beginning, base, -1, -2; FROM:TO with --sql. [default: -1]"),
    ],
    examples=[
        ("downgrade", "one revision back; asks if rows would go away"),
        ("downgrade -2 --yes", "two, without a question"),
        ("downgrade base", "to before the first revision"),
    ],
    exits=usual(
        ExitCode.ANSWER_NEEDED,
        ExitCode.DATABASE,
        ExitCode.REVISION_FAILED,
        ExitCode.INTERRUPTED,
        no="you answered no; nothing was changed",
    ),
)
@options.target(default="-1")
@click.option("-y", "--yes", is_flag=True, help="Let rows go away without asking.")
@options.sql
@options.tag
@execution_options.execution(but=("accept_edited",))
def command(
    invocation: Invocation, revision: str, yes: bool, sql: bool, tag: str | None, **how: Any
) -> Report:
    """Run the downgrades down to `revision`."""
    migrations = invocation.migrations()
    stream = invocation.sql_stream(sql)
    question = Question(is_answered=yes)
    confirm = question.ask if yes or invocation.may_ask() else None
    try:
        with execution.under_way(invocation, how, is_sql=sql) as told:
            outcome = migrations.downgrade(revision, sql=stream, tag=tag, confirm=confirm, **told)
    except AnswerNeeded:
        if not question.is_refused:
            raise
        return Report("downgrade", None, notes=("nothing was changed",), exit_code=ExitCode.NO)
    return answer.moved("downgrade", outcome, migrations.graph, stream)


@dataclass
class Question:
    """Whether rows may go away; remembers a no."""

    is_answered: bool
    is_refused: bool = False

    def ask(self, losses: Losses) -> bool:
        """Show what goes away and ask, unless `--yes` was the answer."""
        for line in losses.lines:
            click.echo(f"this removes {line}", err=True)
        if self.is_answered:
            return True
        self.is_refused = not click.confirm("Remove it?", default=False, err=True)
        return not self.is_refused
