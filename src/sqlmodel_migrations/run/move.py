"""A move of the database along the history: upgrade, downgrade and stamp."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TextIO

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.util import await_only

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.errors import AnswerNeeded, UsageError
from sqlmodel_migrations.run import executor, losses, offline, redirect, refusal
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.run.env_script import Session
from sqlmodel_migrations.run.execution import Execution
from sqlmodel_migrations.run.failure import Progress
from sqlmodel_migrations.run.losses import Losses
from sqlmodel_migrations.run.offline import Recorded, Writing
from sqlmodel_migrations.run.outcome import Outcome

DEFAULT = Execution()
Confirm = Callable[[Losses], bool]
Heads = tuple[str, ...]


@dataclass(frozen=True)
class Move:
    """Where to go and how: `steps` gives Alembic's steps, `start` is for SQL alone."""

    steps: Callable[[ScriptDirectory, Heads], Sequence[Any]]
    target: str | Heads
    start: str | None = None
    sql: TextIO | None = None
    tag: str | None = None
    purge: bool = False
    confirm: Confirm | None = None
    direction: str = "upgrade"
    execution: Execution = DEFAULT
    recorded: Recorded = offline.none

    @property
    def is_offline(self) -> bool:
        return self.sql is not None


def upgrade(
    checkout: Checkout,
    target: str,
    sql: TextIO | None,
    tag: str | None,
    execution: Execution = DEFAULT,
    recorded: Recorded = offline.none,
) -> Outcome:
    """Run the revisions up to `target`, or write them as SQL."""
    start, target = split_range(target, offline=sql is not None)
    checkout.require_target(target)

    def steps(script: ScriptDirectory, heads: Heads) -> Sequence[Any]:
        return _alembic.upgrade_steps(script, target, heads)

    return run(
        checkout, Move(steps, target, start, sql, tag, execution=execution, recorded=recorded)
    )


def downgrade(
    checkout: Checkout,
    target: str,
    sql: TextIO | None,
    tag: str | None,
    confirm: Confirm,
    execution: Execution = DEFAULT,
) -> Outcome:
    """Run the revisions back down to `target`; SQL without a range goes down from the head."""
    start, target = split_range(target, offline=sql is not None)
    checkout.require_target(target)
    if sql is not None and start is None:
        start = _head(checkout)

    def steps(script: ScriptDirectory, heads: Heads) -> Sequence[Any]:
        if target.startswith("-"):  # from several heads Alembic would choose one
            checkout.graph.resolve(target, current=list(heads))
        return _alembic.downgrade_steps(script, target, heads)

    # A database that is not there has nothing to go down from: it is not made for that.
    move = Move(
        steps,
        target,
        start,
        sql,
        tag,
        confirm=confirm,
        direction="downgrade",
        execution=execution,
    )
    with redirect.redirected(redirect.without_new_files):
        return run(checkout, move)


def _head(checkout: Checkout) -> str:
    """The one head, from which SQL goes down."""
    heads = checkout.graph.resolve("head")
    if not heads:
        raise UsageError(
            "there is no revision to go down from", hint="type: sqlmodel migrations revision"
        )
    return heads[0].id


def stamp(
    checkout: Checkout,
    targets: Sequence[str],
    sql: TextIO | None,
    tag: str | None,
    purge: bool,
    execution: Execution = DEFAULT,
) -> Outcome:
    """Record that the database is at `targets`, without running anything."""
    ranges = [split_range(target, offline=sql is not None) for target in targets]
    ids = tuple(target for _, target in ranges)
    for target in ids:
        checkout.require_target(target)

    def steps(script: ScriptDirectory, heads: Heads) -> Sequence[Any]:
        return _alembic.stamp_steps(script, ids, heads)

    start = next((start for start, _ in ranges if start), None)
    move = Move(steps, ids, start, sql, tag, purge=purge, direction="stamp", execution=execution)
    return run(checkout, move)


