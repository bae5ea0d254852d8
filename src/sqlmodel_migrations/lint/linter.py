"""The linter: rules over a recording, less what is allowed, as findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.errors import UsageError, did_you_mean
from sqlmodel_migrations.lint import fixes, place, script, suppression
from sqlmodel_migrations.lint.finding import Finding
from sqlmodel_migrations.lint.fixes import NotMechanical
from sqlmodel_migrations.lint.hazards import BLOCKING, Hazard
from sqlmodel_migrations.lint.recording import RecordedStatement, Recording
from sqlmodel_migrations.lint.rules import Match, Rule, rules
from sqlmodel_migrations.lint.suppression import Suppression

MIN_ROWS = 1000
"""Rows below which a live table is too small for a lock on it to last."""


_ALL = "type `sqlmodel migrations lint --explain` to see all rules"
_OF_FAILURE = frozenset((Hazard.ALWAYS_FAILS.value, Hazard.PARTIAL_FAILURE.value))


@dataclass(frozen=True)
class Strictness:
    """What matters: `severity` replaces the rules' own, `min_rows` makes small tables a note.

    Only the rules of `select` are applied, all where it is empty, and none of `ignore`.
    """

    min_rows: int = MIN_ROWS
    severity: Mapping[str, Severity] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in ("severity", "select", "ignore"):
            for name in getattr(self, key):
                require_rule(name, f", which '{key}' names in [tool.sqlmodel.migrations.lint]")

    def applies(self, slug: str) -> bool:
        """Whether a rule is to be applied."""
        return slug not in self.ignore and (not self.select or slug in self.select)


def require_rule(name: str, where: str = "") -> Rule:
    """Return a rule by its slug; raises `UsageError` for an unknown one, saying `where` it is."""
    found = rules().get(name)
    if found is None:
        raise UsageError(f"there is no rule '{name}'{where}", hint=_likely(name))
    return found


def _likely(name: str) -> str:
    """What a name that is no rule's probably means, and where all of them are listed."""
    near = did_you_mean(name, rules())
    return f"{near} {_ALL}" if near else _ALL


def lint(recording: Recording, strictness: Strictness) -> tuple[Finding, ...]:
    """Judge a recording; findings in the order of the revisions and of their lines."""
    found = [
        _finding(slug, rule, match, recording, strictness)
        for slug, rule in rules().items()
        if strictness.applies(slug)
        for match in rule.find(recording)
    ]
    order = [revision.id for revision in recording.revisions]
    left = _less_allowed(_less_moot(found), recording)
    return tuple(
        sorted(
            dict.fromkeys((*left, *_unmeasured(recording))),
            key=lambda f: (order.index(f.revision) if f.revision in order else -1, f.line or 0),
        )
    )


def _less_moot(found: Sequence[Finding]) -> list[Finding]:
    """Leave out what an operation would do that never comes to its end."""
    failing = {
        _operation(f)
        for f in found
        if f.hazard == Hazard.ALWAYS_FAILS.value and f.severity is Severity.ERROR
    }
    return [f for f in found if f.hazard in _OF_FAILURE or _operation(f) not in failing]


def _operation(finding: Finding) -> tuple[Path | None, int | None]:
    """Where it was sent from: of a batch its begin, whatever line the message speaks of."""
    sent = finding.match.statement if finding.match is not None else None
    return finding.file, finding.line if sent is None else sent.line


def _finding(
    slug: str, rule: Rule, match: Match, recording: Recording, strictness: Strictness
) -> Finding:
    statement = match.statement
    line, end_line = _lines(match)
    severity = _severity(slug, rule, match, recording, strictness)
    written = None if severity is Severity.NOTE else _written(slug, match, recording)
    return Finding(
        rule=slug,
        severity=severity,
        message=f"{match.message}{_sizes(match, recording)}{_doubt(statement)}",
        help=match.help,
        file=statement.file,
        line=line,
        hazard=match.hazard.value if match.hazard is not None else None,
        revision=statement.revision,
        end_line=end_line,
        statement=statement.sql.strip() or None,
        facts=_facts(match),
        fix=written or match.fix,
        is_measured=statement.is_measured,
        mitigated_by=match.mitigated_by,
        is_fixable=written is not None,
        match=match,
    )


