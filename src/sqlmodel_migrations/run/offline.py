"""Revisions written as SQL, for somebody else to run; no database is there to be asked.

A revision that reads the database, or rebuilds a table of SQLite, cannot be rendered. Its
statements are then taken from a recording; where there is none, a comment says so, followed by a
statement that fails everywhere, so that the version row after it is not reached unnoticed.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Dialect

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.run import failure

Recorded = Callable[[str, Dialect], Sequence[str]]
"""Given a revision, what it sent to a scratch database; raises `MigrationsError`."""


def none(revision: str, dialect: Dialect) -> Sequence[str]:
    """Have no recording."""
    raise MigrationsError("nothing was recorded")


@dataclass
class Writing:
    """One script in the making; `missing` are the revisions that it does not hold."""

    recorded: Recorded = none
    missing: list[str] = field(default_factory=list)

    def guard(self, context: MigrationContext, steps: Sequence[Any]) -> list[Any]:
        """Return the steps, each of which writes itself whole or something else in its place."""
        return [self._guarded(context, step) for step in steps]

    def _guarded(self, context: MigrationContext, step: Any) -> Any:
        if _alembic.step_revision(step) is None:  # a stamp runs nothing
            return step
        return _alembic.wrap_step(step, lambda step: self._written(context, step))

    @contextlib.contextmanager
    def _written(self, context: MigrationContext, step: Any) -> Iterator[None]:
        """Keep what a step writes until it has ended well."""
        with _alembic.captured_output(context) as page:
            try:
                yield
            except (Exception, SystemExit) as error:
                page.seek(0)
                page.truncate()
                self._replace(context, step, error, page)

    def _replace(
        self,
        context: MigrationContext,
        step: Any,
        error: Exception | SystemExit,
        page: io.StringIO,
    ) -> None:
        revision = failure.ids([step])[0]
        try:
            statements = self.recorded(revision, context.dialect)
        except MigrationsError as reason:
            self.missing.append(revision)
            page.writelines(_comment(context, step, error, reason))
            return
        page.write(
            f"-- {revision}: as it ran on a scratch database, since it reads the database\n\n"
        )
        page.writelines(f"{text.strip().rstrip(';')};\n\n" for text in statements)


def _comment(
    context: MigrationContext, step: Any, error: Exception | SystemExit, reason: MigrationsError
) -> Iterator[str]:
    revision = failure.ids([step])[0]
    yield f"-- REVISION {revision} IS MISSING HERE: it cannot be written as SQL\n"
    place = failure.place(context, error, step)
    yield from (f"-- {line}\n" for line in (failure.reason(error), *place))
    yield f"-- and it was not recorded on a scratch database: {reason.message}\n"
    yield f"-- Run it with: sqlmodel migrations upgrade {revision}\n\n"
    quote = context.dialect.identifier_preparer.quote_identifier
    yield f"SELECT * FROM {quote(f'revision {revision} is missing here')};\n\n"
