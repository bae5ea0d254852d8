"""The failure of a revision: why, where, and what was applied and what was not."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import dialects, driver, failures
from sqlmodel_migrations.database.statement import without_secrets
from sqlmodel_migrations.errors import (
    ChangeRefused,
    ConnectionLost,
    MigrationsError,
    StepFailed,
    UsageError,
)

# So many revisions are named in a message.
_MOST_LISTED = 10
_NO_IMPORT = "let the script import nothing of the application, which goes on changing"
_AGAIN = "then type the command again: it goes on with this revision"


@dataclass
class Progress:
    """What a run has done so far; heads are revision ids, sorted.

    `elsewhere` was applied to databases that the same env.py opened before this one;
    `is_half_done` says that a part of the step that failed was committed.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    applied: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_half_done: bool = False

    def enter(self) -> None:
        """Begin with the next database of env.py."""
        self.elsewhere.extend(self.applied)
        self.applied.clear()

    def undo(self) -> None:
        """Forget what was applied: the one transaction of all was rolled back."""
        self.after = self.before
        self.applied.clear()


def of_step(
    context: MigrationContext,
    step: Any,
    error: Exception | SystemExit,
    progress: Progress,
    rest: Sequence[Any],
    *,
    was_committing: bool = False,
) -> StepFailed:
    """Return what a step's error means; `rest` are the steps after it."""
    if context.connection is not None and driver.is_gone(context.connection):
        return _lost(context, [step, *rest], error, progress, was_committing)
    failed, *pending = ids([step, *rest])
    facts = error.details if isinstance(error, ChangeRefused) else ()
    return StepFailed(
        f"revision {failed} failed: {reason(error)}",
        failed=failed,
        applied=tuple(progress.applied),
        pending=tuple(pending),
        hint=_hint(context, step, error, progress),
        details=(*place(context, error, step), *facts, *standing(context, progress, [step, *rest])),
    )


def named(
    context: MigrationContext, error: UsageError, progress: Progress, steps: Sequence[Any]
) -> UsageError:
    """Return what a script asked for in vain, with its name; `steps` begin with its own."""
    return UsageError(
        f"revision {ids(steps)[0]} cannot run: {error.message}",
        hint=error.hint,
        details=(
            *place(context, error, steps[0]),
            *error.details,
            *standing(context, progress, steps),
        ),
    )


def _lost(
    context: MigrationContext,
    steps: Sequence[Any],
    error: Exception | SystemExit,
    progress: Progress,
    was_committing: bool,
) -> ConnectionLost:
    """Return the error for a connection that is gone; a COMMIT without an answer is in doubt."""
    lost, *pending = ids(steps)
    where = "while it was committed" if was_committing else "in the middle of it"
    is_said = isinstance(error, DBAPIError | context.dialect.loaded_dbapi.Error)
    said = f": {reason(error)}" if is_said else ""
    return ConnectionLost(
        f"revision {lost}: the connection was lost {where}{said}",
        failed=lost,
        applied=tuple(progress.applied),
        pending=tuple(pending),
        hint="look at the server's log, then type the command again: it goes on where this one"
        " ended",
        details=tuple(standing(context, progress, steps, is_in_doubt=was_committing)),
    )


def reason(error: Exception | SystemExit) -> str:
    """Return the first line of what the database or the script said."""
    if isinstance(error, SystemExit):
        return f"the script called sys.exit({error.code!r})"
    text = failures.reason(error)
    first = text.strip().splitlines()[0] if text.strip() else "no message"
    is_said_in_words = isinstance(error, DBAPIError | MigrationsError | CommandError)
    return first if is_said_in_words else f"{type(error).__name__}: {first}"


def ids(steps: Sequence[Any]) -> list[str]:
    """Return the revision of each step; those that a stamp goes to, joined."""
    return [_alembic.step_revision(s) or ", ".join(_alembic.written_ids(s)) for s in steps]


def standing(
    context: MigrationContext,
    progress: Progress,
    steps: Sequence[Any],
    *,
    is_in_doubt: bool = False,
) -> Iterator[str]:
    """Say what was applied and what was not; `steps` begin with the one that was running."""
    pending = ids(steps)
    yield f"applied before it: {_listed(progress.applied) or 'nothing'}"
    if is_in_doubt:
        yield f"applied or not: {pending[0]}; see: sqlmodel migrations current"
    yield f"not applied: {_listed(pending[is_in_doubt:]) or 'nothing else'}"
    if progress.elsewhere:
        yield f"another database of env.py keeps: {_listed(progress.elsewhere)}"
    if progress.is_half_done:
        yield (
            f"what '{pending[0]}' did before stays, and is not done again when it is run again;"
            " see: sqlmodel migrations repair"
        )


def _listed(ids: Sequence[str]) -> str:
    """Return ids with commas; of many, the first and the last."""
    if len(ids) <= _MOST_LISTED:
        return ", ".join(ids)
    left_out = len(ids) - _MOST_LISTED
    return ", ".join((*ids[: _MOST_LISTED - 1], f"… {left_out:,} more …", ids[-1]))


def _hint(
    context: MigrationContext, step: Any, error: Exception | SystemExit, progress: Progress
) -> str:
    """What to do about it."""
    if isinstance(error, ChangeRefused) and error.hint is not None:
        return error.hint
    if isinstance(error, SystemExit):
        return f"raise an exception there instead of it, {_AGAIN}"
    if not isinstance(error, DBAPIError):
        is_import = isinstance(error, ImportError) or _is_in_import(error, step)
        return f"{_NO_IMPORT if is_import else 'correct the script'}, {_AGAIN}"
    text = failures.reason(error)
    is_first = not progress.before and not progress.applied
    if is_first and "already exists" in text:
        return (
            "if create_all() or another tool made the tables, bring the database under migrations:"
            " sqlmodel migrations adopt"
        )
    known = dialects.of(context.dialect.name).explain(text)
    if known is not None and known.hint is not None:
        return f"{known.hint}, {_AGAIN}"
    return f"correct the script, or the rows that stand in its way, {_AGAIN}"


def _is_in_import(error: BaseException, step: Any) -> bool:
    """Whether it came up in a module that the script was importing."""
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    path = _path(step)
    at = next((n for n, code in enumerate(codes) if code.co_filename == path), len(codes))
    return any(code.co_name == "<module>" for code in codes[at:])


def _path(step: Any) -> str | None:
    return getattr(getattr(step, "revision", None), "path", None)


def place(context: MigrationContext, error: Exception | SystemExit, step: Any) -> Iterator[str]:
    """Say where in the script it happened, and the statement."""
    path = _path(step)
    frame, line = error.__traceback__, None
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == path:
            line = frame.tb_lineno
        frame = frame.tb_next
    if path is not None:
        yield f"at {path}" + (f", line {line}" if line else "")
    if isinstance(error, DBAPIError):
        yield from failures.particulars(error)
        yield from statement(context, error)


def statement(context: MigrationContext, error: Exception) -> Iterator[str]:
    """Show the statement that failed, if one did, without passwords."""
    if isinstance(error, DBAPIError) and error.statement:
        shown = without_secrets(error.statement, context.dialect.name)
        yield from ("statement:", *(f"    {line}" for line in shown.strip().splitlines()))
