"""Where a command plays: the two streams, and whether somebody sits there who may be asked."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import click

from sqlmodel_migrations.report import log, reporters, warning
from sqlmodel_migrations.report.report import Report
from sqlmodel_migrations.report.reporters.base import Style


def tell(
    report: Report, *, format: str = "text", quiet: bool = False, events: str | None = None
) -> int:
    """Show `report` on stdout and stderr in a format, and return its exit code.

    `events` names the database whose events are on stderr, of which this is the last.
    """
    style = Style(quiet, has_colour(sys.stderr), _root())
    page = reporters.of(format, style).render(report)
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
def playing(*, is_document: bool = False, quiet: bool = False) -> Iterator[None]:
    """Show log lines and warnings while the block runs.

    Stdout is kept free for an answer that is a document.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(log.shown(sys.stderr, quiet=quiet))
        stack.enter_context(warning.shown(sys.stderr, quiet=quiet))
        if is_document:
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


def _root() -> Path:
    """The root of the repository: as the CI server says, or where Git keeps its own; or here."""
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        if os.environ.get(name):
            return Path(os.environ[name])
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def _is_terminal(stream: TextIO | None) -> bool:
    """A program without a console has None for its streams."""
    return stream is not None and stream.isatty()
