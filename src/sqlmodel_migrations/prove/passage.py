"""The passage of one revision: up, down and up again, with what it does to schema and rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from alembic.util import CommandError

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.difference import CatalogDifference, differences
from sqlmodel_migrations.diagnostics import Diagnostic, Severity
from sqlmodel_migrations.generate.comparison import Promise
from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.prove import finding, guards, rows
from sqlmodel_migrations.prove.rows import Loss, Pair
from sqlmodel_migrations.prove.stage import Run, Stage, State

Missing = Callable[[Catalog, Catalog], Sequence[CatalogDifference]]
"""Given the schema after an upgrade and the one before it, what the models want otherwise."""


@dataclass(frozen=True)
class Terms:
    """What rows there are: those that satisfy the models, the next schema, or none at all.

    Tables in `without` have none. `trouble` is how the upgrade failed on rows before.
    """

    rows: Literal["models", "next", "none"] = "models"
    without: frozenset[str] = frozenset()
    trouble: BaseException | None = None


@dataclass
class Verdict:
    """What a passage found; `again` are the terms of a further attempt on a fresh shadow.

    With `is_spent` the shadow is no longer what the revision makes, with `is_end` nothing after
    the revision can be proven.
    """

    findings: list[Diagnostic] = field(default_factory=list)
    again: Terms | None = None
    is_spent: bool = False
    is_end: bool = False
    tried: tuple[Guard, ...] = ()


@dataclass
class Passage:
    """One revision on a stage that is at the revision before."""

    stage: Stage
    revision: Revision
    terms: Terms
    promise: Promise = field(default_factory=Promise)
    missing: Missing | None = None
    knows_next: bool = False
    """Whether the terms "next" say more than "models"."""

    verdict: Verdict = field(default_factory=Verdict)
    _told: set[Loss] = field(default_factory=set)

    def prove(self) -> Verdict:
        """Run the revision up, down and up; what is wrong goes into the verdict."""
        heads, before = self.stage.heads(), self.stage.state()
        promised = self.promise.guards or guards.of_script(self.revision.path, before.catalog)
        refusing = guards.refusing(self.stage.connection, promised)
        run = self.stage.upgrade(self.revision.id)
        self.verdict.tried = refusing
        if run.failure is not None:
            return self._not_upgraded(run, before, refusing)
        self._note_trouble()
        for guard in refusing:
            self._error("guard-missing", f"its upgrade takes what it must refuse: {guard.reason}")
        after = self.stage.state()
        self._compare_with_models(before, after)
        pairs = rows.pairs(before.catalog, after.catalog, self.promise.renames)
        self._compare_rows(before, after, pairs, [run], "its upgrade")
        return self._down(heads, before, after, pairs, run)

    def _not_upgraded(self, run: Run, before: State, refusing: Sequence[Guard]) -> Verdict:
        verdict, terms = self.verdict, self.terms
        is_refused = isinstance(run.cause, CommandError)
        if is_refused:
            self._compare_unchanged(before, "its upgrade")
        tables = frozenset(guard.table for guard in refusing) - terms.without
        if is_refused and tables and terms.rows != "none":
            verdict.again = replace(terms, without=terms.without | tables)
        elif terms.rows == "models" and self.knows_next:
            verdict.again = replace(terms, rows="next")
        elif terms.rows != "none":
            verdict.again = Terms("none", trouble=run.cause)
        else:
            verdict.is_end = True
            self._failed("upgrade-fails", "its upgrade fails", run)
        return verdict

    def _note_trouble(self) -> None:
        """Say that the upgrade, which is possible, failed on rows."""
        trouble = self.terms.trouble
        if isinstance(trouble, CommandError):
            text = f"it refuses sample rows, so it is proven without rows: {trouble}"
            self._say("not-measured", text, Severity.NOTE)
        elif trouble is not None:
            text = "its upgrade fails where tables have rows"
            self.verdict.findings.append(
                finding.failed("upgrade-fails", self.revision, text, trouble)
            )

    def _compare_with_models(self, before: State, after: State) -> None:
        if self.missing is None:
            return
        for found in self.missing(after.catalog, before.catalog):
            self._error("wrong-schema", f"its upgrade does not make what the models say: {found}")

    def _down(
        self,
        heads: tuple[str, ...],
        before: State,
        after: State,
        pairs: Sequence[Pair],
        up: Run,
    ) -> Verdict:
        run = self.stage.downgrade(self.revision.id)
        if run.failure is not None:
            return self._not_downgraded(run, after)
        back = self.stage.state()
        found = _differences(back, before, self.stage)
        if found and run.statements.change_nothing:
            self._say("irreversible", "its downgrade does nothing", Severity.WARNING)
            self.stage.stamp([*_without(heads, self.revision), self.revision.id])
            return self.verdict
        for each in found:
            self._error("downgrade-incomplete", f"its downgrade does not restore it: {each}")
        kept = _all_along(rows.pairs(before.catalog, back.catalog), pairs)
        self._compare_rows(before, back, kept, [up, run], "its upgrade and downgrade")
        return self._up_again(back, after)

    def _not_downgraded(self, run: Run, after: State) -> Verdict:
        verdict = self.verdict
        is_refused = isinstance(run.cause, CommandError)
        if is_refused:
            self._compare_unchanged(after, "its downgrade")
        if isinstance(run.cause, NotImplementedError) or (is_refused and self._is_empty()):
            text = f"its downgrade refuses: {finding.reason(run.cause)}"
            self._say("irreversible", text, Severity.WARNING)
        elif is_refused:
            text = f"its downgrade refuses sample rows, as its guards say: {run.cause}"
            self._say("not-measured", text, Severity.NOTE)
            verdict.again = Terms("none")
        else:
            self._failed("downgrade-fails", f"its downgrade fails{self._on_rows()}", run)
            verdict.is_spent = True
        return verdict

    def _up_again(self, back: State, after: State) -> Verdict:
        run = self.stage.upgrade(self.revision.id)
        if run.failure is not None:
            return self._not_again(run)
        third = self.stage.state()
        for each in _differences(third, after, self.stage):
            self._error("upgrade-again", f"its second upgrade makes something else: {each}")
        pairs = rows.pairs(back.catalog, third.catalog, self.promise.renames)
        self._compare_rows(back, third, pairs, [run], "its second upgrade")
        return self.verdict

    def _not_again(self, run: Run) -> Verdict:
        """A guard may refuse what a downgrade that loses values left behind."""
        if isinstance(run.cause, CommandError) and not self._is_empty():
            self.verdict.again = Terms("none")
        else:
            self._failed("upgrade-again", "its second upgrade, after a downgrade, fails", run)
            self.verdict.is_spent = True
        return self.verdict

    def _compare_rows(
        self,
        before: State,
        after: State,
        pairs: Sequence[Pair],
        runs: Sequence[Run],
        what: str,
    ) -> None:
        for loss in rows.losses(before.rows, after.rows, pairs):
            if loss in self._told:
                continue
            self._told.add(loss)
            if any(run.statements.means(loss) for run in runs):
                self._say("rows-changed", f"{what} changes rows by itself: {loss}", Severity.NOTE)
            else:
                self._error("rows-lost", f"{what} loses data: {loss}")

    def _compare_unchanged(self, before: State, what: str) -> None:
        """Nothing may have changed where a guard refused."""
        now = self.stage.state()
        for each in differences(now.catalog, before.catalog):
            self._error("guard-late", f"{what} refuses rows after it changed something: {each}")
        for table, held in before.rows.items():
            if not _is_same(held, now.rows.get(table, ())):
                text = f"{what} refuses rows after it changed rows of '{table}'"
                self._error("guard-late", text)

    def prove_guards(self, done: Iterable[Guard]) -> Verdict:
        """Let the upgrade meet, for each of its guards, one row that it must refuse.

        The last guard comes first: those before it still let the rows through then.
        """
        tables, known = self.stage.tables(), self.stage.state().catalog
        for guard in reversed([g for g in self.promise.guards if g not in set(done)]):
            is_spoiled = guards.spoil(self.stage.connection, guard, tables, known)
            self.stage.connection.commit()
            if not is_spoiled:
                self._say("not-measured", f"no row was found that it refuses: {guard.reason}",
                          Severity.NOTE)  # fmt: skip
            elif not self._refuses(guard):
                break
        return self.verdict

    def _refuses(self, guard: Guard) -> bool:
        before = self.stage.state()
        run = self.stage.upgrade(self.revision.id)
        if run.failure is None:
            self._error("guard-missing", f"its upgrade takes what it must refuse: {guard.reason}")
            return False
        if not isinstance(run.cause, CommandError):
            text = f"its upgrade fails on rows that it must refuse ({guard.reason})"
            self._failed("guard-missing", text, run)
        self._compare_unchanged(before, "its upgrade")
        return isinstance(run.cause, CommandError)

    def _is_empty(self) -> bool:
        return self.terms.rows == "none"

    def _on_rows(self) -> str:
        return "" if self._is_empty() else ", on tables with rows"

    def _error(self, rule: str, text: str) -> None:
        self._say(rule, text, Severity.ERROR)

    def _say(self, rule: str, text: str, severity: Severity) -> None:
        self.verdict.findings.append(finding.of(rule, self.revision, text, severity))

    def _failed(self, rule: str, text: str, run: Run) -> None:
        self.verdict.findings.append(finding.failed(rule, self.revision, text, run.cause))


def _differences(now: State, then: State, stage: Stage) -> Sequence[CatalogDifference]:
    """What differs from the earlier state; what had no name there may have one now."""
    names = {
        (table.key, name)
        for table in then.catalog.tables.values()
        for name in (
            *(constraint.name for constraint in table.constraints),
            *(index.name for index in table.indexes),
            *(column.sequence for column in table.columns.values()),
        )
    }
    found = differences(
        now.catalog,
        then.catalog,
        named=lambda table, name: (table, name) in names,
        connection=stage.connection,
    )
    stage.connection.commit()
    return [each for each in found if not _is_validated(each)]


def _is_validated(found: CatalogDifference) -> bool:
    """Whether a constraint was validated meanwhile, which nothing takes back or needs to."""
    return found.kind == "constraint" and found.after == f"{found.before} NOT VALID"


def _without(heads: Sequence[str], revision: Revision) -> list[str]:
    """The heads that stay beside a revision once it is applied."""
    return [head for head in heads if head not in (*revision.down_revisions, *revision.depends_on)]


def _all_along(pairs: Iterable[Pair], through: Sequence[Pair]) -> list[Pair]:
    """The tables and columns that were there, with their types, all the time."""
    middle = {pair.before: pair for pair in through}
    return [pair.within(middle[pair.before]) for pair in pairs if pair.before in middle]


def _is_same(one: Sequence[rows.Row], other: Sequence[rows.Row]) -> bool:
    return Counter(map(repr, one)) == Counter(map(repr, other))
