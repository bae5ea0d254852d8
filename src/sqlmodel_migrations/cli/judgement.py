"""The judgement of lint beside another command: short after `revision`, strict before `upgrade`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.diagnostics import Diagnostic, Severity
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report.report import Failure, Report

if TYPE_CHECKING:
    from sqlmodel_migrations.history.index import Revision
    from sqlmodel_migrations.lint.finding import Finding
    from sqlmodel_migrations.migrations import Migrations


def of(invocation: Invocation, written: Sequence[Revision]) -> tuple[Diagnostic, ...]:
    """Judge revisions that were just written, as the settings say.

    They are written, whatever is thought of them: what goes wrong here is a note.
    """
    migrations = invocation.migrations()
    way = migrations.settings.lint.on_revision
    if way == "off" or invocation.quiet or not written:
        return ()
    try:
        found = [
            finding
            for revision in written
            for finding in _findings(migrations, revision, is_static=way == "text")
        ]
    except Exception as error:
        said = next(iter(str(error).splitlines()), type(error).__name__)
        return (Diagnostic("not-measured", Severity.NOTE, f"it could not be judged: {said}"),)
    return tuple(found)


def short(found: Sequence[Diagnostic]) -> Iterator[str]:
    """Say in a line each what was found."""
    for each in found:
        place = f"{each.file.name}:{each.line}: " if each.file is not None else ""
        yield f"lint: {place}{each.message} [{each.rule}]"


def _findings(
    migrations: Migrations, revision: Revision, *, is_static: bool
) -> tuple[Finding, ...]:
    from sqlmodel_migrations.lint.review import Wanted

    return migrations.lint(Wanted(revision.id, is_static=is_static)).findings


def refusal(invocation: Invocation, target: str, severity: str) -> Report | None:
    """Judge what an upgrade to `target` would run; None where nothing is as severe as that."""
    from sqlmodel_migrations.lint.review import Wanted

    linted = invocation.migrations().lint(Wanted(target=target, is_live=True))
    if not linted.is_refused(Severity(severity)):
        return None
    return Report(
        "upgrade",
        None,
        diagnostics=linted.findings,
        exit_code=ExitCode.NO,
        failure=Failure(
            f"nothing was run: lint found something at or above '{severity}'",
            ExitCode.NO,
            "mend it, or allow it with a reason: # migrations: allow RULE — why",
        ),
    )
