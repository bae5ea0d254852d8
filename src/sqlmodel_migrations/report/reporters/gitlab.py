"""The answer for GitLab: a report of code quality, as its merge requests show it.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlmodel_migrations.report.report import Report
from sqlmodel_migrations.report.reporters import console
from sqlmodel_migrations.report.reporters.base import Page, Style

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def reporter(style: Style) -> GitlabReporter:
    """Return the reporter."""
    return GitlabReporter(style)


class GitlabReporter:
    """Shows a report as a list of issues; of a command that failed there is none to read."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def render(self, report: Report) -> Page:
        """Return the list on stdout, and what people read on stderr."""
        text = "" if report.failure else json.dumps([*self._issues(report)], indent=2) + "\n"
        return Page(text, console.around(report, self.style))

    def _issues(self, report: Report) -> Iterator[dict[str, Any]]:
        """A fingerprint stays the same where lines move: it counts what is said alike."""
        seen: Counter[tuple[str, str, str]] = Counter()
        for found in self.style.shown(report):
            path = self.style.path(found.file) if found.file is not None else "."
            key = (found.rule, path, found.message)
            number, seen[key] = seen[key], seen[key] + 1
            yield {
                "description": found.advice,
                "check_name": found.rule,
                "fingerprint": _hash(*key, str(number)),
                "severity": _SEVERITIES[found.severity],
                "location": {
                    "path": path,
                    "lines": {"begin": found.line or 1, "end": found.last_line or 1},
                },
            }


def _hash(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]
