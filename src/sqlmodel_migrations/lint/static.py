"""Static: what pending revisions would send, written down without any database, and guessed at.

Their functions are run as `--sql` runs them, without env.py. What looks at the database finds
nothing there, and what cannot go on without an answer ends the revision: that is said.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Dialect
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import AddConstraint
from sqlalchemy.types import TypeEngine

from sqlmodel_migrations import _alembic, _alembic_batch
from sqlmodel_migrations._alembic_batch import Batch, Entry
from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.statement import Statement, split, transaction_control
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.lint import ending, estimate, place, savepoint
from sqlmodel_migrations.lint.guess.made import Made
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
from sqlmodel_migrations.project import env_source
from sqlmodel_migrations.project import url as project_url
from sqlmodel_migrations.run import log
from sqlmodel_migrations.run.checkout import Checkout

LIMIT = 20.0
"""Seconds after which a revision is given up."""


_UNKNOWN_SHARE = (
    "env.py does not show whether one transaction goes on over all revisions, which would keep"
    " their locks until the last one ends"
)
_LOST = "triggers, CHECK constraints, AUTOINCREMENT; with foreign keys on, rows that refer to it"


def record(checkout: Checkout, span: Span, runner: Runner) -> Recording:
    """Return what the revisions of a span would send, and what it probably does.

    Raises `UsageError` where nothing says for which kind of database.
    """
    dialect = _dialect(checkout)
    is_shared = _is_shared(checkout, dialect, runner)
    played = _Played(dialect, runner, bool(is_shared))
    for revision in _ordered(span):
        played.turn_to(revision)
        _play(checkout, revision, played, span)
    if is_shared is None and len({statement.revision for statement in played.statements}) > 1:
        played.unmeasured.append(Unmeasured(None, _UNKNOWN_SHARE, checkout.settings.env_py))
    estimated = estimate.of(played.statements, dialect.name, runner)
    return Recording(
        dialect.name,
        runner,
        span.pending,
        estimated.statements,
        unmeasured=(*played.unmeasured, *estimated.unmeasured),
        heads=checkout.graph.heads,
        is_downgrade=span.is_downgrade,
    )


def _is_shared(checkout: Checkout, dialect: Dialect, runner: Runner) -> bool | None:
    """Whether one transaction goes on over all revisions; None where env.py does not show it.

    It does under plain Alembic, unless env.py says otherwise, where DDL has transactions.
    """
    env_py = checkout.settings.env_py
    if runner is Runner.SQLMODEL or dialect.name != "postgresql" or env_source.is_ours(env_py):
        return False
    return env_source.shares_transaction(env_py)


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
    """What the revisions wrote, one after the other.

    `transaction` is the number of the present one, None outside of one. Where it `is_shared` a
    transaction goes on when the next revision begins.
    """

    dialect: Dialect
    runner: Runner
    is_shared: bool
    statements: list[RecordedStatement] = field(default_factory=list)
    unmeasured: list[Unmeasured] = field(default_factory=list)
    transaction: int | None = None
    savepoints: Savepoints = field(default_factory=Savepoints)
    _revision: Revision | None = None
    _entry: Place | None = None
    _first: int = 0
    _transactions: int = 0
    _made: Made = field(default_factory=Made)
    _was: str | None = None

    def turn_to(self, revision: Revision) -> None:
        """A revision begins."""
        self._revision, self._first = revision, len(self.statements)
        if self.transaction is None or not self.is_shared:
            self._turn("BEGIN")

    def write(self, text: str) -> None:
        """Note a text that Alembic writes, as one statement or several."""
        where = self._entry or self.here()
        for each in split(text, self.dialect.name) if where is not None else ():
            move = savepoint.read(each)
            if move is not None:
                self.savepoints.follow(move, self.statements)
            elif (word := transaction_control(each)) in ("BEGIN", "COMMIT"):
                self._turn(word)  # of an autocommit block, or the script's own
            elif where is not None:
                self._add(each, where)

    def here(self) -> Place | None:
        """Where in the revision's file we are."""
        return place.of(self._revision.path) if self._revision is not None else None

    def alter(self, was: TypeEngine[Any] | None) -> None:
        """A column is altered, of which the script says the type; None at the end."""
        self._was = None
        with contextlib.suppress(CompileError):  # a type of another database
            self._was = None if was is None else was.compile(dialect=self.dialect)

    def begin(self, entry: Place | None) -> None:
        """An operation of a batch is carried out: its own line is where it was put there."""
        self._entry = entry

    def rebuild(self, table: str) -> None:
        """A table is made anew: what plain Alembic loses then does not stand in the operations."""
        is_new = table.lower() in self._made.tables
        where = self.here()
        if self.runner is Runner.ALEMBIC and not is_new and where is not None:
            self.leave(f"what plain Alembic loses as it makes '{table}' anew: {_LOST}", where.line)

    def leave(self, reason: str, line: int | None) -> None:
        """Note what is not known of the present revision."""
        assert self._revision is not None
        self.unmeasured.append(Unmeasured(self._revision.id, reason, self._revision.path, line))

    def _turn(self, word: str) -> None:
        self._transactions += word == "BEGIN"
        self.transaction = self._transactions if word == "BEGIN" else None
        self.savepoints.begin(len(self.statements))

    def _add(self, statement: Statement, where: Place) -> None:
        assert self._revision is not None
        sent = sent_from(
            self._revision,
            len(self.statements) - self._first,
            where,
            statement.text,
            transaction=self.transaction,
        )
        self.statements.append(replace(sent, is_measured=False, was=self._was))
        self._made.note(statement)


def _play(checkout: Checkout, revision: Revision, played: _Played, span: Span) -> None:
    """Run a revision's function where all that is sent is written down."""
    script = checkout.script(checkout.config("upgrade"))
    output = io.StringIO()
    options = {"as_sql": True, "literal_binds": True, "output_buffer": output}
    with log.muted():
        context = MigrationContext.configure(dialect=played.dialect, opts=options)
    _alembic.write_by(context, played.write, Page(played.dialect, played.write))
    _alembic.tell_types(context, played.alter)
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
        said = f"without a database the revision ends here: {ending.reason(error)}"
        played.leave(said, ending.line(error, revision.path))


def _flush(batch: Batch, played: _Played) -> bool:
    """Write a batch that would rebuild its table as the single changes that it makes."""
    if not batch.would_recreate:
        return False
    played.rebuild(batch.table)
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
