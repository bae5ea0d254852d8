"""A review: which revisions are judged, on what rows they are played, and what is found."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.database import sizes
from sqlmodel_migrations.database.sizes import Size
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.errors import DatabaseError, UsageError
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.lint import linter, mitigation, place, recorder, span, static
from sqlmodel_migrations.lint.finding import Finding
from sqlmodel_migrations.lint.linter import Strictness
from sqlmodel_migrations.lint.recording import Recording, Runner
from sqlmodel_migrations.lint.span import Span
from sqlmodel_migrations.project import branch, env_source
from sqlmodel_migrations.project.lint_table import LintTable
from sqlmodel_migrations.run.checkout import Checkout

_WITHOUT = "`lint --static` judges by the text alone, without a database"


@dataclass(frozen=True)
class Wanted:
    """What is to be judged: a range or a revision, what a Git branch added, or what is pending.

    `target` is how far what is pending goes. With `is_live` the project's database is asked how
    large its tables are; with `also_downgrade` the way back is judged, too. `min_rows` goes before
    the setting. What `is_static` is judged by its text alone, and no database is used.
    """

    revisions: str | None = None
    since: str | None = None
    is_live: bool = False
    also_downgrade: bool = False
    min_rows: int | None = None
    is_static: bool = False
    target: str = "heads"


@dataclass(frozen=True)
class Linted:
    """What was judged, in order, and what was found; `fail_on` is the setting.

    What `is_static` was judged by its text alone.
    """

    revisions: tuple[Revision, ...]
    findings: tuple[Finding, ...] = ()
    knows_sizes: bool = False
    fail_on: Severity = Severity.ERROR
    is_static: bool = False

    def is_refused(self, at: Severity | None = None) -> bool:
        """Whether something was found that is at least as severe as `at`, or as the setting."""
        order = list(Severity)
        limit = order.index(at or self.fail_on)
        return any(order.index(found.severity) <= limit for found in self.findings)


@dataclass(frozen=True)
class Examined:
    """What was played: the revisions, and a recording for each way; and what the rules say of it.

    `current` are the ids that the project's database is at, None where it was not asked.
    """

    span: Span
    recordings: tuple[Recording, ...]
    findings: tuple[Finding, ...]
    strictness: Strictness
    fail_on: Severity
    knows_sizes: bool
    current: tuple[str, ...] | None = None
    is_static: bool = False

    @property
    def linted(self) -> Linted:
        """The judgement alone."""
        return Linted(
            self.span.pending, self.findings, self.knows_sizes, self.fail_on, self.is_static
        )


def review(checkout: Checkout, wanted: Wanted) -> Linted:
    """Judge revisions. Raises `UsageError`, `DatabaseError`, and `StepFailed` for the past."""
    return examine(checkout, wanted).linted


def examine(checkout: Checkout, wanted: Wanted, *, asks_database: bool = False) -> Examined:
    """Play revisions, for whoever judges or changes them; raises as `review`.

    With `asks_database` the project's database says what is applied, whatever is wanted.
    """
    table = checkout.settings.lint
    checkout.graph.require_sound()
    live = _Live.read(checkout) if asks_database or _needs_database(wanted) else None
    chosen = _span(checkout, wanted, live)
    if table.since is not None:
        chosen = _after(checkout, chosen, table.since)
    known = live.sizes if live is not None and wanted.is_live else None
    examined = examine_span(
        checkout,
        chosen,
        known,
        is_static=wanted.is_static,
        also_downgrade=wanted.also_downgrade,
        min_rows=wanted.min_rows,
    )
    return replace(examined, current=live.current if live is not None else None)


def examine_span(
    checkout: Checkout,
    chosen: Span,
    sizes_: Mapping[str, Size] | None = None,
    *,
    is_static: bool = False,
    also_downgrade: bool = False,
    min_rows: int | None = None,
) -> Examined:
    """Play these revisions; the settings say how large tables are where `sizes_` does not."""
    place.forget()
    table = checkout.settings.lint
    known = _assumed(table) if sizes_ is None else dict(sizes_)
    ways = [chosen, replace(chosen, is_downgrade=True)] if also_downgrade else [chosen]
    strictness, play = _strictness(table, min_rows), _guess if is_static else record
    recordings: list[Recording] = []
    found: list[Finding] = []
    for way in ways if chosen.pending else ():
        recording = replace(play(checkout, way), sizes=known)
        recordings.append(recording)
        found += linter.lint(recording, strictness)
        if mitigation.may_differ(recording) and not is_static:
            plain = linter.lint(recorder.record(checkout, way, Runner.ALEMBIC), strictness)
            found += mitigation.notes(found, plain)
    return Examined(
        chosen,
        tuple(recordings),
        tuple(dict.fromkeys(found)),
        strictness,
        Severity(table.fail_on or Severity.ERROR),
        bool(known),
        is_static=is_static,
    )


def record(checkout: Checkout, chosen: Span) -> Recording:
    """Play revisions as they would be run here: by plain Alembic under an env.py of its own.

    What cannot be measured is guessed from its text.
    """
    try:
        recording = recorder.record(checkout, chosen, _runner(checkout))
    except DatabaseError as error:
        error.hint = "; ".join(filter(None, (error.hint, _WITHOUT)))
        raise
    return static.completed(recording, checkout, chosen)


def _guess(checkout: Checkout, chosen: Span) -> Recording:
    return static.record(checkout, chosen, _runner(checkout))


def _runner(checkout: Checkout) -> Runner:
    named = checkout.settings.lint.runner
    if named is not None:
        return Runner(named)
    is_ours = env_source.is_ours(checkout.settings.env_py)
    return Runner.SQLMODEL if is_ours else Runner.ALEMBIC


def _strictness(table: LintTable, min_rows: int | None) -> Strictness:
    asked = (min_rows, table.min_rows, linter.MIN_ROWS)
    return Strictness(
        min_rows=next(number for number in asked if number is not None),
        severity={rule: Severity(word) for rule, word in table.severity.items()},
        select=table.select,
        ignore=table.ignore,
    )


def _assumed(table: LintTable) -> dict[str, Size]:
    """The sizes that the settings give, where the database is not asked."""
    return {name: Size(rows) for name, rows in table.rows.items()}


@dataclass(frozen=True)
class _Live:
    """What the project's database says; no sizes where it refuses to say them."""

    current: tuple[str, ...]
    sizes: Mapping[str, Size]

    @classmethod
    def read(cls, checkout: Checkout) -> _Live:
        current: list[str] = []
        found: dict[str, Size] = {}

        def look(context: MigrationContext, _: Mapping[str, Any]) -> None:
            current.extend(context.get_current_heads())
            assert context.connection is not None
            with contextlib.suppress(DBAPIError):
                found.update(sizes.read(context.connection))

        checkout.read(look)
        checkout.require_known(current)
        return cls(tuple(dict.fromkeys(current)), found)


