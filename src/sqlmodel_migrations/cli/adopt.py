"""`adopt`: bring a database that other means made under migrations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from sqlmodel_migrations.cli import contrast, options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.target import Target
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode, UsageError
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.prove.adopt import Adopted


@verb(
    "adopt",
    arguments=[("[MESSAGE]", "What the first revision is called. [default: baseline]")],
    examples=[
        ("adopt", "create_all() made the tables: write the first revision, and record it"),
        ("adopt --from-database", "the first revision is what stands in the database"),
        ("adopt --at 1e606859995a", "there are revisions: the database has this one"),
    ],
    exits=usual(
        ExitCode.ANSWER_NEEDED,
        ExitCode.DATABASE,
        ExitCode.REVISION_FAILED,
        yes="the database is what the revision makes, and that is recorded",
        no="the database is something else; nothing is recorded",
    ),
)
@click.argument("words", metavar="[MESSAGE]", required=False)
@options.message
@click.option(
    "--from-database",
    is_flag=True,
    help="Write what stands in the database, instead of what the models say.",
)
@click.option(
    "--at",
    type=Target(),
    multiple=True,
    metavar="REVISION",
    help="Revision that the database has, where there are some; once for each branch.",
)
@click.option(
    "--accept-differences",
    is_flag=True,
    help="Record the revision also where the database is something else.",
)
@options.rev_id
def command(
    invocation: Invocation,
    words: str | None,
    message: str | None,
    from_database: bool,
    at: tuple[str, ...],
    accept_differences: bool,
    rev_id: str | None,
) -> Report:
    """Adopt, and show what differs."""
    if words is not None and message is not None:
        raise UsageError("the message is given twice", hint="leave -m out, or what follows it")
    adopted = invocation.migrations().adopt(
        words or message or "baseline",
        from_database=from_database,
        at=at,
        accept_differences=accept_differences,
        rev_id=rev_id,
        questioner=invocation.questioner(),
        say=invocation.say,
    )
    return Report(
        "adopt",
        _result(adopted),
        tuple(_lines(adopted)),
        (*_notes(invocation, adopted), *_advice(invocation, adopted, from_database)),
        adopted.diagnostics,
        ExitCode.YES if adopted.is_recorded else ExitCode.NO,
    )


def _result(adopted: Adopted) -> dict[str, Any]:
    return {
        "revisions": entry.all_as_json(adopted.revisions),
        "written": entry.all_as_json(adopted.written),
        "is_recorded": adopted.is_recorded,
        "differences": [contrast.as_json(each) for each in adopted.differences],
        "left_alone": list(adopted.left_alone),
        "notes": list(adopted.notes),
    }


def _lines(adopted: Adopted) -> Iterator[str]:
    if adopted.differences:
        yield f"the database is not what {_made(adopted)}:"
        yield from contrast.lines(adopted.differences)


def _made(adopted: Adopted) -> str:
    return contrast.revisions([revision.id for revision in adopted.revisions])


def _notes(invocation: Invocation, adopted: Adopted) -> Iterator[str]:
    yield from adopted.notes
    yield from contrast.left_alone(adopted.left_alone)
    if adopted.is_recorded and not adopted.differences:
        yield f"adopted: the database is what {_made(adopted)}, and that is recorded"
    elif adopted.is_recorded:
        ids = ", ".join(revision.id for revision in adopted.revisions)
        yield f"adopted: {ids} is recorded; {invocation.typed('drift')} shows what differs"
    else:
        yield "nothing is recorded"


def _advice(invocation: Invocation, adopted: Adopted, from_database: bool) -> Iterator[str]:
    if adopted.is_recorded:
        return
    here = "".join(f" --at {revision.id}" for revision in adopted.revisions)
    again = invocation.typed("adopt")
    yield "next, one of these:"
    if adopted.written:
        paths = ", ".join(str(revision.path) for revision in adopted.written)
        if not from_database:
            yield f"  begin with what stands in the database: remove {paths}"
            yield f"    and type: {again} --from-database"
        yield f"  correct {paths}, or the database, and type: {again}{here}"
    else:
        yield f"  put the database, or the revisions, right, and type: {again}{here}"
    yield f"  record it all the same: {again}{here} --accept-differences"
