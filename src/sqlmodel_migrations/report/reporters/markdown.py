"""The answer as Markdown: a comment for a pull request, the safe forms folded away."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlmodel_migrations.report.report import Report
from sqlmodel_migrations.report.reporters import console
from sqlmodel_migrations.report.reporters.base import Page, Style

if TYPE_CHECKING:
    from sqlmodel_migrations.diagnostics import Diagnostic

_MARKS = {"error": "❌ error", "warning": "⚠️ warning", "note": "ℹ️ note"}


def reporter(style: Style) -> MarkdownReporter:
    """Return the reporter."""
    return MarkdownReporter(style)


class MarkdownReporter:
    """Shows a report as a table of what was found, with the notes around it."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def render(self, report: Report) -> Page:
        """Return the comment on stdout; why a command failed is on stderr, too."""
        text = "\n".join(self._lines(report)) + "\n"
        return Page(text, console.around(report._replace(notes=()), self.style))

    def _lines(self, report: Report) -> Iterator[str]:
        yield f"### `sqlmodel migrations {report.command}`"
        for line in (*report.lines, *report.notes):
            yield from ("", _text(line))
        if report.failure:
            yield from ("", f"**{_text(report.failure.message)}**")
        if found := [*self.style.shown(report)]:
            yield from ("", "| | where | what it does | rule |", "|---|---|---|---|")
            yield from map(self._row, found)
            for each in found:
                yield from self._remedy(each)

    def _row(self, found: Diagnostic) -> str:
        what = _text(found.message)
        if found.help:
            what += f"<br>**help:** {_text(found.help)}"
        return f"| {_MARKS[found.severity]} | {self._place(found)} | {what} | `{found.rule}` |"

    def _place(self, found: Diagnostic) -> str:
        if found.file is None:
            return ""
        path = self.style.path(found.file)
        return f"`{path}`" if found.line is None else f"`{path}:{found.line}`"

    def _remedy(self, found: Diagnostic) -> Iterator[str]:
        if found.code is None:
            return
        place = html.escape(self._place(found).strip("`"))
        summary = f"the safe form for <code>{found.rule}</code> in <code>{place}</code>"
        yield from ("", f"<details><summary>{summary}</summary>", "")
        yield from ("```python", found.code.rstrip(), "```", "", "</details>")


def _text(text: str) -> str:
    """What stands in a cell as it is: no column, no tag, no emphasis, no line of its own."""
    for sign in "\\`*_|<>":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
