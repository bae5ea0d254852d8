"""The exceptions of this package: facts as fields, hints attached, one exit code each.

MigrationsError
├── UsageError            2  what was typed, or the configuration, is wrong
├── AnswerNeeded          3  a question that may not be asked here; nothing was written
├── DatabaseError         4  the database refused
│   ├── Unreachable       4  it does not answer, or not yet
│   └── LockNotHad        4  a lock was not had in time
├── Interrupted         130  somebody asked to stop
├── NotProven             1  a revision that was just written is wrong, and was taken away again
├── PlanOutdated          1  a plan holds no more for this database and these scripts
├── Drifted               1  the database is not what its revisions make, and was left as it is
├── ScriptEdited          1  the script of an applied revision is not what it was
├── ChangeRefused         5  a change would lose or break something, and was not made
└── StepFailed            5  a revision failed; says what was applied and what was not
    └── ConnectionLost    4  the server went away in the middle of it

`cli/` turns them into messages and exit codes in one place; a Python caller catches them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable


class ExitCode(enum.IntEnum):
    """What a command ends with; the same for every command."""

    YES = 0
    NO = 1
    USAGE = 2
    ANSWER_NEEDED = 3
    DATABASE = 4
    REVISION_FAILED = 5
    INTERRUPTED = 130


class MigrationsError(Exception):
    """Something that the user can act on: `message` says the effect, `hint` what to do.

    `hint` is one imperative sentence or None; `details` are further lines (a traceback's
    end, a list of names) shown below the message.
    """

    exit_code = ExitCode.NO

    def __init__(self, message: str, *, hint: str | None = None, details: tuple[str, ...] = ()):
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class UsageError(MigrationsError):
    """What was typed, or the configuration, is wrong."""

    exit_code = ExitCode.USAGE


class AnswerNeeded(MigrationsError):
    """A question with two honest answers, where nobody may be asked; `flags` are the answers."""

    exit_code = ExitCode.ANSWER_NEEDED

    def __init__(self, message: str, *, flags: tuple[str, ...], hint: str | None = None):
        super().__init__(message, hint=hint, details=flags)
        self.flags = flags


class DatabaseError(MigrationsError):
    """The database refused: it is down, the password is wrong, a lock was not had."""

    exit_code = ExitCode.DATABASE


class Unreachable(DatabaseError):
    """The server does not answer; it may be starting."""


class LockNotHad(DatabaseError):
    """A lock, of the migrations or of a table, was not had in time."""


class Interrupted(MigrationsError):
    """Somebody asked to stop; `applied` and `pending` are revision ids, in order."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(
        self,
        message: str,
        *,
        applied: tuple[str, ...] = (),
        pending: tuple[str, ...] = (),
        hint: str | None = None,
        details: tuple[str, ...] = (),
    ):
        super().__init__(message, hint=hint, details=details)
        self.applied = applied
        self.pending = pending


class NotProven(MigrationsError):
    """A revision that was just written is wrong; `rejected` are the paths that its text is at."""

    exit_code = ExitCode.NO

    def __init__(
        self,
        message: str,
        *,
        rejected: tuple[str, ...] = (),
        hint: str | None = None,
        details: tuple[str, ...] = (),
    ):
        super().__init__(message, hint=hint, details=details)
        self.rejected = rejected


class PlanOutdated(MigrationsError):
    """Database or scripts are not those of the plan; `details` are further differences."""

    exit_code = ExitCode.NO


class Drifted(MigrationsError):
    """The database is not what its revisions make; `details` are the differences."""

    exit_code = ExitCode.NO


class ScriptEdited(MigrationsError):
    """The script of an applied revision does something else than it did; nothing was run."""

    exit_code = ExitCode.NO


class ChangeRefused(MigrationsError):
    """A change inside a revision would lose or break something; its transaction is rolled back."""

    exit_code = ExitCode.REVISION_FAILED


class StepFailed(MigrationsError):
    """A step failed; `failed`, `applied` and `pending` are revision ids, in order."""

    exit_code = ExitCode.REVISION_FAILED

    def __init__(
        self,
        message: str,
        *,
        failed: str,
        applied: tuple[str, ...] = (),
        pending: tuple[str, ...] = (),
        hint: str | None = None,
        details: tuple[str, ...] = (),
    ):
        super().__init__(message, hint=hint, details=details)
        self.failed = failed
        self.applied = applied
        self.pending = pending


class ConnectionLost(StepFailed):
    """The connection was lost in the middle of a revision, which may be told nothing more."""

    exit_code = ExitCode.DATABASE


def did_you_mean(word: str, words: Iterable[str]) -> str | None:
    """Return the hint that names what was probably typed; None where nothing is like it."""
    import difflib

    found = difflib.get_close_matches(word, list(words), n=1)
    return f"did you mean '{found[0]}'?" if found else None
