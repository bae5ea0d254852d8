"""The answer as SARIF 2.1.0, which GitHub's code scanning and editors read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlmodel_migrations.report.report import Failure, Report
from sqlmodel_migrations.report.reporters import console
from sqlmodel_migrations.report.reporters.base import Page, Style
from sqlmodel_migrations.version import __version__

if TYPE_CHECKING:
    from sqlmodel_migrations.diagnostics import Diagnostic

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"  # what code scanning calls the root of the repository


def reporter(style: Style) -> SarifReporter:
    """Return the reporter."""
    return SarifReporter(style)


class SarifReporter:
    """Shows a report as a log of one run; paths start from the root of the repository."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def render(self, report: Report) -> Page:
        """Return the log on stdout, and what people read on stderr."""
        text = json.dumps(self._log(report), indent=2) + "\n"
        return Page(text, console.around(report, self.style))

    def _log(self, report: Report) -> dict[str, Any]:
        found = [*self.style.shown(report)]
        names = sorted({each.rule for each in found})
        driver = {
            "name": "sqlmodel-migrations",
            "semanticVersion": __version__,
            "rules": [_rule(name) for name in names],
        }
        run = {
            "tool": {"driver": driver},
            "invocations": [_invocation(report)],
            "results": [self._result(each, names.index(each.rule)) for each in found],
            "columnKind": "unicodeCodePoints",
        }
        return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}

    def _result(self, found: Diagnostic, index: int) -> dict[str, Any]:
        result: dict[str, Any] = {
            "ruleId": found.rule,
            "ruleIndex": index,
            "level": found.severity.value,
            "message": {"text": found.advice},
        }
        if found.file is None:
            return result
        place: dict[str, Any] = {"artifactLocation": self._artifact(self.style.path(found.file))}
        if found.line is not None:
            place["region"] = {"startLine": found.line, "endLine": found.last_line}
        return {**result, "locations": [{"physicalLocation": place}]}

    def _artifact(self, path: str) -> dict[str, str]:
        from urllib.parse import quote

        if path.startswith("/"):
            return {"uri": f"file://{quote(path)}"}
        return {"uri": quote(path), "uriBaseId": _ROOT}


def _rule(name: str) -> dict[str, Any]:
    """What is known of a rule; little, where it is no rule of lint."""
    from sqlmodel_migrations.lint.rules import rules

    rule = rules().get(name)
    if rule is None:
        return {"id": name}
    text = (rule.__doc__ or rule.SUMMARY).strip()
    return {
        "id": name,
        "shortDescription": {"text": rule.SUMMARY},
        "fullDescription": {"text": text},
        "help": {"text": text},
        "defaultConfiguration": {"level": rule.SEVERITY.value},
        "properties": {"tags": [hazard.value for hazard in rule.HAZARDS]},
    }


def _invocation(report: Report) -> dict[str, Any]:
    if report.failure is None:
        return {"executionSuccessful": True, "exitCode": int(report.exit_code)}
    return {
        "executionSuccessful": False,
        "exitCode": int(report.exit_code),
        "toolExecutionNotifications": [_notification(report.failure)],
    }


def _notification(failure: Failure) -> dict[str, Any]:
    said = [failure.message, *failure.details, failure.hint or ""]
    return {"level": "error", "message": {"text": "\n".join(filter(None, said))}}
