"""Findings: what a proof says about one revision, as diagnostics.

Rules: `upgrade-fails`, `upgrade-again`, `wrong-schema`, `downgrade-fails`, `downgrade-incomplete`,
`rows-lost`, `guard-missing`, `guard-late`, `irreversible`, `rows-changed`, `not-measured`.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.database import failures
from sqlmodel_migrations.diagnostics import Diagnostic, Severity
from sqlmodel_migrations.history.index import Revision

HELP = {
    "upgrade-fails": "correct its upgrade()",
    "upgrade-again": "make its downgrade() take back all that its upgrade() makes",
    "wrong-schema": "correct its upgrade(), or write a further revision",
    "downgrade-fails": "correct its downgrade()",
    "downgrade-incomplete": "make its downgrade() restore what was there before",
    "rows-lost": "copy the rows, or say what is to go away by a DELETE or UPDATE of its own",
    "guard-missing": "count these rows before the first change, and refuse them",
    "guard-late": "count what must be refused before the first change",
    "irreversible": "write its downgrade(), or leave it so if there is no way back",
}


def of(rule: str, revision: Revision, message: str, severity: Severity) -> Diagnostic:
    """Return what was found about a revision, with the remedy that belongs to the rule."""
    said = f"revision {revision.id}: {message}"
    return Diagnostic(rule, severity, said, HELP.get(rule), revision.path)


def failed(rule: str, revision: Revision, message: str, cause: BaseException | None) -> Diagnostic:
    """Return the finding that a function of a revision failed, and in which line."""
    line = _line(cause, revision)
    said = f"revision {revision.id}: {message}: {reason(cause)}"
    return Diagnostic(rule, Severity.ERROR, said, HELP.get(rule), revision.path, line)


def reason(cause: BaseException | None) -> str:
    """Return the first line of what the database or the script said, and PostgreSQL's detail."""
    if cause is None:
        return "no reason is known"
    text = failures.reason(cause) if isinstance(cause, Exception) else str(cause)
    first = text.strip().splitlines()[0] if text.strip() else type(cause).__name__
    said = failures.particulars(cause) if isinstance(cause, DBAPIError) else ()
    details = [line.removeprefix("DETAIL:").strip() for line in said if line.startswith("DETAIL:")]
    return ": ".join([first, *details])


def distinct(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return each finding once, in order."""
    return tuple(dict.fromkeys(found))


def has_errors(found: Iterable[Diagnostic]) -> bool:
    """Whether something was found to be wrong."""
    return any(each.severity is Severity.ERROR for each in found)


def _line(cause: BaseException | None, revision: Revision) -> int | None:
    frame, line = cause.__traceback__ if cause is not None else None, None
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == str(revision.path):
            line = frame.tb_lineno
        frame = frame.tb_next
    return line
