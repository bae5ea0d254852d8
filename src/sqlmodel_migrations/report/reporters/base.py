"""The shape of a reporter: a report in, text for the two streams out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.diagnostics import Diagnostic


class Page(NamedTuple):
    """What a report looks like: `out` is the answer, `err` all that surrounds it."""

    out: str
    err: str


class Style(NamedTuple):
    """How a report is to look.

    `quiet` leaves out notes, `colour` marks words for a terminal, and `root` is the folder that
    the paths of a document start from: a server knows the files of a repository by these.
    """

    quiet: bool = False
    colour: bool = False
    root: Path | None = None

    def path(self, file: Path) -> str:
        """Return a file's path from the root, with slashes; as it is where it is not below."""
        root = self.root.resolve() if self.root is not None else None
        absolute = file.resolve()
        if root is not None and absolute.is_relative_to(root):
            return absolute.relative_to(root).as_posix()
        return file.as_posix()

    def shown(self, report: Report) -> Iterator[Diagnostic]:
        """Return the diagnostics that are to be seen."""
        return (d for d in report.diagnostics if not (self.quiet and d.severity == "note"))


class Reporter(Protocol):
    """Shows a report in one format."""

    def render(self, report: Report) -> Page:
        """Return the text of `report`; every line ends with a line feed."""


class ReporterModule(Protocol):
    """The shape of a module in this family."""

    def reporter(self, style: Style) -> Reporter:
        """Return the reporter."""
