"""The answer for people: results on stdout, everything around them on stderr."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqlmodel_migrations.report.report import Failure, Report
from sqlmodel_migrations.report.reporters.base import Page, Style

if TYPE_CHECKING:
    from sqlmodel_migrations.diagnostics import Diagnostic

_BOLD_RED, _YELLOW, _CYAN = "1;31", "33", "36"
_COLOURS = {"error": _BOLD_RED, "warning": _YELLOW, "note": _CYAN}


def reporter(style: Style) -> ConsoleReporter:
    """Return the reporter."""
    return ConsoleReporter(quiet=style.quiet, colour=style.colour)


class ConsoleReporter:
    """Shows a report as lines; `quiet` leaves out notes, `colour` marks words before a colon."""

    def __init__(self, *, quiet: bool = False, colour: bool = False) -> None:
        self.quiet = quiet
        self.colour = colour

    def render(self, report: Report) -> Page:
        """Return the result's lines for stdout; diagnostics, notes and errors for stderr."""
        found = [*self._diagnostics(report)]
        answer, around = (found, []) if report.is_verdict else ([], found)
        return Page(_text([*report.lines, *answer]), _text([*around, *self.surroundings(report)]))

    def _diagnostics(self, report: Report) -> Iterator[str]:
        for found in report.diagnostics:
            if not (self.quiet and found.severity == "note"):
                yield from self._diagnostic(found)

    def surroundings(self, report: Report) -> Iterator[str]:
        """Return the lines that are not about a finding: notes, and why the command failed."""
        if not self.quiet:
            yield from report.notes
        if report.failure:
            yield from self._failure(report.failure)

    def _diagnostic(self, found: Diagnostic) -> Iterator[str]:
        place = "".join(f"{part}:" for part in (found.file, found.line) if part is not None)
        word = self._paint(f"{found.severity}:", _COLOURS[found.severity])
        yield " ".join(part for part in (place, word, found.message, found.tag) if part)
        if found.help:
            yield f"  {self._paint('help:', _CYAN)} {found.help}"
        if found.code:
            yield from (f"      {line}".rstrip() for line in found.code.splitlines())

    def _failure(self, failure: Failure) -> Iterator[str]:
        yield f"{self._paint('error:', _BOLD_RED)} {failure.message}"
        yield from (f"  {line}".rstrip() for line in failure.details)
        if failure.hint:
            yield f"{self._paint('hint:', _CYAN)} {failure.hint}"

    def _paint(self, word: str, colour: str) -> str:
        return f"\x1b[{colour}m{word}\x1b[0m" if self.colour else word


def around(report: Report, style: Style) -> str:
    """Return what people read beside an answer that is for a program."""
    return _text(ConsoleReporter(quiet=style.quiet).surroundings(report))


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
