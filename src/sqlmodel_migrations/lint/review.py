"""A review: which revisions are judged, on what rows they are played, and what is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel_migrations.database import sizes
from sqlmodel_migrations.database.sizes import Size
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.lint import linter, recorder, span
from sqlmodel_migrations.lint.finding import Finding
from sqlmodel_migrations.lint.linter import Strictness
from sqlmodel_migrations.lint.recording import Recording, Runner
from sqlmodel_migrations.lint.span import Span
from sqlmodel_migrations.project import branch, env_source
from sqlmodel_migrations.run.checkout import Checkout


@dataclass(frozen=True)
class Wanted:
    """What is to be judged: a range or a revision, what a Git branch added, or what is pending.

    With `is_live` the project's database is read for what is pending and how large tables are.
    """

    revisions: str | None = None
    since: str | None = None
    is_live: bool = False
    runner: Runner | None = None
    strictness: Strictness = field(default_factory=Strictness)


@dataclass(frozen=True)
class Linted:
    """What was judged, in order, and what was found."""

    revisions: tuple[Revision, ...]
    findings: tuple[Finding, ...]
    knows_sizes: bool

    def is_refused(self, at: Severity) -> bool:
        """Whether something was found that is at least as severe as `at`."""
        order = list(Severity)
        return any(order.index(f.severity) <= order.index(at) for f in self.findings)


def review(checkout: Checkout, wanted: Wanted) -> Linted:
    """Judge revisions. Raises `UsageError`, `DatabaseError`, and `StepFailed` for the past."""
    checkout.graph.require_sound()
    live = _Live.read(checkout) if _needs_database(wanted) else None
    chosen = _span(checkout, wanted, live)
    if not chosen.pending:
        return Linted((), (), live is not None)
    recording = record(checkout, chosen, wanted.runner)
    if live is not None and wanted.is_live:
        recording = replace(recording, sizes=live.sizes)
    return Linted(
        chosen.pending,
        linter.lint(recording, wanted.strictness),
        wanted.is_live,
    )


def record(checkout: Checkout, chosen: Span, runner: Runner | None = None) -> Recording:
    """Play revisions as they would be run here: by plain Alembic under an env.py of its own."""
    is_ours = env_source.is_ours(checkout.settings.env_py)
    return recorder.record(
        checkout, chosen, runner or (Runner.SQLMODEL if is_ours else Runner.ALEMBIC)
    )


@dataclass(frozen=True)
class _Live:
    """What the project's database says."""

    current: tuple[str, ...]
    sizes: Mapping[str, Size]

    @classmethod
    def read(cls, checkout: Checkout) -> _Live:
        current: list[str] = []
        found: dict[str, Size] = {}

        def look(context: object, _: object) -> None:
            current.extend(context.get_current_heads())  # type: ignore[attr-defined]
            found.update(sizes.read(context.connection))  # type: ignore[attr-defined]

        checkout.read(look)
        checkout.require_known(current)
        return cls(tuple(dict.fromkeys(current)), found)


def _needs_database(wanted: Wanted) -> bool:
    return wanted.is_live or (wanted.revisions is None and wanted.since is None)


def _span(checkout: Checkout, wanted: Wanted, live: _Live | None) -> Span:
    if wanted.revisions is not None and wanted.since is not None:
        raise UsageError(
            "a range and --since both say what is judged", hint="leave one of the two out"
        )
    if wanted.revisions is not None:
        return span.of_range(checkout.graph, wanted.revisions)
    if wanted.since is not None:
        return span.of_ids(checkout.graph, _added(checkout, wanted.since))
    assert live is not None
    return span.of_database(checkout.graph, live.current)


def _added(checkout: Checkout, since: str) -> Sequence[str]:
    files = branch.added(checkout.settings.root, since)
    return [r.id for r in checkout.graph.pending(()) if r.path.resolve() in files]
