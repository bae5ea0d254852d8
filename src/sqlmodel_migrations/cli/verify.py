"""`verify`: are the revisions right, each of them?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.target import Target
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report import entry
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.prove.verifier import Verified


@verb(
    "verify",
    examples=[
        ("verify", "in CI; the project's database is not used"),
        ("verify --since ae1027", "only what came after a revision"),
        ("verify --strict", "every revision must have a way back"),
    ],
    exits=usual(
        ExitCode.DATABASE,
        ExitCode.REVISION_FAILED,
        yes="every revision is proven",
        no="a revision is wrong",
    ),
    every=True,
)
@click.option("--since", type=Target(), metavar="REVISION", help="Prove only what follows it.")
@click.option("--strict", is_flag=True, help="A revision without a way back is wrong.")
def command(invocation: Invocation, since: str | None, strict: bool) -> Report:
    """Prove, and say which revision is wrong."""
    verified = invocation.migrations().verify(since=since, strict=strict)
    result = {
        "revisions": entry.all_as_json(verified.revisions),
        "is_proven": verified.is_proven,
    }
    return Report(
        "verify",
        result,
        notes=(_said(verified),),
        diagnostics=verified.diagnostics,
        exit_code=ExitCode.YES if verified.is_proven else ExitCode.NO,
    )


def _said(verified: Verified) -> str:
    if not verified.revisions:
        return "nothing to prove: there is no revision"
    number = len(verified.revisions)
    what = "1 revision" if number == 1 else f"{number} revisions"
    if not verified.is_proven:
        return f"not proven: {what} looked at"
    return f"proven: {what}, up, down and up, with rows"
