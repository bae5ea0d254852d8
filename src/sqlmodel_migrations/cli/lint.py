"""`lint`: what will the pending revisions do to a live database?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from sqlmodel_migrations.cli import mending
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.target import Target
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.errors import ExitCode, UsageError
from sqlmodel_migrations.report import entry, reporters
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.lint.mender import Mended
    from sqlmodel_migrations.lint.review import Linted, Wanted

_SEVERITIES = [severity.value for severity in Severity]


@verb(
    "lint",
    arguments=[("[REVISIONS]", "A revision or BASE:HEAD, instead of what is pending.")],
    examples=[
        ("lint", "what is pending on the project's database"),
        ("lint --since origin/main", "what this Git branch added; no database is needed"),
        ("lint ae1027:head --format sarif", "a range, for code scanning"),
        ("lint --live", "with the sizes of the tables"),
        ("lint --static --since origin/main", "by the text alone, without any database"),
        ("lint --fix", "rewrite what has a safe form; --diff only shows it"),
        ("lint --explain drop-column", "what a rule means, and the safe form"),
    ],
    exits=usual(
        ExitCode.DATABASE,
        ExitCode.REVISION_FAILED,
        yes="nothing was found at or above --fail-on",
        no="something was found at or above --fail-on",
    ),
    every=True,
)
@click.argument("revisions", type=Target(), required=False)
@click.option("--since", metavar="REF", help="Judge the revisions added since a Git reference.")
@click.option("--live", is_flag=True, help="Read the sizes of the tables from the database.")
@click.option("--min-rows", type=click.IntRange(min=0), metavar="N",
              help="Smaller tables are a note. [default: 1000]")  # fmt: skip
@click.option("--static", is_flag=True, help="Judge by the text alone; no database is used.")
@click.option("--downgrade", is_flag=True, help="Judge the way back as well.")
@click.option("--fail-on", type=click.Choice(_SEVERITIES),
              help="End with 1 where something this severe is found. [default: error]")  # fmt: skip
@click.option("--format", type=click.Choice(reporters.FORMATS),
              help="How it is written. [default: text; github in GitHub Actions]")  # fmt: skip
@click.option("--fix", is_flag=True, help="Rewrite revisions that no database has run yet.")
@click.option("--diff", is_flag=True, help="Show what --fix would write.")
@click.option("--explain", metavar="[RULE]", is_flag=False, flag_value="",
              help="Say what a rule means, or list the rules.")  # fmt: skip
def command(
    invocation: Invocation,
    revisions: str | None,
    since: str | None,
    live: bool,
    min_rows: int | None,
    static: bool,
    downgrade: bool,
    fail_on: str | None,
    format: str | None,
    fix: bool,
    diff: bool,
    explain: str | None,
) -> Report:
    """Judge, and say what was found."""
    if explain is not None:
        return _explained(explain) if explain else _listed()
    from sqlmodel_migrations.lint.review import Wanted

    mending.require_alone(fix=fix, diff=diff, static=static)
    wanted = Wanted(revisions, since, live, downgrade, min_rows, static)
    at = Severity(fail_on) if fail_on else None
    if not fix and not diff:
        linted = _linted(invocation, wanted)
        report = _judged(linted, wanted, at)
        return report._replace(notes=(*report.notes, *mending.offered(linted)))
    mended = _mended(invocation, wanted, is_written=fix)
    return mending.completed(_judged(mended.linted, wanted, at), mended, is_written=fix)


def _judged(linted: Linted, wanted: Wanted, at: Severity | None) -> Report:
    refused = linted.is_refused(at)
    result = {
        "revisions": entry.all_as_json(linted.revisions),
        "is_clean": not refused,
        "knows_sizes": linted.knows_sizes,
        "is_static": linted.is_static,
        **mending.NOTHING,
    }
    return Report(
        "lint",
        result,
        notes=tuple(_said(linted, wanted)),
        diagnostics=linted.findings,
        is_verdict=True,
        exit_code=ExitCode.NO if refused else ExitCode.YES,
    )


def _linted(invocation: Invocation, wanted: Wanted) -> Linted:
    try:
        return invocation.migrations().lint(wanted)
    except UsageError as error:
        if wanted.revisions is None and wanted.since is None and "URL" in error.message:
            raise UsageError(
                f"what is pending is not known: {error.message}",
                hint="name a revision or a range (lint BASE:HEAD), give --since with a Git"
                " reference, or give the database with --url",
            ) from error
        raise


def _mended(invocation: Invocation, wanted: Wanted, *, is_written: bool) -> Mended:
    try:
        return invocation.migrations().fix(wanted, write=is_written)
    except UsageError as error:
        if "URL" in error.message:
            raise UsageError(
                f"which revisions have run is not known: {error.message}",
                hint="give the database with --url: what it has run is not rewritten",
            ) from error
        raise


def _said(linted: Linted, wanted: Wanted) -> Iterator[str]:
    if not linted.revisions:
        yield f"nothing to judge: {_nothing(wanted)}"
        return
    number = len(linted.revisions)
    what = "1 revision" if number == 1 else f"{number} revisions"
    counts = [
        f"{count} {severity}{'' if count == 1 else 's'}"
        for severity in Severity
        if (count := sum(f.severity is severity for f in linted.findings))
    ]
    yield f"{what} judged: {', '.join(counts) or 'nothing found'}"
    if linted.is_static:
        yield "judged by the text alone: less is found than on a scratch database, and less surely"
    elif linted.findings and not linted.knows_sizes and wanted.is_live:
        yield "sizes unknown: the database refuses to tell them"
    elif linted.findings and not linted.knows_sizes:
        yield "sizes unknown: give --live to read them from the database"


def _nothing(wanted: Wanted) -> str:
    if wanted.revisions is not None:
        return f"'{wanted.revisions}' holds no revision"
    if wanted.since is not None:
        return f"no revision was added since '{wanted.since}'"
    return "no revision is pending"


def _listed() -> Report:
    from sqlmodel_migrations.lint.rules import rules

    found = {slug: rule.SUMMARY for slug, rule in rules().items()}
    width = max(map(len, found))
    lines = [f"{slug:{width}}  {summary}" for slug, summary in found.items()]
    return Report("lint", {"rules": found}, tuple(lines))


def _explained(slug: str) -> Report:
    from sqlmodel_migrations.lint import linter

    rule = linter.require_rule(slug)
    text = (rule.__doc__ or "").strip().splitlines()
    hazards = [hazard.value for hazard in rule.HAZARDS]
    facts = {"rule": slug, "hazards": hazards, "severity": rule.SEVERITY.value}
    lines = [
        f"{slug}: {rule.SUMMARY}",
        f"hazard {', '.join(hazards)}; severity {rule.SEVERITY}",
        "",
        *text,
    ]
    result = {**facts, "summary": rule.SUMMARY, "explanation": "\n".join(text)}
    return Report("lint", result, tuple(lines))
