"""Static: what pending revisions would send, written down without any database, and guessed at.

Their functions are run as `--sql` runs them, without env.py. What looks at the database finds
nothing there, and what cannot go on without an answer ends the revision: that is said.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Dialect
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import AddConstraint

from sqlmodel_migrations import _alembic, _alembic_batch
from sqlmodel_migrations._alembic_batch import Batch, Entry
from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.statement import split, transaction_control
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.lint import estimate, place, savepoint
from sqlmodel_migrations.lint.limit import TooLong, limited
from sqlmodel_migrations.lint.page import Page
from sqlmodel_migrations.lint.place import Place
from sqlmodel_migrations.lint.recording import (
    FailureKind,
    RecordedStatement,
    Recording,
    Rows,
    Runner,
    Unmeasured,
    sent_from,
)
from sqlmodel_migrations.lint.savepoint import Savepoints
from sqlmodel_migrations.lint.span import Span
from sqlmodel_migrations.project import url as project_url
from sqlmodel_migrations.run import log
from sqlmodel_migrations.run.checkout import Checkout

LIMIT = 20.0
"""Seconds after which a revision is given up."""


def record(checkout: Checkout, span: Span, runner: Runner) -> Recording:
    """Return what the revisions of a span would send, and what it probably does.

    Raises `UsageError` where nothing says for which kind of database.
    """
    dialect = _dialect(checkout)
    played = [_play(checkout, revision, dialect, span) for revision in _ordered(span)]
    statements = [s for each in played for s in each.statements]
    estimated = estimate.of(statements, dialect.name, runner)
    return Recording(
        dialect.name,
        runner,
        span.pending,
        estimated.statements,
        unmeasured=(
            *(unmeasured for each in played for unmeasured in each.unmeasured),
            *estimated.unmeasured,
        ),
        heads=checkout.graph.heads,
        is_downgrade=span.is_downgrade,
    )


def completed(recording: Recording, checkout: Checkout, span: Span) -> Recording:
    """Return a recording with guesses at what was not measured: it stays said that it was not."""
    without = _lacking(recording)
    lacking = {s.revision for s in without}
    ended = {u.revision for u in recording.unmeasured if u.revision is not None}
    if not lacking | ended:
        return recording
    guessed = record(checkout, span, recording.runner)
    left = [s for s in recording.statements if s not in without]
    known = {(s.revision, s.line, s.operation) for s in left}
    further = [
        s
        for s in guessed.statements
        if s.revision in lacking | ended and (s.revision, s.line, s.operation) not in known
    ]
    said = [u for s in without if _is_lacking(s) for u in _lack(s)]
    order = [revision.id for revision in recording.revisions]
    return replace(
        recording,
        statements=tuple(
            sorted((*left, *further), key=lambda s: (order.index(s.revision), not s.is_measured))
        ),
        unmeasured=(*recording.unmeasured, *said),
    )


def _lacking(recording: Recording) -> list[RecordedStatement]:
    """The statements for which the scratch database lacks something, or misses their work."""
    found: list[RecordedStatement] = []
    for statement in recording.statements:
        is_after = any(other.revision == statement.revision for other in found)
        if _is_lacking(statement) or (is_after and Rows.EMPTY in statement.failures):
            found.append(statement)
    return found


def _is_lacking(statement: RecordedStatement) -> bool:
    """Whether the scratch database lacks what the statement needs."""
    return any(f.kind is FailureKind.LACK for f in statement.failures.values())


def _lack(statement: RecordedStatement) -> Iterator[Unmeasured]:
    reason = next(f.message for f in statement.failures.values() if f.kind is FailureKind.LACK)
    yield Unmeasured(
        statement.revision,
        f"the scratch database cannot do this: {reason}",
        statement.file,
        statement.line,
    )


def _dialect(checkout: Checkout) -> Dialect:
    """The dialect of the URL, which need not be that of a server that answers."""
    url = checkout.url or project_url.resolve(checkout.settings)
    dialect = url.get_dialect()()
    if not family.is_known(dialect.name):
        raise UsageError(
            f"what a revision does to a '{dialect.name}' database is not known",
            hint=f"it is for: {', '.join(family.DIALECTS)}",
        )
    return dialect


def _ordered(span: Span) -> Sequence[Revision]:
    return span.pending[::-1] if span.is_downgrade else span.pending


@dataclass
class _Played:
    """What one revision wrote; `transaction` is the number of its present one."""

    revision: Revision
    dialect: Dialect
    statements: list[RecordedStatement] = field(default_factory=list)
    unmeasured: list[Unmeasured] = field(default_factory=list)
    transaction: int | None = 0
    entry: Place | None = None
    savepoints: Savepoints = field(default_factory=Savepoints)

    def __post_init__(self) -> None:
        self.savepoints.begin(0)

    def write(self, text: str) -> None:
        """Note a text that Alembic writes, as one statement or several."""
        where = self.entry or self.here()
        for each in split(text, self.dialect.name) if where is not None else ():
            move = savepoint.read(each)
            if move is not None:
                self.savepoints.follow(move, self.statements)
            elif transaction_control(each) in (
                "BEGIN",
                "COMMIT",
            ):  # of an autocommit block, or the script's own
                self._turn(each.verb)
            elif where is not None:
                self._add(each.text, where)

    def here(self) -> Place | None:
        """Where in the revision's file we are."""
        return place.of(self.revision.path)

    def begin(self, entry: Place | None) -> None:
        """An operation of a batch is carried out: its own line is where it was put there."""
        self.entry = entry

    def _turn(self, verb: str) -> None:
        number = sum(1 for s in self.statements if s.transaction is not None)
        self.transaction = None if verb == "COMMIT" else number + 1
        self.savepoints.begin(len(self.statements))

    def _add(self, sql: str, where: Place) -> None:
        position = len(self.statements)
        sent = sent_from(self.revision, position, where, sql, transaction=self.transaction)
        self.statements.append(replace(sent, is_measured=False))


