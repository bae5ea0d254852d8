"""The verbs: one method each, called by the command line and by Python programs alike.

    from sqlmodel_migrations import Migrations

    Migrations.find().upgrade()

Every method returns values and prints nothing. The `a…` twins are for an event loop. A method
imports what it needs: some need neither SQLAlchemy nor Alembic (docs/design/speed.md).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, Unpack, cast

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import address, settings
from sqlmodel_migrations.run.checkout import Checkout

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine, MetaData
    from sqlalchemy.ext.asyncio import AsyncEngine

    from sqlmodel_migrations.events import Event
    from sqlmodel_migrations.generate.answers import Answers
    from sqlmodel_migrations.generate.autogenerate import Wanted
    from sqlmodel_migrations.generate.difference import Difference
    from sqlmodel_migrations.generate.questioner import Questioner
    from sqlmodel_migrations.generate.revision import Generated
    from sqlmodel_migrations.history.graph import Graph
    from sqlmodel_migrations.history.index import Revision
    from sqlmodel_migrations.lint import review as lint_review
    from sqlmodel_migrations.lint.mender import Mended
    from sqlmodel_migrations.lint.review import Linted
    from sqlmodel_migrations.plan.plan import Plan
    from sqlmodel_migrations.project.scaffold import Scaffold
    from sqlmodel_migrations.project.settings import Settings
    from sqlmodel_migrations.prove.adopt import Adopted
    from sqlmodel_migrations.prove.drift import Drift
    from sqlmodel_migrations.prove.repair import Repaired
    from sqlmodel_migrations.prove.verifier import Verified
    from sqlmodel_migrations.run.applied import Applied
    from sqlmodel_migrations.run.execution import Execution, Options
    from sqlmodel_migrations.run.losses import Losses
    from sqlmodel_migrations.run.outcome import Outcome
    from sqlmodel_migrations.run.position import Position
    from sqlmodel_migrations.run.repair import Interrupted
    from sqlmodel_migrations.status import Status

T = TypeVar("T")
_EMPTY = "write an empty revision: revision(empty=True)"


def _ignore(_: str) -> None:
    """Say nothing."""


def _checked(url: str) -> str:
    """Refuse at once a URL that nobody can parse; raises `UsageError`."""
    if address.parse(url) is None:
        from sqlmodel_migrations.project.url import parse

        parse(url)
    return url


class Migrations:
    """The migrations of one database of one project.

    `directory` is the project's folder (with alembic.ini or pyproject.toml) or the migrations
    folder itself (with env.py). `url` overrides every other source of the database URL;
    `metadata` overrides what an env.py of ours compares.

    `bind` is an Engine, an AsyncEngine or a Connection to run on. With a Connection the caller
    owns the transaction: nothing is committed here, all revisions are in that one transaction,
    and on SQLite foreign keys stay as they are, so that a table which is rebuilt may lose rows
    of its children under ON DELETE CASCADE.

    Raises `UsageError` where there is no configuration.
    """

    def __init__(
        self,
        directory: str | Path = ".",
        *,
        url: str | URL | None = None,
        metadata: MetaData | Sequence[MetaData] = (),
        bind: Engine | Connection | AsyncEngine | None = None,
        config: Sequence[str] = (),
        name: str = settings.DEFAULT_SECTION,
        x: Sequence[str] = (),
    ):
        self._checkout = Checkout(
            settings.find(Path(directory), config=config, name=name),
            given_url=_checked(url) if isinstance(url, str) else url,
            bind=bind,
            metadata=list(metadata) if isinstance(metadata, Sequence) else [metadata],
            x=tuple(x),
        )

    @classmethod
    def find(
        cls,
        start: Path | None = None,
        *,
        url: str | None = None,
        config: Sequence[str] = (),
        name: str = settings.DEFAULT_SECTION,
        x: Sequence[str] = (),
    ) -> Migrations:
        """Return the migrations of the project in `start`, by default the working folder."""
        return cls(start or Path.cwd(), url=url, config=config, name=name, x=x)

    @classmethod
    def init(
        cls,
        directory: str | None = None,
        *,
        root: Path | None = None,
        models: Sequence[str] = (),
        url: str | None = None,
        template: str | None = None,
        package: bool = True,
        pyproject: bool = False,
        name: str = settings.DEFAULT_SECTION,
        config: Sequence[str] = (),
        say: Callable[[str], None] = _ignore,
    ) -> Scaffold:
        """Write what a project needs, all or nothing; `say` gets a line for each file.

        `directory` is `migrations` by default. `template` names one of Alembic's own, which is
        then written by Alembic and wants to be edited.
        """
        from sqlmodel_migrations.project import scaffold
        from sqlmodel_migrations.run import alembic_template

        root = root or Path.cwd()
        if template is not None:
            return alembic_template.write(
                root, directory, template, config, package=package, say=say
            )
        variables = address.environment(root)
        return scaffold.init(
            root,
            directory,
            models=models,
            url=url,
            package=package,
            pyproject=pyproject,
            name=name,
            config_file=config[0] if config else None,
            environment_has_url=bool(variables.get(address.variable(name))),
            say=say,
        )

    # What the files say: no database, no application.

    @property
    def settings(self) -> Settings:
        """The configuration of this database."""
        return self._checkout.settings

    @property
    def names(self) -> tuple[str, ...]:
        """Every database of the project, the default one first."""
        return self.settings.names

    @property
    def graph(self) -> Graph:
        """The history as it stands in the revision files."""
        return self._checkout.graph

    def heads(self) -> tuple[Revision, ...]:
        """Return the newest revisions: one, unless branches are open."""
        return self.graph.heads

    def history(self, base: str = "base", head: str = "heads") -> tuple[Revision, ...]:
        """Return the revisions of a range, newest first; for `current` the database is asked."""
        is_asked = "current" in f"{base} {head}"
        current = [found.id for found in self.current()] if is_asked else None
        return tuple(self.graph.walk(base, head, current=current))

    # What the database says.

    def current_ids(self) -> tuple[str, ...]:
        """Return the ids in the version tables, known or not; makes neither table nor file."""
        return self._checkout.current()

    def current(self) -> tuple[Revision, ...]:
        """Return the revisions that the database is at; raises `UsageError` for unknown ones."""
        ids = self.current_ids()
        self._checkout.require_known(ids)
        return tuple(self.graph.revisions[i] for i in ids)

    def positions(self) -> tuple[Position, ...]:
        """Return where each database is that env.py opens; raises `UsageError` for unknown ids."""
        found = self._checkout.positions()
        self._checkout.require_known([id for each in found for id in each.heads])
        return found

    def pending(self, target: str = "heads") -> tuple[Revision, ...]:
        """Return what `upgrade` to `target` would run, in order; each that a database lacks."""
        return self.graph.pending_of_any([each.heads for each in self.positions()], target)

    def applied(self) -> tuple[Applied, ...]:
        """Return what the database has, newest first, and what is known of how it came there."""
        from sqlmodel_migrations.run import applied

        return applied.read(self._checkout)

    def status(self) -> Status:
        """Return where project and database stand; what cannot be had is in its `problems`."""
        from sqlmodel_migrations.status import look

        return look(self._checkout)

    # What changes the database.

    def upgrade(
        self,
        target: str = "head",
        *,
        sql: TextIO | None = None,
        tag: str | None = None,
        check_drift: bool = False,
        plan: Plan | None = None,
        **options: Unpack[Options],
    ) -> Outcome:
        """Run the revisions up to `target`, a transaction each; with `sql` write them as SQL.

        `options` say how, and what is told of it: see `Options`. With `check_drift` nothing is
        run on a database that is not what its revisions make: raises `Drifted`. With `plan` its
        revisions are run, and `target` is its own: raises `PlanOutdated` where it holds no more.
        Raises `StepFailed`, `DatabaseError`, `Interrupted` or `UsageError`.
        """
        if sql is None and plan is None and not check_drift:
            standing = self.standing(target)
            if standing is not None:
                return standing
        if sql is not None:
            return self._write_upgrade(target, sql, tag)
        if plan is not None:
            return self._upgrade_as(plan, tag, check_drift, options)
        from sqlmodel_migrations.run import move

        execution = self._execution(options)
        if check_drift:
            from sqlmodel_migrations.prove import drift

            drift.require_none(self._checkout)
        return move.upgrade(self._checkout, target, None, tag, execution)

    def _write_upgrade(self, target: str, sql: TextIO, tag: str | None) -> Outcome:
        """Write SQL; what needs a database for it is taken from a scratch one."""
        from sqlmodel_migrations.plan.script import Recorded
        from sqlmodel_migrations.run import move

        recorded = Recorded(self._checkout, target)
        return move.upgrade(self._checkout, target, sql, tag, recorded=recorded)

    def _upgrade_as(
        self, plan: Plan, tag: str | None, check_drift: bool, options: Options
    ) -> Outcome:
        """Upgrade as a plan says, before and after."""
        from sqlmodel_migrations.plan import planner

        self._execution(options)  # waits for the server
        planner.require_unchanged(self._checkout, plan)
        target = plan.target[0] if len(plan.target) == 1 else "heads"
        outcome = self.upgrade(target, tag=tag, check_drift=check_drift, **options)
        planner.require_result(self._checkout, plan)
        return outcome

    def plan(self, target: str = "heads", *, records: bool = True) -> Plan:
        """Return what `upgrade` to `target` would do, statement by statement; changes nothing.

        The statements are those that a scratch database was sent; without `records`, and where
        there is none to be had, there are only the revisions.
        """
        from sqlmodel_migrations.plan import planner

        return planner.make(self._checkout, target, records=records)

    def standing(self, target: str = "head") -> Outcome | None:
        """Return the outcome of an upgrade where it is known at once that there is nothing to do.

        None where only `upgrade` can tell.
        """
        return self._checkout.standing(target)

    def upgrading(
        self, target: str = "head", **options: Unpack[Options]
    ) -> Generator[Event, None, Outcome]:
        """Yield what happens while `upgrade` runs in a thread; raises here what it raises.

        Closing the generator stops the run before its next statement. Raises `UsageError` where
        the caller's own Connection would be used in the thread.
        """
        from sqlmodel_migrations.run import stream

        if self._checkout.has_callers_transaction:
            raise UsageError(
                "a Connection cannot be used in another thread",
                hint="pass the Engine, or call upgrade(on_event=…)",
            )
        return stream.of(lambda told: self.upgrade(target, **told), options)

    def downgrade(
        self,
        target: str = "-1",
        *,
        sql: TextIO | None = None,
        tag: str | None = None,
        confirm: Callable[[Losses], bool] | None = None,
        **options: Unpack[Options],
    ) -> Outcome:
        """Run the revisions back down to `target`; with `sql` write them as SQL.

        Before rows go away `confirm` is asked; without it `AnswerNeeded` is raised, with nothing
        changed. `options` are as of `upgrade`.
        """
        from sqlmodel_migrations.run import move

        confirm = confirm or move.refuse_losses
        execution = self._execution(options, is_sql=sql is not None)
        return move.downgrade(self._checkout, target, sql, tag, confirm, execution)

    def stamp(
        self,
        targets: Sequence[str] = ("head",),
        *,
        sql: TextIO | None = None,
        tag: str | None = None,
        purge: bool = False,
        **options: Unpack[Options],
    ) -> Outcome:
        """Record that the database is at `targets`, without running anything.

        `purge` forgets first what was recorded, also revisions that no file has any more.
        `options` are as of `upgrade`.
        """
        from sqlmodel_migrations.run import move

        execution = self._execution({"backup": False, **options}, is_sql=sql is not None)
        return move.stamp(self._checkout, targets, sql, tag, purge, execution)

    def _execution(self, options: Options, *, is_sql: bool = False) -> Execution:
        """How a verb runs, once the server can be reached: the caller goes before the settings."""
        from sqlmodel_migrations.run import execution, starting

        found = execution.chosen(self.settings, options)
        if found.wait and not is_sql:
            starting.await_server(self._checkout, found)
        return found

    def interrupted(self) -> Interrupted | None:
        """Return the revision that was begun and not finished, and what became of each statement.

        It is looked for in the journal; nothing is changed.
        """
        from sqlmodel_migrations.run import repair

        return repair.read(self._checkout)

    def reversal(self, interrupted: Interrupted) -> tuple[str, ...]:
        """Return what would be sent to undo an interrupted revision, proven on a scratch database.

        Raises `ChangeRefused` where nothing is known that takes back what ran.
        """
        from sqlmodel_migrations.prove import repair

        steps = repair.prove_undo(self._checkout, interrupted).steps
        return tuple(step.back for step in reversed(steps))

    def repair(
        self,
        interrupted: Interrupted,
        way: str,
        *,
        is_done: bool | None = None,
        **options: Unpack[Options],
    ) -> Repaired:
        """Do something about an interrupted revision: finish, undo, mark-done or mark-undone.

        `is_done` is what you found out about the statement that is in doubt. Raises `Drifted`
        where the schema is not what a mark would say, and `ChangeRefused` where nothing is known
        that takes back what ran.
        """
        from sqlmodel_migrations.prove.repair import Way, mend

        how = self._execution(options)
        return mend(self._checkout, interrupted, Way(way), how, is_done=is_done)

    def ensure_version(self, *, sql: TextIO | None = None) -> None:
        """Make the version table where it is missing."""
        from sqlmodel_migrations import _alembic
        from sqlmodel_migrations.run.env_script import Session

        checkout = self._checkout
        config = checkout.config("ensure_version", output=sql)
        session = Session(
            checkout.request(), lambda context, _: _alembic.ensure_version_table(context)
        )
        checkout.run(config, checkout.script(config), session, {"as_sql": sql is not None})

    # What writes revision files.

    def revision(
        self,
        message: str | None = None,
        *,
        empty: bool = False,
        sql: TextIO | None = None,
        from_database: bool = False,
        answers: Answers | None = None,
        questioner: Questioner | None = None,
        verify: bool = True,
        safe: bool | None = None,
        say: Callable[[str], None] = _ignore,
        **wanted: Any,
    ) -> Generated:
        """Write a revision for what differs between the models and the history.

        The history is replayed on a scratch database; `from_database` compares with the live
        one instead. `answers` are what only a person knows (renames, values, conversions), and
        `questioner` is asked for more: by default nobody, which raises `AnswerNeeded`.
        `empty` writes a revision to be filled by hand; with `sql`, for projects that set
        `revision_environment`, env.py is run offline and writes there. `wanted` are `head`,
        `splice`, `branch_label`, `version_path`, `rev_id` and `depends_on`, as in Alembic.

        What is written is proven on a scratch database with rows, unless `verify` is false:
        raises `NotProven` where it is wrong, and leaves no file among the revisions. With `safe`,
        by default as the settings say, it is then put into the safe form, as `fix` does.
        """
        from sqlmodel_migrations.generate import revision as revisions
        from sqlmodel_migrations.generate.answers import Answers
        from sqlmodel_migrations.generate.questioner import Silent
        from sqlmodel_migrations.prove import verifier

        asked = self._wanted(message, wanted)
        self.graph.resolve(asked.head)
        if empty:
            return revisions.generate_empty(self._checkout, asked, sql=sql, say=say)
        if sql is not None:
            raise UsageError("a comparison needs a database, and SQL mode has none", hint=_EMPTY)
        generated = revisions.generate(
            self._checkout,
            asked,
            from_database=from_database,
            answers=answers or Answers(),
            questioner=questioner or Silent(),
            prove=verifier.prove if verify else None,
            say=say,
        )
        if not (self._checkout.settings.safe if safe is None else safe):
            return generated
        from sqlmodel_migrations.lint import mender

        return mender.made_safe(self._checkout, generated, say)

    def check(self, *, from_database: bool = False) -> tuple[Difference, ...]:
        """Return what `revision` would write about; empty where models and history agree."""
        return self.compare(from_database=from_database).differences

    def compare(self, *, from_database: bool = False) -> Generated:
        """Return what `revision` would write about and say, without writing anything."""
        from sqlmodel_migrations.generate import revision as revisions

        return revisions.check(self._checkout, from_database=from_database)

    def verify(self, *, since: str | None = None, strict: bool = False) -> Verified:
        """Prove the history on a scratch database: each revision up, down and up, with rows.

        The end must be what the models say. With `since` only what comes after that revision is
        proven; with `strict` a revision without a way back is wrong. What is wrong is among the
        `diagnostics`; raises where nothing could be tried.
        """
        from sqlmodel_migrations.prove import verifier

        return verifier.verify(self._checkout, since=since, strict=strict)

    def lint(self, wanted: lint_review.Wanted | None = None) -> Linted:
        """Judge what is pending, or what `wanted` says, by what it does to scratch databases.

        Raises `StepFailed` where the revisions before do not run on one, and
        `DatabaseError` where none can be made or the project's own does not answer.
        """
        from sqlmodel_migrations.lint import review as lint_review

        return lint_review.review(self._checkout, wanted or lint_review.Wanted())

    def fix(self, wanted: lint_review.Wanted | None = None, *, write: bool = True) -> Mended:
        """Rewrite revisions so that what `lint` finds is gone, where that is mechanical.

        What is written was proven on a scratch database; what the project's database has run is
        never rewritten. With `write` false the patch is only returned. Raises as `lint`.
        """
        from sqlmodel_migrations.lint import mender
        from sqlmodel_migrations.lint import review as lint_review

        return mender.mend(self._checkout, wanted or lint_review.Wanted(), is_written=write)

    def drift(self, *, only_if_cheap: bool = False) -> Drift:
        """Compare the live database with what its recorded revisions make; changes nothing.

        Raises `StepFailed` where these do not run on an empty scratch database. With
        `only_if_cheap` nothing is raised, and nothing compared, for a long history or for want
        of a scratch database.
        """
        from sqlmodel_migrations.prove import drift

        return (drift.find_if_cheap if only_if_cheap else drift.find)(self._checkout)

    def adopt(
        self,
        message: str = "baseline",
        *,
        from_database: bool = False,
        at: Sequence[str] = (),
        accept_differences: bool = False,
        rev_id: str | None = None,
        questioner: Questioner | None = None,
        say: Callable[[str], None] = _ignore,
    ) -> Adopted:
        """Bring a database under migrations that `create_all` or another tool made.

        Without revisions the first one is written, from the models or `from_database`; else the
        one is looked for whose schema the database has, unless it is named by `at`. It is
        recorded where the database is what it makes, or with `accept_differences`.

        Raises `UsageError` for a database that is under migrations, or has no table, and
        `AnswerNeeded` where the revision has to be named and `questioner` is nobody.
        """
        from sqlmodel_migrations.generate.questioner import Silent
        from sqlmodel_migrations.prove import adopt

        return adopt.adopt(
            self._checkout,
            adopt.Request(
                self._wanted(message, {"rev_id": rev_id}), at, from_database, accept_differences
            ),
            record=self.stamp,
            questioner=questioner or Silent(),
            say=say,
        )

    def merge(
        self,
        revisions_: Sequence[str] = ("heads",),
        message: str | None = None,
        *,
        say: Callable[[str], None] = _ignore,
        **wanted: Any,
    ) -> Revision:
        """Write a revision that joins open branches into one.

        `wanted` are `branch_label`, `rev_id` and `splice`, as in Alembic.
        """
        from sqlmodel_migrations.generate import revision as revisions

        asked = self._wanted(message, wanted)
        return revisions.merge(self._checkout, revisions_, asked, say=say)

    def _wanted(self, message: str | None, wanted: Mapping[str, Any]) -> Wanted:
        """Check what is asked of a new revision before anything is compared or written."""
        from sqlmodel_migrations.generate.autogenerate import Wanted
        from sqlmodel_migrations.run import version_ids

        asked = Wanted(message=message, **wanted)
        self.graph.require_sound()
        version_ids.require_new(asked.rev_id, self.graph.revisions)
        return asked

    # The same in an event loop.

    async def aupgrade(
        self, target: str = "head", *, engine: AsyncEngine | None = None, **options: Any
    ) -> Outcome:
        """`upgrade` in an event loop, on `engine` where one is given."""
        return await self._aside(lambda m: m.upgrade(target, **options), engine, options)

    async def adowngrade(
        self, target: str = "-1", *, engine: AsyncEngine | None = None, **options: Any
    ) -> Outcome:
        """`downgrade` in an event loop, on `engine` where one is given."""
        return await self._aside(lambda m: m.downgrade(target, **options), engine, options)

    async def astamp(
        self,
        targets: Sequence[str] = ("head",),
        *,
        engine: AsyncEngine | None = None,
        **options: Any,
    ) -> Outcome:
        """`stamp` in an event loop, on `engine` where one is given."""
        return await self._aside(lambda m: m.stamp(targets, **options), engine, options)

    async def acurrent(self, *, engine: AsyncEngine | None = None) -> tuple[Revision, ...]:
        """`current` in an event loop, on `engine` where one is given."""
        return await self._aside(lambda m: m.current(), engine)

    async def apending(
        self, target: str = "heads", *, engine: AsyncEngine | None = None
    ) -> tuple[Revision, ...]:
        """`pending` in an event loop, on `engine` where one is given."""
        return await self._aside(lambda m: m.pending(target), engine)

    async def acheck(
        self, *, from_database: bool = False, engine: AsyncEngine | None = None
    ) -> tuple[Difference, ...]:
        """`check` in an event loop; `engine` stands for the database where one is given."""
        return await self._compared(
            lambda m: m.check(from_database=from_database), engine, from_database
        )

    async def arevision(
        self,
        message: str | None = None,
        *,
        from_database: bool = False,
        engine: AsyncEngine | None = None,
        **options: Any,
    ) -> Generated:
        """`revision` in an event loop; `engine` stands for the database where one is given."""
        return await self._compared(
            lambda m: m.revision(message, from_database=from_database, **options),
            engine,
            from_database,
        )

    async def _compared(
        self, work: Callable[[Migrations], T], engine: AsyncEngine | None, from_database: bool
    ) -> T:
        """Work in a thread where nothing is opened but scratch databases, else as `_aside` does."""
        import asyncio
        from copy import copy

        if from_database:
            return await self._aside(work, engine)
        twin = copy(self)
        if engine is not None:
            twin._checkout = copy(self._checkout)
            twin._checkout.bind = engine
        return await asyncio.to_thread(work, twin)

    async def _aside(
        self,
        work: Callable[[Migrations], T],
        engine: AsyncEngine | None,
        options: Mapping[str, Any] | None = None,
    ) -> T:
        """Work in a thread; on an AsyncEngine in a greenlet of this loop, which it belongs to.

        `options` are of a verb that waits for the server, if they or the settings say so.
        """
        import asyncio

        engine = engine or self._checkout.async_engine
        if engine is None:
            return await asyncio.to_thread(work, self)
        if options is not None:
            await self._awaited(engine, options)
        async with engine.connect() as connection:
            return await connection.run_sync(lambda sync: work(self._on(sync)))

    async def _awaited(self, engine: AsyncEngine, options: Mapping[str, Any]) -> None:
        from sqlmodel_migrations.run import execution, starting

        known = {key: options[key] for key in execution.Options.__annotations__ if key in options}
        found = execution.chosen(self.settings, cast(execution.Options, known))
        if found.wait and options.get("sql") is None:
            await starting.await_engine(engine, found)

    def _on(self, connection: Connection) -> Migrations:
        twin = object.__new__(type(self))
        twin._checkout = self._checkout.in_loop(connection)
        return twin
