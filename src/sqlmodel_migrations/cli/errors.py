"""Exceptions become messages and exit codes here, and nowhere else."""

from __future__ import annotations

import sys
from typing import Any

import click

from sqlmodel_migrations.errors import (
    AnswerNeeded,
    ExitCode,
    Interrupted,
    MigrationsError,
    NotProven,
    StepFailed,
)
from sqlmodel_migrations.report.report import Failure

RAISE = "run it again with --raiseerr to see where it comes from"


def failure(error: BaseException) -> Failure:
    """Say in words for people what `error` means, and with which exit code it ends."""
    if isinstance(error, MigrationsError):
        return _known(error)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return _interrupted(error)
    if isinstance(error, click.ClickException):
        return _typed(error)
    if isinstance(error, SystemExit):
        return _ended(error)
    if isinstance(error, OSError) and error.filename is not None:
        return _file(error)
    return _of_alembic(error) or _unexpected(error)


def _known(error: MigrationsError) -> Failure:
    return Failure(error.message, error.exit_code, error.hint, error.details, _facts(error))


def _facts(error: MigrationsError) -> dict[str, Any]:
    if isinstance(error, StepFailed):
        return {
            "failed": error.failed,
            "applied": list(error.applied),
            "pending": list(error.pending),
        }
    if isinstance(error, Interrupted):
        return {"applied": list(error.applied), "pending": list(error.pending)}
    if isinstance(error, AnswerNeeded):
        return {"flags": list(error.flags)}
    if isinstance(error, NotProven):
        return {"rejected": list(error.rejected)}
    return {}


def _interrupted(error: BaseException) -> Failure:
    """What was done until then stands in the exception's notes: the runner knows it."""
    return Failure(
        "interrupted", ExitCode.INTERRUPTED, details=tuple(getattr(error, "__notes__", ()))
    )


def _typed(error: click.ClickException) -> Failure:
    """Name what was typed; the nearest names are in click's message already."""
    message = error.format_message().replace("\0", "").rstrip(".")
    code = ExitCode.USAGE if isinstance(error, click.UsageError) else ExitCode.NO
    context = getattr(error, "ctx", None)
    hint = f"see {context.command_path} --help" if context else None
    return Failure(message[:1].lower() + message[1:], code, hint)


def _ended(error: SystemExit) -> Failure:
    said = "" if error.code is None else f" ({error.code})"
    message = f"something called sys.exit{said} before the command was done"
    return Failure(message, ExitCode.NO, RAISE)


def _file(error: OSError) -> Failure:
    reason = (error.strerror or type(error).__name__).lower()
    message = f"cannot use {str(error.filename)!r}: {reason}"
    hint = "check that it exists, and that you may read and write it"
    return Failure(message, ExitCode.USAGE, hint)


def _of_alembic(error: BaseException) -> Failure | None:
    """Pass on what Alembic itself found wrong; if it was not imported, it found nothing."""
    module = sys.modules.get("alembic.util.exc")
    if module is None or not isinstance(error, module.CommandError):
        return None
    return Failure(str(error), ExitCode.USAGE)


def _unexpected(error: BaseException) -> Failure:
    lines = str(error).strip().splitlines() or [""]
    message = f"{type(error).__name__}: {lines[0]}" if lines[0] else type(error).__name__
    return Failure(message, ExitCode.NO, RAISE, tuple(lines[1:]))
