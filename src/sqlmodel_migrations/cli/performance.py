"""A command's performance: its function is run, what it raises caught, its report shown."""

from __future__ import annotations

from collections.abc import Callable

import click

from sqlmodel_migrations.cli import errors, stage
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.report.report import Report, merge

Run = Callable[[Invocation], Report]


def perform(command: str, typed: Invocation, run: Run) -> int:
    """Run a command, for every section with `--all`; report and return the exit code."""
    if not typed.every:
        return _tell(attempt(command, typed, run), typed)
    return _perform_each(command, typed, run)


def attempt(command: str, typed: Invocation, run: Run) -> Report:
    """Run a command for one section; what it raises becomes its report, but for `--raiseerr`."""
    try:
        with stage.playing(is_document=typed.is_document, quiet=typed.quiet):
            return run(typed)
    except BrokenPipeError:
        raise
    except BaseException as error:
        if typed.raiseerr and not isinstance(error, KeyboardInterrupt | click.Abort):
            raise
        failure = errors.failure(error)
        return Report(command, None, exit_code=failure.exit_code, failure=failure)


def _perform_each(command: str, typed: Invocation, run: Run) -> int:
    """Run a command for one section after the other and stop at the first that fails."""
    reports: dict[str, Report] = {}

    def sections(project: Invocation) -> Report:
        for section in project.sections():
            report = _perform_section(command, section, run)
            reports[section.name] = report
            if report.failure:
                break
        return merge(command, reports)

    whole = attempt(command, typed, sections)
    if not reports:
        return _tell(whole, typed)
    if typed.is_document:
        return stage.tell(whole, format=typed.format, quiet=typed.quiet)
    return int(whole.exit_code)


def _perform_section(command: str, section: Invocation, run: Run) -> Report:
    """Run a command for one section of several, under its name; a person reads it at once."""
    if not section.is_document:
        section.say(f"[{section.name}]")
    report = attempt(command, section, run)
    if not section.is_document:
        _tell(report, section)
    elif section.events:
        stage.end(report, section.name)
    return report


def _tell(report: Report, typed: Invocation) -> int:
    events = typed.name if typed.events else None
    return stage.tell(report, format=typed.format, quiet=typed.quiet, events=events)
