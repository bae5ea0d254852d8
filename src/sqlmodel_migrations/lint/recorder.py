"""The recorder: the pending revisions played on scratch databases, and what was seen as a value.

One scratch database is brought to the revision before them; each take fills a copy of it and
plays them there. Nothing is sent to the project's own database.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.lint.recording import (
    Facts,
    RecordedStatement,
    Recording,
    Rows,
    Runner,
    Unmeasured,
    may_stop_half_way,
)
from sqlmodel_migrations.lint.span import Span
from sqlmodel_migrations.lint.take import Take
from sqlmodel_migrations.project import url as project_url
from sqlmodel_migrations.run import log, version_ids
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.run.env_script import Session
from sqlmodel_migrations.shadow import crowd, replay
from sqlmodel_migrations.shadow.shadow import Shadow, shadowed

ROWS = {Rows.EMPTY: 0, Rows.CLEAN: 3000, Rows.DIRTY: 100}
"""How many rows each table is given: clean ones more than a revision changes in one batch."""

_HINT = "mend the history, or begin at a revision from which it can be replayed"

Task = Callable[[int, MigrationContext, ScriptDirectory, Mapping[str, Any]], None]


def record(checkout: Checkout, span: Span, runner: Runner) -> Recording:
    """Play the pending revisions and return what they did.

    Raises `StepFailed` for one of the past that cannot be replayed, `UsageError` for a
    database that env.py opens by itself, and `DatabaseError` where no scratch database is had.
    """
    try:
        return _Recorder(checkout, span, runner).record()
    except KeyboardInterrupt:
        # Its notes say what was applied: to a database that nobody will see.
        raise KeyboardInterrupt from None


@dataclass
class _Recorder:
    checkout: Checkout
    span: Span
    runner: Runner
    before: Catalog = field(default_factory=Catalog)
    after: Catalog = field(default_factory=Catalog)
    dialect: str = ""

    def record(self) -> Recording:
        place = self.checkout.settings.shadow_url
        self._url = project_url.parse(place) if place else None
        with shadowed(self._url) as source:
            self._run(source, self._set_up(Rows.EMPTY))
            clean = self._take_copy(Rows.CLEAN, source)
            if any(take.is_endless for take in clean):
                return self._recording(clean)
            has_failed = any(s.failures for s in _statements(clean))
            empty = self._take_copy(Rows.EMPTY, source) if has_failed else []
            is_twice = any(may_stop_half_way(_statements(clean), r.id) for r in self.span.pending)
            again = self._take_copy(Rows.EMPTY, source, is_twice=True) if is_twice else []
            dirty = self._take(Rows.DIRTY, source)
        return self._recording(clean, dirty, empty, again)

    def _recording(self, clean: Sequence[Take], *others: Sequence[Take]) -> Recording:
        return Recording(
            self.dialect,
            self.runner,
            self.span.pending,
            tuple(_merged(clean, *others)),
            self.before,
            self.after,
            tuple(_unmeasured(clean)),
            heads=self.checkout.graph.heads,
            is_downgrade=self.span.is_downgrade,
        )

    def _take_copy(self, rows: Rows, source: Shadow, *, is_twice: bool = False) -> list[Take]:
        with shadowed(self._url, source=source) as shadow:
            return self._take(rows, shadow, is_twice=is_twice)

    def _take(self, rows: Rows, shadow: Shadow, *, is_twice: bool = False) -> list[Take]:
        """Play them once, one take for each database that env.py opens."""
        takes: list[Take] = []

        def play(
            number: int, context: MigrationContext, script: ScriptDirectory, arguments: Any
        ) -> None:
            take = Take(rows, self.runner, self.span.pending, is_twice)
            takes.append(take)
            with contextlib.redirect_stdout(io.StringIO()):
                take.perform(context, self._steps(script), arguments)
            if not is_twice and rows is not Rows.DIRTY:  # empty tables, where they are tried, last
                self.after = take.after

        self._run(shadow, self._set_up(rows))
        self._run(shadow, play, is_observer=self.runner is Runner.ALEMBIC)
        return takes

    def _set_up(self, rows: Rows) -> Task:
        """Return what fills a database, after the replay unless it is a copy of one."""

        def set_up(
            number: int, context: MigrationContext, script: ScriptDirectory, arguments: Any
        ) -> None:
            connection = context.connection
            assert connection is not None
            is_copy = bool(context.get_current_heads())
            connection.commit()
            if self.span.start and not is_copy:
                replay.to(context, script, arguments, self.span.start, hint=_HINT)
            if ROWS[rows]:
                crowd.fill(connection, rows=ROWS[rows])
            version_ids.make_room(context, self._steps(script))
            if rows is Rows.DIRTY:
                crowd.spoil(connection)
            if not self.dialect:
                self._look(connection)
            connection.commit()

        return set_up

    def _steps(self, script: ScriptDirectory) -> list[RevisionStep]:
        """The steps to play, in order."""
        ids = [revision.id for revision in self.span.pending]
        is_upgrade = not self.span.is_downgrade
        steps = [_alembic.step_of(script, id, is_upgrade=is_upgrade) for id in ids]
        return steps if is_upgrade else steps[::-1]

    def _look(self, connection: Connection) -> None:
        self.dialect = connection.dialect.name
        self.before = catalog.read(connection)

    def _run(self, shadow: Shadow, task: Task, *, is_observer: bool = False) -> None:
        """Run env.py on a shadow, and the task in each context that it makes."""
        config = self.checkout.config("upgrade")
        script = self.checkout.script(config)
        numbers = count()

        def work(context: MigrationContext, arguments: Mapping[str, Any]) -> None:
            assert context.connection is not None
            if not shadow.holds(context.connection):
                raise UsageError(
                    "env.py makes its connections itself, so nothing is tried on a scratch"
                    " database",
                    hint="make the engine from a URL in env.py, without creator=",
                )
            task(next(numbers), context, script, arguments)

        session = Session(
            replace(self.checkout.request(), bind=None), work, is_observer=is_observer
        )
        with log.muted(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # each would come up once for every take
            self.checkout.run(config, script, session, {})


def _statements(takes: Iterable[Take]) -> list[RecordedStatement]:
    return [statement for take in takes for statement in take.statements]


def _unmeasured(clean: Iterable[Take]) -> list[Unmeasured]:
    """What no take could measure: what ended on clean rows may have gone on without rows."""
    return list(dict.fromkeys(found for take in clean for found in take.unmeasured))


def _merged(
    clean: Sequence[Take],
    dirty: Sequence[Take] = (),
    empty: Sequence[Take] = (),
    again: Sequence[Take] = (),
) -> list[RecordedStatement]:
    """Put together what the same statement did on each kind of rows.

    A statement that clean rows refuse is known by what it does to empty tables. Only dirty rows
    have values that can be cut.
    """
    others = [_by_key(_statements(dirty)), _by_key(_statements(empty))]
    without = others[1]
    counts = {table: count for take in clean for table, count in take.counts.items()}
    refused = {key: text for take in again for key, text in take.again.items()}
    found: list[RecordedStatement] = []
    for key, statement in _by_key(_statements(clean)).items():
        failures = dict(statement.failures)
        for other in others:
            failures |= other[key].failures if key in other else {}
        facts = statement.facts
        if statement.failures and key in without:
            facts = _counted(without[key].facts, counts)
        if key in others[0]:
            cut = (x for x in others[0][key].facts.losses if x not in facts.losses)
            facts = replace(facts, losses=(*facts.losses, *cut))
        second = refused.get((statement.revision, statement.sql))
        found.append(replace(statement, failures=failures, facts=facts, again=second))
    return found


def _counted(facts: Facts, counts: Mapping[str, int]) -> Facts:
    """What was measured on empty tables, with the rows that they would have had.

    These rows refuse it, so that none of them is lost.
    """
    tables = {
        table: replace(found, rows=counts.get(table, 0)) for table, found in facts.tables.items()
    }
    losses = tuple(loss for loss in facts.losses if loss.kind not in ("table", "column"))
    return replace(facts, tables=tables, losses=losses)


def _by_key(
    statements: Iterable[RecordedStatement],
) -> dict[tuple[str, str, int], RecordedStatement]:
    """By revision, text and how often the text came before: rows may make loops longer."""
    found: dict[tuple[str, str, int], RecordedStatement] = {}
    for statement in statements:
        number = 0
        while (statement.revision, statement.sql, number) in found:
            number += 1
        found[statement.revision, statement.sql, number] = statement
    return found
