"""The course through the revisions of one database, over as many shadows as it takes.

A shadow is spent by an upgrade that failed half-way, or by a downgrade that left something
behind. The course then goes on from the same revision on a fresh one, on other terms, or from
the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import MetaData

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.difference import CatalogDifference
from sqlmodel_migrations.diagnostics import Diagnostic, Severity
from sqlmodel_migrations.generate import options
from sqlmodel_migrations.generate.comparison import Promise
from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.prove import finding, wanted
from sqlmodel_migrations.prove.passage import Passage, Terms
from sqlmodel_migrations.prove.stage import Stage
from sqlmodel_migrations.prove.wanted import Wanted
from sqlmodel_migrations.shadow import replay
from sqlmodel_migrations.shadow.shadow import Shadow


@dataclass
class Course:
    """What is to be proven of one database: `revisions`, after those in `history`.

    The last one must make what the models say. `is_history` where other people's revisions are
    proven as well, whose rows need not satisfy what the models say today.
    """

    history: tuple[str, ...]
    revisions: tuple[Revision, ...]
    promise: Promise = field(default_factory=Promise)
    is_history: bool = False
    findings: list[Diagnostic] = field(default_factory=list)
    is_done: bool = False
    _position: int = 0
    _terms: Terms = field(default_factory=Terms)
    _is_at_guards: bool = False
    _wanted: Wanted | None = None
    _tried: list[Guard] = field(default_factory=list)
    _left_out: dict[str, str] = field(default_factory=dict)

    def perform(self, stage: Stage, shadow: Shadow) -> None:
        """Go on, on a stage that is still empty, as far as it leads.

        Raises `StepFailed` where the history before cannot be replayed.
        """
        self._prepare(stage)
        if self._is_at_guards:
            self._prove_guards(stage)
            return
        while not self.is_done and self._prove_next(stage, shadow):
            pass

    def _prepare(self, stage: Stage) -> None:
        """Bring the shadow to the revision before the next one."""
        schemas = options.schemas(self._models(stage), stage.connection)
        replay.make_schemas(stage.connection, schemas)
        if self._wanted is None:
            self._wanted = wanted.in_place(stage.context)
        past = [revision.id for revision in self.revisions[: self._position]]
        stage.make_room([*self.history, *(revision.id for revision in self.revisions)])
        stage.replay([*self.history, *past])

    def _models(self, stage: Stage) -> tuple[MetaData, ...]:
        return options.metadatas(stage.context.opts.get("target_metadata"))

    def _prove_next(self, stage: Stage, shadow: Shadow) -> bool:
        """Prove one revision; False where a fresh shadow is needed for what comes next."""
        revision = self.revisions[self._position]
        self._fill(stage, shadow, revision)
        verdict = self._passage(stage, shadow, revision).prove()
        self._tried.extend(verdict.tried)
        self.findings.extend(verdict.findings)
        if verdict.again is not None:
            self._terms = verdict.again
            return False
        self._position += 1
        self._terms = Terms()
        self.is_done = verdict.is_end or not self._has_more()
        return not verdict.is_spent and not self._is_at_guards

    def _has_more(self) -> bool:
        """Whether revisions are left, or guards of the last one that nothing has met yet."""
        if self._position < len(self.revisions):
            return True
        left = [guard for guard in self.promise.guards if guard not in self._tried]
        self._is_at_guards = bool(left) and not finding.has_errors(self.findings)
        self._position -= 1
        return self._is_at_guards

    def _passage(self, stage: Stage, shadow: Shadow, revision: Revision) -> Passage:
        is_last = revision is self.revisions[-1]

        def missing(actual: Catalog, before: Catalog) -> Sequence[CatalogDifference]:
            return self._missing(stage, shadow, actual, before)

        return Passage(
            stage,
            revision,
            self._terms,
            self.promise,
            missing if is_last else None,
            knows_next=self.is_history and not is_last,
        )

    def _missing(
        self, stage: Stage, shadow: Shadow, actual: Catalog, before: Catalog
    ) -> Sequence[CatalogDifference]:
        if self._wanted is None:
            self._wanted = wanted.apart(stage.context, shadow)
        if self._wanted is None:
            return ()
        old = actual.tables if self.is_history else before.tables
        found = wanted.missing(stage.context, actual, self._wanted, old=old)
        stage.connection.commit()
        return found

    def _fill(self, stage: Stage, shadow: Shadow, revision: Revision) -> None:
        """Give rows to tables that have none, so that they satisfy what comes."""
        stage.without = self._terms.without
        if self._terms.rows == "none":
            return
        also = self._models(stage)
        if self._terms.rows == "next":
            also = self._next(stage, shadow, revision) or also
        stage.fill(also)
        self._left_out.update(stage.left_out)

    def _next(self, stage: Stage, shadow: Shadow, revision: Revision) -> tuple[MetaData, ...]:
        """Read the schema that the revision makes of one without rows; () where it fails."""
        past = [each.id for each in self.revisions[: self._position]]
        with shadow.another(stage.connection, f"after {revision.id}") as second:
            apart = stage.on(second)
            if not apart.reaches([*self.history, *past, revision.id]):
                return ()
            return tuple({table.metadata for table in apart.tables()})

    def _prove_guards(self, stage: Stage) -> None:
        self._fill_models(stage)
        revision = self.revisions[-1]
        verdict = Passage(stage, revision, Terms(), self.promise).prove_guards(self._tried)
        self.findings.extend(verdict.findings)
        self.is_done = True

    def _fill_models(self, stage: Stage) -> None:
        stage.without = {guard.table for guard in self._tried}
        stage.fill(self._models(stage))

    def notes(self) -> Iterator[Diagnostic]:
        """Say which tables were empty while all was proven."""
        for table, why in sorted(self._left_out.items()):
            text = f"table '{table}' had no sample rows: {why}"
            yield Diagnostic("not-measured", Severity.NOTE, text)
