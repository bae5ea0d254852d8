"""Where a command plays: the two streams, and whether somebody sits there who may be asked."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

import click

from sqlmodel_migrations.report import log
from sqlmodel_migrations.report.report import Report
from sqlmodel_migrations.report.reporters.base import Reporter


def tell(
    report: Report, *, json: bool = False, quiet: bool = False, events: str | None = None
) -> int:
    """Show `report` on stdout and stderr and return its exit code.

    `events` names the database whose events are on stderr, of which this is the last.
    """
    page = _reporter(json, quiet).render(report)
    write(page.out, sys.stdout)
    if events is None:
        write(page.err, sys.stderr)
    else:
        end(report, events)
    return int(report.exit_code)


def end(report: Report, database: str) -> None:
    """Write the last event of a database."""
    from sqlmodel_migrations.report.progress.json_lines import JsonLinesProgress

    JsonLinesProgress(sys.stderr, database).end(report)


def write(text: str, stream: TextIO) -> None:
    """Write `text`, with escapes for what the stream's encoding lacks."""
    if not text:
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    printable = text.encode(encoding, "backslashreplace").decode(encoding)
    click.echo(printable, file=stream, nl=False)


@contextlib.contextmanager
def playing(*, json: bool = False, quiet: bool = False) -> Iterator[None]:
    """Show log lines while the block runs; for a machine, keep stdout free for the envelope."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(log.shown(sys.stderr, quiet=quiet))
        if json:
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        yield


def may_ask() -> bool:
    """Is this a terminal with a person at it? A CI job may have a terminal, but nobody reads it."""
    return not os.environ.get("CI") and all(map(_is_terminal, (sys.stdin, sys.stdout)))


def is_watched() -> bool:
    """Is stderr a terminal that can be drawn on, with a person at it?"""
    is_plain = os.environ.get("CI") or os.environ.get("TERM") in ("dumb", "unknown")
    return not is_plain and _is_terminal(sys.stderr)


def has_colour(stream: TextIO) -> bool:
    """Whether what is written to `stream` may be coloured."""
    return _is_terminal(stream) and not os.environ.get("NO_COLOR")


def _reporter(json: bool, quiet: bool) -> Reporter:
    if json:
        from sqlmodel_migrations.report.reporters.json import JsonReporter

        return JsonReporter()
    from sqlmodel_migrations.report.reporters.console import ConsoleReporter

    return ConsoleReporter(quiet=quiet, colour=has_colour(sys.stderr))


def _is_terminal(stream: TextIO | None) -> bool:
    """A program without a console has None for its streams."""
    return stream is not None and stream.isatty()
