"""An execution from the command line: its progress shown, signals caught."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlmodel_migrations.cli import signals, stage
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.events import Emit, Event, ignore
from sqlmodel_migrations.report import log

if TYPE_CHECKING:
    from sqlmodel_migrations.report.progress.base import Progress


@contextlib.contextmanager
def under_way(
    invocation: Invocation, given: Mapping[str, Any], *, is_sql: bool
) -> Iterator[dict[str, Any]]:
    """Yield what `Migrations` is told of the options `given`, of what happens and of signals.

    Raises `UsageError` for options that mean nothing where SQL is written and nothing is run.
    """
    said = {key: value for key, value in given.items() if value is not None and key != "events"}
    if is_sql:
        _refuse(said)
        yield {}
        return
    with _shown(invocation) as emit, signals.caught(emit) as stop:
        yield {**said, "on_event": stop.tell, "stop": stop, "sleep": stop.sleep}


def _refuse(given: Mapping[str, Any]) -> None:
    if given:
        flag = f"--{next(iter(given)).replace('_', '-')}"
        raise UsageError(
            f"{flag} is about running, and --sql runs nothing", hint="leave one of the two out"
        )


@contextlib.contextmanager
def _shown(invocation: Invocation) -> Iterator[Emit]:
    """Show what happens, and log lines beside it, until the block ends."""
    if invocation.quiet and not invocation.events:
        yield ignore
        return
    progress = _progress(invocation)
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.closing(progress))
        stack.enter_context(log.shown(progress.stream, level=progress.level))
        if invocation.events:
            stack.enter_context(contextlib.redirect_stderr(progress.stream))
        if invocation.events and invocation.is_document:
            stack.enter_context(contextlib.redirect_stdout(progress.stream))
        yield lambda event: _tell(progress, event)


def _tell(progress: Progress, event: Event) -> None:
    """Tell of an event; the migration goes on where nobody reads it any more."""
    with contextlib.suppress(OSError):
        progress.tell(event)


def _progress(invocation: Invocation) -> Progress:
    if invocation.events:
        from sqlmodel_migrations.report.progress.json_lines import JsonLinesProgress

        return JsonLinesProgress(sys.stderr, invocation.name)
    if stage.is_watched() and not invocation.is_document:
        from sqlmodel_migrations.report.progress.live import LiveProgress

        return LiveProgress(sys.stderr, colour=stage.has_colour(sys.stderr))
    from sqlmodel_migrations.report.progress.lines import LinesProgress

    return LinesProgress(sys.stderr)
