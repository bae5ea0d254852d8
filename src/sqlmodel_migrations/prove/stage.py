"""The stage: one scratch database on which revisions are run, and read in between."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.errors import StepFailed
from sqlmodel_migrations.generate.comparison import version_tables
from sqlmodel_migrations.prove import rows, statements
from sqlmodel_migrations.prove.rows import Rows
from sqlmodel_migrations.prove.statements import Statements
from sqlmodel_migrations.run import runner, version_ids
from sqlmodel_migrations.shadow import replay, sample


@dataclass(frozen=True)
class State:
    """What a database is at one moment: its schema and its rows."""

    catalog: Catalog
    rows: Rows


@dataclass(frozen=True)
class Run:
    """One function of one revision, run: how it failed, if it did, and what it sent."""

    failure: StepFailed | None
    statements: Statements

    @property
    def cause(self) -> BaseException | None:
        return self.failure.__cause__ if self.failure is not None else None


@dataclass
class Stage:
    """A migration context on a shadow. `without` are the tables that get no rows."""

    context: MigrationContext
    script: ScriptDirectory
    arguments: Mapping[str, Any]
    without: Collection[str] = ()
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def connection(self) -> Connection:
        assert self.context.connection is not None
        return self.context.connection

    def on(self, connection: Connection) -> Stage:
        """Return the same on another scratch database."""
        context = MigrationContext.configure(
            connection=connection,
            opts={**self.context.opts, "transaction_per_migration": True},
            environment_context=self.context.environment_context,
        )
        return Stage(context, self.script, self.arguments)

    def make_room(self, ids: Iterable[str]) -> None:
        """Let the version table hold every id of the history; before it is made."""
        steps = [_alembic.step_of(self.script, i, is_upgrade=True) for i in ids]
        version_ids.make_room(self.context, steps)

    def reaches(self, ids: Sequence[str]) -> bool:
        """Run revisions on a scratch database of their own; False where one fails."""
        self.make_room(ids)
        with _alembic.operations(self.context):
            try:
                self.replay(ids)
            except StepFailed:
                return False
        return True

    def replay(self, ids: Iterable[str]) -> None:
        """Run revisions without looking; raises `StepFailed`."""
        self._run([_alembic.step_of(self.script, i, is_upgrade=True) for i in ids])

    def replay_to(self, heads: Sequence[str], *, hint: str) -> None:
        """Run the revisions up to `heads` without looking, or take a replay that was kept.

        Raises `StepFailed`, with `hint`.
        """
        if heads:
            replay.to(self.context, self.script, self.arguments, heads, hint=hint)

    def upgrade(self, revision: str) -> Run:
        """Run one revision's upgrade."""
        return self._watched(_alembic.step_of(self.script, revision, is_upgrade=True))

    def downgrade(self, revision: str) -> Run:
        """Run one revision's downgrade."""
        return self._watched(_alembic.step_of(self.script, revision, is_upgrade=False))

    def heads(self) -> tuple[str, ...]:
        """Return the ids in the version table."""
        found = self.context.get_current_heads()
        self.connection.commit()
        return found

    def stamp(self, heads: Sequence[str]) -> None:
        """Record that the database is at `heads`, without running anything."""
        runner.run(
            self.context,
            lambda _: _alembic.stamp_steps(self.script, heads, ()),
            arguments=self.arguments,
            purge=True,
        )

    def state(self) -> State:
        """Read schema and rows."""
        ignored = version_tables(self.context)
        also = replay.schemas(self.connection)
        found = catalog.read(self.connection, also=also, ignore=ignored.__contains__)
        held = rows.read(self.connection, found)
        self.connection.commit()
        return State(found, held)

    def fill(self, also: Sequence[MetaData]) -> None:
        """Give rows to every table that has none, but to those in `without`."""
        there = rows.read(self.connection, self.state().catalog)
        tables = [t for t in self.tables() if not there.get(t.key) and t.key not in self.without]
        wanted = [t for t in tables if t.key not in self.left_out]
        if wanted:
            filled = sample.fill(self.connection, wanted, also=also)
            self.left_out.update(filled.left_out)
        self.connection.commit()

    def tables(self) -> tuple[Table, ...]:
        """Reflect every table that holds data of the project."""
        return sample.reflect(self.connection)

    def _watched(self, step: Any) -> Run:
        with statements.watched(self.connection, self.context.version_table) as sent:
            try:
                self._run([step])
            except StepFailed as failure:
                return Run(failure, sent)
            finally:
                self.connection.rollback()
        return Run(None, sent)

    def _run(self, steps: Sequence[Any]) -> None:
        runner.run(self.context, lambda _: steps, arguments=self.arguments)
