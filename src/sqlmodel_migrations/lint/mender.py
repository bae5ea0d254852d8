"""The mender: findings with a mechanical remedy, mended in the files of their revisions.

What is written was proven before by `trial`; what could not be mended is said with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from alembic.util import rev_id

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.generate.revision import Generated, Say
from sqlmodel_migrations.lint import fixes, review, script, span
from sqlmodel_migrations.lint.finding import Finding
from sqlmodel_migrations.lint.patch import Patch
from sqlmodel_migrations.lint.review import Examined, Linted, Wanted
from sqlmodel_migrations.lint.script import NotMechanical, Script
from sqlmodel_migrations.lint.trial import Fixable, Proven, Trial
from sqlmodel_migrations.run.checkout import Checkout

APPLIED = "the database has it already: what ran is not rewritten, so write a further revision"


@dataclass(frozen=True)
class Left:
    """A finding whose rule has a fix, and why it could not be mended."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Mended:
    """What became of the files: `linted` is what is found in them now."""

    linted: Linted
    fixed: tuple[Finding, ...] = ()
    left: tuple[Left, ...] = ()
    patch: Patch = field(default_factory=Patch)


def mend(checkout: Checkout, wanted: Wanted, *, is_written: bool = True) -> Mended:
    """Mend what is found in revisions that the project's database has not run.

    Without `is_written` nothing is written. Raises as `review.review`.
    """
    examined = review.examine(checkout, wanted, asks_database=True)
    applied = checkout.graph.ancestors(examined.current or ())
    return _mended(checkout, examined, applied, is_written=is_written)


def made_safe(checkout: Checkout, generated: Generated, say: Say) -> Generated:
    """Put revisions that were just written, and that no database has run, into the safe form.

    What has none, or cannot be tried, stays as it is, and is said.
    """
    if not generated.revisions:
        return generated
    chosen = span.of_ids(checkout.graph, (revision.id for revision in generated.revisions))
    try:
        examined = review.examine_span(checkout, chosen)
        mended = _mended(checkout, examined, frozenset(), is_written=True)
    except MigrationsError as error:
        return replace(generated, notes=(*generated.notes, f"not made safe: {error.message}"))
    for path in mended.patch.added:
        say(f"  Generating {path} ...  done")
    said = [f"not made safe: {left.finding.message}: {left.reason}" for left in mended.left]
    revisions = mended.linted.revisions if mended.fixed else generated.revisions
    return replace(generated, revisions=revisions, notes=(*generated.notes, *said))


def _mended(
    checkout: Checkout, examined: Examined, applied: frozenset[str], *, is_written: bool
) -> Mended:
    linted = examined.linted
    if not examined.recordings:
        return Mended(linted)
    trial = Trial(checkout, examined, rev_id)
    wanted, left = _wanted(trial, applied)
    proven, refused = _proven(trial, wanted)
    fixed = [each.finding for each in wanted if all(each is not one for one, _ in refused)]
    left += [Left(each.finding, reason) for each, reason in refused]
    if proven is None:
        return Mended(linted, (), tuple(left))
    if is_written:
        proven.patch.write()
        checkout.read_again()
    others = [f for f in linted.findings if f not in trial.findings]
    now = replace(linted, revisions=proven.revisions, findings=(*proven.findings, *others))
    return Mended(now, tuple(fixed), tuple(left), proven.patch)


def _wanted(trial: Trial, applied: frozenset[str]) -> tuple[list[Fixable], list[Left]]:
    """The findings that have a safe form, and those of the same rules that have none."""
    found: list[Fixable] = []
    left: list[Left] = []
    scripts: dict[Path, Script] = {}
    for finding in _candidates(trial.findings):
        try:
            if finding.revision in applied:
                raise NotMechanical(APPLIED)
            found.append(_fixable(finding, trial, scripts))
        except NotMechanical as error:
            left.append(Left(finding, str(error)))
    return found, left


def _candidates(findings: Sequence[Finding]) -> Iterator[Finding]:
    """The findings that matter and whose rules have a fix."""
    known = fixes.fixes()
    return (f for f in findings if f.rule in known and f.severity is not Severity.NOTE)


def _fixable(finding: Finding, trial: Trial, scripts: dict[Path, Script]) -> Fixable:
    assert finding.match is not None
    path = finding.match.statement.file
    if path not in scripts:
        scripts[path] = script.read(path)
    plan = fixes.plan(finding.rule, finding.match, trial.recording, scripts[path])
    return Fixable(finding, scripts[path], plan)


def _proven(
    trial: Trial, wanted: Sequence[Fixable]
) -> tuple[Proven | None, list[tuple[Fixable, str]]]:
    """Prove all fixes at once; where that fails, as many of them as hold together."""
    if not wanted:
        return None, []
    try:
        return trial.prove(wanted), []
    except NotMechanical as error:
        if len(wanted) == 1:
            return None, [(wanted[0], str(error))]
    proven: Proven | None = None
    held: list[Fixable] = []
    refused: dict[Fixable, tuple[str, int]] = {}
    for each in (*wanted, *wanted):  # one may need another that comes after it
        if each in held or (each in refused and refused[each][1] == len(held)):
            continue
        try:
            proven = trial.prove([*held, each])
            held.append(each)
            refused.pop(each, None)
        except NotMechanical as error:
            refused[each] = str(error), len(held)
    return proven, [(each, reason) for each, (reason, _) in refused.items()]
