"""`merge`: join heads."""

from __future__ import annotations

import click

from sqlmodel_migrations.cli import options
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report


@verb(
    "merge",
    arguments=[("[REVISIONS]...", "Ids or their beginnings. [default: all heads]")],
    examples=[
        ('merge -m "join the branches"', "all heads"),
        ("merge ae1027 27c6a3", "these two"),
    ],
    exits=usual(),
)
@options.targets(default="heads")
@options.message
@options.branch_label
@options.rev_id
@click.option("--splice", is_flag=True, help="Let it follow revisions that are no heads.")
def command(
    invocation: Invocation,
    revisions: tuple[str, ...],
    message: str | None,
    branch_label: str | None,
    rev_id: str | None,
    splice: bool,
) -> Report:
    """Write one revision that follows all of `revisions`."""
    revision = invocation.migrations().merge(
        revisions,
        message,
        branch_label=branch_label,
        rev_id=rev_id,
        splice=splice,
        say=invocation.say,
    )
    next_step = f"next: {invocation.typed('upgrade')}"
    return Report("merge", {"revision": entry.as_json(revision)}, notes=(next_step,))