def _written(slug: str, match: Match, recording: Recording) -> str | None:
    """The safe form of this very statement, where one can be written."""
    if slug not in fixes.fixes():
        return None
    try:
        return fixes.plan(slug, match, recording, script.read(match.statement.file)).code
    except NotMechanical:
        return None


def _doubt(statement: RecordedStatement) -> str:
    return "" if statement.is_measured else " (not measured)"


def _lines(match: Match) -> tuple[int, int]:
    """Where the statement comes from; in a batch, the operation that the message speaks of."""
    statement = match.statement
    words = frozenset(re.findall(r"\w+", match.message))
    found = place.in_batch(statement.file, statement.line, words)
    return found or (statement.line, statement.end_line)


def _severity(
    slug: str, rule: Rule, match: Match, recording: Recording, strictness: Strictness
) -> Severity:
    if match.hazard in BLOCKING and match.tables and recording.sizes:
        sizes = [recording.sizes[table] for table in match.tables if table in recording.sizes]
        if len(sizes) == len(match.tables) and all(s.rows < strictness.min_rows for s in sizes):
            return Severity.NOTE
    return strictness.severity.get(slug, match.severity or rule.SEVERITY)


def _sizes(match: Match, recording: Recording) -> str:
    known = [(table, recording.sizes.get(table)) for table in match.tables]
    said = [f"'{table}' has {size.rows:,} rows" for table, size in known if size is not None]
    return f"; {', '.join(said)}" if said else ""


def _facts(match: Match) -> Mapping[str, Any]:
    tables = match.statement.facts.tables
    return {table: _plain(asdict(tables[table])) for table in match.tables if table in tables}


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value}


def _less_allowed(found: Sequence[Finding], recording: Recording) -> Iterator[Finding]:
    """Leave out what a comment allows; say which comments allow nothing, or without a reason."""
    by_file = {r.path: suppression.read(r.path) for r in recording.revisions}
    used: set[tuple[Path, Suppression]] = set()
    for finding in found:
        allowing = [
            s
            for s in by_file.get(finding.file or Path(), ())
            if s.rule == finding.rule and s.covers(finding.line)
        ]
        used.update((finding.file or Path(), s) for s in allowing)
        if not any(s.reason for s in allowing):
            yield finding
    for revision in recording.revisions:
        for each in by_file[revision.path]:
            said = _wrong(each, is_used=(revision.path, each) in used)
            if said is not None:
                yield _about(revision.id, revision.path, each, *said)


def _wrong(each: Suppression, *, is_used: bool) -> tuple[str, str, str] | None:
    """What is wrong with a comment: the rule that says so, the message and the help."""
    if each.rule not in rules():
        return "unused-suppression", f"there is no rule '{each.rule}' to allow", _likely(each.rule)
    if each.reason is None:
        message = f"nothing is allowed without a reason: '{each.rule}'"
        return "suppression-without-reason", message, "write why after a dash"
    if not is_used:
        return "unused-suppression", f"'{each.rule}' finds nothing here", "delete the comment"
    return None


def _about(
    revision: str, path: Path, each: Suppression, rule: str, message: str, help_: str
) -> Finding:
    return Finding(
        rule, Severity.WARNING, message, help_, path, each.line, revision=revision,
        end_line=each.line,
    )  # fmt: skip


def _unmeasured(recording: Recording) -> Iterator[Finding]:
    for each in recording.unmeasured:
        yield Finding(
            "not-measured",
            Severity.WARNING,
            f"not measured: {each.reason}",
            "judge it by hand",
            each.file,
            each.line,
            revision=each.revision,
        )
