"""The verifier: what runs env.py, each time on fresh shadows, until every course is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel_migrations.diagnostics import Diagnostic, Severity
from sqlmodel_migrations.errors import DatabaseError, StepFailed, UsageError
from sqlmodel_migrations.generate.comparison import Promise
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.prove import finding
from sqlmodel_migrations.prove.course import Course
from sqlmodel_migrations.prove.rehearsal import NotMeasured, rehearse
from sqlmodel_migrations.prove.stage import Stage
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.shadow.shadow import Shadow


@dataclass(frozen=True)
class Verified:
    """What `verify` looked at, in order, and what it found."""

    revisions: tuple[Revision, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Whether nothing was found to be wrong."""
        return not finding.has_errors(self.diagnostics)


def verify(checkout: Checkout, *, since: str | None = None, strict: bool = False) -> Verified:
    """Prove the history, revision by revision, and that its end is what the models say.

    With `since` only what comes after that revision; with `strict` a revision without a way
    back is wrong. Raises `UsageError`, `DatabaseError`, and `StepFailed` for a revision up
    to `since` that cannot be replayed.
    """
    graph = checkout.graph
    graph.require_sound()
    past = [revision.id for revision in graph.resolve(since)] if since else []
    history = tuple(revision.id for revision in graph.pending((), past)) if past else ()
    revisions = graph.pending(past)
    if not revisions:
        return Verified()
    trial = _Trial(checkout, history, revisions, is_history=True)
    try:
        found = trial.run()
    except NotMeasured as error:
        found = (Diagnostic("not-measured", Severity.ERROR, error.message, error.hint),)
    return Verified(revisions, tuple(_strict(found) if strict else found))


def prove(
    checkout: Checkout,
    revisions: Sequence[Revision],
    promises: Sequence[Promise],
    *,
    with_models: bool = True,
) -> tuple[Diagnostic, ...]:
    """Prove revisions that were just written, after all others, against what they promise.

    Without models it does not matter what these say.

    What cannot be proven, because there is no scratch database or the history does not run on
    one, is said in a note.
    """
    graph = checkout.graph
    new = {revision.id for revision in revisions}
    history = tuple(r.id for r in graph.pending(()) if r.id not in new)
    trial = _Trial(checkout, history, tuple(revisions), promises, with_models=with_models)
    try:
        return trial.run()
    except (DatabaseError, NotMeasured) as error:
        return (_not_proven(error.message),)
    except StepFailed as error:
        return (_not_proven(f"the history cannot be replayed: {error.message}"),)


def _not_proven(reason: str) -> Diagnostic:
    return Diagnostic("not-proven", Severity.WARNING, f"the revision is not proven: {reason}")


def _strict(found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    for each in found:
        is_error = each.rule == "irreversible"
        yield replace(each, severity=Severity.ERROR) if is_error else each


@dataclass
class _Trial:
    """One proof: a course for every database that env.py opens, in its order."""

    checkout: Checkout
    history: tuple[str, ...]
    revisions: tuple[Revision, ...]
    promises: Sequence[Promise] = ()
    is_history: bool = False
    with_models: bool = True
    courses: list[Course] = field(default_factory=list)

    def run(self) -> tuple[Diagnostic, ...]:
        rehearse(self.checkout, self._go_on, with_models=self.with_models)
        while not all(course.is_done for course in self.courses):
            rehearse(self.checkout, self._go_on, with_models=self.with_models)
        if not self.courses:
            raise UsageError("env.py runs no migrations, so nothing can be proven")
        found = [each for course in self.courses for each in course.findings]
        notes = [each for course in self.courses for each in course.notes()]
        return finding.distinct([*found, *notes])

    def _go_on(self, number: int, stage: Stage, shadow: Shadow) -> None:
        course = self._course(number)
        if not course.is_done:
            course.perform(stage, shadow)

    def _course(self, number: int) -> Course:
        if number == len(self.courses):
            promise = self.promises[number] if number < len(self.promises) else Promise()
            self.courses.append(
                Course(self.history, self.revisions, promise, is_history=self.is_history)
            )
        return self.courses[number]