def run(checkout: Checkout, move: Move) -> Outcome:
    """Run a move in every context that env.py makes: one per database."""
    config = checkout.config("upgrade", output=move.sql)
    journey = _Journey(checkout, move, checkout.script(config))
    session = Session(checkout.request(), journey.run)
    options = {
        "fn": journey.written,
        "as_sql": move.is_offline,
        "starting_rev": move.start,
        "destination_rev": move.target,
        "tag": move.tag,
    }
    checkout.run(config, journey.script, session, options)
    return journey.outcome(session.notes)


@dataclass
class _Journey:
    """One move under way."""

    checkout: Checkout
    move: Move
    script: ScriptDirectory
    progress: Progress = field(default_factory=Progress)
    writing: Writing = field(init=False)

    def __post_init__(self) -> None:
        self.writing = Writing(self.move.recorded)

    def steps(self, heads: Heads) -> Sequence[Any]:
        self.checkout.require_known(heads)
        try:
            return self.move.steps(self.script, heads)
        except CommandError:
            # Alembic refuses; the history says it in words, where it refuses as well.
            self._resolve(heads)
            raise
        except (Exception, SystemExit) as error:
            # An env.py of several databases may have moved another one already.
            done = (*self.progress.elsewhere, *self.progress.applied)
            standing = f"applied before it: {', '.join(done)}" if done else "nothing was run"
            if broken := refusal.broken_script(error, (standing,)):
                raise broken from error
            raise

    def written(self, heads: Heads, context: MigrationContext) -> Sequence[Any]:
        """Return the steps that are written as SQL; elsewhere they are run by `run`."""
        return self.writing.guard(context, self.steps(heads))

    def _resolve(self, heads: Heads) -> None:
        targets = self.move.target
        for target in [targets] if isinstance(targets, str) else targets:
            self.checkout.graph.resolve(target, current=list(heads))

    def run(self, context: MigrationContext, arguments: Mapping[str, Any]) -> None:
        self.progress.enter()
        if self.move.confirm is not None and not context.as_sql:
            self._ask(context, arguments, self.move.confirm)
        executor.execute(
            context,
            self.steps,
            self._execution(),
            arguments=arguments,
            purge=self.move.purge,
            progress=self.progress,
            direction=self.move.direction,
        )

    def _execution(self) -> Execution:
        """How the move is asked to run; in an event loop, which goes on while we wait."""
        if not self.checkout.is_in_loop:
            return self.move.execution
        return replace(self.move.execution, sleep=lambda delay: await_only(asyncio.sleep(delay)))

    def _ask(
        self, context: MigrationContext, arguments: Mapping[str, Any], confirm: Confirm
    ) -> None:
        """Ask before rows go away; raises `AnswerNeeded` where the answer is no."""
        steps = self.steps(context.get_current_heads())
        found = losses.of_steps(context, steps, arguments)
        if found and not confirm(found):
            raise AnswerNeeded(
                f"the downgrade takes away {', '.join(found.lines)}",
                flags=("--yes",),
                hint="type it again with this flag if that is meant",
            )

    def outcome(self, notes: Sequence[str]) -> Outcome:
        revisions = self.checkout.graph.revisions
        applied = (*self.progress.elsewhere, *self.progress.applied)
        return Outcome(
            tuple(revisions[i] for i in dict.fromkeys(applied)),
            self.progress.before,
            self.progress.after,
            tuple(dict.fromkeys((*notes, *self.progress.notes))),
            tuple(self.writing.missing),
        )


def refuse_losses(_: Losses) -> bool:
    """Answer no, where nobody may be asked."""
    return False


def split_range(target: str, *, offline: bool) -> tuple[str | None, str]:
    """Split `FROM:TO`, which only SQL mode knows; raises `UsageError` elsewhere."""
    start, colon, end = target.partition(":")
    if not colon:
        return None, target
    if not offline:
        raise UsageError(
            f"'{target}' is a range, which is for --sql only", hint=f"type the target: {end}"
        )
    return start, end
