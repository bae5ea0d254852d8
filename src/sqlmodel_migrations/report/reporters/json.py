"""The answer for machines: one envelope on stdout, the same for every command."""

from __future__ import annotations

import json
from typing import Any

from sqlmodel_migrations.report.report import Failure, Report
from sqlmodel_migrations.report.reporters.base import Page, Style

VERSION = 1


def reporter(_: Style) -> JsonReporter:
    """Return the reporter."""
    return JsonReporter()


class JsonReporter:
    """Shows a report as one JSON object; characters beyond ASCII are escaped."""

    def render(self, report: Report) -> Page:
        """Return the envelope on stdout and nothing on stderr."""
        return Page(json.dumps(envelope(report), indent=2, default=str) + "\n", "")


def envelope(report: Report) -> dict[str, Any]:
    """Return the envelope; it has the key `error` only where the command failed."""
    told: dict[str, Any] = {
        "version": VERSION,
        "command": report.command,
        "result": report.result,
        "diagnostics": [found.as_json() for found in report.diagnostics],
    }
    return told | {"error": _error(report.failure)} if report.failure else told


def _error(failure: Failure) -> dict[str, Any]:
    return {
        "message": failure.message,
        "hint": failure.hint,
        "details": list(failure.details),
        "exit_code": int(failure.exit_code),
        **failure.facts,
    }
