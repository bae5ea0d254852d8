"""`revision`: write the next revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sqlmodel_migrations.cli import answer, judgement, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.target import Target
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode, UsageError
from sqlmodel_migrations.generate import answers
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.generate.revision import Generated


@verb(
    "revision",
    arguments=[("[MESSAGE]", "What the revision does; part of its file's name.")],
    examples=[
        ('revision "add heroes"', "compare the models with the revisions so far"),
        ('revision "rename" --rename hero.name:full_name', "what cannot be guessed is told"),
        ('revision "require an age" --safe', "in the safe form, for large tables in use"),
        ('revision --empty "fill in the ages"', "a file to write by hand"),
    ],
    exits=usual(
        ExitCode.ANSWER_NEEDED,
        ExitCode.DATABASE,
        yes="written, or no change was found",
        no="what was written is wrong, and was taken away again",
    ),
    every=True,
)
@click.argument("words", metavar="[MESSAGE]", required=False)
@options.message
@click.option("--empty", is_flag=True, help="Write a file without operations, for you to fill.")
@click.option("--autogenerate", is_flag=True, help="Compare the models; that is the default.")
@click.option(
    "--from-database", is_flag=True, help="Compare with the live database, as Alembic does."
)
@click.option(
    "--safe/--no-safe",
    default=None,
    help="Write the safe form, in several revisions if need be. [default: no]",
)
@click.option("--no-verify", is_flag=True, help="Do not prove what is written.")
@click.option("--sql", is_flag=True, help="With --empty: run env.py without a database.")
@click.option(
    "--head",
    type=Target(),
    default="head",
    metavar="REVISION",
    help="Revision that the new one follows, as ae1027 or label@head. [default: head]",
)
@click.option("--splice", is_flag=True, help="Let it follow a revision that is no head.")
@options.branch_label
@click.option(
    "--version-path",
    type=click.Path(file_okay=False),
    help="Folder for the file, of several in version_locations.",
)
@options.rev_id
@click.option(
    "--depends-on",
    type=Target(),
    multiple=True,
    metavar="REVISION",
    help="Revision that must be applied before; may be repeated.",
)
@options.answers
def command(
    invocation: Invocation,
    words: str | None,
    message: str | None,
    empty: bool,
    autogenerate: bool,
    from_database: bool,
    safe: bool | None,
    no_verify: bool,
    sql: bool,
    head: str,
    splice: bool,
    branch_label: str | None,
    version_path: str | None,
    rev_id: str | None,
    depends_on: tuple[str, ...],
    **given: tuple[str, ...],
) -> Report:
    """Write one revision, or say that there is nothing to write."""
    if words is not None and message is not None:
        raise UsageError("the message is given twice", hint="leave -m out, or what follows it")
    _refuse_contradictions(empty=empty, autogenerate=autogenerate, sql=sql, safe=bool(safe))
    stream = invocation.sql_stream(sql)
    extra: dict[str, Any] = {"sql": stream} if stream else {}
    generated = invocation.migrations().revision(
        message if words is None else words,
        empty=empty,
        head=head,
        splice=splice,
        branch_label=branch_label,
        version_path=version_path,
        rev_id=rev_id,
        depends_on=depends_on,
        from_database=from_database,
        answers=answers.parse(**given),
        questioner=invocation.questioner(),
        verify=not no_verify,
        safe=safe,
        say=invocation.say,
        **extra,
    )
    result = _result(generated) | (answer.script(stream) if stream else {})
    judged = () if empty else judgement.of(invocation, generated.revisions)
    said = {(each.rule, each.file) for each in generated.diagnostics if each.file is not None}
    found = tuple(each for each in judged if (each.rule, each.file) not in said)
    return Report(
        "revision",
        result,
        notes=(*judgement.short(found), *_notes(invocation, generated)),
        diagnostics=(*generated.diagnostics, *(found if invocation.is_document else ())),
    )


def _refuse_contradictions(*, empty: bool, autogenerate: bool, sql: bool, safe: bool) -> None:
    if empty and autogenerate:
        raise UsageError("--empty and --autogenerate contradict each other", hint="leave one out")
    if empty and safe:
        raise UsageError(
            "an empty revision has nothing to write in the safe form",
            hint="leave --safe out, and give lint --fix once it is filled",
        )
    if sql and not empty:
        raise UsageError(
            "--sql runs env.py without a database, and a comparison needs one", hint="add --empty"
        )


def _result(generated: Generated) -> dict[str, object]:
    return {
        "revisions": entry.all_as_json(generated.revisions),
        "differences": [difference.as_json() for difference in generated.differences],
        "notes": list(generated.notes),
    }


def _notes(invocation: Invocation, generated: Generated) -> tuple[str, ...]:
    if not generated.revisions:
        said = "nothing to do: no change found between the models and the revisions"
        return (*generated.notes, said)
    return (*generated.notes, f"next: {invocation.typed('upgrade')}")
