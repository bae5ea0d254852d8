"""The shape of a reporter: a report in, text for the two streams out."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from sqlmodel_migrations.report.report import Report


class Page(NamedTuple):
    """What a report looks like: `out` is the answer, `err` all that surrounds it."""

    out: str
    err: str


class Reporter(Protocol):
    """Shows a report in one format."""

    def render(self, report: Report) -> Page:
        """Return the text of `report`; every line ends with a line feed."""