def _needs_database(wanted: Wanted) -> bool:
    is_asked = wanted.revisions is None and wanted.since is None
    if wanted.is_static and (wanted.is_live or is_asked):
        what = "--live reads the database" if wanted.is_live else "what is pending is not known"
        raise UsageError(
            f"--static uses no database, and {what}",
            hint="name a revision or a range (lint BASE:HEAD), or give --since with a Git"
            " reference, without --live",
        )
    return wanted.is_live or is_asked


def _after(checkout: Checkout, chosen: Span, since: str) -> Span:
    """What comes after the revision that the settings name."""
    try:
        return span.after(checkout.graph, chosen, since)
    except UsageError as error:
        raise UsageError(
            f"{error.message}, which 'since' names in [tool.sqlmodel.migrations.lint]",
            hint=error.hint,
            details=error.details,
        ) from None


def _span(checkout: Checkout, wanted: Wanted, live: _Live | None) -> Span:
    if wanted.revisions is not None and wanted.since is not None:
        raise UsageError(
            "a range and --since both say what is judged", hint="leave one of the two out"
        )
    if wanted.revisions is not None:
        return span.of_range(checkout.graph, wanted.revisions)
    if wanted.since is not None:
        files = branch.added(checkout.settings.root, wanted.since)
        new = [r.id for r in checkout.graph.pending(()) if r.path.resolve() in files]
        return span.of_ids(checkout.graph, new)
    assert live is not None
    return span.of_database(checkout.graph, live.current, wanted.target)
