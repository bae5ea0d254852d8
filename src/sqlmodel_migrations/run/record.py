"""The record of a move, written while it is made: the journal of statements, and the ledger."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.errors import DatabaseError, ScriptEdited
from sqlmodel_migrations.events import Waiting
from sqlmodel_migrations.run import effect, ledger, own_transaction, side_table
from sqlmodel_migrations.run.closing import Row
from sqlmodel_migrations.run.execution import Execution
from sqlmodel_migrations.run.journal import Journal, key_of
from sqlmodel_migrations.run.ledger import Ledger
from sqlmodel_migrations.run.own_transaction import Outside
from sqlmodel_migrations.run.turns import Turns

# Seconds between two looks at a session that is still at work.
_PAUSE = 0.2

_NO_HISTORY = (
    "this env.py is your own, so no history of runs is kept, and an edited script is not noticed;"
    " the setting 'history' changes that"
)


@dataclass
class Record:
    """What one move writes beside the version table.

    A dialect that is not known has neither: its transactions are trusted.
    """

    context: MigrationContext
    how: Execution
    outside: Outside
    turns: Turns
    journal: Journal = field(init=False)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.journal = Journal(self.context, self.outside, self._wait, self.turns)
        self.ledger = Ledger(self.context, is_kept(self.context, self.how))

    @property
    def is_callers(self) -> bool:
        return _alembic.is_in_external_transaction(self.context)

    @property
    def _dialect(self) -> str:
        return self.context.dialect.name

    def is_resumed(self, step: Any) -> bool:
        """Whether an interrupted run of this step goes on."""
        return self.journal.interrupted == key_of(step)

    def require_startable(self, steps: Sequence[Any], heads: tuple[str, ...]) -> Iterator[str]:
        """Yield what is to be said; `heads` are what the database is at.

        Raises `StepFailed` where another revision was interrupted, and `ScriptEdited` where the
        script of an applied one is not what it was, and that is not accepted.
        """
        if steps and is_script(steps[0]):
            self.journal.require_next(steps[0])
        if not heads and steps and not self.ledger.is_kept and effect.is_known(self._dialect):
            yield _NO_HISTORY
        if self.how.accept_edited or any(is_script(step) and step.is_upgrade for step in steps):
            yield from self._require_unedited(heads)

    def opened(self) -> AbstractContextManager[None]:
        """Return what is open around all steps."""
        is_known = effect.is_known(self._dialect)
        return self.journal.opened() if is_known else contextlib.nullcontext()

    def begin(self, step: Any) -> None:
        """Note that a step starts, before its transaction does."""
        if is_script(step) and not self.is_callers:
            self.ledger.begin()

    @contextlib.contextmanager
    def around(self, step: Any) -> Iterator[None]:
        """Listen to the statements of a step."""
        if not is_script(step):
            yield
            self._stamp(step)
            return
        if not self.is_callers:
            self.ledger.open(*_of(step))
        with self._listening(step):
            yield
        self.journal.finish()

    def row(self, step: Any) -> Row | None:
        """Return what is still to be written of a step that has run."""
        values = self.ledger.finish(*_of(step)) if is_script(step) else None
        return None if values is None else Row(self.ledger.table, values)

    def _listening(self, step: Any) -> AbstractContextManager[None]:
        if not effect.is_known(self._dialect):
            return own_transaction.outside(self.context, self.outside)
        return self.journal.listening(step)

    def close(self) -> None:
        """Take the journal's table away where nothing would hide it from plain `alembic check`.

        Checksums that were found are kept for the next database.
        """
        self.ledger.checksums.save()
        if not self.ledger.is_wanted and not self.is_callers:
            self.journal.drop()

    def _stamp(self, step: Any) -> None:
        """Write where somebody says that the database is: nothing is under way any more."""
        self.journal.forget()
        self.ledger.note(_alembic.written_ids(step), ledger.STAMP, {})

    def _require_unedited(self, heads: tuple[str, ...]) -> Iterator[str]:
        paths = applied_paths(self.context, heads)
        edited = ledger.edited(ledger.latest(self.ledger.lines()), paths)
        if edited and not self.how.accept_edited:
            raise ScriptEdited(
                f"{_scripts(edited)} edited since the revision was applied: this database has what"
                " the old text made, and nothing was run",
                hint="put the text back, and write a new revision for the change; if it changes"
                " nothing here, add --accept-edited",
                details=tuple(f"{revision}: {paths[revision]}" for revision in edited),
            )
        if edited:
            self.ledger.note(edited, ledger.ACCEPT, paths)
            self._commit()
            yield f"{_scripts(edited)} edited, and accepted: {', '.join(edited)}"

    def _commit(self) -> None:
        assert self.context.connection is not None
        if not self.is_callers:
            self.context.connection.commit()

    def _wait(self, session: Callable[[], str | None]) -> None:
        """Wait until an interrupted statement has ended in the server."""
        started, timeout = time.monotonic(), self.how.migration_lock_timeout
        while (holder := session()) is not None:
            elapsed = time.monotonic() - started
            if elapsed > timeout:
                raise DatabaseError(
                    f"the statement that was interrupted still runs in {holder}",
                    hint="wait for its end, or give more time: --migration-lock-timeout 10m",
                )
            self.how.emit(Waiting(holder, elapsed, timeout))
            self.how.sleep(_PAUSE)


def is_script(step: Any) -> bool:
    """Whether a step runs a script; a stamp does not."""
    return _alembic.step_revision(step) is not None


def is_kept(context: MigrationContext, how: Execution) -> bool:
    """Whether the ledger is kept: env.py is ours, and hides the table, or the settings say so."""
    is_ours = bool(context.opts.get(side_table.OPTION))
    return effect.is_known(context.dialect.name) and (is_ours or how.history)


def applied_paths(context: MigrationContext, heads: tuple[str, ...]) -> Mapping[str, Path]:
    """Return the scripts of what is applied, by revision."""
    if context.script is None or not heads:
        return {}
    scripts = context.script.iterate_revisions(heads, "base")
    return {script.revision: Path(script.path) for script in scripts}


def _of(step: Any) -> tuple[str, str, Path | None]:
    key = key_of(step)
    path = getattr(step.revision, "path", None)
    return key.revision, key.direction, Path(path) if path else None


def _scripts(edited: Sequence[str]) -> str:
    return "1 script was" if len(edited) == 1 else f"{len(edited)} scripts were"
