"""The report: what a command has to say, as one value that every reporter reads."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlmodel_migrations.errors import ExitCode

if TYPE_CHECKING:
    from sqlmodel_migrations.diagnostics import Diagnostic


class Failure(NamedTuple):
    """Why a command did not end well; `facts` are further values for machines."""

    message: str
    exit_code: ExitCode
    hint: str | None = None
    details: tuple[str, ...] = ()
    facts: Mapping[str, Any] = MappingProxyType({})


class Report(NamedTuple):
    """One command's answer.

    `result` is the answer for machines (JSON-able), None where there is none; `lines` the same
    for people, printed on stdout as they are; `notes` go to stderr (what to type next, what was
    not done). With `is_verdict` the diagnostics are the answer itself, not what surrounds it.
    """

    command: str
    result: Mapping[str, Any] | None
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    exit_code: ExitCode = ExitCode.YES
    failure: Failure | None = None
    is_verdict: bool = False


def merge(command: str, reports: Mapping[str, Report]) -> Report:
    """Make one report of the reports of several databases, by the name of their section.

    A failed database keeps its place with the result None, and its failure is the whole's.
    """
    failures = [report.failure for report in reports.values() if report.failure]
    codes = [report.exit_code for report in reports.values()]
    return Report(
        command,
        {"databases": {name: report.result for name, report in reports.items()}},
        notes=tuple(
            f"[{name}] {note}" for name, report in reports.items() for note in report.notes
        ),
        diagnostics=tuple(found for report in reports.values() for found in report.diagnostics),
        exit_code=failures[0].exit_code if failures else max(codes, default=ExitCode.YES),
        failure=failures[0] if failures else None,
    )
