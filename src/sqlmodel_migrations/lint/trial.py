"""The trial of a patch: the rewritten revisions on scratch databases, before any file is changed.

They must end in the same schema, go up, down and up again as well as those before did, silence
their rules, and be found nothing new against.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from sqlmodel_migrations.database.catalog.difference import differences
from sqlmodel_migrations.diagnostics import Diagnostic, Severity
from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.history.index import Index, Revision
from sqlmodel_migrations.lint import linter, patch, review
from sqlmodel_migrations.lint.finding import Finding
from sqlmodel_migrations.lint.fixes.base import Plan
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.patch import Patch
from sqlmodel_migrations.lint.recording import Recording, Rows
from sqlmodel_migrations.lint.review import Examined
from sqlmodel_migrations.lint.script import NotMechanical, Script
from sqlmodel_migrations.lint.span import Span
from sqlmodel_migrations.prove import verifier
from sqlmodel_migrations.run.checkout import Checkout


@dataclass(frozen=True)
class Fixable:
    """A finding, the script that it is in, and the safe form of its statement."""

    finding: Finding
    script: Script
    plan: Plan


@dataclass(frozen=True)
class Proven:
    """A patch that holds: the revisions as they will be, and what is then found in them."""

    patch: Patch
    revisions: tuple[Revision, ...]
    findings: tuple[Finding, ...]


@dataclass
class Trial:
    """What patches are measured against: the revisions as they are."""

    checkout: Checkout
    examined: Examined
    new_id: Callable[[], str]

    @property
    def recording(self) -> Recording:
        """What the upgrades do now."""
        return self.examined.recordings[0]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is found now."""
        return linter.lint(self.recording, self.examined.strictness)

    def prove(self, wanted: Sequence[Fixable]) -> Proven:
        """Make the patch of some fixes and prove it; raises `NotMechanical` with the reason."""
        plans: dict[Script, list[Plan]] = {}
        for each in wanted:
            plans.setdefault(each.script, []).append(each.plan)
        made = patch.make(self.checkout.graph, plans, self.new_id)
        with tempfile.TemporaryDirectory(prefix="sqlmodel-migrations-fix-") as name:
            files = made.files(Path(name))
            try:
                return self._proven(made, files, wanted)
            except MigrationsError as error:
                raise NotMechanical(f"what it would be cannot be tried: {error.message}") from error

    def _proven(self, made: Patch, files: Mapping[Path, Path], wanted: Sequence[Fixable]) -> Proven:
        graph = made.graph(self.checkout.graph, files)
        graph.require_sound()
        heads = [made.last.get(id, id) for id in self.examined.span.heads]
        twin = _on(self.checkout, _up_to(graph, heads))
        span = Span(self.examined.span.past, twin.graph.pending(self.examined.span.past))
        after = replace(review.record(twin, span), sizes=self.recording.sizes)
        findings = linter.lint(after, self.examined.strictness)
        self._require_same_schema(after, wanted)
        self._require_silence(findings, wanted)
        self._require_ways(twin, span)
        return Proven(made, *_placed(files, span.pending, findings))

    def _require_same_schema(self, after: Recording, wanted: Sequence[Fixable]) -> None:
        kept = {each for one in wanted for each in one.plan.kept}
        for found in differences(after.after, self.recording.after):
            if (found.table, found.name, found.kind) not in kept:
                raise NotMechanical(f"the schema would be another one: {found}")

    def _require_silence(self, findings: Sequence[Finding], wanted: Sequence[Fixable]) -> None:
        """Each fix takes one finding of its rule away, and none brings another but a note."""
        was_refused = any(_is_refused(each.finding) for each in wanted)
        allowed = Counter(f.rule for f in _counting(self.findings, was_refused=was_refused))
        allowed.subtract(each.finding.rule for each in wanted)
        for finding in _counting(findings, was_refused=was_refused):
            allowed[finding.rule] -= 1
            if allowed[finding.rule] < 0:
                raise NotMechanical(f"the safe form is found fault with: {finding.message}")

    def _require_ways(self, twin: Checkout, span: Span) -> None:
        wrong = _wrong(verifier.prove(twin, span.pending, (), with_models=False))
        if not wrong:
            return
        known = {each.rule for each in self._wrong_before}
        for each in wrong:
            if each.rule not in known:
                raise NotMechanical(each.message)

    @cached_property
    def _wrong_before(self) -> Sequence[Diagnostic]:
        graph = self.checkout.graph
        span = self.examined.span
        twin = _on(self.checkout, _up_to(graph, span.heads))
        return _wrong(verifier.prove(twin, span.pending, (), with_models=False))


def _counting(found: Sequence[Finding], *, was_refused: bool) -> Iterator[Finding]:
    """The findings that are compared.

    What clean rows refuse was not there for the code before; in parts, some of it is.
    """
    for finding in found:
        is_same = not was_refused or finding.hazard != Hazard.BREAKS_RUNNING_CODE
        if finding.severity is not Severity.NOTE and is_same:
            yield finding


def _is_refused(finding: Finding) -> bool:
    return finding.match is not None and Rows.CLEAN in finding.match.statement.failures


def _on(checkout: Checkout, graph: Graph) -> Checkout:
    """The same project with another history."""
    twin = copy(checkout)
    vars(twin)["graph"] = graph
    return twin


def _up_to(graph: Graph, heads: Sequence[str]) -> Graph:
    """The history without what none of the heads needs."""
    wanted = graph.ancestors(heads)
    return Graph(Index(tuple(r for r in graph.revisions.values() if r.id in wanted)))


def _wrong(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    return [each for each in found if each.severity is Severity.ERROR]


def _placed(
    files: Mapping[Path, Path], revisions: Sequence[Revision], findings: Sequence[Finding]
) -> tuple[tuple[Revision, ...], tuple[Finding, ...]]:
    """Revisions and findings with the paths that the files will have."""
    paths = {file: path for path, file in files.items()}
    return (
        tuple(r._replace(file=str(paths.get(r.path, r.path))) for r in revisions),
        tuple(_at(finding, paths) for finding in findings),
    )


def _at(finding: Finding, paths: Mapping[Path, Path]) -> Finding:
    return replace(finding, file=paths.get(finding.file, finding.file)) if finding.file else finding
