"""What `--fix`, `--diff` and `--safe` say: which files changed, and what could not be mended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlmodel_migrations.errors import ExitCode, UsageError
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.lint.finding import Finding
    from sqlmodel_migrations.lint.mender import Left, Mended
    from sqlmodel_migrations.lint.review import Linted

NOTHING: Mapping[str, Any] = {"fixed": None, "left": None, "written": None, "diff": None}
"""What is told of mending where nobody asked for it."""


def require_alone(*, fix: bool, diff: bool, static: bool) -> None:
    """Raise `UsageError` for options that contradict each other."""
    if fix and diff:
        raise UsageError(
            "--fix writes and --diff only shows what would be written", hint="leave one out"
        )
    if static and (fix or diff):
        raise UsageError(
            f"{'--fix' if fix else '--diff'} proves what it writes on a scratch database, and"
            " --static uses none",
            hint="leave one out",
        )


def completed(report: Report, mended: Mended, *, is_written: bool) -> Report:
    """Return the report of what is found now, with what was mended before it.

    Where nothing is written, a file that would change is a no.
    """
    diff = mended.patch.diff(Path.cwd())
    told = {
        "fixed": [_place(finding) for finding in mended.fixed],
        "left": [{**_place(left.finding), "reason": left.reason} for left in mended.left],
        "written": [str(path) for path in mended.patch.new] if is_written else [],
        "diff": diff,
    }
    is_no = bool(diff) and not is_written
    return report._replace(
        result={**(report.result or {}), **told},
        lines=tuple(diff.splitlines()),
        notes=(*_notes(mended, is_written=is_written), *report.notes),
        exit_code=ExitCode.NO if is_no else report.exit_code,
    )


def offered(linted: Linted) -> Iterator[str]:
    """Say how many findings can probably be mended."""
    count = sum(found.is_fixable for found in linted.findings)
    if count:
        yield f"{count} of them can be mended: give --fix, or --diff to see how"


def _notes(mended: Mended, *, is_written: bool) -> Iterator[str]:
    """Say what was mended, and of the rest why it was not."""
    for left in mended.left:
        yield f"{_spot(left)}: not mended: {left.reason}"
    if not mended.fixed:
        yield "nothing is changed: no finding can be mended"
        return
    findings = f"{len(mended.fixed)} finding{'s' if len(mended.fixed) > 1 else ''}"
    changed, added = len(mended.patch.old), len(mended.patch.added)
    verb = "mended" if is_written else "would be mended"
    files = f"{changed} file{'s' if changed > 1 else ''} changed"
    more = f", {added} new" if added else ""
    yield f"{findings} {verb}: {files}{more}"


def _place(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "revision": finding.revision,
        "file": str(finding.file),
        "line": finding.line,
    }


def _spot(left: Left) -> str:
    finding = left.finding
    return f"{finding.file}:{finding.line}: [{finding.rule}]"
