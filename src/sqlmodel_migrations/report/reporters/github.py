"""The answer for GitHub Actions: a workflow command for each finding, shown beside its lines.

Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlmodel_migrations.report.report import Failure, Report
from sqlmodel_migrations.report.reporters import console
from sqlmodel_migrations.report.reporters.base import Page, Style

if TYPE_CHECKING:
    from sqlmodel_migrations.diagnostics import Diagnostic

_WORDS = {"error": "error", "warning": "warning", "note": "notice"}
_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}


def reporter(style: Style) -> GithubReporter:
    """Return the reporter."""
    return GithubReporter(style)


class GithubReporter:
    """Shows a report as annotations; paths start from the root of the repository."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def render(self, report: Report) -> Page:
        """Return a line for each finding on stdout, and what people read on stderr."""
        found = [self._annotation(each) for each in self.style.shown(report)]
        failed = _failed(report.failure) if report.failure else []
        lines = [*report.lines, *found, *failed]
        return Page("".join(f"{x}\n" for x in lines), console.around(report, self.style))

    def _annotation(self, found: Diagnostic) -> str:
        properties = ",".join(f"{k}={_value(v)}" for k, v in self._properties(found))
        return f"::{_WORDS[found.severity]} {properties}::{_text(found.advice)}"

    def _properties(self, found: Diagnostic) -> Iterator[tuple[str, str]]:
        if found.file is not None:
            yield "file", self.style.path(found.file)
        if found.line is not None:
            yield "line", str(found.line)
            yield "endLine", str(found.last_line)
        yield "title", found.rule


def _failed(failure: Failure) -> list[str]:
    said = [failure.message, *failure.details, f"hint: {failure.hint}" if failure.hint else ""]
    text = _text("\n".join(filter(None, said)))
    return [f"::error::{text}"]


def _text(text: str) -> str:
    return "".join(_ESCAPES.get(sign, sign) for sign in text)


def _value(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