def _play(checkout: Checkout, revision: Revision, dialect: Dialect, span: Span) -> _Played:
    """Run a revision's function where all that is sent is written down."""
    played = _Played(revision, dialect)
    script = checkout.script(checkout.config("upgrade"))
    output = io.StringIO()
    options = {"as_sql": True, "literal_binds": True, "output_buffer": output}
    with log.muted():
        context = MigrationContext.configure(dialect=dialect, opts=options)
    _alembic.write_by(context, played.write, Page(dialect, played.write))
    try:
        with (
            contextlib.redirect_stdout(output),
            _alembic.operations(context),
            _alembic_batch.noted(lambda _: played.here(), played.begin),
            _alembic_batch.flushed_by(lambda batch: _flush(batch, played)),
            limited(LIMIT),
        ):
            step = _alembic.step_of(script, revision.id, is_upgrade=not span.is_downgrade)
            step.migration_fn()
    except (Exception, SystemExit, TooLong) as error:
        reason = next(iter(f"{type(error).__name__}: {error}".splitlines()))
        played.unmeasured.append(
            Unmeasured(revision.id, f"without a database it ends here: {reason}", revision.path)
        )
    return played


def _flush(batch: Batch, played: _Played) -> bool:
    """Write a batch that would rebuild its table as the single changes that it makes."""
    if not batch.would_recreate:
        return False
    for entry in batch.entries:
        played.begin(entry.mark)
        with contextlib.suppress(CommandError, AttributeError, TypeError, CompileError):
            try:
                batch.run(entry)
            except NotImplementedError:  # SQLite has no ALTER for a constraint
                _write_constraint(entry, played)
    played.begin(None)
    return True


def _write_constraint(entry: Entry, played: _Played) -> None:
    """Write a constraint that is added as other databases would add it."""
    if entry.name == "add_constraint":
        ddl = AddConstraint(entry.arguments[0])
        played.write(str(ddl.compile(dialect=played.dialect)))
